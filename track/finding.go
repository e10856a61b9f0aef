package track

import "time"

// Finding is what one segment was, seen against all that came before it.
type Finding struct {
	Class Class
	Kind  Kind // of a retransmission

	Nth        int           // of this segment: 1 for its first retransmission; or number of the probe
	Interval   time.Duration // since this segment's last transmission, or the probe before; 0 unknown
	SinceFirst time.Duration // since its first transmission; 0 unknown
	Ratio      float64       // Interval to the interval before; 0 unknown

	Proves uint64 // frame of the other end's latest retransmission that this proves needless; 0: of none

	Spurious   bool // the receiver had it already when it was sent
	ZeroWindow bool // announces a window of zero
	WindowFull bool // fills the peer's window
}

// Class is what a segment was.
type Class uint8

// The classes of segments. A duplicate is one packet captured twice, no fault
// of TCP's; an out-of-order segment fills a hole and was never seen before.
const (
	ClassPlain Class = iota
	ClassRetransmission
	ClassKeepalive // keepalive probe
	ClassKeepaliveAck
	ClassWindowProbe // zero-window probe
	ClassWindowProbeAck
	ClassOutOfOrder
	ClassDuplicate
	ClassDupAck
	ClassWindowUpdate
	ClassReset
	ClassICMP // not a segment: an ICMP error that quotes one
)

var classNames = [...]string{"plain", "retransmit", "keepalive", "keepalive-ack", "zero-window-probe",
	"zero-window-probe-ack", "out-of-order", "duplicate", "dup-ack", "window-update", "reset", "icmp"}

// String returns the word for the class.
func (c Class) String() string { return classNames[c] }

// Kind is why a segment was retransmitted.
type Kind uint8

// The kinds of retransmissions (RFC 8985 §7, RFC 6298, RFC 6675; net/ipv4/tcp_timer.c,
// tcp_recovery.c). SlowStart is what follows an RTO before the recovery point, or a
// SYN whose data was not taken.
// KindUnknown: the evidence is not there.
const (
	KindUnknown Kind = iota
	KindTLP
	KindRTO
	KindFast
	KindSlowStart
	KindSpurious
)

var kindNames = [...]string{"unknown", "tlp", "rto", "fast", "slow-start", "spurious"}

// String returns the kind's name as events have it.
func (k Kind) String() string { return kindNames[k] }
