package lab

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

// Masquerade lets the router hide A behind its own address, for connections made
// from now on.
func (l *Lab) Masquerade() error {
	if l.R == nil {
		return fmt.Errorf("masquerade: the lab has no router")
	}
	c, err := nftables.New(nftables.WithNetNSFd(int(l.R.ns)))
	if err != nil {
		return fmt.Errorf("masquerade: %w", err)
	}
	t := c.AddTable(&nftables.Table{Name: "nat", Family: nftables.TableFamilyINet})
	ch := c.AddChain(&nftables.Chain{
		Name: "out", Table: t, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	c.AddRule(&nftables.Rule{Table: t, Chain: ch, Exprs: []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIF, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.NativeEndian.PutUint32(l.R.ports[1].index)},
		&expr.Masq{},
	}})
	if err := c.Flush(); err != nil {
		return fmt.Errorf("masquerade: %w", err)
	}
	return nil
}
