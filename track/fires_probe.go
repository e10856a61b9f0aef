package track

// probeFires is the persist timer (net/ipv4/tcp_timer.c, tcp_probe_timer): it
// probes a window of zero, or sends again what failed on this host at first.
type probeFires struct {
	w     wheel
	rules *rules

	orphan   bool
	answered bool // the peer answers each probe
	local    bool // this host's own queue drops what is sent
	failed   bool // the window is open: what is sent fails on this host

	probes, backoff int
	base            int64 // the first interval
	rto             int64
	rtt             int64     // until an answer comes
	first           stopwatch // from the first fire on
}

func (f *probeFires) fire(t fired) step {
	r := f.rules
	s := step{kind: FireProbe, cause: CauseZeroWindow}
	if f.failed {
		s.cause = CauseLocalDrop
	}
	limit := r.userTimeout
	if !r.probeTimed() {
		limit = 0
	}
	if f.first.start != 0 && limit > 0 {
		s.compared, s.over = true, f.first.beyond(t.at, limit)
		if s.over >= 0 {
			s.dead, s.cause = true, CauseUserTimeout
			return s
		}
	}
	f.first.begin(t.at)
	longest := f.w.ceil(r.rtoMax)
	most := r.retries2
	if f.orphan {
		alive := min(f.rto<<f.backoff, longest) < longest
		most = r.orphanLimit(alive, false)
		s.cause = CauseOrphanRetries
		if !alive && f.backoff >= most {
			s.dead = true
			return s
		}
	}
	if f.probes >= most {
		s.dead = true
		return s
	}
	f.probes++
	if f.local {
		s.next = f.w.round(probeLocal)
	} else {
		if f.backoff < r.retries2 {
			f.backoff++
		}
		s.next = min(f.base<<min(f.backoff, probeBackoffs), longest)
	}
	if f.answered {
		f.probes, s.pause = 0, max(f.rtt, 1)
		if limit > 0 && !f.orphan {
			s.alike = f.first.left(t.at, limit)
		}
	}
	if limit > 0 {
		// tcp_clamp_probe0_to_user_timeout; TCP_TIMEOUT_MIN is two jiffies.
		s.next = max(f.w.clamp(s.next, f.first.left(t.at, limit)-f.w.duration(s.pause)), 2)
	}
	return s
}
