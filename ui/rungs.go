package ui

import (
	"strconv"

	"github.com/tcpwatch/tcpwatch/track"
)

// legend says what the ladder shows.
func (d *dashboard) legend(c *track.Conn) string {
	if c.Stall == nil {
		return "nothing waits for an answer; its last packets"
	}
	by := "L linear time"
	if d.linear {
		by = "L logarithmic time"
	}
	s := "● sent"
	seen := map[string]bool{}
	for i := range c.Stall.Rungs {
		r := &c.Stall.Rungs[i]
		if word := rungLegend(r); !seen[word] {
			seen[word] = true
			s += "  " + word
		}
	}
	if c.Gone == nil && len(c.Forecast.Schedule) > 1 {
		s += "  ○ still to come"
	}
	if c.Gone != nil || c.Forecast.At != 0 {
		s += "  † the end"
	}
	return s + "   " + by
}

func rungLegend(r *track.Rung) string {
	switch r.Kind {
	case track.FireTLP:
		return "T loss probe"
	case track.FireProbe:
		return "P window probe"
	case track.FireKeepalive:
		return "K keepalive"
	case track.FireSyn, track.FireSynack:
		return "1, 2… sent again"
	}
	switch r.Resent {
	case track.KindFast, track.KindSlowStart, track.KindSpurious:
		return "F in recovery"
	}
	return "1, 2… RTO"
}

func rungSign(r *track.Rung) string {
	switch {
	case r.Kind == track.FireTLP:
		return "T"
	case r.Kind == track.FireProbe:
		return "P"
	case r.Kind == track.FireKeepalive:
		return "K"
	case r.Kind == track.FireRTO && r.Resent != track.KindRTO && r.Resent != track.KindUnknown:
		return "F"
	}
	return strconv.Itoa(r.Nth)
}

func rungStyle(r *track.Rung) style {
	switch {
	case r.Kind == track.FireTLP:
		return probeStrong
	case r.Kind == track.FireKeepalive, r.Kind == track.FireProbe:
		return accentStrong
	}
	return warnStrong
}

// tick is a packet's sign on a ladder without a stall.
func tick(e *track.Entry) glyph {
	switch e.Finding.Class {
	case track.ClassRetransmission:
		return glyph{'↻', warnStrong}
	case track.ClassReset, track.ClassICMP:
		return glyph{'✗', alarmStrong}
	}
	if e.Out {
		return glyph{'→', normal}
	}
	return glyph{'←', good}
}
