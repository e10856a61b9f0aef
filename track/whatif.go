package track

// WhatIf foretells, for c as it stands at now, when and why the kernel would give
// up on it if the limits and its options (nil: not known) were these. Nothing is
// changed by asking. A connection without a socket, or gone, has no forecast.
func (c *Conn) WhatIf(l *Limits, o *Options, now Instant) Forecast {
	if c.Socket == nil || c.Gone != nil {
		return Forecast{}
	}
	trouble := c.Stall != nil && len(c.Stall.Rungs) > 0 || waiting(c.Socket)
	return outlook(c.Socket, &c.memory, o, l, c.Coverage, trouble, now)
}

// outlook is the forecast of a connection, of which trouble tells whether
// something waits for an answer. Of one in calm it holds only if the peer falls
// silent now, whatever timer runs.
func outlook(s *Socket, m *Memory, o *Options, l *Limits, c Coverage, trouble bool, now Instant) Forecast {
	f := GiveUp(s, m, o, l, c, now)
	if f.Cause != CauseNone && f.Exactness > Conditional && s.Timer == TimerOn && !trouble {
		f.Exactness = Conditional
	}
	return f
}
