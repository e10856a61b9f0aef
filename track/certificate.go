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
		cert.Reason = e.reason(cert, at)
	}
	if cert.Reason == Reset {
		p := e.parting()
		cert.ResetBy = p.resetter(e.side)
		if r := p.reset(); r > cert.Alive && r < at {
			cert.At = r
		}
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
	case e.farewell > e.seen && !e.lingered():
		return min(e.farewell, at)
	}
	return e.seen.Add(at.Sub(e.seen) / 2)
}

// reason tells how a connection ended by what was seen of it; sign is the first sign
// of its absence. What the rows and packets leave open stays unknown.
func (e *end) reason(cert *Certificate, sign Instant) Reason {
	p := e.parting()
	switch {
	case e.killed:
		return DestroyedByHand
	case cert.State == TimeWait:
		return Closed
	case e.crossed(sign), e.timedOut(cert.At), e.fired(sign):
		return TimedOut
	case e.before(p.reset()), e.icmp != nil && cert.State == SynSent:
		return Reset
	case cert.State == LastAck && !e.urgent(), p.closing[0] && p.closing[1]:
		return Closed
	}
	return ReasonUnknown
}

// before reports whether something happened, and not after the kernel let go of
// the socket.
func (e *end) before(at Instant) bool {
	return at != 0 && (e.farewell == 0 || at <= e.farewell || e.lingered())
}

// lingered reports whether a minisock in FIN_WAIT2 came after the socket, whatever
// rows have shown of it.
func (e *end) lingered() bool {
	p := e.parting()
	return p.closed[e.side] && !p.closing[1-e.side]
}

// timedOut reports whether a socket that was gone at the given moment has died as
// foretold, and not by a reset.
func (e *end) timedOut(at Instant) bool {
	f := &e.forecast
	if f.At == 0 || at < f.earliest().Add(-lateness) {
		return false
	}
	firm, urgent := f.firm(), e.urgent()
	switch f.Cause {
	case CauseFinTimeout, CauseLinger2, CauseOrphanRetries:
		if !firm && !urgent {
			return false
		}
	default:
		if !urgent {
			return false
		}
	}
	if !firm && at > f.latest().Add(lateness) {
		return false // what it depended on has not come about
	}
	// A reset from the peer, too, ends a socket at once; one from here may be part
	// of the death, or answer the peer when the socket is dead.
	p := e.parting()
	sent, came := p.resets[e.side], p.resets[1-e.side]
	if e.before(came) && came < f.At.Add(-atOnce) {
		return false
	}
	return !e.before(sent) || f.RST || sent >= f.earliest().Add(-atOnce)
}

// crossed reports whether a death was due between the last row and the first sign of
// absence. An answer that came at the same time, too late, has made the forecast
// another since.
func (e *end) crossed(sign Instant) bool {
	if !e.within(e.doom, sign) {
		return false
	}
	for _, reset := range e.parting().resets {
		if e.before(reset) && reset < e.doom.Add(-atOnce) {
			return false
		}
	}
	return true
}

// fired reports whether a socket in trouble was gone when its timer had fired. Where
// its options are not known, it may have been any fire that was the last; but one
// that the peer has answered with a reset was not.
func (e *end) fired(sign Instant) bool {
	fire := e.memory.timer.expiry
	switch {
	case e.row == nil || e.stall == nil || !waiting(e.row) || e.row.State == NewSynRecv:
		return false
	case e.options != nil && e.options.Err == "" || !e.within(fire, sign):
		return false
	}
	p := e.parting()
	sent, came := p.resets[e.side], p.resets[1-e.side]
	return !e.before(came) && (!e.before(sent) || sent >= fire.Add(-atOnce))
}

// within reports whether a moment lies between the last row and the first sign of
// absence, as well as either can be told.
func (e *end) within(at, sign Instant) bool {
	return at != 0 && at >= e.seen.Add(-atOnce) && at <= sign.Add(atOnce)
}

// earliest returns the lower bound of a forecast.
func (f *Forecast) earliest() Instant {
	if f.Earliest != 0 {
		return f.Earliest
	}
	return f.At
}

// latest returns the upper bound of a forecast.
func (f *Forecast) latest() Instant { return max(f.At, f.Latest) }
