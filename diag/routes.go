package diag

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Route is how a socket's packets leave.
type Route struct {
	Iface   uint32     // interface index
	NextHop netip.Addr // the gateway, or the peer itself
}

// Routes asks one namespace's kernel for routes and next hops. It is not safe
// for concurrent use.
type Routes struct{ conn *rawConn }

// ErrNoRoute: the kernel has no way to the peer.
var ErrNoRoute = errors.New("no route")

// OpenRoutes opens the routing tables of ns.
func OpenRoutes(ns *Namespace) (*Routes, error) {
	c, err := dial(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open routes: %w", err)
	}
	return &Routes{c}, nil
}

// Close closes the routing tables.
func (r *Routes) Close() error { return r.conn.Close() }

// To returns the route from local, where it is known, to remote, out of the
// interface bound where that is not 0 (RTM_GETROUTE, rtnetlink(7)). Both
// addresses are unmapped.
func (r *Routes) To(local, remote netip.Addr, bound uint32) (Route, error) {
	attributes := netlink.NewAttributeEncoder()
	attributes.Bytes(unix.RTA_DST, remote.AsSlice())
	if local.IsValid() && local.Is4() == remote.Is4() && !local.IsUnspecified() {
		attributes.Bytes(unix.RTA_SRC, local.AsSlice())
	}
	if bound != 0 {
		attributes.Uint32(unix.RTA_OIF, bound)
	}
	header := make([]byte, unix.SizeofRtMsg)
	header[0] = family(remote)
	header[1] = uint8(remote.BitLen())
	answer, err := r.ask(unix.RTM_GETROUTE, header, attributes)
	if errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ESRCH) {
		err = ErrNoRoute
	}
	if err != nil {
		return Route{}, fmt.Errorf("find route to %v: %w", remote, err)
	}
	route := Route{NextHop: remote}
	for attrs := answer[min(unix.SizeofRtMsg, len(answer)):]; len(attrs) > 0; {
		kind, data, rest, err := nextAttribute(attrs)
		if err != nil {
			return Route{}, fmt.Errorf("find route to %v: %w", remote, err)
		}
		attrs = rest
		switch {
		case kind == unix.RTA_OIF && len(data) == 4:
			route.Iface = binary.NativeEndian.Uint32(data)
		case kind == unix.RTA_GATEWAY:
			if hop, ok := netip.AddrFromSlice(data); ok {
				route.NextHop = hop
			}
		case kind == unix.RTA_VIA && len(data) > 2: // struct rtvia: an IPv6 gateway of an IPv4 route
			if hop, ok := netip.AddrFromSlice(data[2:]); ok {
				route.NextHop = hop
			}
		}
	}
	return route, nil
}

// Neighbour returns what the neighbour table says of the route's next hop
// (RTM_GETNEIGH, 5.0+). A hop that is not in the table is unknown: on interfaces
// without link-layer addresses it always is.
func (r *Routes) Neighbour(route Route) (track.Neighbour, error) {
	attributes := netlink.NewAttributeEncoder()
	attributes.Bytes(unix.NDA_DST, route.NextHop.AsSlice())
	header := make([]byte, unix.SizeofNdMsg)
	header[0] = family(route.NextHop)
	binary.NativeEndian.PutUint32(header[4:], route.Iface)
	answer, err := r.ask(unix.RTM_GETNEIGH, header, attributes)
	switch {
	case errors.Is(err, unix.ENOENT):
		return track.NeighbourUnknown, nil
	case err != nil:
		return track.NeighbourUnknown, fmt.Errorf("look up neighbour %v: %w", route.NextHop, err)
	case len(answer) < unix.SizeofNdMsg:
		return track.NeighbourUnknown, fmt.Errorf("look up neighbour %v: %w", route.NextHop, ErrMalformed)
	}
	return neighbour(binary.NativeEndian.Uint16(answer[8:])), nil
}

// neighbour reads a NUD state (include/uapi/linux/neighbour.h). A stale entry
// is used as it is, and checked meanwhile.
func neighbour(state uint16) track.Neighbour {
	switch {
	case state&unix.NUD_INCOMPLETE != 0:
		return track.NeighbourIncomplete
	case state&unix.NUD_FAILED != 0:
		return track.NeighbourFailed
	case state&(unix.NUD_REACHABLE|unix.NUD_STALE|unix.NUD_DELAY|unix.NUD_PROBE|unix.NUD_PERMANENT|unix.NUD_NOARP) != 0:
		return track.NeighbourReachable
	}
	return track.NeighbourUnknown
}

// ask sends one request and returns the body of the one answer.
func (r *Routes) ask(kind netlink.HeaderType, header []byte, attributes *netlink.AttributeEncoder) ([]byte, error) {
	tail, err := attributes.Encode()
	if err != nil {
		return nil, err
	}
	answers, err := r.conn.Execute(netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request},
		Data:   append(header, tail...),
	})
	if err != nil {
		return nil, err
	}
	if len(answers) != 1 {
		return nil, fmt.Errorf("%w: %d answers", ErrMalformed, len(answers))
	}
	return answers[0].Data, nil
}

// family returns the address family of a.
func family(a netip.Addr) uint8 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
