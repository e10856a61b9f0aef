package capture

import "github.com/tcpwatch/tcpwatch/track"

// Batch is what a live source had to give at one time. Its frames share one
// piece of memory, which the next read of the same Batch uses again. The zero
// Batch is ready for use.
type Batch struct {
	Frames []Frame
	// Until is the moment up to which every frame should have been delivered:
	// later batches hold later ones.
	Until track.Instant
	// Clock is set in the first batch of a source, and whenever the wall clock
	// was moved against the session clock by more than a millisecond.
	Clock track.ClockPair
	// Stats are the source's counters since it was opened. They may be a moment
	// older than the frames.
	Stats Stats

	headers []header
	bytes   []byte
	count   int
	asked   int64 // when libpcap was asked, in nanoseconds of the monotonic clock
	// The moment after its answer by both clocks, in nanoseconds.
	monotonic, wall int64
}

// Stats counts the frames of a live source.
type Stats struct {
	Received           uint64 // admitted by the expression
	Dropped            uint64 // of them, lost for want of room in the buffer
	DroppedByInterface uint64 // lost before; only known in promiscuous mode
}

// The size of a batch. A batch is full after so many frames, or after as many of
// full length as fit.
const (
	batchFrames = 256
	batchBytes  = 1 << 20
)

// room makes the batch ready for frames of at most snaplen bytes.
func (b *Batch) room(snaplen int) {
	frames := max(1, min(batchFrames, batchBytes/snaplen))
	if len(b.headers) != frames || len(b.bytes) != frames*snaplen {
		b.headers = make([]header, frames)
		b.bytes = make([]byte, frames*snaplen)
		b.Frames = make([]Frame, 0, frames)
	}
}

// full reports whether more frames may be waiting already.
func (b *Batch) full() bool { return b.count == len(b.headers) }
