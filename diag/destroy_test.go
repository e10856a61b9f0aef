package diag

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestDestroy(t *testing.T) {
	ns := newNamespace(t)
	dual := listen(t, ns, "tcp", "[::]:0")
	table := open(t, ns)
	for _, test := range []struct{ name, network, address string }{
		{"IPv4 to a dual-stack server", "tcp4", "127.0.0.1"},
		{"IPv6", "tcp6", "::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []func(pair) *net.TCPConn{
				func(p pair) *net.TCPConn { return p.server },
				func(p pair) *net.TCPConn { return p.client },
			} {
				end := end(connect(t, ns, dual, test.network, test.address))
				id := IDOf(socketOf(t, table, end))
				stale := id
				stale.Cookie++
				if err := Destroy(ns, stale); !errors.Is(err, ErrGone) {
					t.Errorf("of another cookie: %v", err)
				}
				if err := Destroy(ns, id); err != nil {
					if errors.Is(err, ErrUnsupported) {
						need(t, "destroy sockets", err)
					}
					t.Fatal(err)
				}
				if _, err := end.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNABORTED) {
					t.Errorf("the program reads %v", err)
				}
				if d := ask(t, table, id); len(d.Absent) != 1 {
					t.Errorf("after its end: %+v", d)
				}
				if err := Destroy(ns, id); !errors.Is(err, ErrGone) {
					t.Errorf("a second time: %v", err)
				}
			}
		})
	}
}

func TestDestroyWithoutTheRight(t *testing.T) {
	asNobody(t, "destroy", func() error {
		p := connect(t, nil, listen(t, nil, "tcp4", "127.0.0.1:0"), "tcp4", "127.0.0.1")
		return Destroy(nil, p.id(t, open(t, nil)))
	}, "destroy socket: not permitted: CAP_NET_ADMIN is missing; run as root, or: sudo setcap cap_net_admin+ep ")
}

func TestFarewells(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp", "[::]:0")
	farewells, err := ListenFarewells(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer farewells.Close()
	table := open(t, ns)
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	client, server := *socketOf(t, table, p.client), *socketOf(t, table, p.server)
	// A reset ends both ends at once, with no timewait after it.
	if err := p.client.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	began := Now()
	p.client.Close()
	if _, err := p.server.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Fatalf("no reset: %v", err)
	}
	p.server.Close()

	gone := map[uint64]*track.Destroyed{}
	for len(gone) < 2 {
		reply, d, err := farewells.Next()
		if err != nil {
			t.Fatal(err)
		}
		var again track.Dump
		if err := reply.Parse(&again); err != nil || len(again.Sockets) != 1 || again.Sockets[0] != d.Socket {
			t.Errorf("as it came it reads %+v, not %+v: %v", again.Sockets, d.Socket, err)
		}
		if d.At < began || d.At > Now() {
			t.Errorf("at %d", d.At)
		}
		gone[d.Socket.Cookie] = d
	}
	for _, s := range []track.Socket{client, server} {
		d := gone[s.Cookie]
		if d == nil {
			t.Fatalf("no word of %v", s.Cookie)
		}
		if d.Socket.State != track.Close || d.Socket.Info.Size == 0 || d.Socket.Local.Port() != s.Local.Port() {
			t.Errorf("got %+v for %+v", d.Socket, s)
		}
	}
}

func TestFarewellsMissed(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	farewells, err := ListenFarewells(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer farewells.Close()
	if err := farewells.conn.SetReadBuffer(1); err != nil { // the kernel's least: some two kilobytes
		t.Fatal(err)
	}
	eventually(t, "an event that finds no room", func() bool {
		p := connect(t, ns, l, "tcp4", "127.0.0.1")
		p.client.SetLinger(0)
		p.client.Close()
		p.server.Close()
		return dropsOf(t, ns) > 0
	})
	events := 0
	eventually(t, "word of missed events", func() bool {
		_, _, err := farewells.Next()
		if err == nil {
			events++
			return false
		}
		if !errors.Is(err, ErrMissed) {
			t.Fatal(err)
		}
		return true
	})
	// The listening goes on, once what was kept is read.
	if err := farewells.conn.raw.Control(func(fd uintptr) {
		for b := make([]byte, 4096); ; {
			if _, err := unix.Read(int(fd), b); errors.Is(err, unix.EAGAIN) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	p.client.SetLinger(0)
	id := p.id(t, open(t, ns))
	p.client.Close()
	p.server.Close()
	eventually(t, "the last event", func() bool {
		_, d, err := farewells.Next()
		return err == nil && d.Socket.Cookie == id.Cookie
	})
}

func TestFarewellsClose(t *testing.T) {
	ns := newNamespace(t)
	farewells, err := ListenFarewells(ns)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, _, err := farewells.Next()
		ended <- err
	}()
	if err := farewells.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// dropsOf returns how many messages found no room in the sock_diag sockets of a
// namespace.
func dropsOf(t *testing.T, ns *Namespace) (drops int) {
	t.Helper()
	err := ns.Do(func() error {
		table, err := os.ReadFile("/proc/thread-self/net/netlink")
		for line := range strings.Lines(string(table)) {
			if f := strings.Fields(line); len(f) > 8 && f[1] == strconv.Itoa(unix.NETLINK_SOCK_DIAG) {
				n, err := strconv.Atoi(f[8])
				if err != nil {
					return err
				}
				drops += n
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return drops
}
