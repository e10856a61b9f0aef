package capture

import (
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

// Errors of ICMP (RFC 792) and ICMPv6 (RFC 4443).
const (
	icmpUnreachable      = 3
	icmpTimeExceeded     = 11
	icmpParameterProblem = 12
	icmpFragNeeded       = 4 // code of icmpUnreachable (RFC 1191)

	icmp6Unreachable      = 1
	icmp6PacketTooBig     = 2
	icmp6TimeExceeded     = 3
	icmp6ParameterProblem = 4

	icmpHeader = 8
	tcpQuote   = 8 // bytes of a quoted segment that every sender grants: ports and sequence number
)

// icmpv4 decodes an ICMP message.
func (d *decoder) icmpv4(b []byte) Kind {
	if len(b) < icmpHeader {
		return Undecodable
	}
	e := track.ICMP{Type: b[0], Code: b[1]}
	switch e.Type {
	case icmpUnreachable:
		if e.Code == icmpFragNeeded {
			e.MTU = uint32(be16(b[6:]))
		}
	case icmpTimeExceeded, icmpParameterProblem:
	default:
		return Other
	}
	q := b[icmpHeader:]
	if len(q) < ipv4Header || q[0]>>4 != 4 {
		return Other
	}
	header := int(q[0]&0xf) * 4
	if header < ipv4Header || len(q) < header || q[9] != protoTCP || be16(q[6:])&fragmentOffsetV4 != 0 {
		return Other
	}
	return d.quote(e, netip.AddrFrom4([4]byte(q[12:16])), netip.AddrFrom4([4]byte(q[16:20])), q[header:])
}

// icmpv6 decodes an ICMPv6 message.
func (d *decoder) icmpv6(b []byte) Kind {
	if len(b) < icmpHeader {
		return Undecodable
	}
	e := track.ICMP{V6: true, Type: b[0], Code: b[1]}
	switch e.Type {
	case icmp6PacketTooBig:
		e.MTU = be32(b[4:])
	case icmp6Unreachable, icmp6TimeExceeded, icmp6ParameterProblem:
	default:
		return Other
	}
	q := b[icmpHeader:]
	if len(q) < ipv6Header || q[0]>>4 != 6 {
		return Other
	}
	next, tcp, kind := skipExtensions(q[6], q[ipv6Header:])
	if kind != TCP || next != protoTCP {
		return Other
	}
	return d.quote(e, netip.AddrFrom16([16]byte(q[8:24])), netip.AddrFrom16([16]byte(q[24:40])), tcp)
}

// quote completes an error from the start of the segment that it quotes.
func (d *decoder) quote(e track.ICMP, src, dst netip.Addr, tcp []byte) Kind {
	if len(tcp) < tcpQuote {
		return Other
	}
	e.At, e.Frame, e.From = d.frame.At, d.frame.Number, d.src
	e.Src = netip.AddrPortFrom(src.Unmap(), be16(tcp))
	e.Dst = netip.AddrPortFrom(dst.Unmap(), be16(tcp[2:]))
	e.Seq = be32(tcp[4:])
	*d.icmp = e
	return ICMPError
}
