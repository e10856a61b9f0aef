package capture

import (
	"encoding/binary"
	"math/bits"
)

// byteOrder reads numbers as the machine that wrote a file laid them out:
// little endian, or swapped.
type byteOrder struct{ swapped bool }

func (o byteOrder) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o.swapped {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (o byteOrder) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o.swapped {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (o byteOrder) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if o.swapped {
		return bits.ReverseBytes64(v)
	}
	return v
}
