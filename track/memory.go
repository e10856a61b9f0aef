package track

import "time"

// Memory is what rows and packets have taught about one socket, beyond its last
// row. The zero value is ready. It may be copied: a copy never changes.
type Memory struct {
	trouble   *trouble // nil: none. Never changed, only replaced
	cleared   Instant  // when a packet last acknowledged all that was in flight
	high      uint32   // the sequence number after the highest that was sent
	sent      bool     // high is known: something was sent for the first time
	neighbour Neighbour
	syn       Instant // its first SYN, as a packet showed it; zero: none did
	fired     Instant // when a packet last showed that a timer had fired

	timer pending
	row   Instant // the last row; zero: none

	baseline bool          // retrans and rtoTime are of before the present flight
	retrans  uint32        // TotalRetrans
	rtoTime  time.Duration // TotalRTOTime
	acked    uint32        // BytesAcked of the last row, its lower half
}

// pending is what is known of the timer that is now pending.
type pending struct {
	is     arming
	expiry Instant       // in the jiffy of it or before, the timer expires: the earliest of all readings
	vague  bool          // it was over when first seen
	solid  bool          // the jiffy is certain: it was read well within one
	first  Instant       // the row that first showed it: it was set by then
	before Instant       // the row before that: it was set after it; zero: unknown
	length time.Duration // from the last transmission of data to the expiry; 0: unknown
	later  bool          // the last row put it off by more than it should
}

// arming tells one setting of the timer from another.
type arming struct {
	timer                        Timer
	state                        State
	retransmits, backoff, probes uint8
	segsIn, segsOut              uint32
}

// Neighbour takes in what the neighbour table says of the next hop.
func (m *Memory) Neighbour(n Neighbour) { m.neighbour = n }

// Row takes in a row of inet_diag. Rows come in the order of their moments.
func (m *Memory) Row(s *Socket, l *Limits) {
	w := newWheel(l)
	m.timer.see(s, m.row, m.fired, w)
	m.learn(s, w, l)
	m.row = s.At
}

// Same takes in that at a moment a row would have told what the last one did.
func (m *Memory) Same(at Instant) { m.row = at }

// readingLag is how much older than its moment what a row says may be: the reader
// waits for the processor now and then.
const readingLag = 20 * time.Millisecond

// readingTime is how much later than it was written a row is read as a rule. Read
// near the start of a jiffy, it may have been written in the one before.
const readingTime = 500 * time.Microsecond

// otherTimer is by how much the expiries of two settings of a timer differ at least.
const otherTimer = 9 * time.Millisecond

// see takes in the timer of a row; last is the row before, and fired when a packet
// last showed that a timer had fired.
func (p *pending) see(s *Socket, last, fired Instant, w wheel) {
	if s.Timer == TimerOff {
		*p = pending{}
		return
	}
	is := arming{s.Timer, s.State, s.Retransmits, s.Info.Backoff, s.Info.Probes, s.Info.SegsIn, s.Info.SegsOut}
	expiry := s.At.Add(w.duration(w.round(s.Expires)))
	if fired > last && s.Timer == TimerOn && s.Retransmits > 0 && s.Info.RTO > 0 {
		expiry = min(expiry, fired.Add(s.Info.RTO+w.duration(1))) // however long the row was in the reading
	}
	vague := false
	if s.Expires == 0 {
		// Overdue. Since when, the memory tells, or the last transmission.
		if p.is == is && p.expiry != 0 {
			return
		}
		vague = true
		if s.Timer == TimerOn {
			over := s.Info.LastDataSent - s.Info.RTO
			if over > 0 && over < s.Info.RTO/4 {
				expiry = s.At.Add(-over)
			}
		}
	}
	switch moved := expiry.Sub(p.expiry); {
	case p.expiry == 0 || p.is.timer != is.timer || p.is.state != is.state || p.is != is && moved.Abs() > otherTimer:
		*p = pending{expiry: expiry, vague: vague, first: s.At, before: last}
	case moved > readingLag && p.expiry > s.At.Add(-2*readingLag) && !p.later:
		p.later = true // a row that was long in the reading, or a timer that was set again
		return
	case moved > readingLag:
		*p = pending{expiry: expiry, vague: vague, first: s.At, before: last}
	default:
		p.later = false
		p.solid = p.solid && w.at(expiry) >= w.at(p.expiry)
		p.expiry = min(p.expiry, expiry)
	}
	if w.at(expiry) == w.at(p.expiry) && w.at(expiry.Add(-readingTime)) == w.at(expiry) {
		p.solid = true
	}
	p.is = is
	if s.Timer == TimerOn && s.Expires > 0 {
		p.length = s.Expires + s.Info.LastDataSent
	}
}

// Sent takes in a segment that this end sent, as the packets show it.
func (m *Memory) Sent(seg *Segment, f *Finding) {
	if f.Class == ClassPlain && seg.SeqLen() > 0 && (!m.sent || seqLess(m.high, seg.End())) {
		m.high, m.sent = seg.End(), true
	}
	switch {
	case f.Class == ClassRetransmission && f.Kind != KindFast && f.Kind != KindSlowStart,
		f.Class == ClassWindowProbe, f.Class == ClassKeepalive:
		m.fired = seg.At
	}
	switch {
	case f.Class == ClassRetransmission && seg.Flags.Has(SYN):
	case f.Class == ClassRetransmission && f.Kind == KindTLP:
		m.change(func(t *trouble) { t.lossProbe = seg.At })
	case f.Class == ClassRetransmission:
		m.change(func(t *trouble) {
			if t.wire == 0 {
				t.wire, t.recovery, t.ends = seg.At, m.high, m.sent
			}
		})
	case f.Class == ClassWindowProbe:
		m.change(func(t *trouble) {
			if t.probed == 0 && f.Nth <= 1 {
				t.probed = seg.At
			}
		})
	case seg.Flags.Has(SYN) && !seg.Flags.Has(ACK):
		m.syn = seg.At
	}
}

// Heard takes in a segment that the peer sent. Advanced: it acknowledged new
// data; all: nothing is left in flight.
func (m *Memory) Heard(seg *Segment, advanced, all bool) {
	if m.trouble != nil && seg.Flags.Has(ACK) {
		m.change(func(t *trouble) { t.errno, t.reverts = "", false }) // tcp_ack forgets what errors have left
	}
	if !advanced {
		return
	}
	if all {
		m.cleared = seg.At
		m.trouble = nil
		return
	}
	if m.trouble == nil {
		return
	}
	m.change(func(t *trouble) {
		t.lossProbe = 0
		if t.ends && !seqLess(seg.Ack, t.recovery) {
			t.wire, t.from, t.to, t.ends, t.progress = 0, 0, 0, false, false
		}
	})
}

// Quoted takes in an ICMP error that quotes a segment of this end.
func (m *Memory) Quoted(r *ICMP) {
	if errno, reverts := softError(r); errno != "" {
		m.change(func(t *trouble) { t.errno, t.reverts = errno, t.reverts || reverts })
	}
}

// change replaces the trouble by what f makes of it.
func (m *Memory) change(f func(*trouble)) {
	var t trouble
	if m.trouble != nil {
		t = *m.trouble
	}
	f(&t)
	switch {
	case t == trouble{}:
		m.trouble = nil
	case m.trouble == nil || *m.trouble != t:
		kept := t
		m.trouble = &kept
	}
}
