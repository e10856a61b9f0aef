package track

import "time"

// Forecast is when and why Linux will give up on a connection, as far as can be
// known at one moment.
type Forecast struct {
	Cause     Cause
	Exactness Exactness

	At               Instant // zero: never, or not known; see Exactness
	Earliest, Latest Instant // bounds of At, where they are known

	Errno string // what the application will read: "ETIMEDOUT", "EHOSTUNREACH"; "" where none will
	RST   bool   // a reset is sent to the peer

	Retries   int           // the count behind the cause, where it is one: 15 of tcp_retries2
	Threshold time.Duration // the time that the count comes to (M of the count), or the user timeout
	Schedule  []Fire        // what is still to come, in order, the death last; shared, never changed
	Margin    time.Duration // how near the deciding fires come to the threshold; 0: not reckoned
	Other     Instant       // the other outcome, where Margin is too small to tell; else zero

	// Assumes says what the reckoning takes for granted, in words; "" for nothing.
	Assumes string
}

// Never reports whether the forecast is that nothing will ever end the connection.
func (f *Forecast) Never() bool { return f.Cause == CauseNone && f.Exactness != ExactnessUnknown }

// Fire is one firing of a timer yet to come.
type Fire struct {
	At   Instant
	Kind FireKind
}

// FireKind says what a firing timer does.
type FireKind uint8

// The kinds of fires.
const (
	FireRTO FireKind = iota
	FireTLP
	FireProbe     // zero-window probe
	FireKeepalive // keepalive probe
	FireSyn
	FireSynack
	FireDeath
)

var fireKindNames = [...]string{"rto", "tlp", "zero-window", "keepalive", "syn", "syn-ack", "death"}

// String returns the word for the kind as events have it.
func (k FireKind) String() string { return fireKindNames[k] }

// Cause is what sets a deadline, by the kernel's own name.
type Cause uint8

// The causes.
const (
	CauseNone Cause = iota // nothing will end it
	CauseRetries2
	CauseUserTimeout
	CauseOrphanRetries
	CauseSynRetries
	CauseSynCnt
	CauseSynackRetries
	CauseZeroWindow
	CauseKeepalive
	CauseFinTimeout
	CauseLinger2
	CauseTimewait
	CauseLocalDrop
	CauseShrunkWindow
)

var causeNames = [...]string{"none", "tcp_retries2", "TCP_USER_TIMEOUT", "tcp_orphan_retries", "tcp_syn_retries",
	"TCP_SYNCNT", "tcp_synack_retries", "zero-window", "keepalive", "tcp_fin_timeout", "TCP_LINGER2", "timewait",
	"local-drop", "shrunk-window"}

// String returns the cause's name as events have it.
func (c Cause) String() string { return causeNames[c] }

// Exactness says how far a forecast is to be trusted.
type Exactness uint8

// From nothing to all. Conditional: it holds if the peer stays silent from now
// on (keepalive of a healthy connection), or unless something named happens.
// Unstable: the kernel itself moves the timer (ICMP, ARP failures, local drops).
// Bounded: between Earliest and Latest. Exact: Earliest and Latest are within
// 20 ms of At.
const (
	ExactnessUnknown Exactness = iota
	Conditional
	Unstable
	Bounded
	Exact
)

var exactnessNames = [...]string{"unknown", "conditional", "unstable", "bounded", "exact"}

// String returns the word as events have it.
func (e Exactness) String() string { return exactnessNames[e] }
