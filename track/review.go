package track

import "time"

// settle is how long a calm state must last before it is worth a word: traffic
// that comes and goes makes forecasts come and go with it.
const settle = 400 * time.Millisecond

// brief is how long it must have looked like death again: a transfer that has just
// recovered stops for a moment more than once.
const brief = 25 * time.Millisecond

// announcements is what has been said of an end's deadline.
type announcements struct {
	made    bool
	last    Forecast
	differs Instant // since when the forecast has differed from the last; zero: it does not
	first   Instant // the first deadline of the present trouble
	past    [8]prediction
	n       int
}

// prediction is a deadline (zero: none), and when it was announced. One that is not
// firm holds only if the peer falls silent.
type prediction struct {
	said, at Instant
	firm     bool
}

// review forms forecast and verdict anew. It reports whether e must be looked
// at again even if nothing happens to it.
func (t *Tracker) review(e *end) bool {
	c := t.coverage(e)
	var again Instant
	if e.row != nil {
		f := outlook(e.row, &e.memory, e.options, &t.limits, c, e.urgent(), t.now)
		if f.Exactness != ExactnessUnknown { // else what was said stands until the next row
			if differ(&f, &e.forecast) {
				t.touch(e)
			}
			e.forecast = f
			if f.firm() && e.urgent() {
				e.doom = f.At
			}
			again = t.announce(e)
		}
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
	if again != 0 && (next == 0 || again < next) {
		e.due = again
	}
	return e.due != 0 || e.urgent() || e.missed > 0 || e.row == nil && e.parting().over()
}

// urgent reports whether something waits for an answer.
func (e *end) urgent() bool {
	return e.stall != nil && len(e.stall.rungs) > 0 || e.row != nil && waiting(e.row)
}

// announce emits the forecast where it says something new. It returns when there
// may be something worth saying later; zero: there is nothing.
func (t *Tracker) announce(e *end) (again Instant) {
	a, f := &e.announced, e.forecast
	urgent := e.urgent()
	if !urgent {
		a.first = 0
		if f.Exactness == Conditional && e.row.Timer == TimerOn {
			// Data is on its way, as on any live connection. Only what was said
			// of a trouble now past is to be taken back.
			if !a.made || !a.last.firm() {
				return 0
			}
			f = Forecast{Cause: CauseNone, Exactness: Conditional}
		}
	}
	if a.made && !differ(&f, &a.last) {
		a.differs = 0
		return 0
	}
	if a.differs == 0 {
		a.differs = t.now
	}
	hold := settle
	switch {
	case urgent && a.made && f.firm() && !a.last.firm():
		hold = brief
	case urgent, e.row.Timer == TimerTimewait: // what is left of a connection does not come and go
		hold = 0
	}
	if ripe := a.differs.Add(hold); t.now < ripe {
		return ripe
	}
	if calm := e.last.Add(time.Second); !urgent && f.Exactness == Conditional && t.now < calm {
		if !a.last.firm() {
			return calm // until then it moves with each segment
		}
		f = Forecast{Cause: CauseNone, Exactness: Conditional} // the trouble is over
	}
	a.made, a.last, a.differs = true, f, 0
	if a.first == 0 {
		a.first = f.At
	}
	a.past[a.n%len(a.past)] = prediction{t.now, f.At, f.firm()}
	a.n++
	t.emit(&DeadlineSet{At: t.now, Local: e.local, Remote: e.remote, State: e.state(), Forecast: f})
	return 0
}

// differ reports whether two forecasts are worth telling apart: over 10 ms, or
// another cause or exactness.
func differ(a, b *Forecast) bool {
	return a.Cause != b.Cause || a.Exactness != b.Exactness || a.Errno != b.Errno || (a.At == 0) != (b.At == 0) ||
		a.At.Sub(b.At).Abs() > 10*time.Millisecond
}

// firm reports whether a forecast is that the connection will die, whatever its
// peer does from now on.
func (f *Forecast) firm() bool { return f.At != 0 && f.Exactness > Conditional }

// standing returns what stood half a second before a moment; its at is zero where
// no deadline did.
func (a *announcements) standing(at Instant) prediction {
	for i := a.n - 1; i >= 0 && i >= a.n-len(a.past); i-- {
		if p := a.past[i%len(a.past)]; p.said <= at.Add(-500*time.Millisecond) {
			return p
		}
	}
	return prediction{}
}
