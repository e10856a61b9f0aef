package track

import "time"

// synSent: a SYN is unanswered.
func (sc *scene) synSent() prospect {
	s, w := sc.s, sc.w
	if sc.m.neighbour == NeighbourIncomplete || sc.m.neighbour == NeighbourFailed {
		return sc.noHop()
	}
	p := prospect{most: Exact, errno: etimedout}
	if !sc.rules.options {
		p.atMost(Bounded, "no TCP_SYNCNT, no TCP_USER_TIMEOUT")
	}
	if s.Retransmits == 0 {
		p.atMost(Conditional, "no answer comes")
	}
	first := sc.firstSyn()
	p.start = func(n lean) (countdown, stepper) {
		rto := w.round(s.Info.RTO)
		f := &synFires{w: w, rules: &sc.rules, retransmits: int(s.Retransmits), rto: rto}
		f.first = first.watch(n, time.Millisecond)
		if sc.rules.userTimeout > 0 && s.Retransmits > 0 {
			rto = sc.ran(rto, n)
		}
		return sc.pending(rto, s.Retransmits > 0), f
	}
	return p
}

// firstSyn returns when the first SYN was sent.
func (sc *scene) firstSyn() moment {
	from, to := sc.trouble.from, sc.trouble.to
	if to == 0 {
		from, to = sc.w.firstSyn(sc.s, &sc.m.timer)
	}
	if syn := sc.m.syn; syn > from.Add(-readingLag) && syn < to.Add(readingLag) {
		return moment{from: syn, to: syn, seen: true, sure: true}
	}
	return moment{from: from, to: to, sure: true}
}

// firstSyn reckons back from the pending timer to the SYN that began it all.
func (w wheel) firstSyn(s *Socket, p *pending) (from, to Instant) {
	linear := int(s.Retransmits) - int(s.Info.Backoff)
	rto := w.round(s.Info.RTO)
	last := w.at(p.expiry) - rto
	first, latest := w.back(last, int(s.Retransmits)+1, func(k int) int64 {
		return min(w.ceil(synBase)<<min(max(0, k-1-linear), 20), rto)
	})
	return w.instant(first), w.instant(latest + 1)
}

// noHop: a SYN waits for the neighbour table to find the next hop.
func (sc *scene) noHop() prospect {
	p := prospect{most: Unstable, errno: "EHOSTUNREACH", assumes: []string{"the next hop is first asked for now"}}
	first := sc.firstSyn()
	p.start = func(lean) (countdown, stepper) {
		second := sc.w.ceil(time.Second)
		return countdown{expires: sc.w.at(first.from) + second, delta: second}, &hopFires{w: sc.w}
	}
	return p
}

// request: a SYN was answered, and the answer not.
func (sc *scene) request() prospect {
	s, w := sc.s, sc.w
	p := prospect{most: Exact}
	most := sc.rules.synackRetries
	if sc.rules.synCnt {
		most = sc.rules.synRetries
	}
	timeouts := max(int(s.Retransmits), sc.trouble.rearmed)
	held := timeouts > int(s.Retransmits)
	switch {
	case timeouts == 0:
		p.atMost(Conditional, "no answer comes")
	case held, sc.rules.deferAccept > 0:
		p.atMost(Conditional, "the last SYN-ACK of TCP_DEFER_ACCEPT is not answered either")
	case !sc.rules.options:
		p.atMost(Bounded, "the listener sets no TCP_SYNCNT and its queue is not half full")
	}
	p.start = func(lean) (countdown, stepper) {
		f := &requestFires{w: w, rules: &sc.rules, timeouts: timeouts, most: most, held: held}
		if held {
			f.deferred = deferredTimeouts(sc.rules.deferAccept, sc.rules.rtoMax)
		}
		return sc.pending(f.interval(), timeouts > 0), f
	}
	return p
}

// deferredTimeouts returns how many timeouts TCP_DEFER_ACCEPT comes to
// (net/ipv4/tcp.c, secs_to_retrans).
func deferredTimeouts(d, longest time.Duration) int {
	n := 0
	for period, interval := time.Duration(0), synBase; period < d && n < 255; n++ {
		period += interval
		interval = min(2*interval, longest)
	}
	return n
}

// fastOpen: a socket that data made before its handshake was over
// (tcp_fastopen_synack_timer).
func (sc *scene) fastOpen() prospect {
	p := prospect{most: Bounded, errno: etimedout}
	p.start = func(lean) (countdown, stepper) {
		f := &requestFires{w: sc.w, rules: &sc.rules, timeouts: int(sc.s.Retransmits), most: sc.rules.synackRetries + 1}
		return sc.pending(f.interval(), f.timeouts > 0), f
	}
	return p
}
