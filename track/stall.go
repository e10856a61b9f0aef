package track

import "time"

// stall is a Stall as the tracker works on it.
type stall struct {
	since   Instant
	onWire  bool
	bytes   uint32
	rungs   []Rung // append-only: views share it
	count   [FireDeath + 1]int
	kernel  int    // rungs that only the kernel told of
	retrans uint32 // its TotalRetrans before the first rung
	answers int    // segments heard from the peer since
	vain    int    // timeouts in a row in which nothing was heard
	deaf    int    // of worst, those before the peer answered anything: they tell nothing of sizes
	worst   int    // how often one full-sized segment was sent again since the last progress
	begun   bool   // the kernel's own fields have shown it, too
}

// stallByPacket keeps the stall by what a segment shows; it reports whether
// anything changed that forecasts and verdicts go by.
func (t *Tracker) stallByPacket(e *end, s *Segment, r *reading, out bool) bool {
	if !out {
		if e.stall == nil {
			return false
		}
		e.stall.answers++
		e.stall.vain = 0
		switch {
		case r.Advanced:
			e.stall.worst, e.stall.deaf = 0, 0
		case e.stall.answers == 1:
			e.stall.deaf = e.stall.worst
		}
		if r.Advanced && r.All || e.stall.asking() && !e.stall.begun {
			e.stall = nil // a keepalive probe asks for no more than a word, if the kernel hears it
		}
		return true
	}
	var kind FireKind
	switch r.Class {
	case ClassRetransmission:
		switch {
		case s.Flags.Has(SYN | ACK):
			kind = FireSynack
		case s.Flags.Has(SYN):
			kind = FireSyn
		case r.Kind == KindTLP:
			kind = FireTLP
		}
	case ClassKeepalive:
		kind = FireKeepalive
	case ClassWindowProbe:
		kind = FireProbe
	default:
		return e.stall != nil && s.Len > 0
	}
	if e.stall == nil {
		e.stall = &stall{}
	}
	st := e.stall
	if !st.onWire {
		// What the packets show replaces what was guessed from the rows.
		since := s.At.Add(-r.SinceFirst)
		if r.SinceFirst == 0 && st.since != 0 {
			since = min(since, st.since)
		}
		*st = stall{onWire: true, since: since, begun: st.begun}
	}
	st.bytes = max(st.bytes, s.SeqLen())
	if r.Class != ClassRetransmission || r.Kind == KindRTO || s.Flags.Has(SYN) {
		st.vain++
	}
	if mss := e.mss(); r.Class == ClassRetransmission && mss > 0 && s.Len >= mss {
		st.worst = max(st.worst, r.Nth)
	}
	st.add(Rung{At: s.At, Kind: kind, Resent: r.Kind, Interval: r.Interval, Ratio: r.Ratio})
	return true
}

// mss returns the largest segment the end sends, as far as it is known.
func (e *end) mss() uint32 {
	if e.row != nil {
		return e.row.Info.SndMSS
	}
	return 0
}

func (st *stall) add(r Rung) {
	st.count[r.Kind]++
	r.Nth = st.count[r.Kind]
	st.rungs = append(st.rungs, r)
}

// stallByRow keeps the stall by the kernel's own fields: they end it, and where
// no packets show it they begin it and count its rungs.
func (t *Tracker) stallByRow(e *end) {
	s, i := e.row, &e.row.Info
	if !waiting(s) {
		if st := e.stall; st != nil && (st.begun || s.At.Sub(st.last()) > time.Second) {
			e.stall = nil
		}
		return
	}
	if e.stall == nil {
		e.stall = &stall{since: s.At.Add(-i.LastDataSent)}
		if s.State == SynSent || s.State == NewSynRecv {
			e.stall.since = 0
		}
		if first := e.memory.stamp(); first != 0 {
			e.stall.since = min(e.stall.since, first)
		}
		e.stall.retrans = i.TotalRetrans - min(i.TotalRetrans, i.Retrans)
	}
	st := e.stall
	st.begun = true
	st.bytes = s.SendQ
	if st.onWire {
		return
	}
	// Without packets: each step of the kernel's count is a rung, at the moment
	// of its last transmission. Of probes inet_diag tells the count twice.
	n := int(i.Probes)
	if s.Timer == TimerOn {
		n += int(s.Retransmits)
	}
	for ; st.kernel < n; st.kernel++ {
		at := s.At
		if s.State != SynSent && s.State != NewSynRecv && s.Timer == TimerOn {
			at = s.At.Add(-i.LastDataSent)
		}
		if st.kernel < n-1 {
			at = 0 // an older one: when, no row has told
		}
		st.add(Rung{At: at, Kind: fireOf(s), Resent: KindUnknown, Interval: st.interval(at)})
	}
}

// waiting reports whether a row shows anything that waits for an answer for
// longer than it should.
func waiting(s *Socket) bool {
	i := &s.Info
	return s.Retransmits > 0 || i.Probes > 0 || i.Backoff > 0 && i.Unacked > 0 || s.Timer == TimerPersist && !s.held() ||
		s.State == SynSent || s.State == NewSynRecv
}

// fireOf returns what the pending timer of a row does.
func fireOf(s *Socket) FireKind {
	switch {
	case s.State == SynSent:
		return FireSyn
	case s.State == NewSynRecv:
		return FireSynack
	case s.Timer == TimerPersist:
		return FireProbe
	case s.Timer == TimerKeepalive:
		return FireKeepalive
	}
	return FireRTO
}

// last returns the moment of the last rung, or of the beginning.
func (st *stall) last() Instant {
	if n := len(st.rungs); n > 0 && st.rungs[n-1].At != 0 {
		return st.rungs[n-1].At
	}
	return st.since
}

// interval returns the time from the last rung, or from the beginning, to the given
// moment; 0: unknown.
func (st *stall) interval(at Instant) time.Duration {
	last := st.since
	if n := len(st.rungs); n > 0 {
		last = st.rungs[n-1].At
	}
	if last != 0 && at > last {
		return at.Sub(last)
	}
	return 0
}

// asking reports whether nothing but keepalive probes was sent.
func (st *stall) asking() bool { return len(st.rungs) == st.count[FireKeepalive] && len(st.rungs) > 0 }

// view returns the published form.
func (st *stall) view(heard Instant) *Stall {
	if st == nil {
		return nil
	}
	return &Stall{Since: st.since, LastHeard: heard, Bytes: st.bytes, OnWire: st.onWire,
		Rungs: st.rungs[:len(st.rungs):len(st.rungs)]}
}
