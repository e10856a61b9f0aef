package diag

import (
	"fmt"

	"github.com/tcpwatch/tcpwatch/track"
)

// Reply is what the kernel answered to one request, as it came. Its memory may
// be used again for the next request.
type Reply struct {
	Began, Ended track.Instant
	Full         bool     // a whole walk of the table
	Asked        []uint64 // else the cookies that were asked for
	Failed       int      // attempts that came to nothing before this one

	Raw    []byte  // netlink messages
	Chunks []Chunk // Raw in the pieces in which the kernel wrote it
}

// Chunk is a piece of a reply: whole messages, written by the kernel at one
// moment.
type Chunk struct {
	At  track.Instant
	End int // where it ends in Raw; it starts where the one before ends
}

// reset empties the reply and keeps its memory.
func (r *Reply) reset() {
	*r = Reply{Asked: r.Asked[:0], Raw: r.Raw[:0], Chunks: r.Chunks[:0]}
}

// Parse replaces what is in into by what the reply says. After an error into
// holds nothing that could be taken for a table.
func (r *Reply) Parse(into *track.Dump) error {
	*into = track.Dump{Began: r.Began, Ended: r.Ended, Full: r.Full, Sockets: into.Sockets[:0], Absent: into.Absent[:0]}
	done, start := false, 0
	err := error(nil)
	for _, c := range r.Chunks {
		if c.End < start || c.End > len(r.Raw) {
			err = fmt.Errorf("%w: a piece ends at byte %d of %d", ErrMalformed, c.End, len(r.Raw))
			break
		}
		if done, err = parse(r.Raw[start:c.End], c.At, into); err != nil {
			break
		}
		start = c.End
	}
	if err == nil && r.Full && !done {
		err = ErrIncomplete
	}
	if err != nil {
		*into = track.Dump{Sockets: into.Sockets[:0], Absent: into.Absent[:0]}
		return fmt.Errorf("read socket table: %w", err)
	}
	return nil
}

// Parse appends to into the sockets, and the cookies of the absent, that raw
// tells of: whole netlink messages that the kernel wrote at the given moment.
// It allocates nothing but room in the slices of into.
func Parse(raw []byte, at track.Instant, into *track.Dump) error {
	if _, err := parse(raw, at, into); err != nil {
		return fmt.Errorf("read sockets: %w", err)
	}
	return nil
}
