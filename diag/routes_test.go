package diag

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestRoutes(t *testing.T) {
	ns := newNamespace(t)
	// Nobody answers on the veth's other end: it has no addresses.
	for _, line := range [][]string{
		{"link", "add", "va", "type", "veth", "peer", "name", "vb"},
		{"link", "set", "va", "up"}, {"link", "set", "vb", "up"},
		{"addr", "add", "10.9.8.1/24", "dev", "va"},
		{"addr", "add", "fd09::1/64", "dev", "va", "nodad"},
		{"route", "add", "10.20.0.0/16", "via", "10.9.8.254"},
		{"route", "add", "10.30.0.0/16", "via", "inet6", "fd09::fe", "dev", "va"},
		{"neigh", "add", "10.9.8.254", "lladdr", "02:00:00:00:00:01", "dev", "va"},
		{"neigh", "add", "fd09::fe", "lladdr", "02:00:00:00:00:02", "dev", "va", "nud", "stale"},
	} {
		run(t, ns, "ip", line...)
	}
	var va uint32
	in(t, ns, func() error {
		i, err := net.InterfaceByName("va")
		if err == nil {
			va = uint32(i.Index)
		}
		return err
	})
	routes, err := OpenRoutes(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer routes.Close()
	const lo = 1
	for _, test := range []struct {
		local, remote string
		want          Route
		neighbour     track.Neighbour
	}{
		{"127.0.0.1", "127.0.0.1", Route{lo, netip.MustParseAddr("127.0.0.1")}, track.NeighbourUnknown},
		{"10.9.8.1", "10.9.8.7", Route{va, netip.MustParseAddr("10.9.8.7")}, track.NeighbourUnknown},
		{"0.0.0.0", "10.20.1.1", Route{va, netip.MustParseAddr("10.9.8.254")}, track.NeighbourReachable},
		{"10.9.8.1", "10.30.1.1", Route{va, netip.MustParseAddr("fd09::fe")}, track.NeighbourReachable},
		{"fd09::1", "fd09::7", Route{va, netip.MustParseAddr("fd09::7")}, track.NeighbourUnknown},
	} {
		got, err := routes.To(netip.MustParseAddr(test.local), netip.MustParseAddr(test.remote), 0)
		if err != nil || got != test.want {
			t.Errorf("route to %s: %v, want %v: %v", test.remote, got, test.want, err)
		}
		if state, err := routes.Neighbour(got); err != nil || state != test.neighbour {
			t.Errorf("neighbour on the way to %s: %d, want %d: %v", test.remote, state, test.neighbour, err)
		}
	}
	if _, err := routes.To(netip.Addr{}, netip.MustParseAddr("192.0.2.1"), 0); !errors.Is(err, ErrNoRoute) {
		t.Errorf("no route: %v", err)
	}
	if got, err := routes.To(netip.Addr{}, netip.MustParseAddr("10.9.8.7"), va); err != nil || got.Iface != va {
		t.Errorf("bound: %v %v", got, err)
	}

	// A hop that is asked for, and then one that did not answer.
	in(t, ns, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, []byte{0}, 0, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{10, 9, 8, 7}})
	})
	silent := Route{va, netip.MustParseAddr("10.9.8.7")}
	state := func() track.Neighbour {
		n, err := routes.Neighbour(silent)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := state(); got != track.NeighbourIncomplete {
		t.Errorf("a hop that is asked for is %d", got)
	}
	eventually(t, "failure of the hop", func() bool { return state() == track.NeighbourFailed })
}

func TestNeighbourState(t *testing.T) {
	for state, want := range map[uint16]track.Neighbour{
		0: track.NeighbourUnknown, unix.NUD_INCOMPLETE: track.NeighbourIncomplete, unix.NUD_REACHABLE: track.NeighbourReachable,
		unix.NUD_STALE: track.NeighbourReachable, unix.NUD_DELAY: track.NeighbourReachable, unix.NUD_PROBE: track.NeighbourReachable,
		unix.NUD_FAILED: track.NeighbourFailed, unix.NUD_NOARP: track.NeighbourReachable, unix.NUD_PERMANENT: track.NeighbourReachable,
	} {
		if got := neighbour(state); got != want {
			t.Errorf("NUD state %#x is %d", state, got)
		}
	}
}
