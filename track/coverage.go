package track

import "fmt"

// window is what the kernel has counted of an end's packets since they are captured.
type window struct {
	since           Instant // the first row while packets were captured
	segsOut, segsIn uint32  // the kernel's counts then
	before          uint8   // retransmissions of the present stall then; none if it began later
	nowOut, nowIn   uint32  // and now
	lost            uint64  // Tracker.lost then
	counted         bool
}

// row compares the kernel's counts.
func (w *window) row(s *Socket, l *link, side int, t *Tracker) {
	if s.Info.Size == 0 {
		return
	}
	w.nowOut, w.nowIn = s.Info.SegsOut, s.Info.SegsIn
	w.before = min(w.before, s.Retransmits)
	if !w.counted && t.captured != 0 {
		w.counted, w.since, w.lost = true, s.At, t.lost
		w.segsOut, w.segsIn, w.before = w.nowOut, w.nowIn, s.Retransmits
	}
}

// coverage says what the packets can show of an end. That a filter admits a
// direction is not enough: where the kernel counts segments that the capture
// never showed, nothing is taken from their absence.
func (t *Tracker) coverage(e *end) Coverage {
	w := &e.window
	c := Coverage{Since: t.captured, FromStart: e.link.fromStart, Lost: t.lost - w.lost}
	if e.row == nil {
		c.Since = e.first
		c.Out, c.In = e.link.from[e.side] != 0, e.link.from[1-e.side] != 0
		return c
	}
	sight := e.row.Sight
	switch {
	case t.captured == 0:
		c.Doubt = "no packets are captured"
		return c
	case sight.OtherInterface:
		c.Doubt = "its route leaves by another interface"
		return c
	}
	c.Out = e.out > 0 || sight.Out && !sight.Undecided && w.nowOut == w.segsOut
	c.In = e.in > 0 || sight.In && !sight.Undecided && w.nowIn == w.segsIn
	switch {
	case !sight.Out && !sight.In && !sight.Undecided:
		c.Doubt = "the expression leaves it out"
	case !sight.Out && !sight.Undecided:
		c.Doubt = "the expression leaves out what it sends"
	case !sight.In && !sight.Undecided:
		c.Doubt = "the expression leaves out what it receives"
	case !c.Out:
		c.Doubt = fmt.Sprintf("the kernel sent %d segments that the capture did not show", w.nowOut-w.segsOut)
	case !c.In:
		c.Doubt = fmt.Sprintf("the kernel received %d segments that the capture did not show", w.nowIn-w.segsIn)
	case c.Lost > 0:
		c.Doubt = fmt.Sprintf("the capture lost %d frames since", c.Lost)
	}
	return c
}
