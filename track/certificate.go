package track

import "time"

// lateness is how far from a forecast a death may be noticed and still be the
// one foretold: the pace of the polls, and a doubt of the forecast's own.
const lateness = 300 * time.Millisecond

// atOnce is how long before a forecast a reset may come and still be its consequence.
const atOnce = 20 * time.Millisecond

// end lets go of a connection: it is no longer there at the given moment, and
// was when its last row was read. A connection known from packets only ends
// with its packets.
func (t *Tracker) end(e *end, at Instant, reason Reason) {
	cert := &Certificate{At: at, State: e.state(), Alive: e.last, Reason: reason, FirstPredicted: e.announced.first,
		Cause: e.forecast.Cause}
	if e.row != nil {
		cert.Alive = e.seen
		if e.seen < at {
			cert.At = e.seen.Add(at.Sub(e.seen) / 2)
		}
	}
	if p := e.announced.standing(cert.At); p != 0 && e.announced.last.At != 0 {
		cert.Predicted, cert.Error = p, cert.At.Sub(p)
	}
	if reason == ReasonUnknown {
		cert.Reason = t.reasonOf(e, cert)
	}
	e.gone = cert
	if e.row != nil || e.urgent() {
		t.emit(&Ended{Local: e.local, Remote: e.remote, Certificate: *cert})
	}
	t.touch(e)
	if e.row != nil {
		delete(t.sockets, e.row.Cookie)
	}
	if e.link.ends[e.side] == e {
		e.link.ends[e.side] = nil
	}
	if e.link.idle() {
		t.links.drop(e.link)
	}
	t.strangers.remove(e)
	if e.place >= 0 {
		t.ended = append(t.ended, e)
	}
}

// reasonOf tells how a connection ended by what was seen of it.
func (t *Tracker) reasonOf(e *end, cert *Certificate) Reason {
	l, f := e.link, &e.forecast
	due := f.At != 0 && f.Exactness > Conditional && cert.At >= f.earliest().Add(-lateness)
	timed := due && (e.urgent() || f.Cause == CauseFinTimeout || f.Cause == CauseLinger2 || f.Cause == CauseOrphanRetries)
	switch {
	case e.killed:
		return DestroyedByHand
	case timed && (l.reset == 0 || f.RST || l.reset >= f.earliest().Add(-atOnce)):
		return TimedOut // a reset that came with the death answered it
	case l.reset != 0:
		return Reset
	case e.icmp != nil && cert.State == SynSent:
		return Reset
	case cert.State == TimeWait, cert.State == LastAck && !e.urgent(), l.closing[0] && l.closing[1]:
		return Closed
	case cert.State == FinWait1, cert.State == FinWait2, cert.State == Closing:
		if !e.urgent() {
			return Closed
		}
	}
	return ReasonUnknown
}

// earliest returns the lower bound of a forecast.
func (f *Forecast) earliest() Instant {
	if f.Earliest != 0 {
		return f.Earliest
	}
	return f.At
}
