package track

import "time"

// probe is a run of keepalive or zero-window probes.
type probe struct {
	at       Instant // of the last; zero: none
	interval time.Duration
	nth      int
	class    Class
	pending  bool // not answered yet
}

// probed takes in a probe. Keepalive probes are counted while they stay
// unanswered, window probes until the window opens: their backoff goes on.
func (h *half) probed(s *Segment, class Class, r *reading) {
	p := &h.probe
	if !h.probing || p.class != class {
		h.probing, *p = true, probe{class: class}
	}
	if class == ClassKeepalive && !p.pending {
		p.nth = 0
	}
	p.nth++
	r.Class, r.Nth = class, p.nth
	if p.at != 0 {
		r.Interval = s.At.Sub(p.at)
		if p.nth > 2 && p.interval > 0 {
			r.Ratio = float64(r.Interval) / float64(p.interval)
		}
	}
	p.at, p.interval, p.pending = s.At, r.Interval, true
}

// answered takes in the peer's answer to a probe and returns its class.
func (h *half) answered(s *Segment) Class {
	p := &h.probe
	p.pending = false
	switch {
	case p.class == ClassKeepalive:
		return ClassKeepaliveAck
	case s.Window == 0:
		return ClassWindowProbeAck
	}
	h.probing = false
	return ClassWindowUpdate
}

// isWindowProbe reports whether s, sent against a window of zero, is a probe with
// a byte of data: the next one, which the peer will not take.
func (h *half) isWindowProbe(s *Segment) bool {
	return s.Len == 1 && s.Flags&(SYN|FIN) == 0 && (s.Seq == h.nxt || s.Seq == h.nxt-1 && h.una == h.nxt)
}

// keepaliveIdle is how long a connection rests at the least before a keepalive
// probe: the shortest time that TCP_KEEPIDLE takes.
const keepaliveIdle = time.Second

// isKeepalive reports whether s is a probe with one byte that was acknowledged
// long ago. A retransmission of a single byte comes sooner.
func (h *half) isKeepalive(s *Segment, sent *transmission) bool {
	if s.Len != 1 || s.Flags&(SYN|FIN) != 0 || s.Seq != h.nxt-1 || h.una != h.nxt || !h.heard {
		return false
	}
	return h.probing || sent == nil || sent.end-sent.seq != 1 || s.At.Sub(sent.last) >= keepaliveIdle*9/10
}
