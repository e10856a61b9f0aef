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
	sc := scene{s: s, m: m, w: newWheel(l), rules: rulesFor(o, l), c: c}
	if m.trouble != nil {
		sc.trouble = *m.trouble
	}
	p := sc.classify()
	f := Forecast{Cause: p.cause, Exactness: p.most, Assumes: strings.Join(p.assumes, "; ")}
	if p.start == nil {
		return f
	}
	best, soonest, latest := sc.foretell(&p)
	if best.end == never {
		f.Cause, f.Exactness = CauseNone, min(p.most, Conditional)
		return f
	}
	f.Cause, f.At, f.Margin = best.cause, best.end, best.margin
	f.Errno, f.RST = p.errno, p.rst
	f.Schedule = stillToCome(best.schedule, now)
	f.Retries, f.Threshold = sc.rules.behind(best.cause)
	f.bound(soonest, latest, sc.w)
	if p.open || !sc.w.known {
		f.Other = 0
	}
	return f
}

// foretell follows the course of events by each reading of what is not known for
// certain, and in each place where the wheel may stand. It returns the likeliest
// end, and the extremes.
func (sc *scene) foretell(p *prospect) (best life, soonest, latest Instant) {
	if sc.w.known {
		best = sc.run(p, likely)
		ends := [...]Instant{best.end, sc.run(p, early).end, sc.run(p, late).end}
		return best, slices.Min(ends[:]), slices.Max(ends[:])
	}
	known := sc.w
	defer func() { sc.w = known }()
	var lives [phases]life
	for n := range lives {
		sc.w = known.phase(n, sc.trouble.fire, sc.trouble.slots)
		lives[n] = sc.run(p, likely)
		for _, l := range [...]lean{likely, early, late} {
			end := sc.run(p, l).end
			if soonest == 0 || end < soonest {
				soonest = end
			}
			latest = max(latest, end)
		}
	}
	slices.SortFunc(lives[:], func(a, b life) int { return cmp.Compare(a.end, b.end) })
	return lives[len(lives)/2], soonest, latest
}

// run follows one course of events to its end.
func (sc *scene) run(p *prospect, n lean) life {
	c, s := p.start(n)
	return sc.w.run(c, s)
}

// exactWithin is how far an exact forecast may be off.
const exactWithin = 20 * time.Millisecond

// bound sets the bounds of the forecast by the extremes, and what it is worth.
func (f *Forecast) bound(soonest, latest Instant, w wheel) {
	tick := w.duration(1)
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

// stillToCome returns the fires that are still to come.
func stillToCome(all []Fire, now Instant) []Fire {
	for len(all) > 1 && all[0].At <= now {
		all = all[1:]
	}
	return all
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
