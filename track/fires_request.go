package track

// requestFires is the timer of a request socket: a SYN was answered, and the
// answer not (net/ipv4/inet_connection_sock.c, reqsk_timer_handler).
type requestFires struct {
	w     wheel
	rules *rules

	timeouts int
	most     int
	held     bool // TCP_DEFER_ACCEPT: the peer has acknowledged, data is awaited
	deferred int  // how many timeouts it is held for
}

func (f *requestFires) fire(t fired) step {
	s := step{kind: FireSynack, cause: CauseSynackRetries}
	if f.timeouts >= f.most && (!f.held || f.timeouts >= f.deferred) {
		s.dead = true
		return s
	}
	f.timeouts++
	s.next = f.interval()
	return s
}

// interval returns how long the timer runs now (tcp_reqsk_timeout), in jiffies.
func (f *requestFires) interval() int64 {
	return min(f.w.ceil(synBase)<<min(f.timeouts, 20), f.w.ceil(f.rules.rtoMax))
}
