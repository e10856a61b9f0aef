package capture

// value is a number of the BPF machine of which some bits may be unknown.
type value struct {
	bits  uint32 // 0 where unknown
	known uint32 // the bits that are known
	asks  asked  // what would have to be known for the others
	ether bool   // it is the Ethernet type of the frame
}

// asked is what an expression asks for beyond a socket's addresses.
type asked uint8

const (
	asksNothing asked = iota
	asksLength
	asksLink
	asksEncapsulation
	asksIP
	asksFlags
	asksTCP
	asksKernel
	asksWildcard
	asksTooMuch
)

var askedNames = [...]string{
	asksLength:        "the length of packets",
	asksLink:          "link-layer addresses",
	asksEncapsulation: "an encapsulation (VLAN, MPLS, PPPoE)",
	asksIP:            "fields of the IP header beyond addresses and protocol",
	asksFlags:         "TCP flags",
	asksTCP:           "fields of the TCP header beyond ports, or payload",
	asksKernel:        "what only the capturing kernel knows of a packet (its direction, its interface)",
	asksWildcard:      "the peer of a socket that has none",
	asksTooMuch:       "more than can be followed",
}

func (a asked) String() string { return askedNames[a] }

func known(v uint32) value    { return value{bits: v, known: ^uint32(0)} }
func unknown(a asked) value   { return value{asks: a} }
func (v value) isKnown() bool { return v.known == ^uint32(0) }

// least and most bound the number, unsigned.
func (v value) least() uint32 { return v.bits }
func (v value) most() uint32  { return v.bits | ^v.known }

// why returns what makes the outcome of v and w unknown.
func (v value) why(w value) asked {
	if !v.isKnown() {
		return v.asks
	}
	return w.asks
}

// truth is the outcome of a comparison, or of a program.
type truth uint8

const (
	never truth = iota
	maybe
	always
)

// truthOf returns the outcome that is certain, if one is.
func truthOf(certainly, possibly bool) truth {
	switch {
	case certainly:
		return always
	case possibly:
		return maybe
	}
	return never
}

// compare does what [instruction.jump] does.
func (in instruction) compare(a, b value) truth {
	switch in.op & bpfOp {
	case bpfJeq:
		return truthOf(a.isKnown() && b.isKnown() && a.bits == b.bits, (a.bits^b.bits)&a.known&b.known == 0)
	case bpfJgt:
		return truthOf(a.least() > b.most(), a.most() > b.least())
	case bpfJge:
		return truthOf(a.least() >= b.most(), a.most() >= b.least())
	case bpfJset:
		return truthOf(a.bits&b.bits != 0, a.most()&b.most() != 0)
	}
	return never
}

// combine does what [instruction.compute] does. Whether that fails may be
// unknown, too.
func (in instruction) combine(a, b value) (v value, fails truth) {
	if a.ether {
		a = unknown(asksEncapsulation)
	}
	if b.ether {
		b = unknown(asksEncapsulation)
	}
	if a.isKnown() && b.isKnown() {
		n, ok := in.compute(a.bits, b.bits)
		return known(n), truthOf(!ok, !ok)
	}
	v = unknown(a.why(b))
	switch in.op & bpfOp {
	case bpfAnd:
		zeros := a.known&^a.bits | b.known&^b.bits
		v.bits, v.known = a.bits&b.bits, a.known&b.known|zeros
	case bpfOr:
		v.bits = a.bits | b.bits
		v.known = a.known&b.known | v.bits
	case bpfXor:
		v.known = a.known & b.known
		v.bits = (a.bits ^ b.bits) & v.known
	case bpfLsh:
		if b.isKnown() {
			v.bits, v.known = a.bits<<b.bits, ^(^a.known << b.bits)
		}
	case bpfRsh:
		if b.isKnown() {
			v.bits, v.known = a.bits>>b.bits, ^(^a.known >> b.bits)
		}
	case bpfDiv, bpfMod:
		fails = truthOf(b.isKnown() && b.bits == 0, b.least() == 0)
	}
	return v, fails
}
