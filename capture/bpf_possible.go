package capture

// inquiry follows a program along every path that it may take on a synthetic
// frame.
type inquiry struct {
	program         []instruction
	frame           *synthetic
	steps           int
	admits, rejects bool // some path does
	asks            asked
}

// path is the state of the machine along one path.
type path struct {
	pc    int
	a, x  value
	mem   [bpfMemory]value
	inner bool // an encapsulation was assumed, so nothing is where it was
}

// possible returns whether a program admits the frame, and what it asks for if
// that can't be told.
func possible(program []instruction, frame *synthetic) (truth, asked) {
	q := inquiry{program: program, frame: frame}
	q.follow(&path{a: known(0), x: known(0)})
	return truthOf(!q.rejects, q.admits), q.asks
}

// follow takes one path to its ends.
func (q *inquiry) follow(p *path) {
	for !(q.admits && q.rejects) {
		if q.steps++; q.steps > bpfMaxSteps {
			q.doubt(asksTooMuch)
			q.admits, q.rejects = true, true
			return
		}
		if uint(p.pc) >= uint(len(q.program)) {
			q.rejects = true
			return
		}
		in := q.program[p.pc]
		p.pc++
		b := known(in.k)
		if in.op&bpfX != 0 {
			b = p.x
		}
		switch in.op & bpfClass {
		case bpfLd:
			p.a = q.load(in, p)
		case bpfLdx:
			p.x = q.load(in, p)
		case bpfSt:
			p.mem[in.k%bpfMemory] = p.a
		case bpfStx:
			p.mem[in.k%bpfMemory] = p.x
		case bpfAlu:
			var fails truth
			if p.a, fails = in.combine(p.a, b); fails != never {
				q.rejects = true
				q.doubt(b.asks)
			}
			if fails == always {
				return
			}
		case bpfJmp:
			q.jump(in, p, b)
		case bpfRet:
			q.end(in, p.a)
			return
		case bpfMisc:
			if in.op&bpfTxa != 0 {
				p.a = p.x
			} else {
				p.x = p.a
			}
		}
	}
}

// jump moves on along one branch, after having followed the other one if
// either may be taken.
func (q *inquiry) jump(in instruction, p *path, b value) {
	if in.op&bpfOp == bpfJa {
		p.pc += int(int32(in.k))
		return
	}
	if p.a.isKnown() && b.isKnown() && !p.a.ether {
		p.pc += in.jump(p.a.bits, b.bits)
		return
	}
	taken, assumed := in.compare(p.a, b), false
	if p.a.ether && in.op&bpfOp == bpfJeq && encapsulates(b.bits) {
		taken, assumed = maybe, true
		q.doubt(asksEncapsulation)
	}
	switch taken {
	case always:
		p.pc += int(in.jt)
		return
	case maybe:
		q.doubt(p.a.why(b))
		other := *p
		other.pc += int(in.jt)
		other.inner = other.inner || assumed
		q.follow(&other)
	}
	p.pc += int(in.jf)
}

// end notes how a path ends.
func (q *inquiry) end(in instruction, a value) {
	result := known(in.k)
	if in.op&(bpfRetA|bpfX) == bpfRetA {
		result = a
	}
	if result.most() != 0 {
		q.admits = true
	}
	if result.least() == 0 {
		q.rejects = true
		q.doubt(result.asks)
	}
}

// doubt keeps the first thing that was asked for and is unknown.
func (q *inquiry) doubt(a asked) {
	if q.asks == asksNothing {
		q.asks = a
	}
}

// load reads a value.
func (q *inquiry) load(in instruction, p *path) value {
	at, width := uint64(in.k), uint64(bpfWidth(in.op))
	switch in.op & bpfMode {
	case bpfImm:
		return known(in.k)
	case bpfMem:
		return p.mem[in.k%bpfMemory]
	case bpfLen:
		return unknown(asksLength)
	case bpfMsh:
		if at == ipAt && !p.inner {
			return known(ipv4Header)
		}
		v, _ := instruction{op: bpfAnd}.combine(q.bytes(at, 1, p), known(0xf))
		v, _ = instruction{op: bpfLsh}.combine(v, known(2))
		return v
	case bpfInd:
		if !p.x.isKnown() {
			return q.beyond(p.x.asks, width)
		}
		at = uint64(p.x.bits + in.k)
	}
	return q.bytes(at, width, p)
}

// bytes reads part of the frame.
func (q *inquiry) bytes(at, width uint64, p *path) (v value) {
	switch {
	case at >= bpfAncillary:
		return unknown(asksKernel)
	case p.inner:
		return q.beyond(asksEncapsulation, width)
	case at+width > uint64(q.frame.length):
		return q.beyond(asksTCP, width)
	}
	excess := 32 - 8*width
	v.bits = be32(q.frame.bytes[at:]) >> excess
	v.known = ^(^be32(q.frame.known[at:]) >> excess)
	if !v.isKnown() {
		v.asks = q.frame.asks(at, width)
	}
	v.ether = at == ethertypeAt && width == 2
	return v
}

// beyond is what a load gives where the frame may have ended: nothing, and the
// program rejects, or something unknown.
func (q *inquiry) beyond(a asked, width uint64) value {
	q.rejects = true
	q.doubt(a)
	return value{asks: a, known: uint32(^uint64(0) << (8 * width))}
}

// encapsulates reports whether frames of an Ethernet type may carry TCP without
// being IP.
func encapsulates(t uint32) bool {
	switch t {
	case etherVLAN, etherQinQ, etherQinQOld, etherQinQOlder, etherMPLS, etherMPLSMulti, etherPPPoE:
		return true
	}
	return false
}
