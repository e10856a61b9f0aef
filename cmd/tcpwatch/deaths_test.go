package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/track"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// deaths are the ways in which Linux gives up, with settings that let them be
// short. Their lengths are what a kernel took.
var deaths = []death{
	// Data that is not acknowledged.
	{name: "retries2 0", lasts: 850 * ms, limits: limits{"tcp_retries2": 0}, stall: silence},
	{name: "retries2 1", lasts: 1660 * ms, limits: limits{"tcp_retries2": 1}, stall: silence},
	{name: "retries2 3", lasts: 6706 * ms, limits: limits{"tcp_retries2": 3}, stall: silence},
	{name: "retries2 5", lasts: 13376 * ms, limits: limits{"tcp_retries2": 5}, stall: silence},
	{name: "retries2 6", lasts: 26722 * ms, limits: limits{"tcp_retries2": 6}, stall: silence},
	{name: "route rto_min 1 s", lasts: 16379 * ms, limits: limits{"tcp_retries2": 5}, begin: func(s *deathbed) {
		s.must(s.A.SetRTOMin(sec))
		s.connect(netip.AddrPortFrom(s.B.Addr, s.port))
	}, stall: silence},
	{name: "tcp_rto_min_us 5000", lasts: 12829 * ms, needs: "tcp_rto_min_us",
		limits: limits{"tcp_retries2": 5, "tcp_rto_min_us": 5000}, stall: silence},
	{name: "no loss probes", lasts: 6500 * ms, limits: limits{"tcp_retries2": 3, "tcp_early_retrans": 0}, stall: silence},
	{name: "tcp_rto_max_ms 1450", lasts: 9000 * ms, needs: "tcp_rto_max_ms",
		limits: limits{"tcp_retries2": 6, "tcp_rto_max_ms": 1450}, stall: silence},
	{name: "tcp_rto_max_ms 1000", lasts: 7824 * ms, needs: "tcp_rto_max_ms",
		limits: limits{"tcp_retries2": 8, "tcp_rto_max_ms": 1000}, stall: inSlot},
	{name: "TCP_RTO_MAX_MS 2000", lasts: 15422 * ms, needs: "tcp_rto_max_ms",
		limits: limits{"tcp_retries2": 8}, options: options(lab.RTOMax(2 * sec)), stall: inSlot},
	{name: "TCP_RTO_MAX_MS 3000", lasts: 12600 * ms, needs: "tcp_rto_max_ms",
		limits: limits{"tcp_retries2": 6}, options: options(lab.RTOMax(3 * sec)), stall: silence},
	{name: "many segments", lasts: 6700 * ms, limits: limits{"tcp_retries2": 4}, stall: func(s *deathbed) {
		s.cut()
		s.write(14000)
	}},
	{name: "thin stream, reno", lasts: 7900 * ms, limits: limits{"tcp_retries2": 4},
		options: options(lab.Congestion("reno"), lab.ThinLinear()), stall: silence},
	{name: "IPv6", lasts: 6706 * ms, limits: limits{"tcp_retries2": 3}, begin: func(s *deathbed) {
		s.connect(netip.AddrPortFrom(s.B.Addr6, s.port))
	}, stall: silence},
	{name: "IPv4-mapped", lasts: 6706 * ms, limits: limits{"tcp_retries2": 3}, begin: func(s *deathbed) {
		s.accept(netip.AddrPortFrom(netip.IPv6Unspecified(), s.port), netip.AddrPortFrom(s.A.Addr, s.port))
	}, stall: silence},
	{name: "CLOSE_WAIT with data", lasts: 6706 * ms, limits: limits{"tcp_retries2": 3}, stall: func(s *deathbed) {
		s.must(s.b.CloseWrite())
		s.row("CLOSE_WAIT", func(r *track.Socket) bool { return r.State == track.CloseWait })
		silence(s)
	}},
	{name: "FIN_WAIT1 by shutdown", lasts: 6874 * ms, limits: limits{"tcp_retries2": 4}, stall: func(s *deathbed) {
		s.cut()
		s.begun = time.Now()
		s.must(s.a.CloseWrite())
	}},

	// A user timeout stands in for the retries, whether it is shorter or longer.
	{name: "user timeout 3 s", lasts: 3418 * ms, options: options(lab.UserTimeout(3 * sec)), stall: silence},
	{name: "user timeout 10 s", lasts: 10618 * ms, options: options(lab.UserTimeout(10 * sec)), stall: silence},
	{name: "user timeout 10 s over retries2 3", lasts: 10551 * ms, limits: limits{"tcp_retries2": 3},
		options: options(lab.UserTimeout(10 * sec)), stall: silence},

	// No program holds the socket any more.
	{name: "orphan", lasts: 6435 * ms, orphan: true, limits: limits{"tcp_orphan_retries": 3}, stall: orphaned},
	{name: "orphan, user timeout 8 s", lasts: 8231 * ms, orphan: true, limits: limits{"tcp_orphan_retries": 3},
		options: options(lab.UserTimeout(8 * sec)), stall: orphaned},
	{name: "FIN_WAIT1", lasts: 6700 * ms, orphan: true, limits: limits{"tcp_orphan_retries": 3}, stall: func(s *deathbed) {
		s.cut()
		s.close()
	}},
	{name: "LAST_ACK", lasts: 6742 * ms, orphan: true, limits: limits{"tcp_orphan_retries": 3}, stall: func(s *deathbed) {
		s.must(s.b.Close())
		s.row("CLOSE_WAIT", func(r *track.Socket) bool { return r.State == track.CloseWait })
		s.cut()
		s.close()
	}},
	{name: "CLOSING", lasts: 6805 * ms, orphan: true, limits: limits{"tcp_orphan_retries": 3}, stall: func(s *deathbed) {
		s.deafen()
		s.close()
		s.must(s.b.Close())
	}},
	{name: "closed in mid-stall", lasts: 6700 * ms, orphan: true, changing: true, limits: limits{"tcp_orphan_retries": 3},
		stall: func(s *deathbed) {
			silence(s)
			s.after(2 * sec)
			s.close()
		}},

	// Connecting.
	{name: "SYN 2+4", lasts: 7138 * ms, needs: "tcp_syn_linear_timeouts",
		limits: limits{"tcp_syn_retries": 2, "tcp_syn_linear_timeouts": 4}, begin: nobody, stall: unanswered},
	{name: "SYN 2+0", lasts: 7217 * ms, limits: limits{"tcp_syn_retries": 2}, begin: exponential, stall: unanswered},
	{name: "TCP_SYNCNT 1", lasts: 3058 * ms, options: options(lab.SynCount(1)), begin: exponential, stall: unanswered},
	{name: "SYN, user timeout 5 s", lasts: 5023 * ms, options: options(lab.UserTimeout(5 * sec)), begin: nobody, stall: unanswered},
	{name: "SYN, ARP silent", changing: true, lasts: 3070 * ms, begin: nobody, stall: func(s *deathbed) {
		s.begun = time.Now()
		s.dial(netip.AddrPortFrom(s.B.Addr.Next(), s.port))
	}},
	{name: "SYN with data", lasts: 3058 * ms, limits: limits{"tcp_fastopen": 0x5},
		options: options(lab.SynCount(1), lab.FastOpen()), begin: exponential, stall: func(s *deathbed) {
			s.cut()
			var err error
			s.a, err = s.A.Dial(s.Context(), netip.AddrPortFrom(s.B.Addr, s.port), s.options...)
			s.must(err)
			s.Cleanup(func() { s.a.Close() })
			s.write(17)
		}},
	{name: "SYN_RECV", lasts: 7100 * ms, unseen: true, limits: limits{"tcp_synack_retries": 2}, begin: nobody, stall: func(s *deathbed) {
		listener, err := s.A.Listen(netip.AddrPortFrom(s.A.Addr, s.port))
		s.must(err)
		s.Cleanup(func() { listener.Close() })
		s.deafen()
		s.begun = time.Now()
		s.must(s.B.Forge(track.Segment{
			Src: netip.AddrPortFrom(s.B.Addr, 4000), Dst: netip.AddrPortFrom(s.A.Addr, s.port), Seq: 1, Flags: track.SYN, Window: 1 << 14,
		}, nil))
	}},

	// A window that is shut.
	{name: "zero window 4", probes: true, lasts: 7124 * ms, limits: limits{"tcp_retries2": 4}, receiver: options(lab.ReceiveBuffer(4096)), stall: shut},
	{name: "zero window 6", probes: true, lasts: 28275 * ms, limits: limits{"tcp_retries2": 6}, receiver: options(lab.ReceiveBuffer(4096)), stall: shut},
	{name: "zero window, user timeout 5 s, answered", probes: true, lasts: 5224 * ms,
		receiver: options(lab.ReceiveBuffer(4096)), options: options(lab.UserTimeout(5 * sec)), stall: (*deathbed).fill},
	{name: "shrunk window, rto_max 1 s", shrunk: true, lasts: 2694 * ms, needs: "tcp_rto_max_ms", limits: limits{"tcp_rto_max_ms": 1000}, stall: shrunk},
	{name: "shrunk window, rto_max 3 s", shrunk: true, lasts: 9478 * ms, needs: "tcp_rto_max_ms", limits: limits{"tcp_rto_max_ms": 3000}, stall: shrunk},
	{name: "shrunk window, user timeout 4 s", shrunk: true, lasts: 4430 * ms, needs: "tcp_rto_max_ms", limits: limits{"tcp_rto_max_ms": 3000},
		options: options(lab.UserTimeout(4 * sec)), stall: shrunk},

	// Nothing in flight.
	{name: "keepalive", probes: true, lasts: 4684 * ms, options: options(lab.Keepalive(2*sec, sec, 3)), stall: idle},
	{name: "keepalive, user timeout 7.5 s", probes: true, lasts: 7739 * ms,
		options: options(lab.Keepalive(2*sec, sec, 3), lab.UserTimeout(7500*ms)), stall: idle},
	{name: "keepalive, user timeout 0.5 s", probes: true, lasts: 2615 * ms,
		options: options(lab.Keepalive(2*sec, sec, 3), lab.UserTimeout(500*ms)), stall: idle},

	// Closed by the program, and the peer goes on.
	{name: "FIN_WAIT2 5 s", lasts: 5200 * ms, orphan: true, unseen: true, limits: limits{"tcp_fin_timeout": 5}, stall: (*deathbed).close},
	{name: "FIN_WAIT2, TCP_LINGER2 3 s", lasts: 3100 * ms, orphan: true, unseen: true, options: options(lab.Linger2(3 * sec)), stall: (*deathbed).close},
	{name: "FIN_WAIT2 70 s", lasts: 20400 * ms, orphan: true, unseen: true, limits: limits{"tcp_fin_timeout": 70}, stall: (*deathbed).close},

	// What is sent fails on the host itself.
	{name: "queue drops", probes: true, lasts: 2788 * ms, changing: true, limits: limits{"tcp_retries2": 5}, stall: failing(lab.QdiscDrop)},
	{name: "queue drops 15", lasts: 7899 * ms, changing: true, probes: true, stall: failing(lab.QdiscDrop)},
	{name: "netfilter drops", probes: true, lasts: 13188 * ms, changing: true, limits: limits{"tcp_retries2": 5}, stall: failing(lab.OutputDrop)},
	{name: "no route", probes: true, lasts: 13175 * ms, changing: true, limits: limits{"tcp_retries2": 5}, stall: failing(lab.NoRoute)},
	{name: "queue drops in mid-stall", lasts: 13000 * ms, changing: true, limits: limits{"tcp_retries2": 5}, stall: func(s *deathbed) {
		silence(s)
		s.after(2 * sec)
		s.must(s.Cut(lab.Cut{From: s.A, How: lab.QdiscDrop}))
		s.nextFire()
	}},

	// What changes on the way.
	{name: "acknowledged in part, three times", lasts: 13200 * ms, changing: true, gated: true, limits: limits{"tcp_retries2": 5},
		stall: partly(3, sec/2)},
	{name: "acknowledged in part, each 3 s", lasts: 13200 * ms, changing: true, decided: true, gated: true,
		limits: limits{"tcp_retries2": 5}, stall: partly(3, 3*sec)},
	{name: "retries2 8 to 3", lasts: 6800 * ms, changing: true, limits: limits{"tcp_retries2": 8}, stall: func(s *deathbed) {
		silence(s)
		s.after(2 * sec)
		s.limit("tcp_retries2", 3)
	}},
	{name: "host unreachable in mid-stall", lasts: 13100 * ms, changing: true, limits: limits{"tcp_retries2": 5}, lab: lab.Options{Router: true},
		stall: func(s *deathbed) {
			silence(s)
			// The RTO that is held is 816 ms then. At 1632 ms the timer, set for 407 jiffies, would
			// end on the last of its slot, and a jiffy's delay put each fire off by 32 ms.
			s.after(sec)
			s.must(s.Heal())
			s.must(s.Cut(lab.Cut{From: s.A, How: lab.HostUnreachable}))
			s.nextFire()
		}},
	{name: "port unreachable", lasts: 6700 * ms, changing: true, limits: limits{"tcp_retries2": 4}, lab: lab.Options{Router: true},
		stall: func(s *deathbed) {
			s.must(s.Cut(lab.Cut{From: s.A, How: lab.PortUnreachable}))
			s.write(17)
		}},
}

// longDeaths take over a minute. They are played where TCPWATCH_LONG is set.
var longDeaths = []death{
	{name: "defaults", lasts: 939309 * ms, stall: silence},
	{name: "retries2 8", lasts: 107306 * ms, limits: limits{"tcp_retries2": 8}, stall: silence},
	{name: "orphan, defaults", lasts: 107300 * ms, orphan: true, stall: orphaned},
	{name: "SYN, defaults", lasts: 134306 * ms, begin: nobody, stall: unanswered},
	{name: "zero window, defaults", probes: true, lasts: 951467 * ms, receiver: options(lab.ReceiveBuffer(4096)), stall: shut},
	{name: "TIME_WAIT", lasts: 61401 * ms, orphan: true, unseen: true, reason: "closed", stall: func(s *deathbed) {
		s.close()
		s.must(s.b.Close())
	}},
	{name: "ARP silent", lasts: 959800 * ms, changing: true, stall: func(s *deathbed) {
		s.must(s.Cut(lab.Cut{ARP: true}))
		s.write(17)
		s.after(time.Minute) // until the next hop is asked for again
	}},
}

func options(o ...lab.SocketOption) []lab.SocketOption { return o }

// silence cuts both hosts off, and has A send into the void.
func silence(s *deathbed) {
	s.cut()
	s.write(17)
}

// inSlot is silence that begins two jiffies after slots of eight do. By these
// settings each eighth of the beginnings comes to the threshold to the jiffy, and what
// decides is how late the processor is; by this one the fire is three jiffies beyond.
func inSlot(s *deathbed) {
	phase, err := diag.ReadPhase()
	for end := time.Now().Add(10 * sec); err != nil && time.Now().Before(end); phase, err = diag.ReadPhase() {
	} // on a busy machine ticks pass unseen
	s.must(err)
	var tick unix.Timespec
	s.must(unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &tick))
	s.cut()
	for {
		jiffy := int64(math.Floor(float64(diag.Now())/float64(tick.Nano()) + phase.Offset))
		if jiffy%8 == 2 {
			break
		}
	}
	s.write(17)
}

// orphaned is silence whose program does not wait.
func orphaned(s *deathbed) {
	silence(s)
	s.close()
}

// nobody begins without a connection.
func nobody(*deathbed) {}

// exponential begins without a connection and without linear timeouts, where the
// kernel knows such.
func exponential(s *deathbed) {
	if _, err := s.A.Sysctl("net.ipv4.tcp_syn_linear_timeouts"); err == nil {
		s.limit("tcp_syn_linear_timeouts", 0)
	}
}

// unanswered has A connect to silence.
func unanswered(s *deathbed) {
	s.cut()
	s.begun = time.Now()
	s.dial(netip.AddrPortFrom(s.B.Addr, s.port))
}

// shut fills B's window, and cuts A off before B answers a probe.
func shut(s *deathbed) {
	s.fill()
	s.row("probing", func(r *track.Socket) bool { return r.Timer == track.TimerPersist })
	s.cut()
}

// shrunk takes B's window back from data in flight.
func shrunk(s *deathbed) {
	s.deafen()
	s.write(17)
	ack := s.acknowledgement()
	ack.Window = 0
	s.must(s.B.Forge(ack, nil))
}

// partly has one of A's segments acknowledged so many times, at such intervals at
// least, and then none.
func partly(times int, interval time.Duration) func(*deathbed) {
	return func(s *deathbed) {
		s.gate.shut.Store(true)
		s.write(14000)
		for range times {
			s.after(interval)
			s.letPass()
		}
	}
}

// idle cuts the hosts off while nothing is in flight.
func idle(s *deathbed) {
	s.begun = time.Now()
	s.cut()
}

// failing has what A sends fail in its own kernel.
func failing(how lab.How) func(*deathbed) {
	return func(s *deathbed) {
		s.must(s.Cut(lab.Cut{From: s.A, How: how}))
		s.write(17)
	}
}

// after lets time pass.
func (s *deathbed) after(d time.Duration) { time.Sleep(d) }

// acknowledgement returns what B would acknowledge now.
func (s *deathbed) acknowledgement() track.Segment {
	s.Helper()
	ack, err := lab.Ack(s.b)
	s.must(err)
	return ack
}

// TestDeaths holds what tcpwatch foretells against what the kernel does, in all
// ways in which it gives up.
func TestDeaths(t *testing.T) {
	t.Parallel()
	foretell(t, deaths, 0)
}

// TestLongDeaths does the same for those that take long.
func TestLongDeaths(t *testing.T) {
	if os.Getenv("TCPWATCH_LONG") == "" {
		t.Skip("TCPWATCH_LONG is not set: these take a quarter of an hour")
	}
	t.Parallel()
	foretell(t, longDeaths, 0)
}

// TestDeathsSeenLate starts tcpwatch four seconds into the stall. Nobody can learn by
// then the options of a socket that no program holds any more, nor when the window
// was shrunk. Where little were left to watch, it is to last longer.
func TestDeathsSeenLate(t *testing.T) {
	t.Parallel()
	late := slices.DeleteFunc(slices.Clone(deaths), func(d death) bool {
		return d.changing || d.shrunk || d.lasts < 6*sec || d.orphan && d.options != nil
	})
	for i := range late {
		if late[i].lasts < 7500*ms {
			late[i].prolong()
		}
	}
	foretell(t, late, 4*sec)
}

// prolong raises the counts by which a death is short: it lasts about twice as long.
func (d *death) prolong() {
	d.limits = maps.Clone(d.limits)
	d.lasts *= 2
	for name, n := range d.limits {
		switch name {
		case "tcp_retries2", "tcp_orphan_retries":
			d.limits[name] = max(n, 5)
		case "tcp_syn_retries", "tcp_synack_retries":
			d.limits[name] = n + 1
		}
	}
}

// result is what came of one death.
type result struct {
	*death
	accuracy
}

// foretell plays deaths side by side, and sums up how they were foretold.
func foretell(t *testing.T, deaths []death, late time.Duration) {
	w := newWitness(t)
	var mu sync.Mutex
	var all []result
	t.Run("all", func(t *testing.T) {
		ordered := slices.Clone(deaths)
		slices.SortStableFunc(ordered, func(a, b death) int { return int(b.lasts - a.lasts) }) // the longest first
		for _, d := range ordered {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				a := play(t, w, &d, late)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, result{&d, a})
			})
		}
	})
	sum, steady := sumUp(t, all)
	if right := share(sum.exactRight, sum.exact); right < 0.99 {
		t.Errorf("what was called exact was right for %.1f %% of the time, want 99 %%", 100*right)
	}
	// Who comes late can't know the options of those that no program holds any more.
	if exact := share(steady.exact, steady.total); late == 0 && exact < 0.8 {
		t.Errorf("deadlines were called exact for %.1f %% of the time, want 80 %%", 100*exact)
	}
}

// sumUp logs how each death was foretold, and returns the sum of all, and of those
// that nothing changes on the way.
func sumUp(t *testing.T, all []result) (sum, steady accuracy) {
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "%-40s off by %6.1f ms, %v\n", r.name, float64(r.lastError.Microseconds())/1000, r.accuracy)
		sum.add(r.accuracy)
		if !r.changing {
			steady.add(r.accuracy)
		}
	}
	t.Logf("%d deaths\n%s%-40s %v\n%-40s %v", len(all), &b, "all", sum, "those that nothing changes", steady)
	return sum, steady
}

// play plays one death, and returns how it was foretold.
func play(t *testing.T, witness *witness, d *death, late time.Duration) accuracy {
	s := newDeathbed(t, d)
	told := witness.of(t, s.port)
	var w *watcher
	if late == 0 {
		w = s.watch()
		if s.a != nil {
			w.until("the word on the idle connection", func(e event) bool { return e.Event == "deadline" && e.State == "ESTABLISHED" })
		}
	}
	d.stall(s)
	settled := time.Now()
	begin := s.begun
	if late > 0 {
		s.after(late)
		w = s.watch()
	} else if s.probes {
		s.row("probing", func(r *track.Socket) bool { return r.Info.Probes > 0 || r.Info.Backoff > 0 })
		begin = time.Now()
	}
	c := s.attend(told, d.lasts+30*sec)
	gone := w.until("the end", func(e event) bool { return e.Event == "gone" })
	events := w.stop()
	switch {
	case late > 0:
		begin = events[0].Time
	case s.decided:
		begin = settled
	case !c.again.IsZero() && c.again.Before(c.died.Add(-sec/2)):
		begin = c.again
	}

	a := s.judge(events, gone, begin, settled, c.died)
	if t.Failed() {
		t.Logf("it died at %v; tcpwatch said:\n%s", c.died.UTC().Format(time.RFC3339Nano), w.transcript())
	}
	return a
}

// judge holds what tcpwatch said from begin on against the death. Of what changes on
// the way, all had been done when it settled.
func (s *deathbed) judge(events []event, gone event, begin, settled, died time.Time) accuracy {
	s.Helper()
	tolerance, within, most := 50*ms, exactWithin, 0.9
	if s.orphan {
		tolerance = 120 * ms
	}
	if s.unseen {
		within = tolerance // when it died is known no better
	}
	if s.changing {
		most = 0.6
		settled = settled.Add(300 * ms) // until that is noticed
	} else {
		settled = begin
	}
	a := compare(events, gone.Local, begin, settled, died, tolerance, within)
	s.Logf("died %v after the beginning, off by %v: %v", died.Sub(s.begun).Round(ms), a.lastError.Round(ms/10), a)
	if !a.foretold || a.lastError.Abs() > tolerance {
		s.Errorf("half a second before, the deadline was off by %v", a.lastError)
	}
	if a.right < time.Duration(most*float64(a.total)) {
		s.Errorf("the deadline was right for %.1f %% of the time, want %.0f %%", 100*share(a.right, a.total), 100*most)
	}
	if s.changing && a.exactRight != a.exact {
		s.Errorf("it was called exact for %v when it was not", a.exact-a.exactRight)
	}
	if reason := cmp.Or(s.reason, "timed-out"); gone.Reason != reason {
		s.Errorf("the reason is %s, want %s", gone.Reason, reason)
	}
	var last event
	for _, e := range events {
		if e.Event == "deadline" && e.Local == gone.Local && e.Time.Before(died) {
			last = e
		}
	}
	if errno := s.errno(); last.Errno != errno {
		s.Errorf("the program read %q, foretold was %q", errno, last.Errno)
	}
	return a
}

// TestDeferredIsNoDeath has TCP_DEFER_ACCEPT hold a request back until it becomes a
// connection: its row vanishes, and nothing has died.
func TestDeferredIsNoDeath(t *testing.T) {
	t.Parallel()
	s := newDeathbed(t, &death{begin: nobody})
	at := netip.AddrPortFrom(s.A.Addr, s.port)
	listener, err := s.A.Listen(at, lab.DeferAccept(7*sec)) // long enough for a slow machine to see it
	s.must(err)
	defer listener.Close()
	w := s.watch()
	b, err := s.B.Dial(t.Context(), at)
	s.must(err)
	defer b.Close()
	w.until("the request", func(e event) bool { return e.Event == "socket" && e.State == "SYN_RECV" })
	w.until("the connection", func(e event) bool { return e.Event == "socket" && e.State == "ESTABLISHED" })
	for _, e := range w.stop() {
		if e.Event == "gone" || e.Event == "deadline" && e.State == "SYN_RECV" && e.Exactness == "exact" {
			t.Errorf("of a request that became a connection tcpwatch said %s", e.raw)
		}
	}
}
