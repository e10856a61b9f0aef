package track

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// GiveUp foretells when and why the kernel will give up on a socket: s is its
// last row, m what was learnt of it before and by packets, o its options (nil
// where they are not known), l the limits of its namespace, c what its packets
// could show. It is pure, and for the same evidence says the same at any time;
// now only tells which fires are still to come.
func GiveUp(s *Socket, m *Memory, o *Options, l *Limits, c Coverage, now Instant) Forecast {
	if s.Timer == TimerOff && s.Info.Unacked == 0 {
		return Forecast{Cause: CauseNone, Exactness: Exact} // as most sockets are
	}
	sc := newScene(s, m, o, l, c)
	p := sc.classify()
	f := Forecast{Cause: p.cause, Exactness: p.most, Assumes: strings.Join(p.assumes, "; ")}
	if p.start == nil {
		return f
	}
	soonest, latest := sc.foretell(&p)
	schedule := schedule{now: now}
	best := sc.run(&p, likely, schedule.add)
	if best.end == never {
		f.Cause, f.Exactness = CauseNone, min(p.most, Conditional)
		return f
	}
	f.Cause, f.At, f.Margin = best.cause, best.end, best.margin
	f.Errno, f.RST = p.errno, p.rst
	f.Schedule = schedule.fires
	f.Retries, f.Threshold = sc.rules.behind(best.cause)
	f.bound(soonest, latest, sc.w)
	if p.open || !sc.w.known {
		f.Other = 0
	}
	return f
}

// foretell follows the course of events by each reading of what is not known for
// certain, and in each place where the wheel may stand. It returns the extremes,
// and leaves the wheel where it is likeliest to stand.
func (sc *scene) foretell(p *prospect) (soonest, latest Instant) {
	places := 1
	if !sc.w.known {
		places = phases
	}
	type outcome struct {
		end   Instant
		wheel wheel
	}
	var outcomes [phases]outcome
	untold := func(Fire) {}
	soonest = never
	for n := range places {
		sc.w = sc.w.phase(n, sc.trouble.fire, sc.trouble.slots)
		outcomes[n] = outcome{sc.run(p, likely, untold).end, sc.w}
		for _, end := range [...]Instant{outcomes[n].end, sc.run(p, early, untold).end, sc.run(p, late, untold).end} {
			soonest, latest = min(soonest, end), max(latest, end)
		}
	}
	slices.SortFunc(outcomes[:places], func(a, b outcome) int { return cmp.Compare(a.end, b.end) })
	sc.w = outcomes[places/2].wheel
	return soonest, latest
}

// run follows one course of events to its end.
func (sc *scene) run(p *prospect, n lean, tell func(Fire)) life {
	c, s := p.start(n)
	switch t := &sc.m.timer; {
	case n == early && t.vague:
		c.expires = sc.w.at(t.first) - granule(c.delta)
	case n == late && t.vague:
		c.expires = sc.w.at(t.first)
	case n == early && !t.solid:
		c.expires--
	}
	return sc.w.run(c, s, tell)
}

// schedule gathers the fires that are still to come.
type schedule struct {
	now   Instant
	fires []Fire
}

// maxSchedule is how many of them are told of.
const maxSchedule = 40

// add adds a fire. The death is always told of.
func (s *schedule) add(f Fire) {
	switch {
	case f.At <= s.now && f.Kind != FireDeath:
		return
	case s.fires == nil:
		s.fires = make([]Fire, 0, 16)
	case len(s.fires) == maxSchedule:
		s.fires = s.fires[:maxSchedule-1]
	}
	s.fires = append(s.fires, f)
}

// exactWithin is how far an exact forecast may be off.
const exactWithin = 20 * time.Millisecond

// bound sets the bounds of the forecast by the extremes, and what it is worth.
func (f *Forecast) bound(soonest, latest Instant, w wheel) {
	tick := w.duration(1)
	if !w.known {
		tick *= between // places of the wheel that were not tried
	}
	f.Earliest, f.Latest = soonest.Add(-tick), latest.Add(tick)
	switch {
	case latest == never:
		f.Latest = 0
		f.Exactness = min(f.Exactness, Bounded)
	case latest.Sub(f.At) > exactWithin:
		f.Other = latest
	case f.At.Sub(soonest) > exactWithin:
		f.Other = soonest
	}
	if !w.known || f.Other != 0 {
		f.Exactness = min(f.Exactness, Bounded)
	}
}

// behind returns the count behind a cause, and the time that it comes to.
func (r *rules) behind(c Cause) (retries int, threshold time.Duration) {
	switch c {
	case CauseRetries2:
		return r.retries2, modelTimeout(r.retries2, rtoBase, r.rtoMax)
	case CauseZeroWindow, CauseLocalDrop:
		return r.retries2, 0
	case CauseOrphanRetries:
		n := r.orphanLimit(true, false)
		return n, modelTimeout(n, rtoBase, r.rtoMax)
	case CauseSynRetries, CauseSynCnt:
		return r.synRetries, modelTimeout(r.synRetries, synBase, r.rtoMax)
	case CauseSynackRetries:
		return r.synackRetries, 0
	case CauseUserTimeout:
		return 0, r.userTimeout
	case CauseKeepalive:
		return r.keepCnt, r.keepIdle + time.Duration(r.keepCnt)*r.keepIntvl
	case CauseFinTimeout, CauseLinger2:
		return 0, r.finTimeout
	case CauseTimewait:
		return 0, timewaitLen
	case CauseShrunkWindow:
		limit, _ := r.shrunkLimit()
		return 0, limit
	}
	return 0, 0
}
