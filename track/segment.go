package track

import (
	"net/netip"
	"strings"
)

// Segment is one TCP segment as a capture shows it: a header, and how much
// followed it. Addresses are unmapped (never ::ffff:a.b.c.d). A segment has no
// direction of its own: on loopback it belongs to two sockets.
type Segment struct {
	At    Instant
	Frame uint64 // number of the frame in its source, from 1

	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    Flags
	Window   uint16 // as in the header, unscaled
	Urgent   uint16
	Len      uint32 // bytes of payload on the wire, whatever the capture kept

	// Options. Those cut off by the snap length are as if absent.
	HasTS         bool
	TSVal, TSEcr  uint32
	MSS           uint16 // 0: absent
	HasWScale     bool
	WScale        uint8 // RFC 7323: at most 14
	SACKPermitted bool
	NSACK         uint8
	SACK          [4]SACKBlock
	FastOpen      bool // carries a Fast Open option (RFC 7413)

	// What tells one packet captured twice from one sent twice.
	Iface    uint32 // interface index (SLL2), or the file's interface number; 0: unknown
	VLAN     uint16 // innermost VLAN id, 0: none
	IPID     uint16 // IPv4 identification, 0 for IPv6
	Checksum uint16
	HopLimit uint8 // TTL of IPv4, hop limit of IPv6
	Outgoing bool  // cooked captures say so: sent by this host
}

// SACKBlock is one block of the SACK option (RFC 2018): [Left, Right).
type SACKBlock struct{ Left, Right uint32 }

// SeqLen returns how much of the sequence space the segment takes: its
// payload, and one each for SYN and FIN.
func (s *Segment) SeqLen() uint32 {
	n := s.Len
	if s.Flags.Has(SYN) {
		n++
	}
	if s.Flags.Has(FIN) {
		n++
	}
	return n
}

// End returns the sequence number after the segment.
func (s *Segment) End() uint32 { return s.Seq + s.SeqLen() }

// Flags are the flag bits of a TCP header (RFC 9293 §3.1, RFC 3168).
type Flags uint8

// The flags by their bits in the header.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String returns tcpdump's letters for the flags, without brackets: "S.", "P.",
// "none".
func (f Flags) String() string {
	if f == 0 {
		return "none"
	}
	var b strings.Builder
	for _, l := range [...]struct {
		flag   Flags
		letter byte
	}{{FIN, 'F'}, {SYN, 'S'}, {RST, 'R'}, {PSH, 'P'}, {ACK, '.'}, {URG, 'U'}, {ECE, 'E'}, {CWR, 'W'}} {
		if f.Has(l.flag) {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}

// ICMP is an ICMP or ICMPv6 error that quotes the start of a TCP segment.
type ICMP struct {
	At         Instant
	Frame      uint64
	From       netip.Addr     // who sent the error
	Src, Dst   netip.AddrPort // of the quoted segment
	Seq        uint32         // of the quoted segment
	V6         bool
	Type, Code uint8
	MTU        uint32 // of "fragmentation needed" and "packet too big"; 0: none told
}

// seqLess reports whether a comes before b on the circle of sequence numbers.
func seqLess(a, b uint32) bool { return int32(a-b) < 0 }

// seqLessEq reports whether a is b or comes before it.
func seqLessEq(a, b uint32) bool { return int32(a-b) <= 0 }
