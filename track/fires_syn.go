package track

import "time"

// synFires is the retransmission timer of a socket in SYN_SENT.
type synFires struct {
	w     wheel
	rules *rules

	retransmits int
	rto         int64
	first       stopwatch // from the first SYN on
}

func (f *synFires) fire(t fired) step {
	r := f.rules
	s := step{kind: FireSyn, cause: CauseSynRetries}
	if r.synCnt {
		s.cause = CauseSynCnt
	}
	if f.retransmits >= r.synRetries+r.synLinear {
		s.dead = true
		return s
	}
	limit := modelTimeout(r.synRetries, synBase, r.rtoMax)
	if r.userTimeout > 0 {
		limit = r.userTimeout
	}
	if f.retransmits > 0 {
		s.compared, s.over = true, f.first.beyond(t.at, limit)
		if s.over >= 0 {
			s.dead = true
			if r.userTimeout > 0 {
				s.cause = CauseUserTimeout
			}
			return s
		}
	}
	f.retransmits++
	if f.retransmits > r.synLinear {
		f.rto = min(2*f.rto, f.w.ceil(r.rtoMax))
	}
	s.next = f.rto
	if r.userTimeout > 0 {
		s.next = f.w.clamp(f.rto, f.first.left(t.at, r.userTimeout))
	}
	return s
}

// hopFires is the timer of the neighbour table while the next hop does not
// answer: three questions a second apart, and a SYN that waits for the answer
// fails (net/core/neighbour.c, neigh_timer_handler).
type hopFires struct {
	w     wheel
	asked int
}

const hopQuestions = 3 // mcast_solicit

func (f *hopFires) fire(t fired) step {
	f.asked++
	return step{kind: FireSyn, cause: CauseSynRetries, dead: f.asked >= hopQuestions, next: f.w.ceil(time.Second)}
}
