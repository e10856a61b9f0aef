package track

// resent is a retransmission that may yet prove needless.
type resent struct {
	Frame    uint64
	At       Instant
	Seq, End uint32 // as on the wire
	Kind     Kind

	tsval   uint32
	stamped bool
}

// maxResent bounds how many retransmissions of a half wait for a proof.
const maxResent = 16

// remember keeps the retransmission s, and forgets the oldest for it.
func (h *half) remember(s *Segment, k Kind) {
	if len(h.resent) == maxResent {
		h.resent = h.resent[:copy(h.resent, h.resent[1:])]
	}
	if end := s.End(); !h.recovery.proving || seqLess(h.recovery.again, end) {
		h.recovery.proving, h.recovery.again = true, end
	}
	h.resent = append(h.resent, resent{s.Frame, s.At, s.Seq, s.End(), k, s.TSVal, s.HasTS})
}

// reportsDuplicate reports whether the first SACK block of s tells of data that
// came twice (RFC 2883 §4): it lies below the acknowledgement, or in the second.
func reportsDuplicate(s *Segment) bool {
	if s.NSACK == 0 {
		return false
	}
	d := s.SACK[0]
	if seqLess(d.Left, s.Ack) {
		return true
	}
	return s.NSACK > 1 && seqLessEq(s.SACK[1].Left, d.Left) && seqLessEq(d.Right, s.SACK[1].Right)
}

// prove finds which retransmissions the peer's segment s proves needless: by
// reporting the data as duplicate, or by echoing a timestamp older than the
// retransmission while it acknowledges what that began with (RFC 3522; una is
// what had been acknowledged before), or where there are no timestamps by
// acknowledging after a timeout what was sent before it, and never again, and would
// have been reported in a SACK. The sender, learning the same, may end its recovery
// at once (tcp_may_undo and tcp_process_loss in net/ipv4/tcp_input.c).
func (h *half) prove(s *Segment, peer *half, una uint32, r *reading) {
	c := &h.recovery
	if reportsDuplicate(s) {
		d := s.SACK[0]
		for i, t := range h.resent {
			if seqLessEq(d.Left, t.Seq) && seqLessEq(t.End, d.Right) || seqLessEq(t.Seq, d.Left) && seqLessEq(d.Right, t.End) {
				h.proven(i, r)
				c.pending = max(c.pending, 1) - 1
				break
			}
		}
	}
	if r.Advanced && s.HasTS && seqLess(una, c.again) {
		for i := len(h.resent) - 1; i >= 0; i-- {
			t := &h.resent[i]
			if t.stamped && t.Seq == una && seqLessEq(t.End, s.Ack) && int32(s.TSEcr-t.tsval) < 0 {
				h.proven(i, r)
			}
		}
	}
	frto := c.state == CALoss && c.frto && c.arrived
	for i := len(h.resent) - 1; frto && !s.HasTS && h.selects(peer) && i >= 0; i-- {
		if h.resent[i].Kind == KindRTO {
			h.proven(i, r)
			break
		}
	}
	if frto || c.pending == 0 || r.Advanced && s.HasTS && c.stamped && int32(s.TSEcr-c.stamp) < 0 {
		c.state, c.pending = CAOpen, 0
	}
}

// proven tells that the i-th was needless.
func (h *half) proven(i int, r *reading) {
	r.Proven = append(r.Proven, h.resent[i])
	r.Proves = max(r.Proves, h.resent[i].Frame)
	h.resent = append(h.resent[:i], h.resent[i+1:]...)
	h.recovery.proving = len(h.resent) > 0
}
