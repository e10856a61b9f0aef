package session

import (
	"encoding/binary"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// Sink takes a session's frames and records in their order: a [Writer] or a
// [File].
type Sink interface {
	WriteFrame(*capture.Frame) error
	WriteRecord(Record) error
	Flush() error
}

// entryLen is what a frame or a record needs in memory beside its bytes: 32
// bits each of length, link type, interface and length on the wire, 64 bits
// each of time and number, 16 bits of kind.
const entryLen = 34

// appendEntry appends a frame, or with a kind a record, that waits in memory.
func appendEntry(b []byte, kind Kind, f *capture.Frame) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Link))
	b = binary.LittleEndian.AppendUint32(b, f.Iface)
	b = binary.LittleEndian.AppendUint32(b, f.Len)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.At))
	b = binary.LittleEndian.AppendUint64(b, f.Number)
	b = binary.LittleEndian.AppendUint16(b, uint16(kind))
	return append(b, f.Data...)
}

// frame returns the frame that stands for a record in memory.
func (r Record) frame() *capture.Frame { return &capture.Frame{At: r.At, Data: r.Data} }

// eachEntry calls one of two functions for each entry, until one fails. What they
// get shares the memory of b.
func eachEntry(b []byte, frame func(*capture.Frame) error, record func(Record) error) error {
	var f capture.Frame
	for len(b) > 0 {
		n := entryLen + int(binary.LittleEndian.Uint32(b))
		f.Link = capture.LinkType(binary.LittleEndian.Uint32(b[4:]))
		f.Iface = binary.LittleEndian.Uint32(b[8:])
		f.Len = binary.LittleEndian.Uint32(b[12:])
		f.At = track.Instant(binary.LittleEndian.Uint64(b[16:]))
		f.Number = binary.LittleEndian.Uint64(b[24:])
		f.Data = b[entryLen:n:n]
		kind := Kind(binary.LittleEndian.Uint16(b[32:]))
		b = b[n:]
		var err error
		if kind == 0 {
			err = frame(&f)
		} else {
			err = record(Record{Kind: kind, At: f.At, Data: f.Data})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
