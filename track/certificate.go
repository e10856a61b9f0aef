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
	cert := &Certificate{At: e.moment(at), State: e.state(), Alive: e.last, Reason: reason, FirstPredicted: e.announced.first,
		Cause: e.forecast.Cause}
	if e.row != nil {
		cert.Alive = e.seen
	}
	if reason == ReasonUnknown {
		cert.Reason = e.reason(cert)
	}
	if r := e.link.reset(); cert.Reason == Reset && r > cert.Alive && r < at {
		cert.At = r
	}
	if p := e.announced.standing(cert.At); p.at != 0 && (p.firm || cert.Reason == TimedOut) {
		cert.Predicted, cert.Error = p.at, cert.At.Sub(p.at)
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

// moment returns when the socket was gone, of which a first sign came at the given
// moment: when the kernel let go of it, or between the last sight of it and the sign.
func (e *end) moment(at Instant) Instant {
	switch {
	case e.row == nil || e.seen >= at:
		return at
	case e.farewell > e.seen:
		return min(e.farewell, at)
	}
	return e.seen.Add(at.Sub(e.seen) / 2)
}

// reason tells how a connection ended by what was seen of it. What the rows and
// packets leave open stays unknown.
func (e *end) reason(cert *Certificate) Reason {
	l := e.link
	switch {
	case e.killed:
		return DestroyedByHand
	case cert.State == TimeWait:
		return Closed
	case e.timedOut(cert.At):
		return TimedOut
	case l.reset() != 0, e.icmp != nil && cert.State == SynSent:
		return Reset
	case cert.State == LastAck && !e.urgent(), l.closing[0] && l.closing[1]:
		return Closed
	}
	return ReasonUnknown
}

// timedOut reports whether a socket that was gone at the given moment has died as
// foretold, and not by a reset.
func (e *end) timedOut(at Instant) bool {
	f := &e.forecast
	if f.At == 0 || at < f.earliest().Add(-lateness) {
		return false
	}
	switch f.Cause {
	case CauseFinTimeout, CauseLinger2, CauseOrphanRetries:
		if !f.firm() && !e.urgent() {
			return false
		}
	default:
		if !e.urgent() {
			return false
		}
	}
	// A reset from the peer, too, ends a socket at once; one from here may be part
	// of the death, or answer the peer when the socket is dead.
	sent, came := e.link.resets[e.side], e.link.resets[1-e.side]
	if came != 0 && (f.Exactness < Exact || came < f.At.Add(-atOnce)) {
		return false
	}
	return sent == 0 || f.RST || sent >= f.earliest().Add(-atOnce)
}

// earliest returns the lower bound of a forecast.
func (f *Forecast) earliest() Instant {
	if f.Earliest != 0 {
		return f.Earliest
	}
	return f.At
}
