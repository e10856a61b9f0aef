package track

import (
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
	soonest, latest := sc.run(&p, early), sc.run(&p, late)
	best := sc.run(&p, likely)
	f.Cause, f.At, f.Margin = best.cause, best.end, best.margin
	if best.end == 0 {
		f.Cause, f.Exactness = CauseNone, min(p.most, Conditional)
		return f
	}
	f.Errno, f.RST = p.errno, p.rst
	f.Schedule = ahead(best.schedule, now)
	f.Retries, f.Threshold = sc.rules.behind(best.cause)
	f.bound(&soonest, &latest, &sc)
	return f
}

// run follows one course of events to its end.
func (sc *scene) run(p *prospect, n lean) life {
	w := sc.w
	w.lean = n
	c, s := p.start(n)
	return w.run(c, s)
}

// exactWithin is how far an exact forecast may be off.
const exactWithin = 20 * time.Millisecond

// bound sets the bounds of the forecast by the extremes, and what it is worth.
func (f *Forecast) bound(soonest, latest *life, sc *scene) {
	tick := sc.w.duration(1)
	f.Earliest, f.Latest = f.At.Add(-tick), f.At.Add(tick)
	for _, l := range [...]*life{soonest, latest} {
		if l.end == 0 {
			f.Latest = 0
			f.Exactness = min(f.Exactness, Bounded)
			continue
		}
		f.Earliest, f.Latest = min(f.Earliest, l.end.Add(-tick)), max(f.Latest, l.end.Add(tick))
		if l.end.Sub(f.At).Abs() > exactWithin && sc.w.known && f.Other == 0 {
			f.Other = l.end
		}
	}
	if !sc.w.known || f.At.Sub(f.Earliest) > exactWithin || f.Latest.Sub(f.At) > exactWithin {
		f.Exactness = min(f.Exactness, Bounded)
	}
}

// ahead returns the fires that are still to come.
func ahead(all []Fire, now Instant) []Fire {
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
