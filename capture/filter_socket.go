package capture

import (
	"fmt"
	"net/netip"
)

// Match tells whether the expression admits the packets that a socket sends and
// receives. A direction that its addresses can't decide may be admitted, so it is
// answered with true, and decided with false. Unspecified addresses and port 0
// are unknown ones.
//
// It runs the compiled expression over a header made of the addresses, along
// every path that bytes which a socket does not tell could make it take. The
// header has no IP options and is no fragment; whether it is encapsulated
// (vlan, mpls, pppoes) counts as unknown only where the expression asks for it,
// as it does for the packets.
func (f *Filter) Match(local, remote netip.AddrPort) (out, in, decided bool) {
	sent, _ := f.possible(local, remote)
	received, _ := f.possible(remote, local)
	return sent != never, received != never, sent != maybe && received != maybe
}

// Undecided says why Match can't decide on a socket, or "" where it can.
func (f *Filter) Undecided(local, remote netip.AddrPort) string {
	if f.refused != "" {
		return f.refused
	}
	for _, direction := range [...][2]netip.AddrPort{{local, remote}, {remote, local}} {
		if t, asks := f.possible(direction[0], direction[1]); t == maybe {
			return fmt.Sprintf("the expression asks for %v", asks)
		}
	}
	return ""
}

// possible tells whether the expression admits packets from one address to
// another.
func (f *Filter) possible(src, dst netip.AddrPort) (truth, asked) {
	src = netip.AddrPortFrom(src.Addr().Unmap(), src.Port())
	dst = netip.AddrPortFrom(dst.Addr().Unmap(), dst.Port())
	if f.refused != "" || !src.IsValid() || !dst.IsValid() || src.Addr().Is4() != dst.Addr().Is4() {
		return maybe, asksWildcard
	}
	frame := newSynthetic(src, dst)
	return possible(f.ether, &frame)
}
