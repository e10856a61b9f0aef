package track

// parting is what the packets of a connection have shown of its end, by the side
// that they came from.
type parting struct {
	resets  [2]Instant // the first RST; zero: none
	closing [2]bool    // a FIN was seen
	closed  [2]bool    // and the other side has acknowledged it
}

// read takes in a segment from one side. A reset after both have closed answers
// what came late, and tells nothing.
func (p *parting) read(s *Segment, r *reading, side int) {
	switch {
	case s.Flags.Has(RST):
		if p.resets[side] == 0 && !(p.closed[0] && p.closed[1]) {
			p.resets[side] = s.At
		}
		return
	case s.Flags.Has(FIN):
		p.closing[side] = true
	}
	if s.Flags.Has(ACK) && r.All && p.closing[1-side] {
		p.closed[1-side] = true
	}
}

// reset returns when the first RST was seen; zero: none was.
func (p *parting) reset() Instant {
	if p.resets[0] == 0 || p.resets[1] != 0 && p.resets[1] < p.resets[0] {
		return p.resets[1]
	}
	return p.resets[0]
}

// resetter returns whose RST was the first, seen from the given side.
func (p *parting) resetter(side int) Sender {
	switch p.reset() {
	case 0:
		return SenderUnknown
	case p.resets[1-side]:
		return SenderRemote
	}
	return SenderLocal
}

// over reports whether the end has been seen.
func (p *parting) over() bool { return p.reset() != 0 || p.closing[0] && p.closing[1] }
