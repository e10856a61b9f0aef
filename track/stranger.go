package track

import "time"

const (
	crowd   = 16384           // strangers kept at the most
	goodbye = 2 * time.Second // a stranger is let go this long after its end
	quiet   = time.Minute     // a flow needs no room for what is in flight after this long without a segment
)

// strangers are the ends that are known from packets only. Nobody says when one
// is gone, so their number is bounded: a newcomer has the quietest of a sample go.
type strangers struct {
	ends []*end
	hand int
}

func (s *strangers) add(e *end) {
	e.strange = len(s.ends)
	s.ends = append(s.ends, e)
}

func (s *strangers) remove(e *end) {
	if e.strange < 0 {
		return
	}
	n := len(s.ends) - 1
	last := s.ends[n]
	s.ends[e.strange], last.strange = last, e.strange
	s.ends[n] = nil
	s.ends = s.ends[:n]
	e.strange = -1
}

// quietest returns the one of a sample that was heard of longest ago.
func (s *strangers) quietest() *end {
	var q *end
	for range min(32, len(s.ends)) {
		s.hand = (s.hand + 1) % len(s.ends)
		if e := s.ends[s.hand]; q == nil || e.last < q.last {
			q = e
		}
	}
	return q
}

// calm has the flows of a few strangers give back the room that only a busier past
// needed, in turn.
func (s *strangers) calm(now Instant) {
	for range min(32, len(s.ends)) {
		s.hand = (s.hand + 1) % len(s.ends)
		s.ends[s.hand].calm(now)
	}
}

func (e *end) calm(now Instant) {
	if e.out+e.in > 0 && now.Sub(e.last) > quiet {
		e.link.flow.rest()
	}
}

// stranger makes an end for a connection that only its packets tell of. Whose
// it is can only be guessed: the one who opens it, the host that captures, the
// one with the higher port.
func (t *Tracker) stranger(l *link, s *Segment, side int) {
	opener := side
	switch {
	case s.Flags.Has(SYN | ACK):
		opener = 1 - side
	case s.Flags.Has(SYN), s.Outgoing:
	case s.Dst.Port() > s.Src.Port():
		opener = 1 - side
	}
	if len(t.strangers.ends) >= crowd {
		t.end(t.strangers.quietest(), s.At, ReasonUnknown)
	}
	t.strangers.add(t.newEnd(l, opener))
}
