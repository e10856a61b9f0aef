package lab

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// hook is where in a host's stack a rule stands.
type hook uint8

const (
	ingress hook = iota // as its first interface receives, before any protocol
	input
	output
	forward
)

// filter lets rules stand at a hook of a host, in a table of their own, until
// the lab is healed.
func (l *Lab) filter(h *Host, at hook, rules ...[]expr.Any) error {
	return l.ruleset(h, at, func(c *nftables.Conn, t *nftables.Table) ([][]expr.Any, error) {
		return rules, nil
	})
}

// ruleset is filter for rules that need sets of their table.
func (l *Lab) ruleset(h *Host, at hook, rules func(*nftables.Conn, *nftables.Table) ([][]expr.Any, error)) error {
	c, err := nftables.New(nftables.WithNetNSFd(int(h.ns)))
	if err != nil {
		return err
	}
	l.tables++
	t := &nftables.Table{Name: fmt.Sprintf("lab%d", l.tables), Family: nftables.TableFamilyINet}
	ch := &nftables.Chain{Name: "lost", Table: t, Type: nftables.ChainTypeFilter, Priority: nftables.ChainPriorityFilter}
	switch at {
	case ingress:
		t.Family = nftables.TableFamilyNetdev
		ch.Hooknum = nftables.ChainHookIngress
		ch.Device = h.ports[0].name
	case input:
		ch.Hooknum = nftables.ChainHookInput
	case output:
		ch.Hooknum = nftables.ChainHookOutput
	case forward:
		ch.Hooknum = nftables.ChainHookForward
	}
	c.AddTable(t)
	c.AddChain(ch)
	exprs, err := rules(c, t)
	if err != nil {
		return err
	}
	for _, e := range exprs {
		c.AddRule(&nftables.Rule{Table: t, Chain: ch, Exprs: e})
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("set packet filter of host %s: %w", h.Name, err)
	}
	l.heal = append(l.heal, func() error {
		c.DelTable(t)
		if err := c.Flush(); err != nil {
			return fmt.Errorf("clear packet filter of host %s: %w", h.Name, err)
		}
		return nil
	})
	return nil
}

// chain is the expressions of a rule, one after the other.
func chain(parts ...[]expr.Any) []expr.Any {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func drop() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}} }

func isIPv4() []expr.Any { return isProtocol(unix.ETH_P_IP) }
func isIPv6() []expr.Any { return isProtocol(unix.ETH_P_IPV6) }

func isProtocol(ethertype uint16) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(ethertype)},
	}
}

func isTCP() []expr.Any { return isTransport(expr.CmpOpEq, unix.IPPROTO_TCP) }

// isNotICMPv6 lets neighbour discovery through.
func isNotICMPv6() []expr.Any { return isTransport(expr.CmpOpNeq, unix.IPPROTO_ICMPV6) }

func isTransport(op expr.CmpOp, protocol byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: op, Register: 1, Data: []byte{protocol}},
	}
}

// isFrom tells what came in by a port.
func isFrom(p port) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIF, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.NativeEndian.PutUint32(p.index)},
	}
}

// hasFlags tells a TCP segment by its flags: those of set all on, those of clear
// all off.
func hasFlags(set, clear track.Flags) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{byte(set | clear)}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{byte(set)}},
	}
}

// isLonger tells an IP packet of more than so many bytes.
func isLonger(bytes int) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyLEN, Register: 1},
		bigEndian(),
		&expr.Cmp{Op: expr.CmpOpGt, Register: 1, Data: binaryutil.BigEndian.PutUint32(uint32(bytes))},
	}
}

// bigEndian turns a number in register 1 around, which comparisons of order need.
func bigEndian() expr.Any {
	return &expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 4, Size: 4}
}
