package capture

import "encoding/binary"

// instruction is one of the classic BPF machine (net/core/filter.c,
// pcap-filter's output).
type instruction struct {
	op     uint16
	jt, jf uint8
	k      uint32
}

// Parts of an instruction's op.
const (
	bpfClass = 0x07
	bpfLd    = 0x00
	bpfLdx   = 0x01
	bpfSt    = 0x02
	bpfStx   = 0x03
	bpfAlu   = 0x04
	bpfJmp   = 0x05
	bpfRet   = 0x06
	bpfMisc  = 0x07

	bpfSize = 0x18
	bpfW    = 0x00
	bpfH    = 0x08
	bpfB    = 0x10

	bpfMode = 0xe0
	bpfImm  = 0x00
	bpfAbs  = 0x20
	bpfInd  = 0x40
	bpfMem  = 0x60
	bpfLen  = 0x80
	bpfMsh  = 0xa0

	bpfOp   = 0xf0
	bpfAdd  = 0x00
	bpfSub  = 0x10
	bpfMul  = 0x20
	bpfDiv  = 0x30
	bpfOr   = 0x40
	bpfAnd  = 0x50
	bpfLsh  = 0x60
	bpfRsh  = 0x70
	bpfNeg  = 0x80
	bpfMod  = 0x90
	bpfXor  = 0xa0
	bpfJa   = 0x00
	bpfJeq  = 0x10
	bpfJgt  = 0x20
	bpfJge  = 0x30
	bpfJset = 0x40

	bpfX    = 0x08 // the operand is X, not k
	bpfRetA = 0x10
	bpfTxa  = 0x80

	bpfMemory = 16

	// bpfAncillary is where offsets begin that do not mean bytes of the frame, but
	// what the kernel knows of it (SKF_AD_OFF and below).
	bpfAncillary = 1 << 31

	// bpfMaxSteps bounds programs that loop, as those of protochain do.
	bpfMaxSteps = 1 << 14
)

// bpfWidth returns how many bytes a load reads.
func bpfWidth(op uint16) uint32 {
	switch op & bpfSize {
	case bpfW:
		return 4
	case bpfH:
		return 2
	}
	return 1
}

// runBPF reports whether a program admits a frame of the given length on the
// wire, as the kernel would: what loads beyond the captured bytes is rejected.
// What only the kernel knows of a frame is 0.
func runBPF(program []instruction, frame []byte, wire uint32) bool {
	var a, x uint32
	var mem [bpfMemory]uint32
	for pc, steps := 0, 0; uint(pc) < uint(len(program)) && steps < bpfMaxSteps; pc, steps = pc+1, steps+1 {
		in := program[pc]
		switch in.op & bpfClass {
		case bpfLd, bpfLdx:
			v, ok := in.load(frame, wire, x, &mem)
			if !ok {
				return false
			}
			if in.op&bpfClass == bpfLd {
				a = v
			} else {
				x = v
			}
		case bpfSt:
			mem[in.k%bpfMemory] = a
		case bpfStx:
			mem[in.k%bpfMemory] = x
		case bpfAlu:
			v, ok := in.compute(a, in.operand(x))
			if !ok {
				return false
			}
			a = v
		case bpfJmp:
			pc += in.jump(a, in.operand(x))
		case bpfRet:
			return in.op&(bpfRetA|bpfX) == bpfRetA && a != 0 || in.op&(bpfRetA|bpfX) == 0 && in.k != 0
		case bpfMisc:
			if in.op&bpfTxa != 0 {
				a = x
			} else {
				x = a
			}
		}
	}
	return false
}

// operand returns what an instruction works on besides the accumulator.
func (in instruction) operand(x uint32) uint32 {
	if in.op&bpfX != 0 {
		return x
	}
	return in.k
}

// load reads a value; it fails beyond the end of the frame.
func (in instruction) load(frame []byte, wire, x uint32, mem *[bpfMemory]uint32) (uint32, bool) {
	at := uint64(in.k)
	switch in.op & bpfMode {
	case bpfImm:
		return in.k, true
	case bpfMem:
		return mem[in.k%bpfMemory], true
	case bpfLen:
		return wire, true
	case bpfMsh:
		if at >= uint64(len(frame)) {
			return 0, false
		}
		return uint32(frame[at]&0xf) * 4, true
	case bpfInd:
		at = uint64(x + in.k)
	}
	if at >= bpfAncillary {
		return 0, true
	}
	width := uint64(bpfWidth(in.op))
	if at+width > uint64(len(frame)) {
		return 0, false
	}
	switch b := frame[at:]; width {
	case 4:
		return binary.BigEndian.Uint32(b), true
	case 2:
		return uint32(binary.BigEndian.Uint16(b)), true
	default:
		return uint32(b[0]), true
	}
}

// compute does arithmetic; it fails on division by 0.
func (in instruction) compute(a, b uint32) (uint32, bool) {
	switch in.op & bpfOp {
	case bpfAdd:
		return a + b, true
	case bpfSub:
		return a - b, true
	case bpfMul:
		return a * b, true
	case bpfDiv:
		if b == 0 {
			return 0, false
		}
		return a / b, true
	case bpfMod:
		if b == 0 {
			return 0, false
		}
		return a % b, true
	case bpfOr:
		return a | b, true
	case bpfAnd:
		return a & b, true
	case bpfXor:
		return a ^ b, true
	case bpfLsh:
		return a << b, true
	case bpfRsh:
		return a >> b, true
	case bpfNeg:
		return -a, true
	}
	return 0, false
}

// jump returns how many instructions are passed over.
func (in instruction) jump(a, b uint32) int {
	var taken bool
	switch in.op & bpfOp {
	case bpfJa:
		return int(int32(in.k)) // backwards too, in loops
	case bpfJeq:
		taken = a == b
	case bpfJgt:
		taken = a > b
	case bpfJge:
		taken = a >= b
	case bpfJset:
		taken = a&b != 0
	}
	if taken {
		return int(in.jt)
	}
	return int(in.jf)
}
