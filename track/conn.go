package track

import (
	"net/netip"
	"time"
)

// Conn is a connection as one of its ends has it, at one moment. It is a view:
// never changed once published, and safe to share. On loopback the two ends of
// one connection are two Conns.
type Conn struct {
	ID            uint64 // of this session, never used again
	Local, Remote netip.AddrPort
	State         State
	Socket        *Socket // the last row seen of it; nil: known from packets only
	Owner         Owner
	Options       *Options // nil: not read
	Coverage      Coverage
	First, Last   Instant // first and last news of it

	Packets         uint64 // seen of it
	Bytes           uint64 // of payload
	Retransmissions int    // seen on the wire, loss probes included
	Stall           *Stall // what is unanswered; nil: nothing
	Forecast        Forecast
	Verdict         Verdict
	Gone            *Certificate // how it ended; nil: it lives

	// Timeline is what was seen of it on the wire, the newest last. Dropped
	// counts older entries that were let go.
	Timeline []Entry
	Dropped  uint64
	// Moments is the bounded history of its state, each of which stood until the
	// next; empty: not kept.
	Moments []Moment

	memory Memory // for WhatIf
}

// Trouble reports whether the connection calls for attention.
func (c *Conn) Trouble() bool { return c.Gone == nil && c.Verdict.Kind.Trouble() }

// LastHeard returns when the peer was last heard, by packets or by the kernel's
// own word; zero: unknown.
func (c *Conn) LastHeard() Instant {
	if c.Stall != nil {
		return c.Stall.LastHeard
	}
	return 0
}

// Coverage is what the packets could show of a connection. Absence of packets
// is evidence only where they could have been seen.
type Coverage struct {
	Out, In   bool    // what it sends, receives can be seen
	Since     Instant // from when on; zero: never
	FromStart bool    // its first segment was seen
	Lost      uint64  // frames that the capture lost since
	Doubt     string  // why coverage is in doubt, in words; "" for none
}

// Stall is what waits for an answer: data, a SYN, a FIN or a probe.
type Stall struct {
	Since     Instant // the first transmission of the oldest of it; zero: unknown
	LastHeard Instant // the peer's last segment; zero: unknown
	Bytes     uint32  // unacknowledged
	OnWire    bool    // Since and Rungs were seen in packets
	Rungs     []Rung  // what was sent again, in order
}

// Rung is one retransmission or probe of a stall.
type Rung struct {
	At       Instant
	Kind     FireKind // FireRTO, FireTLP, FireProbe, FireKeepalive, FireSyn, FireSynack
	Resent   Kind     // of a retransmission: its kind
	Nth      int      // by kind, from 1: RTO 1, RTO 2
	Interval time.Duration
	Ratio    float64
}

// Entry is one packet of a connection's timeline.
type Entry struct {
	At       Instant
	Frame    uint64
	Out      bool // sent by the local end
	Flags    Flags
	Seq, Ack uint32 // relative to the first seen of each direction
	Len      uint32
	Window   uint32 // scaled where the scale is known
	NSACK    uint8
	SACK     [4]SACKBlock // relative
	Finding  Finding
	ICMP     *ICMP // of ClassICMP
}

// Moment is a connection's state at one time of its past.
type Moment struct {
	At              Instant
	State           State
	RecvQ, SendQ    uint32
	Timer           Timer
	Expires         time.Duration
	Retransmits     uint8
	Backoff, Probes uint8
	RTO, RTT        time.Duration
	Cwnd            uint32 // segments
	Unacked         uint32 // segments
	SndWnd, RcvWnd  uint32 // bytes
	Forecast        Forecast
}

// Certificate is what is left of a connection that ended: what was foretold,
// and what happened.
type Certificate struct {
	At             Instant // between the last sight of it and the first sign of its absence
	Alive          Instant // when it was last seen alive
	State          State   // the last seen
	Reason         Reason
	ResetBy        Sender        // of a reset, whose RST came first
	FirstPredicted Instant       // the first deadline announced in its last stall; zero: none
	Predicted      Instant       // the forecast standing 0.5 s before; zero: none
	Error          time.Duration // At - Predicted; meaningful where Predicted is set
	Cause          Cause         // of the forecast
}

// Sender is from which end of a connection a segment came, as its addresses have it.
type Sender uint8

// The senders. SenderUnknown: no segment was seen.
const (
	SenderUnknown Sender = iota
	SenderLocal
	SenderRemote
)

var senderNames = [...]string{"unknown", "local", "remote"}

// String returns the sender's name as events have it.
func (s Sender) String() string { return senderNames[s] }

// Reason is how a connection ended.
type Reason uint8

// The reasons.
const (
	ReasonUnknown Reason = iota
	TimedOut
	Reset
	Closed
	DestroyedByHand
)

var reasonNames = [...]string{"unknown", "timed-out", "reset", "closed", "destroyed"}

// String returns the reason's name as events have it.
func (r Reason) String() string { return reasonNames[r] }
