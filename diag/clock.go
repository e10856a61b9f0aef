package diag

import (
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Now returns the present moment of the session clock, CLOCK_MONOTONIC.
func Now() track.Instant {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("diag: CLOCK_MONOTONIC is missing: " + err.Error()) // no Linux is without
	}
	return track.Instant(ts.Nano())
}
