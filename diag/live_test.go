package diag

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// need skips the test where err says that this machine can't run it, and fails
// it where all tests are required to run.
func need(t testing.TB, what string, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("TCPWATCH_LAB") == "require":
		t.Fatalf("%s: %v", what, err)
	default:
		t.Skipf("%s: %v", what, err)
	}
}

// newNamespace makes a namespace with a loopback interface, which goes with the
// test.
func newNamespace(t testing.TB) *Namespace {
	t.Helper()
	var ns *Namespace
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends in its own namespace
		result <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if ns, err = OpenNamespace(fmt.Sprintf("/proc/self/fd/%d", fd)); err != nil {
				return err
			}
			return command("ip", "link", "set", "lo", "up")
		}()
	}()
	need(t, "make a network namespace", <-result)
	t.Cleanup(func() { ns.Close() })
	return ns
}

// command runs a program in the calling thread's namespace.
func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// in runs f in ns.
func in(t testing.TB, ns *Namespace, f func() error) {
	t.Helper()
	if err := ns.Do(f); err != nil {
		t.Fatal(err)
	}
}

// run runs a program in ns that the machine may lack.
func run(t testing.TB, ns *Namespace, name string, args ...string) {
	t.Helper()
	need(t, "run "+name, ns.Do(func() error { return command(name, args...) }))
}

// setSysctl sets one in ns.
func setSysctl(t testing.TB, ns *Namespace, name, value string) {
	t.Helper()
	in(t, ns, func() error { return os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0) })
}

// drop makes ns drop what it receives on a TCP port, and nothing else.
func drop(t testing.TB, ns *Namespace, port uint16) {
	t.Helper()
	run(t, ns, "nft", "add table inet t; add chain inet t c { type filter hook input priority 0; };"+
		fmt.Sprintf("add rule inet t c tcp dport %d drop", port))
}

// pair is a connection: both of its ends are in the same namespace.
type pair struct {
	client, server *net.TCPConn
}

func (p pair) id(t testing.TB, table *Table) ID {
	t.Helper()
	return IDOf(socketOf(t, table, p.client))
}

// listen listens in ns until the test ends.
func listen(t testing.TB, ns *Namespace, network, address string) *net.TCPListener {
	t.Helper()
	var l net.Listener
	in(t, ns, func() (err error) { l, err = net.Listen(network, address); return err })
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

// connect connects to l at address, in ns.
func connect(t testing.TB, ns *Namespace, l *net.TCPListener, network, address string) pair {
	t.Helper()
	var client net.Conn
	in(t, ns, func() (err error) {
		client, err = net.Dial(network, net.JoinHostPort(address, fmt.Sprint(l.Addr().(*net.TCPAddr).Port)))
		return err
	})
	server, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return pair{client.(*net.TCPConn), server}
}

// open opens the table of ns.
func open(t testing.TB, ns *Namespace) *Table {
	t.Helper()
	table, err := OpenTable(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

// dump asks for the whole table.
func dump(t testing.TB, table *Table) *track.Dump {
	t.Helper()
	var reply Reply
	var d track.Dump
	if err := table.Dump(&reply); err != nil {
		t.Fatal(err)
	}
	if err := reply.Parse(&d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// ask asks for single sockets.
func ask(t testing.TB, table *Table, ids ...ID) *track.Dump {
	t.Helper()
	var reply Reply
	var d track.Dump
	if err := table.Sockets(ids, &reply); err != nil {
		t.Fatal(err)
	}
	if err := reply.Parse(&d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// addrPort returns what the kernel's table calls an address.
func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// socketOf returns the row of c.
func socketOf(t testing.TB, table *Table, c *net.TCPConn) *track.Socket {
	t.Helper()
	d := dump(t, table)
	for i, s := range d.Sockets {
		if s.Local == addrPort(c.LocalAddr()) && s.Remote == addrPort(c.RemoteAddr()) {
			return &d.Sockets[i]
		}
	}
	t.Fatalf("no row for %v > %v", c.LocalAddr(), c.RemoteAddr())
	return nil
}

// eventually asks again until f is content, and fails the test where it never is.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !f() {
		if ctx.Err() != nil {
			t.Fatalf("never came: %s", what)
		}
		runtime.Gosched()
	}
}

// halfOpen starts a connection to a port of 127.0.0.1 that does not answer.
func halfOpen(t testing.TB, ns *Namespace, port int) {
	t.Helper()
	in(t, ns, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		t.Cleanup(func() { unix.Close(fd) })
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
		if errors.Is(err, unix.EINPROGRESS) {
			return nil
		}
		return err
	})
}
