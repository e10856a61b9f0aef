package track

// keepaliveFires is the keepalive timer of an idle connection
// (net/ipv4/tcp_timer.c, tcp_keepalive_timer).
type keepaliveFires struct {
	w     wheel
	rules *rules

	probes int
	heard  int64 // jiffy of the peer's last word
}

func (f *keepaliveFires) fire(t fired) step {
	r := f.rules
	s := step{kind: FireKeepalive, cause: CauseKeepalive}
	silent, idle := t.jiffy-f.heard, f.w.ceil(r.keepIdle)
	if silent < idle {
		s.next = idle - silent
		s.mute = true
		return s
	}
	if r.userTimeout > 0 {
		s.dead = f.probes > 0 && silent >= f.w.ceil(r.userTimeout)
		if s.dead {
			s.cause = CauseUserTimeout
		}
	} else {
		s.dead = f.probes >= r.keepCnt
	}
	f.probes++
	s.next = f.w.ceil(r.keepIntvl)
	if r.userTimeout > 0 {
		s.alike = r.userTimeout - f.w.duration(silent)
	}
	return s
}
