package track

// flow reads the segments of one connection in the order in which they were
// captured, and says what each was. It holds what the packets have shown of both
// directions, bounded whatever comes. The zero value is ready.
type flow struct {
	halves [2]half // what either side sends
}

// reading is what one segment was.
type reading struct {
	Finding
	Start         bool   // it opens another connection on these addresses; the flow has not taken it in
	Advanced, All bool   // it acknowledged new data; nothing that the other end sent is left in flight
	Seq, Ack      uint32 // relative to the first seen in their directions
	Window        uint32 // scaled where the scale is known

	told Kind // why it is sent again, where the kernel has told

	// Proven are earlier retransmissions of the other end that this segment
	// proves needless.
	Proven []resent
}

// read takes in the next segment, which came from the given side. If it is sent
// again, told is why, by its sender's kernel; KindUnknown: it has not told.
func (f *flow) read(s *Segment, side int, told Kind) reading {
	r := reading{told: told}
	x, y := &f.halves[side], &f.halves[1-side]
	if s.Flags.Has(SYN) {
		if x.reopened(s, y) {
			r.Start = true
			return r
		}
		x.open(s)
	}
	r.Window = x.scaled(s, y)
	r.ZeroWindow = s.Window == 0 && !s.Flags.Has(RST)
	if s.Flags.Has(RST) {
		x.reset(s, &r)
	} else {
		x.send(s, y, &r)
		if r.Class == ClassDuplicate {
			r.ZeroWindow, r.WindowFull = false, false
		} else {
			if s.Flags.Has(ACK) {
				y.acknowledge(s, x, &r)
			}
			x.window, x.announced = r.Window, true
		}
	}
	r.Seq, r.Ack = s.Seq-x.base, s.Ack-y.base
	if !s.Flags.Has(ACK) {
		r.Ack = 0
	}
	return r
}

// rest lets go of memory that only a busier past needed; the flow goes on.
func (f *flow) rest() {
	for i := range f.halves {
		f.halves[i].sends.rest()
	}
}
