package track

import (
	"net/netip"
	"time"
)

// Event is something worth telling, in the order it became known: *SocketSeen,
// *Retransmitted, *Needless, *Probed, *OutOfOrdered, *Duplicated, *DeadlineSet,
// *VerdictGiven, *Ended; and *PacketSeen where each packet is wanted.
type Event interface{ When() Instant }

// SocketSeen is the first sight of a socket, or a change of its state, queues,
// kind of timer or counters.
type SocketSeen struct {
	At     Instant
	Socket Socket
	Owner  Owner
}

// Retransmitted is a segment sent again.
type Retransmitted struct {
	At       Instant
	Frame    uint64
	Src, Dst netip.AddrPort
	Seq, Len uint32 // Seq as on the wire
	Flags    Flags
	Finding  Finding
}

// Needless tells that a retransmission was needless, now that the peer has reported
// its data as duplicate (RFC 2883), answered an earlier transmission (RFC 3522), or
// acknowledged what was sent before a timeout and never again (RFC 5682).
type Needless struct {
	At       Instant
	Frame    uint64 // of the retransmission
	By       uint64 // of the segment that proves it
	Src, Dst netip.AddrPort
	Seq      uint32 // as on the wire
	Kind     Kind
}

// Probed is a keepalive or zero-window probe.
type Probed struct {
	At       Instant
	Frame    uint64
	Src, Dst netip.AddrPort
	Kind     FireKind // FireKeepalive or FireProbe
	Nth      int
	Interval time.Duration
}

// OutOfOrdered is a segment that came after a later one, never seen before.
type OutOfOrdered struct {
	At       Instant
	Frame    uint64
	Src, Dst netip.AddrPort
	Seq, Len uint32
}

// Duplicated is one packet captured twice.
type Duplicated struct {
	At       Instant
	Frame    uint64
	Src, Dst netip.AddrPort
	Seq, Len uint32
}

// DeadlineSet is a forecast, at first and whenever it has moved by over 10 ms or
// changed its cause or exactness.
type DeadlineSet struct {
	At            Instant
	Local, Remote netip.AddrPort
	State         State
	Forecast      Forecast
}

// VerdictGiven is a verdict, at first and whenever its kind changes.
type VerdictGiven struct {
	At            Instant
	Local, Remote netip.AddrPort
	Coverage      Coverage
	Verdict       Verdict
}

// Ended is the end of a connection.
type Ended struct {
	Local, Remote netip.AddrPort
	Certificate   Certificate
}

// PacketSeen is any packet of a connection: the last entry of its timeline.
type PacketSeen struct {
	At            Instant
	Local, Remote netip.AddrPort
	Timeline      []Entry
}

// When returns the moment of the event.
func (e *PacketSeen) When() Instant { return e.At }

// When returns the moment of the event.
func (e *SocketSeen) When() Instant    { return e.At }
func (e *Retransmitted) When() Instant { return e.At }
func (e *Needless) When() Instant      { return e.At }
func (e *Probed) When() Instant        { return e.At }
func (e *OutOfOrdered) When() Instant  { return e.At }
func (e *Duplicated) When() Instant    { return e.At }
func (e *DeadlineSet) When() Instant   { return e.At }
func (e *VerdictGiven) When() Instant  { return e.At }
func (e *Ended) When() Instant         { return e.Certificate.At }
