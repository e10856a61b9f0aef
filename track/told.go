package track

// told returns why an end with a row sends s again, where its kernel has told
// beforehand: nothing has come or gone since the last row, so that s is what the
// timer does that the row shows pending. Then una and nxt are the row's, too: a
// capture that begins in the middle knows no better. KindUnknown: the packets must
// tell.
func (t *Tracker) told(e *end, s *Segment) Kind {
	l, h := e.link, &e.link.flow.halves[e.side]
	if e.row.Timer != TimerOn || e.row.Info.Size == 0 ||
		s.SeqLen() == 0 || h.nxt != h.una && !seqLess(s.Seq, h.nxt) ||
		e.memory.row < max(l.from[0], l.from[1]).Add(readingLag) {
		return KindUnknown
	}
	sc := newScene(e.row, &e.memory, e.options, &t.limits, Coverage{})
	if !sc.due(s.At) {
		return KindUnknown
	}
	why := sc.resends()
	flight := e.row.SendQ - min(e.row.SendQ, e.row.Info.NotsentBytes)
	switch {
	case e.row.Info.Unacked == 1 || why == KindRTO:
		h.join(s, s.Seq, flight)
	case why == KindTLP && e.row.Info.NotsentBytes == 0:
		h.join(s, s.End()-flight, flight)
	}
	return why
}

// due reports whether the pending retransmission timer fires at a moment, wherever
// the wheel stands.
func (sc *scene) due(at Instant) bool {
	w, p := sc.w, &sc.m.timer
	first := p.expiry.Add(-w.duration(lateFire))
	last := p.expiry.Add(w.duration(granule(w.armed(sc.s, p))) + readingLag)
	return p.expiry != 0 && first <= at && at <= last
}

// resends returns as what the pending retransmission timer sends again
// (tcp_write_timer_handler in net/ipv4/tcp_timer.c).
func (sc *scene) resends() Kind {
	s, i, w := sc.s, &sc.s.Info, sc.w
	reordering := w.round(sc.m.timer.length) < w.round(i.RTO)/2 // RACK waits a quarter of a round trip
	switch {
	case s.State == SynSent, s.State == SynRecv, s.Retransmits > 0, i.Backoff > 0:
		return KindRTO
	case i.CAState == CALoss && reordering:
		return KindSlowStart
	case (i.CAState == CARecovery || i.CAState == CADisorder) && reordering:
		return KindFast
	}
	switch sc.lossProbe() {
	case yes:
		return KindTLP
	case no:
		return KindRTO
	}
	return KindUnknown
}

// join takes in, of a half of which nothing was seen in flight, that from una on
// flight bytes were when s was sent again.
func (h *half) join(s *Segment, una, flight uint32) {
	if h.nxt != h.una || h.known && h.una != una || flight < s.SeqLen() {
		return
	}
	if s.Flags.Has(SYN) {
		h.open(s)
	}
	if !h.known {
		h.known, h.base = true, una
	}
	h.una, h.nxt = una, una+flight
	h.heard = !s.Flags.Has(SYN)
}
