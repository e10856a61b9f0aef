package lab

import (
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Now returns the present moment of CLOCK_MONOTONIC.
func Now() track.Instant {
	var t unix.Timespec
	// Fails for no clock that the kernel has.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return track.Instant(t.Nano())
}
