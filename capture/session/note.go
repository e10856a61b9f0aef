package session

import (
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

// Note is what the user wrote at a moment, to a connection or to a packet. Of
// several with the same ID the last one stands; one without text takes it back.
type Note struct {
	ID            uint64
	At            track.Instant
	Made          track.Instant // when it was written
	Frame         uint64        `json:",omitzero"` // the packet's number in the session; 0: none
	Local, Remote netip.AddrPort
	Text          string
}

// Record returns the record of n.
func (n *Note) Record() (Record, error) { return encode(KindNote, n.At, n) }

// Note returns the note that a record holds. In a file its frame counts that
// file's frames.
func (r Record) Note() (*Note, error) {
	n := new(Note)
	return n, r.decode(KindNote, n)
}

// Gap tells what the recording lost because the disk was too slow. It stands
// where the lost would have stood.
type Gap struct {
	At              track.Instant // of what comes next, or at the end of what was lost last
	Frames, Records uint64
}

// Record returns the record of g.
func (g *Gap) Record() (Record, error) { return encode(KindGap, g.At, g) }

// Gap returns the gap that a record holds.
func (r Record) Gap() (*Gap, error) {
	g := new(Gap)
	return g, r.decode(KindGap, g)
}
