package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

// Kind is what a frame turned out to hold.
type Kind uint8

// The kinds of frames.
const (
	Other       Kind = iota // nothing of TCP's: ARP, UDP, a later fragment
	TCP                     // a segment
	ICMPError               // an ICMP or ICMPv6 error that quotes a segment
	Undecodable             // damaged, cut off before its TCP header, or of an unsupported link type
)

// Decode finds the TCP header of a frame, the innermost one where there are
// tunnels, and fills seg from it; or icmp from an error that quotes a segment.
// What the kind does not name is left in no particular state. It keeps nothing
// of the frame's bytes and allocates nothing.
//
// The length of a segment's payload is reckoned from the IP header, and from
// the frame where that says nothing (offloaded segments larger than 64 KiB).
// Of a fragmented segment only the first fragment is TCP.
func Decode(f *Frame, seg *track.Segment, icmp *track.ICMP) Kind {
	d := decoder{frame: f, seg: seg, icmp: icmp, iface: f.Iface}
	wire := max(int(f.Len), len(f.Data))
	if f.Link == LinkEthernet {
		return d.ethernet(f.Data, wire)
	}
	return d.link(f.Link, f.Data, wire)
}

// decoder carries what the outer headers of a frame told to the inner ones.
// Its methods each take the captured bytes from their header on, and how many
// there were on the wire.
type decoder struct {
	frame *Frame
	seg   *track.Segment
	icmp  *track.ICMP

	src, dst netip.Addr
	iface    uint32
	vlan     uint16
	ipID     uint16
	hopLimit uint8
	outgoing bool
	layers   uint8
}

// maxLayers bounds how many headers before TCP's are unwrapped. Honest frames
// have less than half as many.
const maxLayers = 32

// deeper reports whether one more header may be unwrapped.
func (d *decoder) deeper() bool {
	d.layers++
	return d.layers <= maxLayers
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
