package track

// overtaken reports whether s fills a hole without having been sent twice: it
// was sent before the segment that came after the hole. What tells is the
// sender's own clock, then its count of packets, then whether there was time for
// the peer to ask for it.
func (h *half) overtaken(s *Segment, peer *half) bool {
	if h.sends.covers(s.Seq, s.End()) {
		return false
	}
	i, ok := h.sends.find(s.Seq)
	if ok {
		return false // partly sent before
	}
	if i == h.sends.n {
		// The peer has acknowledged it already: the capture shows packets in
		// another order than they came, by a little.
		return h.heard && seqLessEq(s.End(), h.una) && s.At.Sub(h.recovery.heard) < echoHere
	}
	after := h.sends.at(i)
	if s.HasTS && after.print.tsval != 0 && after.again == 0 {
		if d := int32(s.TSVal - after.print.tsval); d != 0 {
			return d < 0
		}
	}
	if s.IPID != 0 && after.print.ipid != 0 && after.again == 0 {
		if d := int16(s.IPID - after.print.ipid); d < 0 && d > -ipidRun {
			return true
		} else if d > 0 && d < ipidRun {
			return false
		}
	}
	if h.recovery.dupacks >= 3 {
		return false
	}
	return s.At.Sub(after.first) < max(echoHere, peer.rtt.least)
}

// ipidRun is how far apart the IP ids of two packets may be to be taken from one
// count.
const ipidRun = 256
