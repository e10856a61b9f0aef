package track

import "time"

// firstFire reckons back from the pending timer, which the last of n fires has
// set, to the first of them; base is the RTO without backoff. It reports false
// where the row does not tell by what intervals they came.
func (w wheel) firstFire(s *Socket, p *pending, n int, base time.Duration) (from, to Instant, ok bool) {
	if n > 1 && (base == 0 || int(s.Info.Backoff) != n) {
		return 0, 0, false
	}
	// An RTO below its due is at the longest that this socket may have.
	rto, longest := w.round(base), w.round(s.Info.RTO)
	last := w.at(p.expiry) - w.armed(s, p)
	first, latest := w.back(last, n, func(k int) int64 { return min(rto<<min(k, 30), longest) })
	return w.instant(first), w.instant(latest), first <= latest
}

// firstProbe does the same for the first of the window probes. A peer that
// answers sets the timer anew each time, a little later.
func (w wheel) firstProbe(s *Socket, p *pending, answered bool, l *Limits) (from, to Instant) {
	longest := w.ceil(l.RTOMax)
	rto := max(w.round(s.Info.RTO), w.ceil(rtoBase))
	// Backoff ends at tcp_retries2, probes go on.
	backoff := int(s.Info.Backoff)
	n := max(backoff, int(s.Info.Probes))
	interval := func(k int) int64 { return min(rto<<min(k, backoff, probeBackoffs), longest) }
	if backoff == 0 {
		interval = func(int) int64 { return w.ceil(probeLocal) }
	}
	last := w.at(p.expiry) - interval(n)
	first, latest := w.back(last, n, interval)
	if answered {
		first -= int64(n) * (1 + w.ceil(s.Info.RTT))
	}
	return w.instant(first), w.instant(max(latest, first))
}

// back goes back from the last of n fires to the first; interval(k) follows the
// k-th. All the fires that lead to the same slot are one answer, and they are
// next to one another.
func (w wheel) back(last int64, n int, interval func(k int) int64) (from, to int64) {
	from, to = last, last
	for k := n - 1; k >= 1; k-- {
		d := interval(k)
		g := granule(d - 1)
		if g > 1 && w.known {
			// A fire is the start of a slot; it may have been late by a little.
			from, to = w.slot(from-lateFire+g-1, g), w.slot(to, g)
		}
		from, to = from-g-d, to-1-d
	}
	return from, to
}

// previous returns the last fire of the retransmission timer, and the length of
// the slots whose start it was: those of the interval before.
func (w wheel) previous(s *Socket, p *pending, base time.Duration) (fire, g int64) {
	before := min(w.round(base)<<max(s.Info.Backoff, 1)>>1, w.round(s.Info.RTO))
	return w.at(p.expiry) - w.armed(s, p), granule(before - 1)
}

// lateFire is how many jiffies a busy processor may be late.
const lateFire = 2

// armed returns what the pending retransmission timer had to run, in jiffies: its
// RTO, or less where something has shortened it.
func (w wheel) armed(s *Socket, p *pending) int64 {
	rto := w.round(s.Info.RTO)
	if length := w.round(p.length); length > 0 && length < rto {
		return length
	}
	return rto
}
