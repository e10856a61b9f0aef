package track

// lastFires is a timer that ends the socket when it fires: of TIME_WAIT, and of
// FIN_WAIT2 without a program. Over a minute of FIN_WAIT2 is cut in two: the time
// beyond the minute is waited twice (net/ipv4/tcp_timer.c, tcp_keepalive_timer).
type lastFires struct {
	cause Cause
	again int64 // jiffies that are waited once more
}

func (f *lastFires) fire(t fired) step {
	if f.again > 0 {
		next := f.again
		f.again = 0
		return step{cause: f.cause, next: next, mute: true}
	}
	return step{cause: f.cause, dead: true}
}
