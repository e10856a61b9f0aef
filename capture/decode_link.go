package capture

import "encoding/binary"

// link decodes a frame by its link type.
func (d *decoder) link(l LinkType, b []byte, wire int) Kind {
	switch l {
	case LinkEthernet:
		return d.ethernet(b, wire)
	case LinkLinuxSLL:
		return d.cooked(b, wire)
	case LinkLinuxSLL2:
		return d.cooked2(b, wire)
	case LinkRaw, linkRawDLT, linkRawDLTOther:
		return d.rawIP(b, wire)
	case LinkIPv4:
		return d.ipv4(b, wire)
	case LinkIPv6:
		return d.ipv6(b, wire)
	case LinkNull, LinkLoop:
		return d.loopback(b, wire)
	case LinkPPP, LinkPPPHDLC:
		return d.ppp(b, wire)
	case LinkPPPoE:
		return d.pppoe(b, wire)
	case LinkCiscoHDLC:
		return d.ciscoHDLC(b, wire)
	case LinkFDDI:
		return d.fddi(b, wire)
	case LinkNFLog:
		return d.nflog(b)
	case LinkIEEE80211:
		return d.ieee80211(b, wire, false)
	case LinkRadiotap:
		return d.radiotap(b, wire)
	case LinkPPI:
		return d.ppi(b, wire)
	}
	return Undecodable
}

// rawIP decodes IP of either version.
func (d *decoder) rawIP(b []byte, wire int) Kind {
	if len(b) == 0 {
		return Undecodable
	}
	if b[0]>>4 == 6 {
		return d.ipv6(b, wire)
	}
	return d.ipv4(b, wire)
}

// loopback decodes BSD's loopback header: an address family, in the byte order
// of whoever captured, by that system's number.
func (d *decoder) loopback(b []byte, wire int) Kind {
	const header = 4
	if len(b) < header {
		return Undecodable
	}
	family := be32(b)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(b)
	}
	switch family {
	case 2:
		return d.ipv4(b[header:], wire-header)
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		return d.ipv6(b[header:], wire-header)
	}
	return Other
}

// Fields of Linux's cooked headers, by their hardware types (ARPHRD_, see
// include/uapi/linux/if_arp.h) and packet types (include/uapi/linux/if_packet.h).
const (
	hardwareGRE      = 778
	hardware80211    = 801
	hardwareRadiotap = 803
	packetOutgoing   = 4
)

// cooked decodes Linux's cooked header.
func (d *decoder) cooked(b []byte, wire int) Kind {
	const header = 16
	if len(b) < header {
		return Undecodable
	}
	d.outgoing = be16(b) == packetOutgoing
	return d.cookedPayload(be16(b[2:]), be16(b[14:]), b[header:], wire-header)
}

// cooked2 decodes version 2 of Linux's cooked header.
func (d *decoder) cooked2(b []byte, wire int) Kind {
	const header = 20
	if len(b) < header {
		return Undecodable
	}
	d.iface = be32(b[4:])
	d.outgoing = b[10] == packetOutgoing
	return d.cookedPayload(be16(b[8:]), be16(b), b[header:], wire-header)
}

// cookedPayload decodes what follows a cooked header. Protocols below Ethernet's
// types are Linux's own (include/uapi/linux/if_ether.h), of which only the one
// for 802.2 matters.
func (d *decoder) cookedPayload(hardware, proto uint16, b []byte, wire int) Kind {
	const proto8022 = 4
	switch {
	case hardware == hardware80211:
		return d.ieee80211(b, wire, false)
	case hardware == hardwareRadiotap:
		return d.radiotap(b, wire)
	case proto == proto8022:
		return d.llc(b, wire)
	case proto < etherMin:
		return Other
	}
	return d.ethertype(proto, b, wire)
}

// ciscoHDLC decodes Cisco's HDLC: address, control, Ethernet type.
func (d *decoder) ciscoHDLC(b []byte, wire int) Kind {
	const header = 4
	if len(b) < header {
		return Undecodable
	}
	if be16(b[2:]) < etherMin {
		return Other
	}
	return d.ethertype(be16(b[2:]), b[header:], wire-header)
}

// fddi decodes an FDDI frame: frame control, addresses, 802.2.
func (d *decoder) fddi(b []byte, wire int) Kind {
	const header = 13
	if len(b) < header {
		return Undecodable
	}
	return d.llc(b[header:], wire-header)
}

// nflog decodes a netfilter log message: attributes, one of which is the packet
// (include/uapi/linux/netfilter/nfnetlink_log.h).
func (d *decoder) nflog(b []byte) Kind {
	const header, attribute = 4, 4
	const inDevice, outDevice, payload = 4, 5, 9
	if len(b) < header {
		return Undecodable
	}
	b = b[header:]
	for len(b) >= attribute {
		// In the byte order of the capturing host; nearly all are little-endian.
		n, kind := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])
		if n < attribute {
			return Undecodable
		}
		value := b[attribute:max(attribute, min(n, len(b)))]
		switch {
		case kind == payload:
			return d.rawIP(value, n-attribute)
		case kind == inDevice && len(value) == 4:
			d.iface = be32(value)
		case kind == outDevice && len(value) == 4:
			d.iface, d.outgoing = be32(value), true
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return Other
}
