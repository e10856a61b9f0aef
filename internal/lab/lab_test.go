package lab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// patience bounds what should never take long: a test that waits for it has failed.
const patience = 10 * time.Second

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func contextAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

func addrPort(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }

// connect returns both ends of a connection from A to B that has exchanged a byte.
func connect(t *testing.T, l *lab.Lab, to netip.Addr, opts ...lab.SocketOption) (a, b *net.TCPConn) {
	t.Helper()
	a, b, err := l.Connect(bounded(t), addrPort(to, 0), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// say sends a text and sees it arrive.
func say(t *testing.T, from, to *net.TCPConn, text string) {
	t.Helper()
	if _, err := io.WriteString(from, text); err != nil {
		t.Fatal(err)
	}
	hear(t, to, text)
}

// hear sees a text arrive.
func hear(t *testing.T, to *net.TCPConn, text string) {
	t.Helper()
	if err := to.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(to, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Fatalf("heard %q, said %q", got, text)
	}
}

func TestHostsTalk(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]lab.Options{
		"veth":     {},
		"segments": {PerSegment: true},
		"router":   {Router: true},
		"wire":     {Wire: func(lab.Frame) lab.Fate { return lab.Fate{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			l := labtest.New(t, o)
			t.Logf("set up in %v", time.Since(began).Round(10*time.Microsecond))
			connect(t, l, l.B.Addr)
			if l.B.Addr6.IsValid() {
				connect(t, l, l.B.Addr6)
				if n := solicits(t, l.A); n != 1 {
					t.Errorf("A asked for its neighbour %d times", n)
				}
			}
			if n, err := l.A.Counters(); err != nil || n["ActiveOpens"] == 0 || n["TCPSynRetrans"] != 0 {
				t.Errorf("SYNs were lost: %v, %v", n, err)
			}
		})
	}
}

// solicits returns how many neighbour solicitations a host has sent.
func solicits(t *testing.T, h *lab.Host) (n int) {
	t.Helper()
	err := h.Do(func() error {
		text, err := os.ReadFile("/proc/thread-self/net/snmp6")
		if err != nil {
			return err
		}
		_, after, _ := strings.Cut(string(text), "Icmp6OutNeighborSolicits")
		_, err = fmt.Sscan(after, &n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestManyLabsSideBySide(t *testing.T) {
	t.Parallel()
	labtest.New(t, lab.Options{}) // or skip
	const many = 40
	began := time.Now()
	errs := make(chan error, many)
	for range many {
		go func() {
			l, err := lab.New(lab.Options{})
			if err != nil {
				errs <- err
				return
			}
			a, b, err := l.Connect(t.Context(), addrPort(l.B.Addr, 12345))
			if err == nil {
				a.Close()
				b.Close()
			}
			errs <- errors.Join(err, l.Close())
		}()
	}
	for range many {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d labs made, used and closed in %v", many, time.Since(began).Round(time.Millisecond))
}

func TestPathIsTheNamespace(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	for _, h := range []*lab.Host{l.A, l.B} {
		var inside string
		err := h.Do(func() (err error) {
			inside, err = os.Readlink("/proc/thread-self/ns/net")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if outside, err := os.Readlink(h.Path()); err != nil || outside != inside {
			t.Errorf("host %s: %s is %s, %v; inside it is %s", h.Name, h.Path(), outside, err, inside)
		}
	}
}

func TestSysctlIsTheHostsOwn(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	if err := l.A.SetSysctl("net.ipv4.tcp_retries2", 3); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[*lab.Host]string{l.A: "3", l.B: "15"} {
		if got, err := host.Sysctl("net.ipv4.tcp_retries2"); err != nil || got != want {
			t.Errorf("host %s: tcp_retries2 = %s, %v; want %s", host.Name, got, err, want)
		}
	}
}
