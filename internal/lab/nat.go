package lab

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
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

// Translate has what A sends to one IPv4 address arrive at another, as the
// addresses of a cluster's services do, for connections made from now on. A's
// sockets know the first alone, and its wire the second.
func (l *Lab) Translate(from, to netip.Addr) error {
	c, err := nftables.New(nftables.WithNetNSFd(int(l.A.ns)))
	if err != nil {
		return fmt.Errorf("translate %v: %w", from, err)
	}
	t := c.AddTable(&nftables.Table{Name: "nat", Family: nftables.TableFamilyIPv4})
	ch := c.AddChain(&nftables.Chain{
		Name: "out", Table: t, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityNATDest,
	})
	c.AddRule(&nftables.Rule{Table: t, Chain: ch, Exprs: []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: from.AsSlice()},
		&expr.Immediate{Register: 1, Data: to.AsSlice()},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1},
	}})
	if err := c.Flush(); err != nil {
		return fmt.Errorf("translate %v: %w", from, err)
	}
	return nil
}
