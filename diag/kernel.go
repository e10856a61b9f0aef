package diag

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// hz returns how often a second the kernel's timers tick, which is how finely
// its coarse clock goes; 0 where it can't be told.
func hz() int {
	var ts unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &ts); err != nil || ts.Nano() <= 0 {
		return 0
	}
	tick := time.Duration(ts.Nano())
	return int((time.Second + tick/2) / tick)
}

// release returns the running kernel's release, zero where it is not told.
func release() track.Release {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return track.Release{}
	}
	return parseRelease(unix.ByteSliceToString(u.Release[:]))
}

// parseRelease reads "6.18.44-generic" or "6.18-rc1".
func parseRelease(s string) track.Release {
	major, rest, _ := strings.Cut(s, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(rest[:end])
	if err1 != nil || err2 != nil {
		return track.Release{}
	}
	return track.Release{Major: a, Minor: b}
}
