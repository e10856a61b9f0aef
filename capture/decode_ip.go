package capture

import "net/netip"

// Protocol numbers of IP, which IPv6's extension headers share.
const (
	protoHopByHop     = 0
	protoICMP         = 1
	protoIPIP         = 4
	protoTCP          = 6
	protoUDP          = 17
	protoIPv6         = 41
	protoRouting      = 43
	protoFragment     = 44
	protoGRE          = 47
	protoAH           = 51
	protoICMPv6       = 58
	protoDestination  = 60
	protoEtherIP      = 97
	protoMobility     = 135
	protoMPLS         = 137
	protoHIP          = 139
	protoShim6        = 140
	ipv4Header        = 20
	ipv6Header        = 40
	fragmentOffsetV4  = 0x1fff // of the flags and offset field
	fragmentOffsetV6  = 0xfff8
	fragmentHeaderLen = 8
)

// ipv4 decodes an IPv4 header (RFC 791).
func (d *decoder) ipv4(b []byte, wire int) Kind {
	if len(b) < ipv4Header || b[0]>>4 != 4 {
		return Undecodable
	}
	header, total := int(b[0]&0xf)*4, int(be16(b[2:]))
	if total == 0 { // larger than the field can tell, or left to the hardware
		total = wire
	}
	if header < ipv4Header || total < header || len(b) < header {
		return Undecodable
	}
	if be16(b[6:])&fragmentOffsetV4 != 0 {
		return Other
	}
	b = b[:min(len(b), total)] // Ethernet pads short frames
	d.src = netip.AddrFrom4([4]byte(b[12:16]))
	d.dst = netip.AddrFrom4([4]byte(b[16:20]))
	d.ipID, d.hopLimit = be16(b[4:]), b[8]
	if b[9] == protoTCP {
		return d.tcp(b[header:], total-header)
	}
	return d.transport(b[9], b[header:], total-header)
}

// ipv6 decodes an IPv6 header and its extension headers (RFC 8200).
func (d *decoder) ipv6(b []byte, wire int) Kind {
	if len(b) < ipv6Header || b[0]>>4 != 6 {
		return Undecodable
	}
	total := ipv6Header + int(be16(b[4:]))
	if total == ipv6Header && wire > ipv6Header { // a jumbogram (RFC 2675), or an offloaded segment
		total = wire
	}
	b = b[:min(len(b), total)]
	d.src = netip.AddrFrom16([16]byte(b[8:24])).Unmap()
	d.dst = netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	d.ipID, d.hopLimit = 0, b[7]
	if b[6] == protoTCP {
		return d.tcp(b[ipv6Header:], total-ipv6Header)
	}
	next, rest, kind := skipExtensions(b[6], b[ipv6Header:])
	if kind != TCP {
		return kind
	}
	return d.transport(next, rest, total-(len(b)-len(rest)))
}

// skipExtensions passes over the extension headers at the start of b, of which
// next is the first. It answers TCP with what comes after them, Other for a
// later fragment, and Undecodable if b ends too early.
func skipExtensions(next uint8, b []byte) (uint8, []byte, Kind) {
	for {
		var n int
		switch next {
		default:
			return next, b, TCP
		case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6:
			if len(b) < 2 {
				return 0, nil, Undecodable
			}
			n = (int(b[1]) + 1) * 8
		case protoFragment:
			if len(b) < fragmentHeaderLen {
				return 0, nil, Undecodable
			}
			if be16(b[2:])&fragmentOffsetV6 != 0 {
				return 0, nil, Other
			}
			n = fragmentHeaderLen
		case protoAH:
			if len(b) < 2 {
				return 0, nil, Undecodable
			}
			n = (int(b[1]) + 2) * 4
		}
		if len(b) < n {
			return 0, nil, Undecodable
		}
		next, b = b[0], b[n:]
	}
}

// transport decodes what IP carries.
func (d *decoder) transport(proto uint8, b []byte, wire int) Kind {
	if !d.deeper() {
		return Undecodable
	}
	switch proto {
	case protoTCP:
		return d.tcp(b, wire)
	case protoICMP:
		return d.icmpv4(b)
	case protoICMPv6:
		return d.icmpv6(b)
	case protoUDP:
		return d.udp(b, wire)
	case protoIPIP:
		return d.ipv4(b, wire)
	case protoIPv6:
		return d.ipv6(b, wire)
	case protoGRE:
		return d.gre(b, wire)
	case protoMPLS:
		return d.mpls(b, wire)
	case protoAH: // before IPv4's payload; among IPv6's headers it was passed over
		next, rest, kind := skipExtensions(proto, b)
		if kind != TCP {
			return kind
		}
		return d.transport(next, rest, wire-(len(b)-len(rest)))
	case protoEtherIP: // RFC 3378
		const header = 2
		if len(b) < header {
			return Undecodable
		}
		return d.ethernet(b[header:], wire-header)
	}
	return Other
}
