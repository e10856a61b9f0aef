package track

import (
	"net/netip"
	"time"
)

// Socket is the kernel's side of a connection: one row of inet_diag.
type Socket struct {
	At            Instant // when the reply that held it was read
	Cookie        uint64  // the kernel's own name for it; 0 for none
	Local, Remote netip.AddrPort
	Mapped        bool   // an IPv6 socket with IPv4 addresses; Local and Remote are unmapped
	Bound         uint32 // interface index it is bound to, 0: none
	State         State
	Timer         Timer
	Expires       time.Duration // what is left of the timer, to the ms; 0 while it is overdue
	Retransmits   uint8         // idiag_retrans: RTOs since the last progress, or keepalive/window probes
	RecvQ, SendQ  uint32        // bytes; of a listener, its backlog and the backlog's limit
	UID           uint32
	Inode         uint32 // 0: orphan, time-wait or request socket

	CongestionControl string
	Info              Info
	Mem               Mem

	Sight Sight // what the capture can show of it; set by whoever joins filter and table
}

// firing reports whether the row was read while its timer fired, and is of no one
// moment: there is no timer while the kernel is at it, though something is in flight
// by one account or the other (it may be taking the socket down); or one that is over
// while the rest, which inet_diag waits for, tells what came of it
// (net/ipv4/inet_diag.c, inet_sk_diag_fill). last is the timer of the row before.
func (s *Socket) firing(last Timer) bool {
	i := &s.Info
	if i.Size == 0 || s.State == Listen {
		return false
	}
	flying := i.Unacked > 0 || s.SendQ > 0 && i.NotsentBytes == 0
	shut := last == TimerPersist && i.NotsentBytes > 0
	switch s.Timer {
	case TimerOff:
		return flying || shut
	case TimerOn:
		return s.Retransmits != i.Retransmits || s.Expires == 0 && i.LastDataSent == 0
	case TimerKeepalive:
		return s.Retransmits != i.Probes || flying || shut
	case TimerPersist:
		return s.Retransmits != i.Probes
	}
	return false
}

// Mem is INET_DIAG_SKMEMINFO, in bytes (but Drops): what `ss -m` prints.
type Mem struct {
	RmemAlloc, Rcvbuf, WmemAlloc, Sndbuf, FwdAlloc, WmemQueued, Optmem, Backlog, Drops uint32
}

// Sight says which of a socket's packets the capture could show at all.
type Sight struct {
	Out, In        bool // the expression admits what the socket sends, receives
	Undecided      bool // addresses alone can't decide the expression ("greater 100")
	OtherInterface bool // its route leaves by an interface that is not captured
}

// State is a TCP state by the kernel's number (include/net/tcp_states.h).
type State uint8

// The kernel's states.
const (
	StateUnknown State = iota
	Established
	SynSent
	SynRecv
	FinWait1
	FinWait2
	TimeWait
	Close
	CloseWait
	LastAck
	Listen
	Closing
	NewSynRecv // a request socket, shown as SYN_RECV
	BoundInactive
)

var stateNames = [...]string{"UNKNOWN", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
	"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV", "BOUND"}

// String returns netstat's word for the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[StateUnknown]
}

// Timer is the kind of timer that inet_diag reports (idiag_timer).
type Timer uint8

// The kernel's timers. TimerOn is RTO, TLP or RACK's reordering timer, not told
// apart; TimerKeepalive is also FIN_WAIT2's; TimerPersist is probe0 or the
// resend of a first transmission that failed locally.
const (
	TimerOff Timer = iota
	TimerOn
	TimerKeepalive
	TimerTimewait
	TimerPersist
)

// String returns ss's word for the timer.
func (t Timer) String() string {
	switch t {
	case TimerOff:
		return "off"
	case TimerOn:
		return "on"
	case TimerKeepalive:
		return "keepalive"
	case TimerTimewait:
		return "timewait"
	case TimerPersist:
		return "persist"
	}
	return "unknown"
}

// Congestion-avoidance states, tcpi_ca_state (include/uapi/linux/tcp.h).
const (
	CAOpen = iota
	CADisorder
	CACWR
	CARecovery
	CALoss
)

// Info is struct tcp_info (include/uapi/linux/tcp.h), as much of it as this
// kernel has: Size tells how many bytes it gave. Fields beyond Size are zero
// and mean nothing; ask Has.
type Info struct {
	Size int // bytes of the kernel's struct; 0: no tcp_info at all (time-wait, request sockets)

	State, CAState, Retransmits, Probes, Backoff, Options uint8
	SndWScale, RcvWScale                                  uint8
	AppLimited                                            bool
	FastOpenFail                                          uint8

	RTO, ATO       time.Duration // µs in the kernel
	SndMSS, RcvMSS uint32        // bytes

	Unacked, Sacked, Lost, Retrans uint32 // segments

	LastDataSent, LastDataRecv, LastAckRecv time.Duration // ago; ms in the kernel

	PMTU, RcvSsthresh  uint32
	RTT, RTTVar        time.Duration
	SndSsthresh        uint32
	SndCwnd            uint32 // segments
	AdvMSS, Reordering uint32
	RcvRTT             time.Duration
	RcvSpace           uint32
	TotalRetrans       uint32 // segments, over the connection's life
	PacingRate         uint64 // bytes/s
	MaxPacingRate      uint64
	BytesAcked         uint64
	BytesReceived      uint64
	SegsOut, SegsIn    uint32
	NotsentBytes       uint32
	MinRTT             time.Duration
	DataSegsIn         uint32
	DataSegsOut        uint32
	DeliveryRate       uint64
	BusyTime           time.Duration
	RwndLimited        time.Duration
	SndbufLimited      time.Duration
	Delivered          uint32
	DeliveredCE        uint32
	BytesSent          uint64
	BytesRetrans       uint64
	DSACKDups          uint32
	ReordSeen          uint32
	RcvOOOPack         uint32
	SndWnd             uint32 // the peer's advertised window, bytes
	RcvWnd             uint32
	Rehash             uint32
	TotalRTO           uint16        // RTOs over the connection's life
	TotalRTORecoveries uint16        // of which this many episodes were recovered, or are running
	TotalRTOTime       time.Duration // spent in RTO recovery; ms in the kernel
}

// Sizes of struct tcp_info from which on a field is there.
const (
	InfoSndWnd   = 232 // snd_wnd (5.4)
	InfoRcvWnd   = 240 // rcv_wnd, rehash (6.2)
	InfoTotalRTO = 248 // total_rto, total_rto_recoveries, total_rto_time (6.7)
)

// Has reports whether the kernel's struct reached size bytes.
func (i *Info) Has(size int) bool { return i.Size >= size }
