package track

import "time"

// rtoFires is the retransmission timer of a socket with data or a FIN in flight
// (net/ipv4/tcp_timer.c, tcp_retransmit_timer and tcp_write_timeout), and the
// loss probe before it.
type rtoFires struct {
	w     wheel
	rules *rules

	orphan bool // no program holds the socket
	soft   bool // an ICMP error has come
	probe  bool // the loss probe comes first
	local  bool // the sender's own queue drops what is sent
	thin   bool // no backoff for the first retransmissions
	steady bool // none at all: an ICMP error takes it back each time

	retransmits int
	rto, base   int64     // now, and without backoff
	stamp       stopwatch // from the first fast or RTO retransmission on
}

func (f *rtoFires) fire(t fired) step {
	if f.probe {
		f.probe = false
		return step{kind: FireTLP, next: f.rto}
	}
	longest := f.w.ceil(f.rules.rtoMax)
	limit, cause := f.limit(f.rto < longest)
	s := step{kind: FireRTO, cause: cause}
	if f.retransmits > 0 {
		s.compared, s.over = true, f.stamp.beyond(t.at, limit)
		if s.over >= 0 {
			s.dead = true
			return s
		}
	}
	f.retransmits++
	f.stamp.begin(t.at)
	switch {
	case f.local:
		s.next = f.w.round(f.rules.localRetry(f.w.duration(f.rto)))
		s.alike = f.stamp.left(t.at, limit)
		return s
	case f.steady:
		s.next = f.rto - 1 // less the time since it was sent, rounded up
		s.alike = f.stamp.left(t.at, limit)
		return s
	case f.thin && f.retransmits <= thinRetries:
		f.rto = f.base
	default:
		f.rto = min(2*f.rto, longest)
	}
	s.next = f.rto
	if ut := f.rules.userTimeout; ut > 0 {
		s.next = f.w.clamp(f.rto, f.stamp.left(t.at, ut))
	}
	return s
}

// limit returns how long after the stamp the kernel gives up, and what says so.
func (f *rtoFires) limit(alive bool) (time.Duration, Cause) {
	r := f.rules
	switch {
	case r.userTimeout > 0:
		return r.userTimeout, CauseUserTimeout
	case f.orphan:
		return modelTimeout(r.orphanLimit(alive, f.soft), rtoBase, r.rtoMax), CauseOrphanRetries
	}
	return modelTimeout(r.retries2, rtoBase, r.rtoMax), CauseRetries2
}

// shrunkFires is the same timer while the peer announces a window of zero for
// data that is in flight: retransmissions are window probes then.
type shrunkFires struct {
	w     wheel
	rules *rules

	rto, base int64
	thin      bool
	stamp     stopwatch // from the first retransmission on
	sent      Instant   // when the oldest data was sent last
	heard     int64     // jiffy of the peer's last ACK
}

func (f *shrunkFires) fire(t fired) step {
	since := f.stamp
	since.begin(f.sent)
	s := step{kind: FireRTO, cause: CauseShrunkWindow}
	elapsed := since.beyond(t.at, 0)
	limit, byUser := f.rules.shrunkLimit()
	silent := f.w.duration(t.expires - f.heard)
	switch {
	case byUser > 0 && elapsed > byUser:
		s.dead, s.cause = true, CauseUserTimeout
	case f.rules.shrunkByAck():
		s.dead = f.w.duration(t.jiffy-f.heard) > limit
	default:
		s.dead = silent > limit && elapsed > limit
		if byUser > 0 && byUser < 2*f.rules.rtoMax {
			s.cause = CauseUserTimeout
		}
	}
	if s.dead {
		return s
	}
	f.stamp.begin(t.at)
	if f.thin {
		f.rto = f.base
		s.alike = limit - max(elapsed, silent)
	} else {
		f.rto = min(2*f.rto, f.w.ceil(f.rules.rtoMax))
	}
	s.next = f.rto
	if byUser > 0 {
		s.next = f.w.clamp(f.rto, f.stamp.left(t.at, byUser))
	}
	return s
}
