package track

import "time"

// stopwatch is the time that the kernel holds against a threshold at each fire:
// from a first retransmission, SYN or probe on.
type stopwatch struct {
	start Instant       // zero: it starts with the next fire
	unit  time.Duration // in which the kernel counts: milliseconds, or jiffies
	seen  bool          // the start was seen in packets
	lean  lean
}

// lateFires is how late a fire may be when the processor is busy.
const lateFires = 5 * time.Millisecond

// begin starts a watch that does not run yet.
func (s *stopwatch) begin(at Instant) {
	if s.start == 0 {
		s.start = at
	}
}

// elapsed returns the time until a fire, as the kernel counts.
func (s *stopwatch) elapsed(at Instant) time.Duration {
	unit := Instant(s.unit)
	return time.Duration((at/unit - s.start/unit) * unit)
}

// beyond returns by how much a fire is beyond a limit. Near the limit both the
// first fire and this one count with what they may have been late.
func (s *stopwatch) beyond(at Instant, limit time.Duration) time.Duration {
	over := s.elapsed(at) - limit
	switch {
	case s.lean == early:
		over += lateFires
	case s.lean == late && !s.seen:
		over -= lateFires
	}
	return over
}

// left returns what is left of a limit when a timer is set.
func (s *stopwatch) left(at Instant, limit time.Duration) time.Duration {
	left := limit - s.elapsed(at)
	switch {
	case s.lean == early:
		left -= s.unit
	case s.lean == late && !s.seen:
		left += s.unit
	}
	return left
}
