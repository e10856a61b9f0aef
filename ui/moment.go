package ui

import (
	"slices"
	"sort"

	"github.com/tcpwatch/tcpwatch/track"
)

// asOf returns c as it stood at a moment of its past, and whether its state at
// that moment was kept. What was not kept is left out of the copy.
func asOf(c *track.Conn, at track.Instant) (*track.Conn, bool) {
	past := *c
	past.Last = min(c.Last, at)
	past.Timeline = c.Timeline[:sort.Search(len(c.Timeline), func(i int) bool { return c.Timeline[i].At > at })]
	past.Moments = c.Moments[:sort.Search(len(c.Moments), func(i int) bool { return c.Moments[i].At > at })]
	past.Retransmissions = 0
	for i := range past.Timeline {
		if past.Timeline[i].Finding.Class == track.ClassRetransmission {
			past.Retransmissions++
		}
	}
	if c.Gone != nil && c.Gone.At > at {
		past.Gone = nil
	}
	if c.Stall != nil {
		if c.Stall.Since > at {
			past.Stall = nil
		} else {
			stall := *c.Stall
			stall.LastHeard = min(stall.LastHeard, at)
			stall.Rungs = slices.DeleteFunc(slices.Clone(stall.Rungs), func(r track.Rung) bool { return r.At > at })
			past.Stall = &stall
		}
	}
	if past.Stall == nil || c.Verdict.Since > at {
		past.Verdict = track.Verdict{}
	}
	if len(past.Moments) == 0 {
		past.Socket, past.Forecast = nil, track.Forecast{}
		return &past, false
	}
	m := &past.Moments[len(past.Moments)-1]
	past.State = m.State
	past.Forecast = m.Forecast
	past.Forecast.Schedule = slices.DeleteFunc(slices.Clone(m.Forecast.Schedule), func(f track.Fire) bool { return f.At <= at })
	var s track.Socket
	if c.Socket != nil {
		s = *c.Socket
	}
	s.At, s.State, s.RecvQ, s.SendQ = m.At, m.State, m.RecvQ, m.SendQ
	s.Timer, s.Retransmits = m.Timer, m.Retransmits
	s.Expires = max(m.Expires-at.Sub(m.At), 0)
	s.Info.Backoff, s.Info.Probes, s.Info.RTO, s.Info.RTT = m.Backoff, m.Probes, m.RTO, m.RTT
	s.Info.SndCwnd, s.Info.Unacked, s.Info.SndWnd, s.Info.RcvWnd = m.Cwnd, m.Unacked, m.SndWnd, m.RcvWnd
	past.Socket = &s
	return &past, true
}
