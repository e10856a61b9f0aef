package diag

import (
	"fmt"
	"slices"

	"github.com/tcpwatch/tcpwatch/track"
)

// Reply is what the kernel answered to one request, as it came. Its memory may
// be used again for the next request.
type Reply struct {
	Began, Ended track.Instant
	Full         bool     // a whole walk of the table
	Asked        []uint64 // else the cookies that were asked for
	Failed       int      // attempts that came to nothing before this one

	Chunks []Chunk  // in the order in which they came
	blocks [][]byte // the memory of the chunks, and of those to come
	used   int      // of blocks: how many hold chunks
}

// Chunk is a piece of a reply: whole netlink messages, which the kernel wrote at
// one moment.
type Chunk struct {
	At  track.Instant
	Raw []byte
}

// blockLen is how much memory a reply takes at a time: large enough to be taken
// rarely, and never moved.
const blockLen = 1 << 20

// reset empties the reply and keeps its memory.
func (r *Reply) reset() {
	*r = Reply{Asked: r.Asked[:0], Chunks: r.Chunks[:0], blocks: r.blocks}
}

// clear empties the reply of chunks.
func (r *Reply) clear() { r.Chunks, r.used = r.Chunks[:0], 0 }

// room returns free memory of at least pieceLen bytes. What is used of it must
// become the next chunk.
func (r *Reply) room() []byte {
	if r.used > 0 {
		if free := r.blocks[r.used-1]; cap(free)-len(free) >= pieceLen {
			return free[len(free):cap(free)]
		}
	}
	if r.used == len(r.blocks) {
		r.blocks = append(r.blocks, make([]byte, 0, r.blockLen()))
	}
	r.blocks[r.used] = r.blocks[r.used][:0]
	r.used++
	return r.room()
}

// blockLen returns the length of the next block: the first is a small one.
func (r *Reply) blockLen() int {
	if len(r.blocks) == 0 {
		return 2 * pieceLen
	}
	return blockLen
}

// add makes the first n bytes of room a chunk, and returns it.
func (r *Reply) add(at track.Instant, n int) Chunk {
	block := &r.blocks[r.used-1]
	start := len(*block)
	*block = (*block)[:start+n]
	r.Chunks = append(r.Chunks, Chunk{At: at, Raw: (*block)[start : start+n : start+n]})
	return r.Chunks[len(r.Chunks)-1]
}

// Parse replaces what is in into by what the reply says. After an error into
// holds nothing that could be taken for a table.
func (r *Reply) Parse(into *track.Dump) error {
	*into = track.Dump{Began: r.Began, Ended: r.Ended, Full: r.Full, Sockets: into.Sockets[:0], Absent: into.Absent[:0]}
	into.Sockets = slices.Grow(into.Sockets, r.messages())
	done := false
	var err error
	for _, c := range r.Chunks {
		if done, err = parse(c.Raw, c.At, into); err != nil {
			break
		}
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

// messages returns how many messages there are, as far as they are whole.
func (r *Reply) messages() (n int) {
	for _, c := range r.Chunks {
		for raw := c.Raw; len(raw) > 0; n++ {
			var err error
			if _, raw, err = nextMessage(raw); err != nil {
				break
			}
		}
	}
	return n
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
