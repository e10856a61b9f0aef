package track

// lookahead is how many segments' links are looked up at once.
const lookahead = 32

// Segments takes in segments as Apply does one by one. With many connections
// their state is nowhere near the processor, so the links of the next few are
// looked up together: their memory is fetched at the same time, not in turn.
func (t *Tracker) Segments(batch []Segment) {
	var links [lookahead]*link
	var sides [lookahead]int
	for len(batch) > 0 {
		n := min(lookahead, len(batch))
		for i := range n {
			links[i], _, sides[i] = t.links.find(batch[i].Src, batch[i].Dst)
		}
		for i := range n {
			if l := links[i]; l != nil {
				t.fetched += l.fetch()
			}
		}
		for i := range n {
			s := &batch[i]
			if s.At > t.now {
				t.now = s.At
			}
			l, side := links[i], sides[i]
			if l == nil || l.dropped {
				l, side = t.links.of(s.Src, s.Dst)
			}
			t.segment(s, l, side)
		}
		batch = batch[n:]
	}
}

// segment takes in one TCP segment of a link, from the given side.
func (t *Tracker) segment(s *Segment, l *link, side int) {
	t.stats.TCP++
	why := KindUnknown
	if e := l.ends[side]; e != nil && e.row != nil {
		why = t.told(e, s)
	}
	r := l.flow.read(s, side, why)
	if r.Start && l.begun {
		t.reuse(l, s.At)
		l, side = t.links.of(s.Src, s.Dst)
		l.flow = flow{}
		r = l.flow.read(s, side, KindUnknown)
	}
	if !l.begun {
		l.begun, l.fromStart = true, s.Flags.Has(SYN)
	}
	if r.Class == ClassDuplicate {
		t.emit(&Duplicated{At: s.At, Frame: s.Frame, Src: s.Src, Dst: s.Dst, Seq: s.Seq, Len: s.Len})
	} else {
		l.from[side] = s.At
		l.parting.read(s, &r, side)
		t.report(s, &r)
	}
	if l.idle() {
		t.stranger(l, s, side)
	}
	for k, e := range l.ends {
		if e != nil {
			t.packet(e, s, &r, k == side)
		}
	}
}

// report emits what a segment was, where it is worth telling.
func (t *Tracker) report(s *Segment, r *reading) {
	for i := range r.Proven {
		p := &r.Proven[i]
		t.emit(&Needless{At: s.At, Frame: p.Frame, By: s.Frame, Src: s.Dst, Dst: s.Src, Seq: p.Seq, Kind: p.Kind})
	}
	switch r.Class {
	case ClassRetransmission:
		t.emit(&Retransmitted{At: s.At, Frame: s.Frame, Src: s.Src, Dst: s.Dst, Seq: s.Seq, Len: s.Len,
			Flags: s.Flags, Finding: r.Finding})
	case ClassKeepalive, ClassWindowProbe:
		kind := FireKeepalive
		if r.Class == ClassWindowProbe {
			kind = FireProbe
		}
		t.emit(&Probed{At: s.At, Frame: s.Frame, Src: s.Src, Dst: s.Dst, Kind: kind, Nth: r.Nth, Interval: r.Interval})
	case ClassOutOfOrder:
		t.emit(&OutOfOrdered{At: s.At, Frame: s.Frame, Src: s.Src, Dst: s.Dst, Seq: s.Seq, Len: s.Len})
	}
}

// packet takes in a segment of a known end.
func (t *Tracker) packet(e *end, s *Segment, r *reading, out bool) {
	e.last = max(e.last, s.At)
	t.record(e, s, r, out)
	if r.Class == ClassDuplicate {
		return
	}
	e.bytes += uint64(s.Len)
	if out {
		e.out++
		e.memory.Sent(s, &r.Finding)
		if r.Class == ClassRetransmission {
			e.retransmissions++
		}
	} else {
		e.in++
		e.passed(s)
		switch {
		case r.Class == ClassRetransmission && r.Spurious:
			if s.At.Sub(e.again) >= rtoBase { // those of one burst were sent for one reason
				e.needless, e.again = e.needless+1, s.At
			}
		case s.Len > 0 || r.Advanced:
			e.needless = 0
		}
		e.memory.Heard(s, r.Advanced, r.All)
	}
	if t.stallByPacket(e, s, r, out) {
		if t.review(e) {
			t.heat(e)
		}
	}
	t.touch(e)
	if e.row == nil && e.parting().over() {
		t.heat(e)
	}
}

// passed remembers when a full-sized segment got through to the peer.
func (e *end) passed(s *Segment) {
	if e.row == nil || !s.Flags.Has(ACK) {
		return
	}
	full := s.Ack-e.acked >= e.mss() && e.acked != 0
	for _, b := range s.SACK[:min(int(s.NSACK), len(s.SACK))] {
		full = full || b.Right-b.Left >= e.mss()
		e.somePassed = s.At
	}
	if full && e.mss() > 0 {
		e.fullPassed = s.At
	}
	e.acked = s.Ack
}

// reuse makes room for a new connection on the addresses of an old one. An end
// whose socket is known keeps it until the table says otherwise.
func (t *Tracker) reuse(l *link, at Instant) {
	for _, e := range l.ends {
		if e == nil {
			continue
		}
		if e.row == nil {
			t.end(e, at, ReasonUnknown)
		} else {
			e.stall = nil
			if e.past == nil {
				past := l.parting
				e.past = &past
			}
		}
	}
	l.begun, l.from, l.parting = false, [2]Instant{}, parting{}
}

// icmp takes in an error that quotes a segment.
func (t *Tracker) icmp(r *ICMP) {
	l, _, side := t.links.find(r.Src, r.Dst)
	if l == nil {
		return
	}
	if e := l.ends[side]; e != nil {
		quoted := *r
		e.icmp = &quoted
		e.memory.Quoted(&quoted)
		t.keep(e, Entry{At: r.At, Frame: r.Frame, Finding: Finding{Class: ClassICMP}, ICMP: &quoted})
		t.review(e)
		t.touch(e)
	}
}
