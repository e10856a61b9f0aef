package capture

import (
	"fmt"
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

// Filter is a compiled expression of pcap-filter(7). It is immutable.
type Filter struct {
	expr    string
	program []instruction // for frames of the filter's link type
	ether   []instruction // for Ethernet, to be asked about sockets
	refused string        // why there is no program for Ethernet
}

// ExpressionError is an expression that libpcap does not accept.
type ExpressionError struct {
	Expression string
	Reason     string // libpcap's own words
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("expression %q: %s", e.Expression, e.Reason)
}

// Compile translates an expression for frames of a link type, without opening
// anything. Its errors are *[ExpressionError].
func Compile(expr string, link LinkType, snaplen int) (*Filter, error) {
	if snaplen <= 0 {
		snaplen = defaultSnaplen
	}
	program, err := compile(expr, link, snaplen)
	if err != nil {
		return nil, err
	}
	f := &Filter{expr: expr, program: program}
	if f.ether, err = compile(expr, LinkEthernet, snaplen); err != nil {
		f.refused = err.Error()
	}
	return f, nil
}

// String returns the expression as it was given.
func (f *Filter) String() string { return f.expr }

// Admits reports whether the expression admits a frame, which must be of the
// filter's link type.
func (f *Filter) Admits(frame *Frame) bool {
	return runBPF(f.program, frame.Data, frame.Len)
}

// AdmitsQuoted reports whether an ICMP error quotes a segment of a connection
// that the expression may admit.
func (f *Filter) AdmitsQuoted(e *track.ICMP) bool {
	out, in, _ := f.Match(e.Src, e.Dst)
	return out || in
}

// withICMP extends an expression to let through ICMP and ICMPv6 errors that
// quote TCP, whatever its addresses. They stand first, for words like vlan
// change the meaning of what follows them.
func withICMP(expr string) string {
	const (
		v4 = "icmp and icmp[17] = 6 and (icmp[0] = 3 or icmp[0] = 11 or icmp[0] = 12)"
		v6 = "icmp6 and ip6[40] < 5 and ip6[54] = 6"
	)
	return fmt.Sprintf("(%s) or (%s) or (%s)", v4, v6, expr)
}

// WithoutConnection extends an expression to leave out one connection. Of an
// empty expression that connection is all that is left out.
func WithoutConnection(expr string, a, b netip.AddrPort) string {
	not := fmt.Sprintf("not (tcp and host %s and host %s and port %d and port %d)",
		a.Addr().Unmap().WithZone(""), b.Addr().Unmap().WithZone(""), a.Port(), b.Port())
	if expr == "" {
		return not
	}
	return fmt.Sprintf("(%s) and %s", expr, not)
}
