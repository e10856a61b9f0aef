package session

import (
	"encoding/binary"

	"github.com/tcpwatch/tcpwatch/capture"
)

// Blocks and options of a pcapng file (draft-ietf-opsawg-pcapng), written little
// endian.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6
	byteOrderMagic = 0x1a2b3c4d
	blockHeaderLen = 8  // type and total length
	packetLen      = 20 // of a packet block's body before the frame

	optEnd      = 0
	optComment  = 1
	optName     = 2  // of an interface
	optUserAppl = 4  // of a section: the program that wrote it
	optTsresol  = 9  // of an interface
	nanoseconds = 9  // its value: units of 10^-9 s
	noLength    = -1 // of a section: not known
)

// appendBlock appends a block, whose body is appended by body.
func appendBlock(b []byte, kind uint32, body func([]byte) []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = binary.LittleEndian.AppendUint32(b, 0)
	return endBlock(body(b), start)
}

// endBlock pads the block that begins at start and sets its length.
func endBlock(b []byte, start int) []byte {
	b = appendPadding(b, len(b)-start)
	size := uint32(len(b) - start + 4)
	binary.LittleEndian.PutUint32(b[start+4:], size)
	return binary.LittleEndian.AppendUint32(b, size)
}

// appendPadding fills n bytes up to a multiple of four.
func appendPadding(b []byte, n int) []byte {
	return append(b, make([]byte, -n&3)...)
}

// maxOption bounds an option's value, whose length has 16 bits.
const maxOption = 1<<16 - 4

// appendOption appends an option, and of a value that is too long its start.
func appendOption(b []byte, code uint16, value string) []byte {
	value = value[:min(len(value), maxOption)]
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return appendPadding(append(b, value...), len(value))
}

// appendSection begins a section.
func appendSection(b []byte, program string) []byte {
	return appendBlock(b, blockSection, func(b []byte) []byte {
		b = binary.LittleEndian.AppendUint32(b, byteOrderMagic)
		b = binary.LittleEndian.AppendUint16(b, 1) // version 1.0
		b = binary.LittleEndian.AppendUint16(b, 0)
		length := int64(noLength)
		b = binary.LittleEndian.AppendUint64(b, uint64(length))
		if program != "" {
			b = appendOption(b, optUserAppl, program)
			b = appendOption(b, optEnd, "")
		}
		return b
	})
}

// appendInterface describes an interface whose frames have nanoseconds.
func appendInterface(b []byte, link capture.LinkType, name string) []byte {
	return appendBlock(b, blockInterface, func(b []byte) []byte {
		b = binary.LittleEndian.AppendUint16(b, uint16(link))
		b = binary.LittleEndian.AppendUint16(b, 0)
		b = binary.LittleEndian.AppendUint32(b, 0) // no limit to a frame's length
		if name != "" {
			b = appendOption(b, optName, name)
		}
		b = appendOption(b, optTsresol, string(rune(nanoseconds)))
		return appendOption(b, optEnd, "")
	})
}

// appendPacket appends a frame of an interface of the file at a wall time.
func appendPacket(b []byte, number uint32, wall int64, f *capture.Frame) []byte {
	start := len(b)
	for _, v := range [...]uint32{blockPacket, 0, number, uint32(uint64(wall) >> 32), uint32(wall), uint32(len(f.Data)), f.Len} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return endBlock(append(b, f.Data...), start)
}
