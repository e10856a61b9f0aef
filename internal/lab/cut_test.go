package lab_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// cuts are all the ways in which words can be lost.
var cuts = map[string]struct {
	lab.Options
	lab.Cut
}{
	"vanish":               {},
	"vanish with ARP":      {Cut: lab.Cut{ARP: true}},
	"output":               {Cut: lab.Cut{How: lab.OutputDrop}},
	"qdisc":                {Cut: lab.Cut{How: lab.QdiscDrop}},
	"no route":             {Cut: lab.Cut{How: lab.NoRoute}},
	"host unreachable":     {Cut: lab.Cut{How: lab.HostUnreachable}},
	"port unreachable":     {Cut: lab.Cut{How: lab.PortUnreachable}},
	"admin prohibited":     {Cut: lab.Cut{How: lab.AdminProhibited}},
	"routed vanish":        {Options: lab.Options{Router: true}},
	"routed no route":      {Options: lab.Options{Router: true}, Cut: lab.Cut{How: lab.NoRoute}},
	"routed unreachable":   {Options: lab.Options{Router: true}, Cut: lab.Cut{How: lab.HostUnreachable}},
	"vanish on the wire":   {Options: lab.Options{Wire: func(lab.Frame) lab.Fate { return lab.Fate{} }}},
	"prohibited by a wire": {Options: lab.Options{Wire: func(lab.Frame) lab.Fate { return lab.Fate{} }}, Cut: lab.Cut{How: lab.AdminProhibited}},
}

func TestCutSilencesAndHealRestores(t *testing.T) {
	t.Parallel()
	for name, c := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := labtest.New(t, c.Options)
			a, b := connect(t, l, l.B.Addr)
			if err := l.Cut(c.Cut); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(a, "lost"); err != nil {
				t.Fatal(err)
			}
			silent(t, b, 250*time.Millisecond)
			if err := l.Heal(); err != nil {
				t.Fatal(err)
			}
			hear(t, b, "lost")
			say(t, b, a, "found")
		})
	}
}

// silent sees nothing come for a while.
func silent(t *testing.T, c *net.TCPConn, d time.Duration) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	n, err := c.Read(make([]byte, 1))
	if n != 0 || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("not cut off: %d bytes came, %v", n, err)
	}
}

func TestCutOneWay(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	a, b := connect(t, l, l.B.Addr)
	if err := l.Cut(lab.Cut{From: l.A}); err != nil {
		t.Fatal(err)
	}
	say(t, b, a, "one way")
	if _, err := io.WriteString(a, "lost"); err != nil {
		t.Fatal(err)
	}
	silent(t, b, 250*time.Millisecond)
}

func TestUnansweredSynEndsWithContext(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	if err := l.Cut(lab.Cut{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextAfter(t, 50*time.Millisecond)
	defer cancel()
	_, err := l.A.Dial(ctx, addrPort(l.B.Addr, 80))
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("dialling a silent host ended with %v, not with its context", err)
	}
}

func TestRejectedSyn(t *testing.T) {
	t.Parallel()
	for how, want := range map[lab.How]syscall.Errno{
		lab.HostUnreachable: syscall.EHOSTUNREACH,
		lab.PortUnreachable: syscall.ECONNREFUSED,
		lab.AdminProhibited: syscall.EHOSTUNREACH,
	} {
		for _, router := range []bool{false, true} {
			l := labtest.New(t, lab.Options{Router: router})
			if err := l.Cut(lab.Cut{From: l.A, How: how}); err != nil {
				t.Fatal(err)
			}
			if _, err := l.A.Dial(bounded(t), addrPort(l.B.Addr, 80)); !errors.Is(err, want) {
				t.Errorf("way %d, router %v: %v; want %v", how, router, err, want)
			}
		}
	}
}

func TestDeathByRetries2(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	if err := l.A.SetSysctl("net.ipv4.tcp_retries2", 1); err != nil {
		t.Fatal(err)
	}
	a, _ := connect(t, l, l.B.Addr)
	if err := l.Cut(lab.Cut{}); err != nil {
		t.Fatal(err)
	}
	began := lab.Now()
	if _, err := io.WriteString(a, "unheard"); err != nil {
		t.Fatal(err)
	}
	death, err := lab.AwaitDeath(bounded(t), a)
	if err != nil || death.Errno != syscall.ETIMEDOUT {
		t.Fatalf("died of %v, %v; want ETIMEDOUT", death.Errno, err)
	}
	// Loss probe, RTO, backoff: no kernel gives up before two RTOs after the probe.
	after := death.At.Sub(began)
	t.Logf("died after %v", after)
	if after < 800*time.Millisecond {
		t.Errorf("died after %v, sooner than its timers allow", after)
	}
}
