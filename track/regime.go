package track

// scene is all that a forecast is made of.
type scene struct {
	s       *Socket
	m       *Memory
	w       wheel
	rules   rules
	c       Coverage
	trouble trouble // the zero value where there is none
}

func newScene(s *Socket, m *Memory, o *Options, l *Limits, c Coverage) scene {
	sc := scene{s: s, m: m, w: newWheel(l), rules: rulesFor(o, l), c: c}
	if m.trouble != nil {
		sc.trouble = *m.trouble
	}
	return sc
}

// prospect is how a socket stands: what is pending, and what it leads to.
type prospect struct {
	// start sets out on the course of events; nil: there is none to come.
	start   func(lean) (countdown, stepper)
	cause   Cause     // where there is no course
	most    Exactness // the forecast is at most
	open    bool      // death may come at any fire: what began it all is not known
	errno   string
	rst     bool
	assumes []string
}

func (p *prospect) assume(what string) { p.assumes = append(p.assumes, what) }

// atMost lowers what the forecast is worth.
func (p *prospect) atMost(e Exactness, why string) {
	p.most = min(p.most, e)
	if why != "" {
		p.assume(why)
	}
}

const etimedout = "ETIMEDOUT"

// classify tells which of the kernel's timers has the socket's life in its hand.
func (sc *scene) classify() prospect {
	s, i := sc.s, &sc.s.Info
	switch {
	case s.Timer == TimerTimewait || s.State == TimeWait:
		return sc.minisock()
	case s.State == NewSynRecv || s.State == SynRecv && i.Size == 0:
		return sc.request()
	case sc.m.cleared > s.At:
		// Acknowledged since the row was read. The next one tells what is left.
		return prospect{cause: CauseNone, most: Conditional}
	case s.Timer == TimerOff && sc.m.fired > s.At, s.firing(TimerOff):
		return prospect{cause: CauseNone, most: ExactnessUnknown} // a timer has been set and has fired since
	}
	switch s.Timer {
	case TimerOn:
		switch {
		case s.State == SynSent:
			return sc.synSent()
		case s.State == SynRecv:
			return sc.fastOpen()
		case i.Has(InfoSndWnd) && i.SndWnd == 0 && !sc.orphan():
			return sc.shrunk()
		}
		return sc.unacknowledged()
	case TimerPersist:
		return sc.persist()
	case TimerKeepalive:
		if s.State == FinWait2 && sc.orphan() {
			return sc.finWait2()
		}
		return sc.keepalive()
	}
	return prospect{cause: CauseNone, most: Exact}
}

// ahead reports whether packets have already shown, at the given moment, what
// the timer does that the row still has pending. It is foretold from the row all
// the same: the row tells what is to follow, and the packet does not.
func (sc *scene) ahead(at Instant) bool {
	return at > sc.s.At || sc.m.timer.expiry != 0 && at >= sc.m.timer.expiry
}

// orphan reports whether no program holds the socket. One that waits to be
// accepted has no inode either, and is none.
func (sc *scene) orphan() bool {
	switch sc.s.State {
	case FinWait1, FinWait2, Closing, LastAck:
		return sc.s.Inode == 0
	}
	return false
}

// pending returns the timer that runs now, which was set to run for delta
// jiffies.
func (sc *scene) pending(delta int64, callback bool) countdown {
	return countdown{expires: sc.w.at(sc.m.timer.expiry), delta: delta, callback: callback}
}

// read returns the jiffy in which the kernel wrote the row. The moment of the row
// is a little later; the timer, read again and again, tells it to the jiffy.
func (sc *scene) read() int64 {
	at := sc.w.at(sc.s.At)
	if sc.s.Expires > 0 && sc.s.Timer == sc.m.timer.is.timer {
		at = min(at, sc.w.at(sc.m.timer.expiry)-sc.w.round(sc.s.Expires))
	}
	return at
}

// ran returns what the pending timer had to run when it was set, by when rows
// first showed it; it was at most the given length.
func (sc *scene) ran(most int64, n lean) int64 {
	t := &sc.m.timer
	expires := sc.w.at(t.expiry)
	if fired := sc.m.fired; fired > t.before && fired <= t.first {
		return min(most, expires-sc.w.at(fired)) // the fire before has set it
	}
	shortest := max(expires-sc.w.at(t.first), 0)
	if n == early {
		return min(shortest, most)
	}
	if t.before != 0 {
		most = min(most, expires-sc.w.at(t.before))
	}
	return max(most, shortest)
}
