package track

import "time"

// trouble is the memory of a stall.
type trouble struct {
	// The moment of the first fast or RTO retransmission (tp->retrans_stamp), by
	// what the packets show, and between what bounds by the rows.
	wire     Instant // zero: not seen
	from, to Instant // zero: no bounds
	recovery uint32  // acknowledged up to here, the stall is over;
	ends     bool    // if this is known
	unsure   bool    // rows came too late to rule out an earlier one
	progress bool    // something was acknowledged since

	lossProbe Instant       // the loss probe was seen
	base      time.Duration // RTO without backoff; 0: unknown

	probed               Instant // the first window probe, by the packets
	probedFrom, probedTo Instant // by the rows
	answered             bool    // the peer answers window probes

	count      uint8 // retransmissions in the last row
	level, was uint8 // its backoff, and that of the count before
	steady     bool  // retransmissions go on without more backoff

	// Where the wheel's phase is not known: a fire at the start of a slot of so
	// many jiffies.
	fire, slots int64

	errno   string // of an ICMP error that came; "": none did
	reverts bool   // it takes backoff back

	rearmed int // timeouts of a request socket, those without a SYN-ACK included
}

// stamp returns when the stall's first retransmission was, or the first SYN, at the
// latest; zero: unknown.
func (m *Memory) stamp() Instant {
	switch t := m.trouble; {
	case t == nil:
		return 0
	case t.wire != 0 && t.to != 0:
		return min(t.wire, t.to)
	default:
		return max(t.wire, t.to)
	}
}

// learn takes in what a row says of how long its socket has been in trouble.
func (m *Memory) learn(s *Socket, w wheel, l *Limits) {
	i := &s.Info
	progress := i.Size > 0 && m.row != 0 && uint32(i.BytesAcked) != m.acked
	m.acked = uint32(i.BytesAcked)
	switch {
	case i.Size == 0:
		if s.State == SynRecv || s.State == NewSynRecv {
			m.change(func(t *trouble) { t.request(s) })
		}
	case s.State == SynSent:
		m.change(func(t *trouble) { t.narrow(w.firstSyn(s, &m.timer)) })
	case s.Timer == TimerPersist:
		m.change(func(t *trouble) { t.persist(s, &m.timer, w, l) })
	case i.Unacked == 0, i.CAState == CAOpen && s.Retransmits == 0:
		m.recover(s, progress)
	default:
		m.change(func(t *trouble) { t.stall(s, m, progress, w, l) })
	}
	if i.Size > 0 && (i.Unacked == 0 || s.Retransmits == 0 && (progress || m.row == 0 && i.TotalRetrans == 0)) {
		m.baseline, m.retrans, m.rtoTime = true, i.TotalRetrans, i.TotalRTOTime
	}
}

// recover forgets the stall: nothing that was sent again is in flight.
func (m *Memory) recover(s *Socket, progress bool) {
	if m.trouble == nil {
		return
	}
	m.change(func(t *trouble) {
		kept := trouble{}
		if s.Info.Unacked > 0 && !progress {
			kept.lossProbe, kept.errno, kept.reverts = t.lossProbe, t.errno, t.reverts
			untold := !m.baseline || s.Info.TotalRetrans == m.retrans
			switch {
			case t.wire != 0 && s.At.Sub(t.wire) < readingLag && untold:
				kept.wire, kept.recovery, kept.ends = t.wire, t.recovery, t.ends
			case t.wire != 0:
				kept.lossProbe = t.wire // what the packets took for more was one
			}
		}
		*t = kept
	})
}

// stall takes in a row with data in flight that was sent again.
func (t *trouble) stall(s *Socket, m *Memory, progress bool, w wheel, l *Limits) {
	i := &s.Info
	if progress {
		t.progress = true
	}
	t.follow(s)
	t.learnBase(i, l)
	fires := int(s.Retransmits)
	if fires == 0 && i.SndWnd == 0 && i.Has(InfoSndWnd) {
		fires = int(i.Backoff) // each one was a probe of the shrunk window
	}
	if fires == 0 {
		if t.from == 0 && t.to == 0 && !t.progress {
			t.from, t.to = m.row, s.At // a fast retransmission, between two rows
			t.unsure = m.row == 0
		}
		return
	}
	if fire, g := w.previous(s, &m.timer, t.base); !w.known && m.timer.solid && int(i.Backoff) == fires && t.base > 0 && g >= t.slots {
		t.fire, t.slots = fire, g
	}
	base := t.base
	if base == 0 {
		base = i.RTT + max(l.RTOMin, 4*i.RTTVar) // RFC 6298
	}
	from, to, ok := w.firstFire(s, &m.timer, fires, base)
	told := t.base > 0
	if i.Has(InfoTotalRTO) && s.Retransmits > 0 && (m.baseline || i.TotalRTORecoveries == 1) {
		spent := i.TotalRTOTime
		if m.baseline {
			spent -= m.rtoTime
		}
		started := s.At.Add(time.Millisecond - spent)
		if ok && t.base > 0 && started >= from {
			from, to = max(from, started.Add(-lateFires)), min(to, started)
		} else {
			from, to, ok = started.Add(-lateFires), started, true
		}
		told = true
	}
	if !ok {
		return
	}
	if t.to == 0 {
		t.unsure = !told || !m.baseline && i.TotalRetrans > uint32(fires)+1
	}
	t.narrow(from, to)
}

// narrow takes in new bounds of the stamp. A reading can only err to the late side:
// of bounds that contradict one another a little, the earlier ones are right. Of
// those that do by more, the later ones are of another stall's, or reckoned from
// an interval that was cut short.
func (t *trouble) narrow(from, to Instant) {
	switch {
	case t.to == 0, to < t.from && t.from.Sub(to) < 2*readingLag:
		t.from, t.to = from, to
	case from <= t.to && to >= t.from:
		t.from, t.to = max(t.from, from), min(t.to, to)
	}
}

// follow tells whether backoff grows with the retransmissions. Where it does not,
// the stream is thin, or ICMP errors take back what each timeout adds
// (tcp_ld_RTO_revert).
func (t *trouble) follow(s *Socket) {
	if s.Retransmits != t.count {
		t.was = t.level
		if s.Retransmits != t.count+1 || t.count == 0 {
			t.was = max(s.Info.Backoff, 1) - 1 // what is usual
			if s.Retransmits > s.Info.Backoff+1 {
				t.was = s.Info.Backoff
			}
		}
	}
	t.count, t.level = s.Retransmits, s.Info.Backoff
	t.steady = s.Retransmits > t.level && t.level <= t.was
}

// learnBase keeps the RTO without backoff. At the longest RTO it can't be told from
// a row, and what was known before stands.
func (t *trouble) learnBase(i *Info, l *Limits) {
	base := i.RTO >> i.Backoff
	if i.RTO < l.RTOMax && (t.base == 0 || i.RTO > t.base<<i.Backoff) && (i.Backoff < 2 || base >= l.RTOMin) {
		t.base = base
	}
}

// persist takes in a row with the persist timer.
func (t *trouble) persist(s *Socket, now *pending, w wheel, l *Limits) {
	t.wire, t.from, t.to = 0, 0, 0
	i := &s.Info
	switch {
	case i.Probes == 0 && i.Backoff > 0:
		t.answered = true
	case i.Probes > 1:
		t.answered = false
	}
	if i.Backoff == 0 && i.Probes == 0 {
		t.probed, t.probedFrom, t.probedTo = 0, 0, 0
		return
	}
	from, to := w.firstProbe(s, now, t.answered, l)
	if t.probedTo == 0 {
		t.probedFrom, t.probedTo = from, to
		t.unsure = int(i.Backoff) >= l.Retries2 && i.Probes <= i.Backoff
	} else if from <= t.probedTo && to >= t.probedFrom {
		t.probedFrom, t.probedTo = max(t.probedFrom, from), min(t.probedTo, to)
	}
}

// request counts the timeouts of a request socket. TCP_DEFER_ACCEPT hides those
// that send nothing, but each doubles the interval.
func (t *trouble) request(s *Socket) {
	for t.rearmed = max(t.rearmed, int(s.Retransmits)); synBase<<t.rearmed < s.Expires; {
		t.rearmed++
	}
}
