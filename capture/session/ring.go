package session

import (
	"slices"

	"github.com/tcpwatch/tcpwatch/capture"
)

// chunkSize is how much a [Ring] lets go at once.
const chunkSize = 1 << 20

// Ring keeps the last of a session in memory. It is for one goroutine; what
// Picture returns is for any.
type Ring struct {
	limit  int
	size   int      // of all chunks, used or not
	chunks [][]byte // entries; a chunk is never moved, and but for its end never written again
	before standing // what was let go and still stands
}

// NewRing keeps up to limit bytes, and what never fits less than its last
// record.
func NewRing(limit int) *Ring {
	return &Ring{limit: limit, before: newStanding()}
}

// Frame adds a frame; its bytes are copied.
func (r *Ring) Frame(f *capture.Frame) { r.put(0, f) }

// Record adds a record; its bytes are copied.
func (r *Ring) Record(rec Record) { r.put(rec.Kind, rec.frame()) }

func (r *Ring) put(kind Kind, f *capture.Frame) {
	need, last := entryLen+len(f.Data), len(r.chunks)-1
	if last < 0 || cap(r.chunks[last])-len(r.chunks[last]) < need {
		chunk := make([]byte, 0, max(need, min(chunkSize, r.limit)))
		for len(r.chunks) > 0 && r.size+cap(chunk) > r.limit {
			r.drop()
		}
		r.chunks, r.size = append(r.chunks, chunk), r.size+cap(chunk)
		last = len(r.chunks) - 1
	}
	r.chunks[last] = appendEntry(r.chunks[last], kind, f)
}

// drop lets go of the oldest chunk.
func (r *Ring) drop() {
	ignore := func(*capture.Frame) error { return nil }
	eachEntry(r.chunks[0], ignore, func(rec Record) error {
		r.before.take(rec)
		return nil
	})
	r.size -= cap(r.chunks[0])
	r.chunks[0] = nil
	r.chunks = r.chunks[1:]
}

// Picture returns what the ring holds now.
func (r *Ring) Picture() *Picture {
	return &Picture{before: r.before.records(), chunks: slices.Clone(r.chunks)}
}

// Picture is what a [Ring] held at one moment. It never changes.
type Picture struct {
	before []Record
	chunks [][]byte
}

// WriteTo writes the picture, and first what was let go and still stands.
func (p *Picture) WriteTo(dst Sink) error {
	for _, r := range p.before {
		if err := dst.WriteRecord(r); err != nil {
			return err
		}
	}
	for _, chunk := range p.chunks {
		if err := eachEntry(chunk, dst.WriteFrame, dst.WriteRecord); err != nil {
			return err
		}
	}
	return dst.Flush()
}
