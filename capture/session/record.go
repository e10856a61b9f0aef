package session

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/tcpwatch/tcpwatch/track"
)

// Record is one input of a session that is not a frame.
type Record struct {
	Kind Kind
	At   track.Instant
	Data []byte // of a Reader: valid until the next read
}

// A record's block. Its body, little endian in sections of either byte order:
//
//	0   kind
//	2   flags
//	4   bytes of data in this block
//	8   moment on the session clock
//	16  data, padded to a multiple of four
//
// A record of more than maxPart is cut into blocks of the same kind and moment.
const (
	blockRecord = 1<<31 | 0x746377
	recordLen   = 16
	maxPart     = 512 << 10
	maxRecord   = 64 << 20

	flagMore = 1 // the record goes on in the next block
)

// appendRecord appends the block or blocks of r.
func appendRecord(b []byte, r Record) []byte {
	for data := r.Data; ; {
		part := data[:min(len(data), maxPart)]
		data = data[len(part):]
		var flags uint16
		if len(data) > 0 {
			flags = flagMore
		}
		b = appendBlock(b, blockRecord, func(b []byte) []byte {
			b = binary.LittleEndian.AppendUint16(b, uint16(r.Kind))
			b = binary.LittleEndian.AppendUint16(b, flags)
			b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
			b = binary.LittleEndian.AppendUint64(b, uint64(r.At))
			return append(b, part...)
		})
		if flags == 0 {
			return b
		}
	}
}

// parseRecord reads the body of a record's block.
func parseRecord(body []byte) (r Record, more bool, err error) {
	if len(body) < recordLen {
		return r, false, fmt.Errorf("%d bytes are too short for a record", len(body))
	}
	n := binary.LittleEndian.Uint32(body[4:])
	if uint64(n) > uint64(len(body)-recordLen) {
		return r, false, fmt.Errorf("%d bytes in a record that has room for %d", n, len(body)-recordLen)
	}
	return Record{
		Kind: Kind(binary.LittleEndian.Uint16(body)),
		At:   track.Instant(binary.LittleEndian.Uint64(body[8:])),
		Data: body[recordLen : recordLen+int(n)],
	}, binary.LittleEndian.Uint16(body[2:])&flagMore != 0, nil
}

// encode makes a record of v as JSON.
func encode(kind Kind, at track.Instant, v any) (Record, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return Record{}, fmt.Errorf("encode record of kind %d: %w", kind, err)
	}
	return Record{Kind: kind, At: at, Data: data}, nil
}

// decode reads the JSON of a record into v.
func (r Record) decode(kind Kind, v any) error {
	if r.Kind != kind {
		return fmt.Errorf("decode record: kind %d, and not %d", r.Kind, kind)
	}
	if err := json.Unmarshal(r.Data, v); err != nil {
		return fmt.Errorf("decode record of kind %d: %w", kind, err)
	}
	return nil
}
