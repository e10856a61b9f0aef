package track

import "time"

// What follows is all that the forecasts know of differences between kernels.
// Counts and lengths that a kernel has no sysctl for come with [Limits] already.

// localRetry returns after how long a retransmission is tried again that the
// sender's own queue has dropped (5.1: 500 ms flat).
func (r *rules) localRetry(rto time.Duration) time.Duration {
	if r.release.AtLeast(5, 1) {
		return probeLocal
	}
	return min(rto, probeLocal)
}

// shrunkLimit returns how long a peer may be silent that has taken its window
// back, and the user timeout if it counts there (6.10).
func (r *rules) shrunkLimit() (limit, byUser time.Duration) {
	limit = 2 * r.rtoMax
	if r.shrunkByAck() {
		limit = r.rtoMax
	}
	if r.userTimeout > 0 && r.release.AtLeast(6, 10) {
		byUser = r.userTimeout
		limit = min(limit, byUser)
	}
	return limit, byUser
}

// shrunkByAck reports whether only the time since the last ACK counts there
// (before 6.6).
func (r *rules) shrunkByAck() bool { return !r.release.AtLeast(6, 6) }

// probeTimed reports whether a user timeout ends window probes by the clock, from
// the first of them on (5.11, and 5.10.11), rather than by their number.
func (r *rules) probeTimed() bool { return r.release.AtLeast(5, 10) }
