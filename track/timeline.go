package track

import "time"

// record adds a segment to an end's timeline.
func (t *Tracker) record(e *end, s *Segment, r *reading, out bool) {
	if t.cfg.Timeline == 0 {
		return
	}
	p := Entry{At: s.At, Frame: s.Frame, Out: out, Flags: s.Flags, Seq: r.Seq, Ack: r.Ack, Len: s.Len,
		Window: r.Window, NSACK: s.NSACK, Finding: r.Finding}
	for i := range min(s.NSACK, uint8(len(s.SACK))) {
		// Blocks are of the other direction, as the acknowledgement is.
		p.SACK[i] = SACKBlock{s.SACK[i].Left - s.Ack + r.Ack, s.SACK[i].Right - s.Ack + r.Ack}
	}
	t.keep(e, p)
	if t.cfg.Packets && (out || e.link.ends[1-e.side] == nil) {
		t.emit(&PacketSeen{At: s.At, Local: e.local, Remote: e.remote, Timeline: e.timeline})
	}
}

// keep appends an entry. Views share the timeline by slice bounds, so the older
// half is let go by moving to a new array, never in place.
func (t *Tracker) keep(e *end, p Entry) {
	if t.cfg.Timeline == 0 {
		return
	}
	if len(e.timeline) >= t.cfg.Timeline {
		half := len(e.timeline) / 2
		e.dropped += uint64(half)
		e.timeline = append(make([]Entry, 0, t.cfg.Timeline), e.timeline[half:]...)
	}
	e.timeline = append(e.timeline, p)
}

// remember adds the state of an end that is watched or in trouble to its moments,
// if it is another than the last: a quarter of an hour of silence is a few dozen.
func (t *Tracker) remember(e *end) {
	if t.cfg.Moments == 0 || !e.hot && t.watched[e.id] == nil {
		return
	}
	s, i := e.row, &e.row.Info
	m := Moment{At: s.At, State: s.State, RecvQ: s.RecvQ, SendQ: s.SendQ, Timer: s.Timer,
		Expires: s.Expires, Retransmits: s.Retransmits, Backoff: i.Backoff, Probes: i.Probes, RTO: i.RTO, RTT: i.RTT,
		Cwnd: i.SndCwnd, Unacked: i.Unacked, SndWnd: i.SndWnd, RcvWnd: i.RcvWnd, Forecast: e.forecast}
	if n := len(e.moments); n > 0 && e.moments[n-1].stands(&m) {
		return
	}
	if len(e.moments) >= t.cfg.Moments {
		half := len(e.moments) / 2
		e.moments = append(make([]Moment, 0, t.cfg.Moments), e.moments[half:]...)
	}
	e.moments = append(e.moments, m)
}

// stands reports whether m still tells everything at a later moment: only its timer
// ran on. Times are the same within a jiffy of HZ 100, as the kernel tells them.
func (m *Moment) stands(later *Moment) bool {
	const jiffy = 10 * time.Millisecond
	return m.State == later.State && m.RecvQ == later.RecvQ && m.SendQ == later.SendQ &&
		m.Timer == later.Timer && (m.Timer == TimerOff || later.At.Add(later.Expires).Sub(m.At.Add(m.Expires)).Abs() <= jiffy) &&
		m.Retransmits == later.Retransmits && m.Backoff == later.Backoff && m.Probes == later.Probes &&
		m.RTO == later.RTO && m.RTT == later.RTT && m.Cwnd == later.Cwnd && m.Unacked == later.Unacked &&
		m.SndWnd == later.SndWnd && m.RcvWnd == later.RcvWnd &&
		!differ(&m.Forecast, &later.Forecast)
}
