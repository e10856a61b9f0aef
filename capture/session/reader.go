package session

import (
	"errors"
	"fmt"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// ErrRecord is a record that can't be read, in a file that can.
var ErrRecord = errors.New("broken record")

// Reader reads frames and records in the order in which they were written. A
// plain capture is read, too: it has frames only, and their times are those of
// the wall.
type Reader struct {
	src     *capture.Reader
	header  *Header           // nil before a session's first record
	offset  int64             // wall time less session clock, of the clock pair in force
	indices map[uint32]uint32 // interface indices, by the file's interface numbers
	block   capture.Block
	parts   []byte // of a record in several blocks
	frames  uint64
	err     error
}

// NewReader reads a session, or a plain capture, from src.
func NewReader(src *capture.Reader) *Reader {
	return &Reader{src: src, indices: make(map[uint32]uint32)}
}

// Header returns the header of the session, and nil of a plain capture. In a
// session its record comes before everything else.
func (r *Reader) Header() *Header { return r.header }

// Next reads what comes next: a frame into f, or a record into rec. It reports
// whether it was a frame. Their bytes are valid until the next read. Errors are
// those of [capture.Reader], and ErrRecord.
func (r *Reader) Next(f *capture.Frame, rec *Record) (framed bool, err error) {
	for r.err == nil {
		framed, r.err = r.src.NextOr(f, &r.block)
		switch {
		case r.err != nil:
		case framed:
			r.frames = f.Number
			if r.header != nil {
				f.At -= track.Instant(r.offset)
				f.Iface = r.indices[f.Iface]
			}
			return true, nil
		case r.block.Type == blockRecord:
			mine, err := r.record(rec)
			if err != nil {
				r.err = fmt.Errorf("read session after frame %d: %w: %w", r.frames, ErrRecord, err)
			} else if mine {
				return false, nil
			}
		}
	}
	return false, r.err
}

// record reads the block at hand into rec, and reports whether that is a whole
// record, and one for the caller.
func (r *Reader) record(rec *Record) (bool, error) {
	part, more, err := parseRecord(r.block.Body)
	if err != nil {
		return false, err
	}
	if r.header == nil && part.Kind != KindHeader {
		return false, nil // some other program's
	}
	if more || len(r.parts) > 0 {
		if len(r.parts)+len(part.Data) > maxRecord {
			return false, fmt.Errorf("a record of over %d bytes", maxRecord)
		}
		r.parts = append(r.parts, part.Data...)
		if more {
			return false, nil
		}
		part.Data, r.parts = r.parts, r.parts[:0]
	}
	*rec = part
	switch part.Kind {
	case KindHeader:
		if r.header, err = part.Header(); err != nil {
			return false, err
		}
		clear(r.indices)
	case KindInterface:
		var i fileInterface
		if err := part.decode(KindInterface, &i); err != nil {
			return false, err
		}
		r.indices[i.Number] = i.Index
		return false, nil
	case KindClock:
		var c track.ClockPair
		if err := part.decode(KindClock, &c); err != nil {
			return false, err
		}
		r.offset = c.Wall - int64(c.At)
	}
	return true, nil
}
