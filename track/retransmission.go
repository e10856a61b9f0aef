package track

import (
	"math"
	"time"
)

// recovery is what a sender does about its losses, as far as its packets and
// those of its peer show it. The states are those of the kernel, tcpi_ca_state:
// CAOpen, CARecovery, CALoss.
type recovery struct {
	state   uint8
	sacks   bool   // something in flight is selectively acknowledged, up to sacked
	sacker  bool   // the peer sends SACK blocks
	stamped bool   // stamp is known
	proving bool   // there are retransmissions that may yet prove needless
	frto    bool   // of a loss: what arrives may prove the timeout spurious (F-RTO, RFC 5682)
	arrived bool   // of a loss: something has that was sent before it, and never again
	dupacks uint8  // since the last progress; 255: or more
	pending int16  // retransmissions of this recovery, and a loss probe before it, not proven needless
	high    uint32 // where the recovery ends, or the loss probe
	sacked  uint32
	stamp   uint32 // TSval of the recovery's first retransmission
	again   uint32 // what was sent again ends before it

	since     Instant // when the state was entered
	heard     Instant // the last acknowledgement that could have asked for anything
	advanced  Instant // the last that acknowledged more
	delivered Instant // the latest sending of what has arrived (RACK.xmit_ts, RFC 8985 §5.2)
}

// enter begins a recovery with the retransmission s.
func (c *recovery) enter(state uint8, nxt uint32, s *Segment) {
	if c.state == CAOpen {
		c.stamp, c.stamped = s.TSVal, s.HasTS
	}
	c.state, c.high, c.since, c.arrived = state, nxt, s.At, false
}

// advance takes in progress to una.
func (c *recovery) advance(una uint32, at Instant) {
	c.heard, c.advanced, c.dupacks = at, at, 0
	c.sacks = c.sacks && seqLess(una, c.sacked)
}

// settle ends a recovery whose end has been acknowledged. Where something that was
// sent since is taken for lost by then, another begins at once
// (tcp_fastretrans_alert in net/ipv4/tcp_input.c).
func (h *half) settle(at Instant) {
	c := &h.recovery
	if c.pending == 0 || seqLess(h.una, c.high) {
		return
	}
	if c.state != CAOpen {
		if lost, resent := h.lost(); lost {
			c.state, c.high, c.since, c.pending = CARecovery, h.nxt, at, max(resent, 1)
			return
		}
	}
	c.state, c.pending = CAOpen, 0
}

// lost reports whether anything in flight is taken for lost, by RACK or as it was sent
// again (tcp_time_to_recover), and how much of it was.
func (h *half) lost() (lost bool, resent int16) {
	for i := range h.sends.n {
		switch t := h.sends.at(i); {
		case t.sacked:
		case t.again > 0:
			lost, resent = true, resent+1
		case t.last < h.recovery.delivered:
			lost = true
		}
	}
	return lost, resent
}

// selective takes in SACK blocks of what is in flight.
func (h *half) selective(s *Segment) {
	c := &h.recovery
	c.sacker = true
	for _, b := range s.SACK[:min(int(s.NSACK), len(s.SACK))] {
		if !seqLess(b.Left, b.Right) || seqLess(h.nxt, b.Right) || seqLess(b.Left, h.una) {
			continue
		}
		if !c.sacks || seqLess(c.sacked, b.Right) {
			c.sacks, c.sacked = true, b.Right
			c.heard = s.At
		}
		k, _ := h.sends.find(b.Left)
		for ; k < h.sends.n; k++ {
			t := h.sends.at(k)
			if seqLess(b.Right, t.end) {
				break
			}
			if seqLessEq(b.Left, t.seq) && !t.sacked {
				h.deliver(t, s.At)
				t.sacked = true
				c.heard = s.At
			}
		}
	}
}

// deliver takes in that t has arrived. Of what was sent twice the copy that did
// is the last, unless that is sooner than anything ever came back.
func (h *half) deliver(t *transmission, at Instant) {
	if c := &h.recovery; c.state == CALoss && t.again == 0 && !t.sacked && seqLessEq(t.end, c.high) {
		c.arrived = true
	}
	took := at.Sub(t.last)
	if t.again == 0 && (h.rtt.least == 0 || took < h.rtt.least) {
		h.rtt.least = max(took, 1)
	}
	if took+max(stampNoise, h.rtt.least/32) >= h.rtt.least {
		h.recovery.delivered = max(h.recovery.delivered, t.last)
	}
}

// stampNoise is by how much less time a capture may see go by than the kernel, which
// stamps what it sends earlier, and what it receives later; on a long path more.
const stampNoise = 20 * time.Microsecond

// retransmit says what the retransmission s is. sent is the earlier
// transmission of its first byte, nil if that was not seen.
func (h *half) retransmit(s *Segment, sent *transmission, peer *half, r *reading) {
	r.Class, r.Nth = ClassRetransmission, 1
	if sent != nil {
		r.Nth = int(sent.again) + 1
		r.Interval = s.At.Sub(sent.last)
		if sent.first != 0 {
			r.SinceFirst = s.At.Sub(sent.first)
		}
		if sent.interval > 0 {
			r.Ratio = float64(r.Interval) / float64(sent.interval)
		}
	}
	r.Spurious = h.has(s)
	r.Kind = h.kind(s, sent, peer, r)

	c := &h.recovery
	switch r.Kind {
	case KindRTO:
		c.frto = c.state == CAOpen || c.state == CALoss && c.advanced <= c.since
		c.enter(CALoss, h.nxt, s)
	case KindFast:
		if c.state != CARecovery {
			c.enter(CARecovery, h.nxt, s)
		}
	case KindSlowStart:
		if c.state != CALoss {
			c.enter(CALoss, h.nxt, s)
		}
	case KindTLP:
		c.pending, c.high = 1, h.nxt
	}
	if c.state != CAOpen {
		c.pending = min(c.pending, math.MaxInt16-1) + 1
	}
	h.remember(s, r.Kind)
}

// has reports whether the peer has acknowledged all of s.
func (h *half) has(s *Segment) bool {
	if !h.heard {
		return false
	}
	seq, end := s.Seq, s.End()
	if seqLess(seq, h.una) {
		seq = h.una
	}
	for seqLess(seq, end) {
		i, ok := h.sends.find(seq)
		if !ok || !h.sends.at(i).sacked {
			return false
		}
		seq = h.sends.at(i).end
	}
	return true
}

// kind tells why s was sent again. A timer sends when nothing else would have: it
// resends the first unacknowledged segment (RTO, net/ipv4/tcp_timer.c) or once a
// flight the last one (TLP, tcp_send_loss_probe in net/ipv4/tcp_output.c). All
// else answers acknowledgements.
func (h *half) kind(s *Segment, sent *transmission, peer *half, r *reading) Kind {
	c := &h.recovery
	switch {
	case r.told != KindUnknown:
		return r.told
	case s.Flags.Has(SYN):
		return KindRTO
	}
	again := sent != nil && sent.again > 0
	first := !h.heard || seqLessEq(s.Seq, h.una) // the sender may have missed the last acknowledgements
	timer := h.timer(s, sent, peer, r.Spurious)

	switch {
	case r.Spurious && sent == nil:
		return KindSpurious
	case c.state != CAOpen && first && timer:
		return KindRTO
	case c.state == CALoss && again && c.since <= sent.last && sent.last < c.delivered:
		return KindFast // what answered the timeout was lost, too (FLAG_LOST_RETRANS)
	case c.state == CALoss:
		return KindSlowStart
	case c.state == CARecovery:
		return KindFast
	}

	passed := c.sacks && seqLess(s.End(), c.sacked) || sent != nil && sent.last < c.delivered
	asked := passed || !c.sacker && c.dupacks > 0
	switch {
	case h.syn && sent != nil && sent.seq == h.base:
		return KindSlowStart // data of a SYN, which the SYN-ACK left out (tcp_rcv_fastopen_synack)
	case asked && !(first && timer):
		return KindFast
	case h.last(s) && !again && !h.syn && h.rtt.smooth == 0:
		return KindUnknown
	case h.last(s) && h.probes(sent, peer, r):
		return KindTLP
	case !h.heard && !h.last(s) && !(again && r.Ratio > 1.5):
		return KindUnknown
	case first && timer:
		return KindRTO
	case r.Spurious:
		return KindSpurious
	}
	return KindUnknown
}

// last reports whether s is the last segment of what was sent, and no more.
func (h *half) last(s *Segment) bool {
	if s.End() != h.nxt {
		return false
	}
	if h.sends.n > 0 {
		return seqLessEq(h.sends.newest().seq, s.Seq)
	}
	return h.sends.past == 0 || seqLessEq(h.sends.at(-1).seq, s.Seq)
}

// selects reports whether the peer sends SACKs: known from the SYNs, else supposed
// where there are timestamps or SACKs.
func (h *half) selects(peer *half) bool {
	if h.syn && peer.syn {
		return h.sackOK && peer.sackOK
	}
	return h.recovery.sacker || h.stamped
}

// probes reports whether s, the last segment, can be a loss probe: those need
// SACK, come once a flight, and not later than an RTO would, whose least a route may
// set (RTAX_RTO_MIN; to a second, where one does).
func (h *half) probes(sent *transmission, peer *half, r *reading) bool {
	return h.selects(peer) && sent != nil && sent.again == 0 && r.Interval >= soonest &&
		(h.rtt.smooth == 0 || r.Interval < max(2*(h.roundTrip(peer)+h.rtt.slack())+rtoMin, routeRTO))
}

// routeRTO is the RTO on a route with a least of one second, and what the timer
// wheel may add to it.
const routeRTO = time.Second + time.Second/8

// roundTrip returns the whole round trip that the sender measures: the way from
// the capture to the peer and back, and the way to the sender itself and back.
func (h *half) roundTrip(peer *half) time.Duration { return h.rtt.smooth + peer.rtt.least }

// soonest is what no timer of the kernel's comes before: two ticks
// (TCP_TIMEOUT_MIN in include/net/tcp.h) at 1000 a second.
const soonest = 2 * time.Millisecond

// timer reports whether only a timer can have sent s: since its last transmission
// nothing was heard that could have, or for longer than a round trip, while the time
// of an RTO went by without progress (tcp_rearm_rto in net/ipv4/tcp_input.c), or since
// that transmission, from which RACK's timer leaves the rest to run. What was
// sent again is lost again only when something sent later has arrived
// (RFC 8985 §6.2), or by a timeout. If s is needless, the sender did not hear what
// came since.
func (h *half) timer(s *Segment, sent *transmission, peer *half, needless bool) bool {
	c := &h.recovery
	heard, began := c.heard, c.advanced
	trip := h.roundTrip(peer)
	rto := trip + h.rtt.slack()*4/5
	if sent != nil {
		least := h.rtt.least + peer.rtt.least
		if s.At.Sub(sent.last) < max(soonest, least) {
			return false
		}
		timedOut := c.state == CALoss && sent.last < c.since
		if c.heard <= sent.last || sent.again > 0 && c.delivered < sent.last && !timedOut {
			return true
		}
		if s.At.Sub(sent.last) >= rto && s.At.Sub(began) >= rto/2 && s.At.Sub(heard) >= max(least/3, unpaced) {
			return true
		}
		began = max(began, sent.last)
		if needless {
			heard, began = sent.last, sent.last
		}
	}
	return s.At.Sub(heard) >= trip*5/4 && s.At.Sub(began) >= rto
}

// unpaced is longer than pacing puts off what was asked for, on a short path; on a
// longer one some part of its round trip is.
const unpaced = 8 * time.Millisecond
