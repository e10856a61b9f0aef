package track

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// simWheel is a timer wheel built as the kernel builds it, of buckets that are
// emptied jiffy by jiffy (kernel/time/timer.c): no formula tells when a timer
// fires.
type simWheel struct {
	clk     int64
	buckets [9][64][]*simTimer
}

type simTimer struct {
	expires      int64
	level, index int // where it is queued; level -1: nowhere
}

// set queues the timer, or queues it anew (calc_wheel_index).
func (w *simWheel) set(t *simTimer, expires int64) {
	w.cancel(t)
	t.expires = expires
	delta := expires - w.clk
	for t.level = 0; t.level < 8 && delta >= 63<<(3*t.level); t.level++ {
	}
	t.index = int((expires>>(3*t.level))+1) & 63
	if delta < 0 {
		t.level, t.index = 0, int(w.clk)&63
	}
	b := &w.buckets[t.level][t.index]
	*b = append(*b, t)
}

func (w *simWheel) cancel(t *simTimer) {
	if t.level < 0 {
		return
	}
	b := &w.buckets[t.level][t.index]
	for i, other := range *b {
		if other == t {
			*b = append((*b)[:i], (*b)[i+1:]...)
		}
	}
	t.level = -1
}

// turn takes out what expires at the wheel's clock and moves it on
// (collect_expired_timers).
func (w *simWheel) turn() (fired []*simTimer) {
	clk := w.clk
	w.clk++
	for level := 0; level < 9; level++ {
		b := &w.buckets[level][clk&63]
		fired = append(fired, *b...)
		*b = nil
		if clk&7 != 0 {
			break
		}
		clk >>= 3
	}
	for _, t := range fired {
		t.level = -1
	}
	return fired
}

// simSocket is as much of a Linux socket as has to do with giving up, after
// net/ipv4/tcp_timer.c. Intervals are in jiffies, times of comparison in ms.
type simSocket struct {
	hz, boot int64 // jiffies at instant 0
	wheel    simWheel
	timer    simTimer
	pending  string // "tlp", "rto", "probe0", "keepalive", "syn"

	rto, backoff, retransmits, probes, total int64
	base, rtoMax                             int64
	stamp, rtoStamp                          int64 // ms, of the first retransmission; -1: none
	probeStamp                               int64 // jiffies, -1: none
	lastSent, lastHeard                      int64 // jiffies
	userTimeout                              int64 // ms, 0: none
	retries2, orphanRetries                  int64
	synRetries, synLinear                    int64
	keepIdle, keepIntvl, keepCnt             int64
	orphan, sack                             bool
	state                                    State
	died                                     int64 // ns
}

func (k *simSocket) jiffies(ms int64) int64 { return (ms*k.hz + 999) / 1000 }
func (k *simSocket) ms(jiffies int64) int64 { return jiffies * 1000 / k.hz }

func (k *simSocket) model(n, base int64) int64 {
	threshold := int64(0)
	for q := k.ms(k.rtoMax) / base; q > 1; q >>= 1 {
		threshold++
	}
	total, step := int64(0), base
	for i := int64(0); i <= n; i++ {
		total += step
		if i < threshold {
			step *= 2
		} else {
			step = k.ms(k.rtoMax)
		}
	}
	return total
}

// timedOut is retransmits_timed_out.
func (k *simSocket) timedOut(now, n, base int64) bool {
	if k.retransmits == 0 {
		return false
	}
	limit := k.userTimeout
	if limit == 0 {
		limit = k.model(n, base)
	}
	return now/1e6-k.stamp >= limit
}

// clamp is tcp_clamp_rto_to_user_timeout.
func (k *simSocket) clamp(now int64) int64 {
	if k.userTimeout == 0 {
		return k.rto
	}
	left := k.userTimeout - (now/1e6 - k.stamp)
	if left <= 0 {
		return 1
	}
	return min(k.rto, k.jiffies(left))
}

// fire runs the pending timer at a moment a little after the jiffy began.
func (k *simSocket) fire(jiffy, now int64) {
	arm := func(delta int64) { k.wheel.set(&k.timer, jiffy+delta) }
	switch k.pending {
	case "tlp":
		k.total++
		k.lastSent = jiffy
		k.pending = "rto"
		arm(k.rto)
	case "rto":
		n := k.retries2
		if k.orphan {
			n = k.orphanRetries
			if alive := k.rto < k.rtoMax; n == 0 && alive {
				n = 8
			}
		}
		if k.timedOut(now, n, 200) {
			k.died = now
			return
		}
		k.retransmits++
		k.total++
		k.lastSent = jiffy
		if k.stamp < 0 {
			k.stamp, k.rtoStamp = now/1e6, now/1e6
		}
		k.backoff++
		k.rto = min(2*k.rto, k.rtoMax)
		arm(k.clamp(now))
	case "syn":
		if k.retransmits >= k.synRetries+k.synLinear || k.timedOut(now, k.synRetries, 1000) {
			k.died = now
			return
		}
		k.retransmits++
		k.total++
		if k.total > k.synLinear {
			k.backoff++
			k.rto = min(2*k.rto, k.rtoMax)
		}
		arm(k.clamp(now))
	case "probe0":
		if k.probeStamp < 0 {
			k.probeStamp = jiffy
		} else if k.userTimeout > 0 && jiffy-k.probeStamp >= k.jiffies(k.userTimeout) {
			k.died = now
			return
		}
		most := k.retries2
		if k.orphan {
			alive := min(k.rto<<k.backoff, k.rtoMax) < k.rtoMax
			if most = k.orphanRetries; most == 0 && alive {
				most = 8
			}
			if !alive && k.backoff >= most {
				k.died = now
				return
			}
		}
		if k.probes >= most {
			k.died = now
			return
		}
		k.probes++
		if k.backoff < k.retries2 {
			k.backoff++
		}
		delta := min(max(k.rto, k.jiffies(200))<<min(k.backoff, 10), k.rtoMax)
		if k.userTimeout > 0 {
			delta = min(delta, max(2, k.jiffies(k.userTimeout)-(jiffy-k.probeStamp)))
		}
		arm(delta)
	case "keepalive":
		silent := jiffy - k.lastHeard
		if silent < k.keepIdle {
			arm(k.keepIdle - silent)
			return
		}
		if k.userTimeout > 0 && silent >= k.jiffies(k.userTimeout) && k.probes > 0 || k.userTimeout == 0 && k.probes >= k.keepCnt {
			k.died = now
			return
		}
		k.probes++
		arm(k.keepIntvl)
	}
}

// row is what inet_diag would say at a moment of a jiffy; the answer is read a
// little later.
func (k *simSocket) row(jiffy, now int64, read Instant) Socket {
	s := Socket{At: read, State: k.state, Timer: TimerOn, Inode: 9, Retransmits: uint8(k.retransmits)}
	if k.orphan {
		s.Inode = 0
	}
	ago := func(then int64) time.Duration { return time.Duration(k.ms(jiffy-then)) * time.Millisecond }
	s.Expires = time.Duration(k.ms(max(0, k.timer.expires-jiffy))) * time.Millisecond
	s.Info = Info{
		Size: 288, RTO: time.Duration(k.rto * 1e9 / k.hz), RTT: 300 * time.Microsecond, Backoff: uint8(k.backoff),
		Probes: uint8(k.probes), Retransmits: uint8(k.retransmits), Unacked: 1, SndWnd: 65535, SndMSS: 1448, SndSsthresh: 7,
		TotalRetrans: uint32(k.total), SegsOut: uint32(10 + k.total + k.probes), LastDataSent: ago(k.lastSent), LastAckRecv: ago(k.lastHeard), LastDataRecv: ago(k.lastHeard),
	}
	if k.sack {
		s.Info.Options = 2
	}
	if k.retransmits > 0 {
		s.Info.CAState = CALoss
		if k.rtoStamp >= 0 {
			s.Info.TotalRTORecoveries = 1
			s.Info.TotalRTOTime = time.Duration(now/1e6-k.rtoStamp) * time.Millisecond
		}
	}
	switch k.pending {
	case "probe0":
		s.Timer, s.Info.Unacked, s.Info.SndWnd, s.Info.NotsentBytes = TimerPersist, 0, 0, 5000
		s.Retransmits = uint8(k.probes)
	case "keepalive":
		s.Timer, s.Info.Unacked = TimerKeepalive, 0
		s.Retransmits = uint8(k.probes)
	}
	return s
}

// simulate begins a stall of some kind at some moment, with what the tracker
// would know of its limits and options.
func simulate(r *rand.Rand) (k *simSocket, l Limits, o Options, began int64) {
	one := func(of ...int64) int64 { return of[r.IntN(len(of))] }
	k = &simSocket{hz: one(100, 250, 250, 300, 1000), stamp: -1, rtoStamp: -1, probeStamp: -1, state: Established}
	k.boot = r.Int64N(1 << 32)
	k.timer.level = -1
	k.rtoMax = k.jiffies(one(1000, 2000, 5000, 120000, 120000, 120000))
	k.base = k.jiffies(200) + r.Int64N(k.hz/10)
	k.rto = k.base
	k.retries2 = r.Int64N(7)
	k.orphanRetries = 1 + r.Int64N(5)
	k.synRetries, k.synLinear = 1+r.Int64N(3), r.Int64N(5)
	k.keepIdle, k.keepIntvl, k.keepCnt = k.hz*(1+r.Int64N(20)), k.hz*(1+r.Int64N(4)), 1+r.Int64N(4)
	if r.IntN(3) == 0 {
		k.userTimeout = 500 + r.Int64N(12000)
	}
	k.orphan = r.IntN(4) == 0
	k.sack = r.IntN(2) == 0
	began = int64(100e9) + r.Int64N(100e9)
	jiffy := k.boot + began/1e6*k.hz/1000
	k.wheel.clk = jiffy
	k.lastSent, k.lastHeard = jiffy, jiffy-r.Int64N(k.hz)
	delta := k.rto
	switch k.pending = []string{"rto", "rto", "syn", "probe0", "keepalive"}[r.IntN(5)]; k.pending {
	case "rto":
		if k.sack {
			k.pending, delta = "tlp", min(k.rto, k.jiffies(200)+1)
		}
	case "syn":
		k.state, k.orphan, k.rto = SynSent, false, k.hz
		k.stamp, delta = began/1e6, k.hz
	case "probe0":
		delta = max(k.rto, k.jiffies(200))
	case "keepalive":
		k.orphan = false
		k.lastHeard, delta = jiffy, k.keepIdle
	}
	if k.orphan {
		k.state = FinWait1
	}
	k.wheel.set(&k.timer, jiffy+delta)

	rtoMax := time.Duration(k.ms(k.rtoMax)) * time.Millisecond
	second := func(j int64) time.Duration { return time.Duration(j/k.hz) * time.Second }
	l = Limits{
		Retries2: int(k.retries2), OrphanRetries: int(k.orphanRetries), SynRetries: int(k.synRetries),
		SynLinearTimeouts: int(k.synLinear), RTOMax: rtoMax, RTOMin: 200 * time.Millisecond,
		HZ: int(k.hz), Phase: Phase{Known: true, Offset: float64(k.boot)}, Kernel: Release{6, 18},
	}
	o = Options{
		UserTimeout: time.Duration(k.userTimeout) * time.Millisecond, Keepalive: true,
		KeepIdle: second(k.keepIdle), KeepIntvl: second(k.keepIntvl), KeepCnt: int(k.keepCnt),
	}
	return k, l, o, began
}

// simForecast is a forecast, and the row it was made of.
type simForecast struct {
	row Socket
	f   Forecast
}

// simWatch lets a socket die under the wheel and looks at it at odd moments,
// sometimes from the middle on. Now and then the answer waits for the processor:
// what is foretold then is not kept, but the memory has to live with it.
func simWatch(seed uint64, phase bool) (made []simForecast, death Instant, tick time.Duration, about string) {
	r := rand.New(rand.NewPCG(seed, 18))
	k, l, o, now := simulate(r)
	l.Phase.Known = phase
	about = fmt.Sprintf("seed %d, %s, HZ %d, %+v", seed, k.pending, k.hz, o)
	var m Memory
	looks := 0
	next := now + r.Int64N(3)*r.Int64N(3e9) + r.Int64N(80e6)
	for k.died == 0 && now < 400e9 {
		jiffy := k.wheel.clk
		start := (jiffy - k.boot) * 1e9 / k.hz
		for _, fired := range k.wheel.turn() {
			if fired == &k.timer && k.died == 0 {
				k.fire(jiffy, start+20e3+r.Int64N(200e3))
			}
		}
		now = start + 1e9/k.hz
		for ; k.died == 0 && next < now; next += 20e6 + r.Int64N(80e6) {
			if next < start+500e3 {
				continue // the timer may be firing just now
			}
			read := Instant(next + r.Int64N(200e3))
			waited := looks > 2 && r.IntN(50) == 0
			if waited {
				read += Instant(r.Int64N(30e6))
			}
			looks++
			s := k.row(jiffy, next, read)
			m.Row(&s, &l)
			if f := GiveUp(&s, &m, &o, &l, Coverage{}, s.At); !waited {
				made = append(made, simForecast{s, f})
			}
		}
	}
	return made, Instant(k.died), time.Duration(1e9 / k.hz), about
}

// describe says what was foretold, of what, and what happened.
func (x *simForecast) describe(about string, death Instant) string {
	f := &x.f
	return fmt.Sprintf("%s: %v %v at %v of [%v %v], it died at %v\n%+v\n%v", about, f.Cause, f.Exactness,
		time.Duration(f.At), time.Duration(f.Earliest), time.Duration(f.Latest), time.Duration(death), x.row, f.Schedule)
}

// TestGiveUpAgainstWheel holds forecasts against the deaths of sockets of all
// kinds, under a wheel that turns bucket by bucket: none that is exact may be off,
// none that has bounds outside of them, and nearly all of those of sockets in
// trouble must be exact.
func TestGiveUpAgainstWheel(t *testing.T) {
	var rows, exact int
	for seed := range uint64(600) {
		made, death, tick, about := simWatch(seed, true)
		for _, x := range made {
			if x.f.Exactness == Exact && x.f.At.Sub(death).Abs() > exactWithin+tick {
				t.Fatalf("exact and wrong: %s", x.describe(about, death))
			}
			if x.f.Exactness >= Bounded && (death < x.f.Earliest || death > x.f.Latest) {
				t.Fatalf("out of bounds: %s", x.describe(about, death))
			}
			if x.row.Retransmits > 0 {
				rows++
				if x.f.Exactness == Exact {
					exact++
				}
			}
		}
	}
	if share := 100 * float64(exact) / float64(rows); share < 95 {
		t.Errorf("of %d forecasts in trouble %.1f %% were exact, want 95 %%", rows, share)
	}
}

// TestGiveUpWithoutPhase: where the wheel stands is not known, and the bounds hold
// all the same. None is called exact.
func TestGiveUpWithoutPhase(t *testing.T) {
	for seed := range uint64(60) {
		made, death, _, about := simWatch(seed, false)
		for _, x := range made {
			if x.f.Exactness == Exact {
				t.Fatalf("called exact: %s", x.describe(about, death))
			}
			if x.f.Exactness == Bounded && (death < x.f.Earliest || death > x.f.Latest) {
				t.Fatalf("out of bounds: %s", x.describe(about, death))
			}
		}
	}
}
