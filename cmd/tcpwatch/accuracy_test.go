package main

import (
	"fmt"
	"time"
)

// exactWithin is how far a deadline that is called exact may be off.
const exactWithin = 20 * time.Millisecond

// spell is a time for which one deadline stood.
type spell struct {
	from, to  time.Time
	at        time.Time // zero: none, or an unknown one
	exactness string
}

func (s *spell) length() time.Duration { return s.to.Sub(s.from) }

// spells returns how the deadlines of a connection stood one after the other from
// begin to end.
func spells(events []event, local string, begin, end time.Time) []spell {
	var all []spell
	now := spell{from: begin}
	add := func(until time.Time) {
		if until.After(now.from) {
			now.to = until
			all = append(all, now)
			now.from = until
		}
	}
	for _, e := range events {
		if e.Event != "deadline" || e.Local != local || !e.Time.Before(end) {
			continue
		}
		add(e.Time)
		now.at, now.exactness = e.At, e.Exactness
		if e.Exactness == "unknown" {
			now.at = time.Time{}
		}
	}
	add(end)
	return all
}

// accuracy is how deadlines compare with a death.
type accuracy struct {
	total, right      time.Duration // all the time, and that in which the deadline was within the tolerance
	exact, exactRight time.Duration // time in which it was called exact, and was
	foretold          bool          // there was a deadline half a second before
	lastError         time.Duration // its error: death less deadline
}

// compare holds the deadlines of a connection against its death: right is what is
// within the tolerance, and exact what is within that given for it. Called exact
// counts from settled on: nobody can know what is still to be done to it.
func compare(events []event, local string, begin, settled, died time.Time, tolerance, within time.Duration) accuracy {
	var a accuracy
	for _, s := range spells(events, local, begin, died) {
		a.total += s.length()
		off := died.Sub(s.at)
		if off.Abs() <= tolerance {
			a.right += s.length()
		}
		if before := died.Add(-time.Second / 2); !s.from.After(before) && s.to.After(before) {
			a.foretold, a.lastError = !s.at.IsZero(), off
		}
	}
	if settled.Before(begin) {
		settled = begin
	}
	for _, s := range spells(events, local, settled, died) {
		if s.exactness == "exact" {
			a.exact += s.length()
			if died.Sub(s.at).Abs() <= within {
				a.exactRight += s.length()
			}
		}
	}
	return a
}

func (a *accuracy) add(b accuracy) {
	a.total += b.total
	a.right += b.right
	a.exact += b.exact
	a.exactRight += b.exactRight
}

func (a accuracy) String() string {
	return fmt.Sprintf("right for %5.1f %% of %6.2f s, exact for %5.1f %%, of which %5.1f %% so",
		100*share(a.right, a.total), a.total.Seconds(), 100*share(a.exact, a.total), 100*share(a.exactRight, a.exact))
}

// share returns part of whole; all of nothing is 1.
func share(part, whole time.Duration) float64 {
	if whole == 0 {
		return 1
	}
	return part.Seconds() / whole.Seconds()
}
