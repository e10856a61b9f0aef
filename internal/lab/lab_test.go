package lab_test

import (
	"context"
	"io"
	"net"
	"net/netip"
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
			}
		})
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
