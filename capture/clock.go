package capture

import (
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// clock turns the realtime stamps of frames into moments on the session clock.
// Both clocks are slewed alike (kernel/time/timekeeping.c), so their offset only
// changes when realtime is set, or the machine slept.
type clock struct {
	offset  int64 // realtime − monotonic, in nanoseconds
	before  int64 // the offset that was replaced by this one
	known   bool
	changed bool // there is an offset before
}

// clockNoise is how far two readings of the offset may differ by chance.
const clockNoise = int64(time.Millisecond)

// set takes a reading of both clocks. It reports whether the offset is new.
func (c *clock) set(monotonic, wall int64) bool {
	offset := wall - monotonic
	switch {
	case !c.known:
		c.offset, c.known = offset, true
		return true
	case offset-c.offset > clockNoise || c.offset-offset > clockNoise:
		c.before, c.offset, c.changed = c.offset, offset, true
		return true
	}
	return false
}

// at returns the moment of a stamp that was taken before now. Around a step it
// is not told by which offset the stamp was taken; the wrong one puts it into
// the future, or further into the past than the right one.
func (c *clock) at(wall int64, now track.Instant) track.Instant {
	i := track.Instant(wall - c.offset)
	if c.changed {
		j, latest := track.Instant(wall-c.before), now+track.Instant(clockNoise)
		if i > latest || j <= latest && j > i {
			i = j
		}
	}
	return min(i, now)
}
