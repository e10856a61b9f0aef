package track

// half is one direction of a connection: what one end sends, and what is
// acknowledged of it.
type half struct {
	// Nearly every segment needs the first two lines of its halves, and no more.
	base     uint32 // relative sequence numbers count from here
	una, nxt uint32 // the oldest unacknowledged, and the one after the last seen
	window   uint32 // last announced by this end, scaled where the scale is known

	known     bool // base and nxt
	syn       bool // the SYN was seen: base is its number
	heard     bool // the other end has acknowledged something: una is known
	announced bool // window
	wscale    int8 // of this end's SYN; -1: it has none
	sackOK    bool // this end's SYN permits SACK
	stamped   bool // this end's segments carry timestamps
	probing   bool // it probes its peer

	recovery recovery
	sends    transmissions
	rtt      rtt
	probe    probe
	resent   []resent // the last few retransmissions, to be proven needless

	bare sightings
	_    [8]byte // so that the other half begins a line, too
}

// reopened reports whether a SYN of this half opens another connection than the
// one that was seen so far.
func (h *half) reopened(s *Segment, peer *half) bool {
	switch {
	case !h.known, s.Seq == h.base && h.syn:
		return false
	case !h.syn:
		return s.Seq != h.base-1 // late, or not of this connection
	case s.Flags.Has(ACK) && peer.syn && s.Ack == peer.base+1 && peer.nxt == s.Ack:
		return false // another answer to the same SYN
	}
	return true
}

// open takes in what a SYN settles.
func (h *half) open(s *Segment) {
	if h.syn && s.Seq == h.base {
		return
	}
	if !h.known || h.syn {
		*h = half{known: true, nxt: s.Seq, una: s.Seq}
	}
	h.syn, h.base, h.sackOK, h.wscale = true, s.Seq, s.SACKPermitted, -1
	if s.HasWScale {
		h.wscale = int8(min(s.WScale, 14))
	}
}

// scaled returns the window that s announces, scaled if both SYNs were seen and
// agreed on it (RFC 7323 §2.2).
func (h *half) scaled(s *Segment, peer *half) uint32 {
	if h.scale(peer) && !s.Flags.Has(SYN) {
		return uint32(s.Window) << h.wscale
	}
	return uint32(s.Window)
}

func (h *half) scale(peer *half) bool {
	return h.syn && peer.syn && h.wscale >= 0 && peer.wscale >= 0
}

// reset takes in a RST.
func (h *half) reset(s *Segment, r *reading) {
	r.Class = ClassReset
	if h.bare.has(s) {
		r.Class = ClassDuplicate
	}
	h.bare.add(s)
	if !h.known {
		h.base = s.Seq
	}
}

// send takes in what s carries.
func (h *half) send(s *Segment, peer *half, r *reading) {
	if !h.known {
		h.known, h.base, h.nxt, h.una = true, s.Seq, s.Seq, s.Seq
	}
	n := s.SeqLen()
	switch {
	case n == 0:
		h.sendBare(s, peer, r)
	case peer.shut() && h.isWindowProbe(s):
		h.probed(s, ClassWindowProbe, r)
	case seqLessEq(h.nxt, s.Seq):
		if s.Seq-h.nxt > maxWindow && h.heard {
			return // of no window that TCP can announce
		}
		h.sends.push(s.Seq, s.Seq+n, s)
		h.nxt = s.Seq + n
		h.stamped = s.HasTS
		h.probing = false
		h.fills(peer, r)
	default:
		h.sendAgain(s, peer, r)
	}
}

// maxWindow is the largest window that TCP can announce (RFC 7323 §2.3).
const maxWindow = 1 << 30

// fills says whether the half has just filled its peer's window.
func (h *half) fills(peer *half, r *reading) {
	r.WindowFull = h.heard && h.syn && peer.syn && peer.window > 0 && h.nxt-h.una == peer.window
}

// shut reports whether the end has announced a window of zero, last.
func (h *half) shut() bool { return h.announced && h.window == 0 }

// sendBare takes in a segment that takes no sequence number: an acknowledgement
// or a probe.
func (h *half) sendBare(s *Segment, peer *half, r *reading) {
	news := s.Flags.Has(ACK) && seqLess(peer.una, s.Ack)
	if !news && h.bare.has(s) {
		r.Class = ClassDuplicate
		return
	}
	h.bare.add(s)
	if h.heard && s.Seq == h.una-1 && s.Seq != h.nxt {
		class := ClassKeepalive
		if peer.shut() {
			class = ClassWindowProbe
		}
		h.probed(s, class, r)
	}
}

// sendAgain takes in a segment that begins before the half's last: a
// retransmission, a probe with a byte of data, a segment that was overtaken, or
// one captured twice.
func (h *half) sendAgain(s *Segment, peer *half, r *reading) {
	p := printOf(s)
	end := s.End()
	old := end // of what had been sent before
	if seqLess(h.nxt, end) {
		old = h.nxt
	}
	sent := h.sends.recall(s.Seq)
	if sent != nil && h.sends.covers(s.Seq, end) && p.copies(sent.print, s.At.Sub(sent.last), h.askedSince(sent, peer)) {
		r.Class = ClassDuplicate
		return
	}
	if h.isKeepalive(s, sent) {
		if h.bare.has(s) {
			r.Class = ClassDuplicate
			return
		}
		h.bare.add(s)
		h.probed(s, ClassKeepalive, r)
		return
	}
	h.probing = false
	if old == end && h.overtaken(s, peer) {
		r.Class = ClassOutOfOrder
		h.sends.arrive(s.Seq, end, h.una, s.At, p)
		return
	}
	h.retransmit(s, sent, peer, r)
	h.sends.resend(s.Seq, old, h.una, s.At, p)
	if old != end {
		h.sends.push(old, end, s)
		h.nxt = end
	}
}

// askedSince reports whether the peer has given a reason to send again since t:
// a duplicate acknowledgement, or its own SYN once more.
func (h *half) askedSince(t *transmission, peer *half) bool {
	if h.recovery.dupacks > 0 {
		return true
	}
	syn := peer.sends.recall(peer.base)
	return peer.syn && syn != nil && syn.again > 0 && syn.last >= t.last
}

// acknowledge takes in what s, sent by the peer, acknowledges of this half.
func (h *half) acknowledge(s *Segment, peer *half, r *reading) {
	if !h.known {
		h.known, h.base, h.nxt, h.una = true, s.Ack-1, s.Ack, s.Ack
	}
	pure := s.SeqLen() == 0 && r.Class == ClassPlain
	was := h.una
	switch {
	case seqLess(h.una, s.Ack) && (s.Ack-h.una <= maxWindow || !h.heard):
		h.advance(s)
		r.Advanced = true
	case s.Ack != h.una: // an old one, overtaken on its way; what it reports is no less true
		h.heard = true
		if seqLess(s.Ack, h.una) && s.NSACK > 0 {
			h.selective(s)
		}
		return
	case !pure:
	case h.probing && h.probe.pending:
		r.Class = h.answered(s)
	case h.heard && peer.window != r.Window && s.NSACK == 0:
		r.Class = ClassWindowUpdate
	case h.heard && (h.nxt != h.una || s.NSACK > 0):
		r.Class = ClassDupAck
		h.recovery.dupacks = min(h.recovery.dupacks, 254) + 1
		h.recovery.heard = s.At
	}
	h.heard = true
	if s.NSACK > 0 {
		h.selective(s)
	}
	if h.recovery.proving {
		h.prove(s, peer, was, r)
	}
	h.settle(s.At)
	r.All = h.una == h.nxt
}

// advance moves the oldest unacknowledged number up to what s acknowledges.
func (h *half) advance(s *Segment) {
	timed := false
	for h.sends.n > 0 {
		t := h.sends.oldest()
		if seqLess(s.Ack, t.end) {
			break
		}
		if !timed && t.again == 0 && !t.sacked {
			h.rtt.sample(s.At.Sub(t.first))
		}
		timed = true
		h.deliver(t, s.At)
		h.sends.pop()
	}
	h.una = s.Ack
	if seqLess(h.nxt, h.una) {
		h.nxt = h.una // sent, but not seen
	}
	if h.probing {
		h.probe.pending = false
	}
	h.recovery.advance(h.una, s.At)
}
