package track

import (
	"math"
	"time"
)

// lean is how that is read which is not known for certain: as is likeliest, or
// so that death comes early, or late.
type lean int8

const (
	likely lean = iota
	early
	late
)

// countdown is a pending timer of the kernel, in jiffies.
type countdown struct {
	expires  int64
	delta    int64 // what it had to run when it was queued: its clamped length
	callback bool  // it was queued inside a timer's callback
}

// fired is the firing of a timer.
type fired struct {
	expires int64   // what it was set to, in jiffies
	jiffy   int64   // when it fires
	at      Instant // the same on the session clock
}

// step is what the kernel does at one firing.
type step struct {
	kind  FireKind
	cause Cause // of death
	dead  bool
	mute  bool  // nothing is sent: the timer is only set again
	next  int64 // jiffies until the timer expires again
	pause int64 // jiffies until it is set again: at once, or as the peer answers

	alike time.Duration // for so long the fires to come do the same, if they come at the same pace

	compared bool          // a time was held against a threshold
	over     time.Duration // how far it was beyond it
}

// stepper is what one kind of timer does, fire by fire.
type stepper interface{ fire(f fired) step }

// life is how a socket ends.
type life struct {
	end    Instant // or never
	cause  Cause
	margin time.Duration // the least by which a threshold was reached or missed
}

// never is an end that does not come.
const never = Instant(math.MaxInt64)

// maxFires are followed one by one; no setting of the kernel's takes more of which
// each is another.
const maxFires = 400

// run follows a timer from fire to fire until the socket's death, and tells tell of
// what comes on the way, the death last.
func (w wheel) run(c countdown, s stepper, tell func(Fire)) life {
	var l life
	var last, pace int64
	for n := range maxFires {
		delta := c.delta
		if c.callback {
			delta-- // the wheel's clock has gone on by then (__run_timers)
		}
		jiffy := w.fires(c.expires, delta)
		at := w.instant(jiffy)
		did := s.fire(fired{expires: c.expires, jiffy: jiffy, at: at})
		if did.compared {
			if near := max(did.over.Abs(), 1); l.margin == 0 || near < l.margin {
				l.margin = near
			}
		}
		if did.dead {
			l.end, l.cause = at, did.cause
			tell(Fire{At: at, Kind: FireDeath})
			return l
		}
		if !did.mute {
			tell(Fire{At: at, Kind: did.kind})
		}
		c = countdown{expires: jiffy + did.pause + did.next, delta: did.next, callback: did.pause == 0}
		if steady := jiffy-last == pace; n >= maxSchedule && steady && pace > 0 {
			// All but the last few of those alike are passed over.
			c.expires += max(w.round(did.alike)/pace-2, 0) * pace
		}
		last, pace = jiffy, jiffy-last
	}
	return life{end: never}
}

// round returns d in jiffies, where d was made from jiffies.
func (w wheel) round(d time.Duration) int64 { return (int64(d)*w.hz + 5e8) / 1e9 }

// ceil returns d, a setting in milliseconds, in jiffies (msecs_to_jiffies).
func (w wheel) ceil(d time.Duration) int64 { return (int64(d)*w.hz + 1e9 - 1) / 1e9 }

// duration returns the length of n jiffies.
func (w wheel) duration(n int64) time.Duration { return time.Duration(n * 1e9 / w.hz) }

// clamp shortens an interval so that a user timeout, of which some time is left,
// is not overslept (tcp_clamp_rto_to_user_timeout).
func (w wheel) clamp(next int64, left time.Duration) int64 {
	if left <= 0 {
		return 1
	}
	return min(next, w.ceil(left))
}
