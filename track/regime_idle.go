package track

import "time"

// persist: the window is shut, or what was sent first has failed on this host.
func (sc *scene) persist() prospect {
	s, i, w, t := sc.s, &sc.s.Info, sc.w, &sc.trouble
	p := prospect{most: Exact, errno: etimedout}
	if sc.orphan() {
		p.errno = ""
	}
	if !sc.rules.options {
		p.atMost(Bounded, "no TCP_USER_TIMEOUT")
	}
	if s.held() {
		return prospect{cause: CauseNone, most: Conditional, assumes: []string{"what is held back is sent when the timer fires"}}
	}
	failed := s.failed()
	local := failed && (i.Probes > i.Backoff || i.CAState == CACWR)
	rto := w.round(i.RTO)
	base := max(rto, w.ceil(rtoBase))
	longest := w.ceil(sc.rules.rtoMax)
	delta := min(base<<min(i.Backoff, probeBackoffs), longest)
	if local && i.Probes > 0 {
		delta = w.ceil(probeLocal)
	}
	sinceProbe := s.At.Sub(w.instant(w.at(sc.m.timer.expiry) - delta))
	waiting := i.Probes == 1 && sinceProbe < 2*i.RTT+50*time.Millisecond
	answered := !failed && (t.answered && waiting || i.Probes == 0 && i.Backoff > 0)
	switch {
	case failed:
		p.atMost(Unstable, "what is sent goes on failing on this host")
	case answered && sc.rules.userTimeout == 0 && !sc.orphan():
		return prospect{cause: CauseNone, most: Conditional, assumes: []string{"the peer goes on answering window probes"}}
	case answered && sc.rules.userTimeout == 0:
		p.atMost(Conditional, "the peer goes on answering window probes")
	case answered: // it will die whether the peer goes on answering or not
	case i.Probes == 0, waiting, i.Probes == 1 && t.answered:
		p.atMost(Conditional, "the peer does not answer window probes")
	}
	first := moment{from: t.probedFrom, to: t.probedTo, sure: !t.unsure}
	p.open = t.unsure && sc.rules.userTimeout > 0
	if t.probed > first.from.Add(-readingLag) && t.probed < first.to.Add(readingLag) {
		first = moment{from: t.probed, to: t.probed, seen: true, sure: true}
	}
	p.start = func(n lean) (countdown, stepper) {
		f := &probeFires{
			w: w, rules: &sc.rules, orphan: sc.orphan(), answered: answered && n != early, local: local, failed: failed,
			probes: int(i.Probes), backoff: int(i.Backoff), base: base, rto: rto, rtt: w.ceil(i.RTT),
		}
		f.first = first.watch(n, w.duration(1))
		ran := delta
		switch {
		case answered && !waiting: // the answer has set the timer
			ran = w.at(sc.m.timer.expiry) - sc.read() + w.round(i.LastAckRecv)
			switch n { // the row tells of the timer first, and of the answer a jiffy later perhaps
			case early:
				ran--
			case late:
				ran++
			}
			ran = min(ran, delta)
		case sc.rules.userTimeout > 0 && i.Backoff > 0:
			ran = sc.ran(delta, n)
		}
		return sc.pending(ran, !answered && i.Backoff > 0), f
	}
	return p
}

// roomy reports whether a socket with the persist timer waits for no window: what
// it wants to send fits into it.
func (s *Socket) roomy() bool {
	i := &s.Info
	wants := max(min(i.SndMSS, i.NotsentBytes), 1)
	return s.Timer == TimerPersist && i.Has(InfoSndWnd) && i.SndWnd >= wants && i.Unacked == 0
}

// held reports whether that may be for no more than TCP_CORK or MSG_MORE, which
// hold a small segment back until the timer first fires (net/ipv4/tcp_output.c,
// tcp_nagle_check, tcp_check_probe_timer).
func (s *Socket) held() bool { return s.roomy() && s.Info.Probes == 0 && s.Info.Backoff == 0 }

// failed reports whether it could not be sent: the timer has fired in vain.
func (s *Socket) failed() bool { return s.roomy() && !s.held() }

// keepalive: nothing waits, and the peer will be asked whether it is there.
func (sc *scene) keepalive() prospect {
	i, w := &sc.s.Info, sc.w
	p := prospect{most: Exact, errno: etimedout, rst: true}
	if !sc.rules.options {
		p.atMost(Bounded, "keepalive as the sysctls have it, no TCP_USER_TIMEOUT")
	}
	if i.Probes == 0 {
		p.atMost(Conditional, "the peer stays silent")
	}
	heard := sc.read() - w.round(min(i.LastDataRecv, i.LastAckRecv))
	p.start = func(n lean) (countdown, stepper) {
		f := &keepaliveFires{w: w, rules: &sc.rules, probes: int(i.Probes), heard: heard}
		if i.Probes > 0 {
			return sc.pending(w.ceil(sc.rules.keepIntvl), true), f
		}
		return sc.pending(sc.ran(w.ceil(sc.rules.keepIdle), n), false), f
	}
	return p
}

// finWait2: the program has closed, the peer has not, for over a minute.
func (sc *scene) finWait2() prospect {
	p := prospect{most: Exact}
	if !sc.rules.options {
		p.atMost(Bounded, "no TCP_LINGER2")
	}
	p.start = func(lean) (countdown, stepper) {
		cause := CauseFinTimeout
		if sc.rules.linger2 {
			cause = CauseLinger2
		}
		beyond := max(sc.w.ceil(sc.rules.finTime(sc.s.Info.RTO)-timewaitLen), 1)
		return sc.pending(beyond, false), &lastFires{cause: cause, again: beyond}
	}
	return p
}

// minisock: what is left of a connection that is closed on both sides, or by
// the program alone.
func (sc *scene) minisock() prospect {
	w := sc.w
	if sc.s.State == TimeWait {
		return prospect{most: Exact, start: func(lean) (countdown, stepper) {
			return sc.pending(w.ceil(timewaitLen), false), &lastFires{cause: CauseTimewait}
		}}
	}
	cause := CauseFinTimeout
	total := w.ceil(sc.rules.finTimeout)
	if sc.rules.finTimeout > timewaitLen {
		total = w.ceil(sc.rules.finTimeout - timewaitLen) // the rest has been waited for before
	}
	left := w.at(sc.m.timer.expiry) - w.at(sc.m.timer.first)
	if sc.rules.linger2 || left > total || sc.ran(total, late) < total {
		cause = CauseLinger2 // it was set to more than the sysctl says, or to less
		total = max(total, left)
	}
	return prospect{most: Exact, start: func(n lean) (countdown, stepper) {
		return sc.pending(sc.ran(total, n), false), &lastFires{cause: cause}
	}}
}
