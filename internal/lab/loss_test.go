package lab_test

import (
	"io"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

// counted sees how far counters of a host have come while f ran.
func counted(t *testing.T, h *lab.Host, f func()) lab.Counters {
	t.Helper()
	before, err := h.Counters()
	if err != nil {
		t.Fatal(err)
	}
	f()
	after, err := h.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return after.Since(before)
}

func TestWireLosesTheNthSegment(t *testing.T) {
	t.Parallel()
	// The first data segment is the byte that Connect sends; the loss probe that
	// follows the second loss is the fourth, and lost again, then an RTO's gets
	// through.
	l := labtest.New(t, lab.Options{Wire: lab.Losing("A", lab.WithData, 3, 4)})
	a, b := connect(t, l, l.B.Addr)
	say(t, a, b, "second")
	n := counted(t, l.A, func() { say(t, a, b, "third") })
	if n["RetransSegs"] != 2 || n["TCPLossProbes"] != 1 || n["TCPTimeouts"] != 1 {
		t.Errorf("the kernel counted %v; want 2 RetransSegs, 1 TCPLossProbes, 1 TCPTimeouts", n)
	}
}

func TestKernelLosesTheNthSegment(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{PerSegment: true})
	a, b := connect(t, l, l.B.Addr)
	err := l.Lose(lab.Loss{From: l.A, Set: track.PSH, Clear: track.SYN, Longer: 52, Nth: []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	if n := counted(t, l.A, func() { say(t, a, b, "first") }); n["RetransSegs"] != 0 {
		t.Errorf("the first was retransmitted: %v", n)
	}
	if n := counted(t, l.A, func() { say(t, a, b, "second") }); n["RetransSegs"] != 1 {
		t.Errorf("the kernel counted %v; want 1 RetransSegs", n)
	}
	if n := counted(t, l.A, func() { say(t, a, b, "third") }); n["RetransSegs"] != 0 {
		t.Errorf("the third was retransmitted: %v", n)
	}
}

// once is a wire that gives the first segment of A's with so many bytes a fate.
func once(bytes uint32, fate lab.Fate) lab.Wire {
	met := false
	return func(f lab.Frame) lab.Fate {
		if met || f.From.Name != "A" || f.Segment == nil || f.Segment.Len != bytes {
			return lab.Fate{}
		}
		met = true
		return fate
	}
}

func TestWireDuplicates(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{Wire: once(6, lab.Fate{Copies: 1})})
	a, b := connect(t, l, l.B.Addr)
	n := counted(t, l.B, func() {
		say(t, a, b, "double")
		say(t, a, b, "after")
	})
	if n["TCPDSACKOldSent"] != 1 {
		t.Errorf("host B counted %v; want 1 TCPDSACKOldSent", n)
	}
}

func TestWireReorders(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{Wire: once(4, lab.Fate{Delay: 50 * time.Millisecond})})
	a, b := connect(t, l, l.B.Addr)
	n := counted(t, l.B, func() {
		if _, err := io.WriteString(a, "late"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(a, "overtaking"); err != nil {
			t.Fatal(err)
		}
		hear(t, b, "lateovertaking")
	})
	if n["TCPOFOQueue"] != 1 {
		t.Errorf("host B counted %v; want 1 TCPOFOQueue", n)
	}
}

func TestLoseAtRandom(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{PerSegment: true})
	a, b := connect(t, l, l.B.Addr)
	if err := l.Lose(lab.Loss{From: l.A, Longer: 1000, Each: 20}); err != nil {
		t.Fatal(err)
	}
	// Of 700 full segments none is lost once in 10^15 runs.
	n := counted(t, l.A, func() {
		go a.Write(make([]byte, 1<<20))
		if _, err := io.CopyN(io.Discard, b, 1<<20); err != nil {
			t.Error(err)
		}
	})
	if n["RetransSegs"] == 0 {
		t.Errorf("nothing was lost: %v", n)
	}
}

func TestForge(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	for _, to := range []netip.Addr{l.B.Addr, l.B.Addr6} {
		if !to.IsValid() {
			continue
		}
		a, b := connect(t, l, to)
		reset, err := lab.Ack(b)
		if err != nil {
			t.Fatal(err)
		}
		reset.Flags = track.RST
		if err := l.B.Forge(reset, nil); err != nil {
			t.Fatal(err)
		}
		death, err := lab.AwaitDeath(bounded(t), a)
		if err != nil || death.Errno != syscall.ECONNRESET {
			t.Errorf("%v: A's end died of %v, %v; want a reset", to, death.Errno, err)
		}
	}
}
