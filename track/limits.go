package track

import "time"

// Limits are what the kernel of one network namespace goes by when it decides
// how long to try: its sysctls, and how its timers tick. The kernel reads the
// sysctls again at every fire of a timer, so they are read again while a
// session runs.
type Limits struct {
	At Instant

	Retries1, Retries2   int // net.ipv4.tcp_retries1, tcp_retries2
	OrphanRetries        int // tcp_orphan_retries, as set; 0 means 8 to the kernel
	SynRetries           int // tcp_syn_retries
	SynLinearTimeouts    int // tcp_syn_linear_timeouts (6.5+); 0 where the kernel has none
	SynackRetries        int // tcp_synack_retries
	KeepaliveProbes      int // tcp_keepalive_probes
	KeepaliveTime        time.Duration
	KeepaliveIntvl       time.Duration
	FinTimeout           time.Duration // tcp_fin_timeout
	RTOMax               time.Duration // tcp_rto_max_ms (6.15+); 120 s where the kernel has none
	RTOMin               time.Duration // tcp_rto_min_us (6.11+); 200 ms where the kernel has none
	ThinLinearTimeouts   bool          // tcp_thin_linear_timeouts
	NoLossProbes         bool          // tcp_early_retrans is below 3
	HasRTOMax, HasRTOMin bool          // whether this kernel has the two sysctls above

	// Missing names the sysctls that could not be read; their fields hold the
	// kernel's default.
	Missing []string

	HZ     int     // timer ticks a second: 100, 250, 300, 1000; 0 unknown
	Phase  Phase   // where the wheel stands
	Kernel Release // of the running kernel
}

// Phase ties the kernel's tick counter to the session clock:
// jiffies = floor(ns·HZ/1e9 + Offset), net of any constant that 2^6·8^8 divides.
type Phase struct {
	Known  bool
	Offset float64 // jiffies at instant 0, with its fraction
}

// Release is the kernel's release by its first two numbers.
type Release struct{ Major, Minor int }

// AtLeast reports whether r is major.minor or later. An unknown release (zero)
// is taken for a current one.
func (r Release) AtLeast(major, minor int) bool {
	if r == (Release{}) {
		return true
	}
	return r.Major > major || r.Major == major && r.Minor >= minor
}

// Options are the socket options that inet_diag leaves out, read from the
// owner's descriptor by pidfd_getfd(2) and getsockopt(2).
type Options struct {
	At     Instant
	Cookie uint64
	Err    string // why they could not be read; the rest then means nothing

	UserTimeout time.Duration // TCP_USER_TIMEOUT, 0: none
	Keepalive   bool          // SO_KEEPALIVE
	KeepIdle    time.Duration // TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT
	KeepIntvl   time.Duration
	KeepCnt     int
	SynCnt      int           // TCP_SYNCNT; the sysctl's value where the socket sets none
	Linger2     time.Duration // TCP_LINGER2; negative: no FIN_WAIT2 at all
	RTOMax      time.Duration // TCP_RTO_MAX_MS (6.15+), 0: kernel has none
	ThinLinear  bool          // TCP_THIN_LINEAR_TIMEOUTS
	DeferAccept time.Duration // TCP_DEFER_ACCEPT
}

// Owner is the program that holds a socket.
type Owner struct {
	PID     int    // 0: unknown, or none
	Program string // /proc/PID/comm, as the kernel gives it: uncleaned
}

// Neighbour is what the neighbour table (ARP, NDP) says of a connection's next hop.
type Neighbour uint8

// The answers that matter: while the hop is being asked for, or did not answer,
// nothing leaves for the peer.
const (
	NeighbourUnknown Neighbour = iota
	NeighbourReachable
	NeighbourIncomplete
	NeighbourFailed
)
