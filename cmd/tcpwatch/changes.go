package main

import (
	"slices"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// keyframeInterval is how often a walk of the socket table is told in full.
const keyframeInterval = time.Minute

// steady is by how much two readings of a timer's expiry may differ that was not
// set anew.
const steady = 20 * time.Millisecond

// changes keeps of whole walks of the socket table only what they say that is
// new: most sockets are at rest, there may be very many, and what is applied is
// what is recorded.
type changes struct {
	told map[uint64]lastTold // by cookie
	walk uint64
	due  track.Instant // of the next walk that is told in full
}

// lastTold is what was last told of a socket.
type lastTold struct {
	rest
	expiry track.Instant // of its timer
	walk   uint64        // the last that had it
	missed int           // walks in a row that had it not
}

// rest is what does not change while a socket is at rest. The zero value is one
// that is not.
type rest struct {
	state           track.State
	timer           track.Timer
	sight           track.Sight
	uid, inode      uint32
	segsIn, segsOut uint32
	rto             time.Duration
}

// hasSegs is the size of struct tcp_info from which on it counts segments (4.2).
const hasSegs = 144

// restOf returns the rest that a socket is at: with nothing in its queues, none
// of its timers about to fire, and every segment that comes or goes counted.
func restOf(s *track.Socket) rest {
	i := &s.Info
	switch {
	case s.State == track.TimeWait && s.Timer == track.TimerTimewait && s.Expires > 0:
	case s.State != track.Established && s.State != track.CloseWait, !i.Has(hasSegs),
		s.RecvQ > 0, s.SendQ > 0, i.Unacked > 0, s.Retransmits > 0, i.Probes > 0:
		return rest{}
	case s.Timer == track.TimerOff, s.Timer == track.TimerKeepalive && s.Expires > 0:
	default:
		return rest{}
	}
	return rest{state: s.State, timer: s.Timer, sight: s.Sight, uid: s.UID, inode: s.Inode,
		segsIn: i.SegsIn, segsOut: i.SegsOut, rto: i.RTO}
}

// see takes in the answer to a question for single sockets, which is told whole. Of
// those that were absent the walks still have to tell.
func (c *changes) see(d *track.Dump) {
	for i := range d.Sockets {
		c.news(&d.Sockets[i])
	}
}

// leaveOut makes of a whole walk what it tells that is new. kept says which of the
// walk's rows are in d, and is corrected. Now and then, and where it is wanted,
// everything is told, which leaveOut reports.
func (c *changes) leaveOut(d *track.Dump, kept []bool, wanted bool) (keyframe bool) {
	keyframe = wanted || d.Ended >= c.due
	if keyframe {
		c.due = d.Ended.Add(keyframeInterval)
	}
	if c.told == nil {
		c.told = make(map[uint64]lastTold, len(d.Sockets))
	}
	c.walk++
	row, left := 0, 0
	for i, in := range kept {
		if !in {
			continue
		}
		s := &d.Sockets[row]
		row++
		if kept[i] = c.news(s) || keyframe; kept[i] {
			d.Sockets[left] = *s
			left++
		}
	}
	d.Sockets = d.Sockets[:left]
	d.Full, d.Changes, d.Missed = false, true, c.missed(d.Missed[:0])
	return keyframe
}

// news takes in a row, and reports whether it says anything that the last one
// did not.
func (c *changes) news(s *track.Socket) bool {
	before := c.told[s.Cookie]
	now := lastTold{rest: restOf(s), expiry: s.At.Add(s.Expires), walk: c.walk}
	c.told[s.Cookie] = now
	return now.rest == rest{} || now.rest != before.rest ||
		s.Timer != track.TimerOff && now.expiry.Sub(before.expiry).Abs() > steady
}

// missed appends the cookies of those that the walk had not. After the third walk
// in a row nobody waits for them any more.
func (c *changes) missed(cookies []uint64) []uint64 {
	for cookie, t := range c.told {
		if t.walk == c.walk {
			continue
		}
		cookies = append(cookies, cookie)
		if t.missed++; t.missed > 2 {
			delete(c.told, cookie)
		} else {
			c.told[cookie] = t
		}
	}
	slices.Sort(cookies)
	return cookies
}
