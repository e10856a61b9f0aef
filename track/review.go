package track

import "time"

// settle is how long a calm state must last before it is worth a word: traffic
// that comes and goes makes forecasts come and go with it.
const settle = 400 * time.Millisecond

// announcements is what has been said of an end's deadline.
type announcements struct {
	made    bool
	last    Forecast
	differs Instant // since when the forecast has differed from the last; zero: it does not
	first   Instant // the first deadline of the present trouble
	past    [8]prediction
	n       int
}

// prediction is a deadline, and when it was announced.
type prediction struct{ said, at Instant }

// review forms forecast and verdict anew. It reports whether e must be looked
// at again even if nothing happens to it.
func (t *Tracker) review(e *end) bool {
	c := t.coverage(e)
	pending := false
	if e.row != nil {
		f := GiveUp(e.row, &e.memory, e.options, &t.limits, c, t.now)
		if f.Cause != CauseNone && f.Exactness > Conditional && e.row.Timer == TimerOn && !e.urgent() {
			f.Exactness = Conditional // it holds if the peer falls silent now
		}
		if differ(&f, &e.forecast) {
			t.touch(e)
		}
		e.forecast = f
		pending = t.announce(e)
	}
	v, next := t.judge(e, &c)
	if v.Kind != e.verdict.Kind || !e.judged && e.row != nil {
		t.touch(e)
		if e.judged || e.row != nil {
			t.emit(&VerdictGiven{At: t.now, Local: e.local, Remote: e.remote, Coverage: c, Verdict: v})
			e.judged = true
		}
	}
	if e.urgent() {
		t.touch(e)
	}
	e.verdict = v
	e.due = next
	if pending {
		e.due = t.now
	}
	return pending || next != 0 || e.urgent() || e.missed > 0 || e.row == nil && e.link.over()
}

// urgent reports whether something waits for an answer.
func (e *end) urgent() bool {
	return e.stall != nil && len(e.stall.rungs) > 0 || e.row != nil && waiting(e.row)
}

// announce emits the forecast where it says something new. It reports whether
// there is something that may be worth saying later.
func (t *Tracker) announce(e *end) (pending bool) {
	a, f := &e.announced, e.forecast
	urgent := e.urgent()
	if !urgent {
		a.first = 0
		if f.Exactness == Conditional && e.row.Timer == TimerOn {
			// Data is on its way, as on any live connection. Only what was said
			// of a trouble now past is to be taken back.
			if !a.made || a.last.At == 0 || a.last.Exactness == Conditional {
				return false
			}
			f = Forecast{Cause: CauseNone, Exactness: Conditional}
		}
	}
	if a.made && !differ(&f, &a.last) {
		a.differs = 0
		return false
	}
	if a.differs == 0 {
		a.differs = t.now
	}
	if !urgent && t.now.Sub(a.differs) < settle {
		return true
	}
	if !urgent && f.Exactness == Conditional && t.now.Sub(e.last) < time.Second {
		return true // it moves with each segment
	}
	a.made, a.last, a.differs = true, f, 0
	if f.At != 0 {
		if a.first == 0 {
			a.first = f.At
		}
		a.past[a.n%len(a.past)] = prediction{t.now, f.At}
		a.n++
	}
	t.emit(&DeadlineSet{At: t.now, Local: e.local, Remote: e.remote, State: e.state(), Forecast: f})
	return false
}

// differ reports whether two forecasts are worth telling apart: over 10 ms, or
// another cause or exactness.
func differ(a, b *Forecast) bool {
	return a.Cause != b.Cause || a.Exactness != b.Exactness || a.Errno != b.Errno || (a.At == 0) != (b.At == 0) ||
		a.At.Sub(b.At).Abs() > 10*time.Millisecond
}

// standing returns the deadline that stood half a second before a moment; zero:
// none did.
func (a *announcements) standing(at Instant) Instant {
	for i := a.n - 1; i >= 0 && i >= a.n-len(a.past); i-- {
		if p := a.past[i%len(a.past)]; p.said <= at.Add(-500*time.Millisecond) {
			return p.at
		}
	}
	return 0
}
