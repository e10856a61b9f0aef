package track

import "time"

// Instant is a moment on the session clock: nanoseconds of CLOCK_MONOTONIC on
// the machine that recorded the session, or nanoseconds since 1970 for a plain
// capture, which knows no other clock. Zero means unknown.
type Instant int64

// Add returns the moment d after i.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

// ClockPair ties the session clock to the wall clock. It is recorded at the
// start of a session and whenever the offset between the two changes.
type ClockPair struct {
	At   Instant
	Wall int64 // nanoseconds since 1970, UTC
}

// Time returns the wall time of i by this pair.
func (c ClockPair) Time(i Instant) time.Time {
	return time.Unix(0, c.Wall+int64(i-c.At)).UTC()
}
