package track

import "time"

// unacknowledged: data or a FIN is in flight.
func (sc *scene) unacknowledged() prospect {
	s, i, w := sc.s, &sc.s.Info, sc.w
	t := &sc.trouble
	p := prospect{most: Exact, errno: etimedout}
	if sc.orphan() {
		p.errno = ""
	}
	if !sc.rules.options {
		p.atMost(Bounded, "no TCP_USER_TIMEOUT")
	}
	rto := w.round(i.RTO)
	local := !w.isLocal(rto) && w.isLocal(w.round(sc.m.timer.length)) && s.Retransmits > 0
	thin := sc.thin()
	reverted := s.Retransmits > i.Backoff && !thin && !local
	steady := reverted && t.steady || t.reverts && s.Retransmits == 0
	if s.Retransmits == 0 && i.Backoff == 0 && (i.CAState == CARecovery || !sc.again()) {
		p.atMost(Conditional, "no answer comes")
	}
	switch {
	case local:
		p.atMost(Unstable, "this host's own queue goes on dropping what is sent")
	case steady:
		p.atMost(Unstable, "an ICMP error answers each retransmission")
	case reverted:
		p.atMost(Unstable, "no more ICMP errors come")
	case t.errno != "" && t.wire > s.At:
		p.atMost(Unstable, "the ICMP error does not move the timer") // the next row will tell
	case sc.m.neighbour == NeighbourIncomplete || sc.m.neighbour == NeighbourFailed:
		p.atMost(Unstable, "the next hop does not answer")
	}
	switch {
	case p.errno == "":
	case t.errno != "":
		p.errno = t.errno
	case sc.m.neighbour == NeighbourFailed:
		p.errno = "EHOSTUNREACH"
	}
	stamp := sc.stamp()
	if !stamp.sure {
		p.open = true
		p.atMost(Bounded, "the first retransmission that can be reckoned was the first")
	}
	if t.progress {
		p.atMost(Conditional, "nothing more is acknowledged")
	}
	tlp := sc.lossProbe()
	p.start = func(n lean) (countdown, stepper) {
		f := &rtoFires{
			w: w, rules: &sc.rules, orphan: sc.orphan(), soft: reverted || t.errno != "", local: local, thin: thin,
			steady:      steady,
			retransmits: int(s.Retransmits), rto: rto, base: w.round(i.RTO >> i.Backoff),
		}
		f.stamp = stamp.watch(n, time.Millisecond)
		delta, callback := w.armed(s, &sc.m.timer), s.Retransmits > 0
		f.probe = tlp.is(n)
		if f.probe {
			delta = min(delta, sc.probeTime())
		} else if tlp == no && s.Retransmits == 0 {
			callback = true
		}
		if local {
			delta = w.ceil(probeLocal)
		}
		return sc.pending(delta, callback), f
	}
	return p
}

// isLocal reports whether a timer that ran for so many jiffies after a transmission is
// that of one which failed in this host's own queue: it is set then, or in the jiffy after.
func (w wheel) isLocal(length int64) bool {
	late := length - w.ceil(probeLocal)
	return late == 0 || late == 1
}

// thin reports whether the stream gets no backoff at first (tcp_stream_is_thin).
func (sc *scene) thin() bool {
	i := &sc.s.Info
	return sc.rules.thin && sc.s.State == Established && i.Unacked < thinSegments &&
		(i.SndSsthresh < infiniteSlow || sc.s.Retransmits == 0) // the first timeout makes it finite
}

// again reports whether anything of what is in flight was sent again.
func (sc *scene) again() bool {
	t := &sc.trouble
	return t.lossProbe != 0 || t.wire != 0 || t.to != 0 || sc.m.baseline && sc.s.Info.TotalRetrans != sc.m.retrans
}

// answer is one to a question that a row may leave open.
type answer uint8

const (
	no answer = iota
	yes
	perhaps
)

// is reads the answer by a lean: a loss probe that is yet to come puts death off.
func (a answer) is(n lean) bool { return a == yes || a == perhaps && n != early }

// lossProbe tells whether the pending timer is the loss probe's, with the RTO to
// follow (net/ipv4/tcp_output.c, tcp_schedule_loss_probe); or that of recovery,
// which waits for reordered segments (net/ipv4/tcp_recovery.c).
func (sc *scene) lossProbe() answer {
	s, i, w := sc.s, &sc.s.Info, sc.w
	length, rto := w.round(sc.m.timer.length), w.round(i.RTO)
	if s.Retransmits == 0 && i.CAState == CARecovery && length > 0 && length < rto {
		return yes
	}
	const sackPermitted = 2 // TCPI_OPT_SACK
	if sc.rules.noLossProbes || s.Retransmits > 0 || i.Backoff > 0 || i.CAState != CAOpen && i.CAState != CACWR || i.Options&sackPermitted == 0 {
		return no
	}
	switch probe := sc.trouble.lossProbe; {
	case probe != 0 && sc.ahead(probe):
		return yes
	case probe != 0, sc.m.baseline && i.TotalRetrans != sc.m.retrans:
		return no
	}
	switch {
	case length > 0 && length < rto:
		return yes
	case !sc.m.baseline:
		return perhaps
	case i.Unacked == 1 || length > rto:
		return yes
	}
	return perhaps
}

// probeTime returns after how long a loss probe is sent, in jiffies.
func (sc *scene) probeTime() int64 {
	i := &sc.s.Info
	if i.RTT == 0 {
		return sc.w.ceil(synBase)
	}
	if i.Unacked == 1 {
		return sc.w.ceil(2*i.RTT + rtoBase)
	}
	return sc.w.ceil(2*i.RTT) + 2
}

// moment is when something was, as far as it is known.
type moment struct {
	from, to Instant // zero: it is yet to come
	seen     bool    // in packets
	sure     bool    // nothing before it can have been it
}

// watch returns the stopwatch that runs since then, read by a lean.
func (m moment) watch(n lean, unit time.Duration) stopwatch {
	s := stopwatch{start: m.from + (m.to-m.from)/2, unit: unit, seen: m.seen, lean: n}
	switch n {
	case early:
		s.start = m.from
		if !m.sure {
			s.start = 1 // any fire may be the last
		}
	case late:
		s.start = m.to
	}
	return s
}

// stamp returns when the stall's first fast or RTO retransmission was.
func (sc *scene) stamp() moment {
	t := &sc.trouble
	whole := sc.c.Out && sc.c.Lost == 0 && sc.c.Doubt == "" && (sc.m.baseline || sc.c.FromStart)
	switch {
	case t.wire != 0 && t.to == 0 && !sc.ahead(t.wire):
		return moment{from: t.wire, to: t.wire, seen: true, sure: whole}
	case t.wire != 0 && t.wire < t.to.Add(readingLag):
		return moment{from: t.wire, to: t.wire, seen: true, sure: whole || t.wire > t.from.Add(-readingLag) && !t.unsure}
	case t.to != 0:
		return moment{from: t.from, to: t.to, sure: !t.unsure && t.from != 0}
	case sc.s.Retransmits > 0, sc.s.Info.Backoff > 0:
		// Some fires ago: at the latest when the timer was last set.
		last := sc.m.timer.expiry.Add(-sc.s.Info.RTO)
		return moment{from: last.Add(-sc.s.Info.RTO), to: last}
	}
	return moment{sure: true}
}

// shrunk: the peer has taken its window back from data that is in flight.
func (sc *scene) shrunk() prospect {
	s, i, w := sc.s, &sc.s.Info, sc.w
	p := prospect{most: Exact, errno: etimedout}
	if !sc.rules.options {
		p.atMost(Bounded, "no TCP_USER_TIMEOUT")
	}
	stamp := sc.stamp()
	if !stamp.sure {
		p.open = true
		p.atMost(Bounded, "the first retransmission that can be reckoned was the first")
	}
	thin := sc.thin()
	tlp := sc.lossProbe()
	if i.Backoff == 0 && !sc.again() {
		p.atMost(Conditional, "no answer comes")
	}
	_, byUser := sc.rules.shrunkLimit()
	if i.Backoff > 0 && i.LastAckRecv < i.LastDataSent && byUser == 0 {
		// It answers, which is all that is asked of it.
		return prospect{cause: CauseNone, most: Conditional, assumes: []string{"the peer goes on answering"}}
	}
	p.start = func(n lean) (countdown, stepper) {
		f := &shrunkFires{
			w: w, rules: &sc.rules, thin: thin, rto: w.round(i.RTO), base: w.round(i.RTO >> i.Backoff),
			sent: s.At.Add(-i.LastDataSent), heard: sc.read() - w.round(i.LastAckRecv),
		}
		f.stamp = stamp.watch(n, time.Millisecond)
		delta := w.armed(s, &sc.m.timer)
		if tlp.is(n) {
			return sc.pending(min(delta, sc.probeTime()), false), &probedFirst{f.rto, f}
		}
		return sc.pending(delta, i.Backoff > 0), f
	}
	return p
}

// probedFirst is a loss probe before other fires.
type probedFirst struct {
	rto int64
	stepper
}

func (f *probedFirst) fire(t fired) step {
	if f.rto > 0 {
		next := f.rto
		f.rto = 0
		return step{kind: FireTLP, next: next}
	}
	return f.stepper.fire(t)
}
