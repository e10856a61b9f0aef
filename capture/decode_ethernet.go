package capture

// Ethertypes (IEEE 802 numbers), which cooked headers, GRE and others use too.
const (
	etherIPv4        = 0x0800
	etherIPv6        = 0x86dd
	etherVLAN        = 0x8100 // 802.1Q
	etherQinQ        = 0x88a8 // 802.1ad
	etherQinQOld     = 0x9100
	etherQinQOlder   = 0x9200
	etherMPLS        = 0x8847
	etherMPLSMulti   = 0x8848
	etherPPPoE       = 0x8864 // session stage
	etherVNTag       = 0x8926
	etherPBB         = 0x88e7 // 802.1ah: an Ethernet frame inside
	etherBridging    = 0x6558 // transparent Ethernet bridging, in GRE and GENEVE
	etherPPP         = 0x880b
	etherFabricPath  = 0x8903
	etherERSPAN      = 0x88be
	etherERSPAN3     = 0x22eb
	etherMin         = 0x0600 // smaller numbers are lengths of 802.3 frames
	ethernetHeader   = 14
	fabricPathHeader = 16 // with its type at the place of Ethernet's
)

// ethernet decodes an Ethernet frame (IEEE 802.3).
func (d *decoder) ethernet(b []byte, wire int) Kind {
	if len(b) < ethernetHeader || !d.deeper() {
		return Undecodable
	}
	switch t := be16(b[12:]); t {
	case etherIPv4:
		return d.ipv4(b[ethernetHeader:], wire-ethernetHeader)
	case etherFabricPath:
		if len(b) < fabricPathHeader {
			return Undecodable
		}
		return d.ethernet(b[fabricPathHeader:], wire-fabricPathHeader)
	default:
		return d.ethertype(t, b[ethernetHeader:], wire-ethernetHeader)
	}
}

// ethertype decodes what an Ethernet type or length announces.
func (d *decoder) ethertype(t uint16, b []byte, wire int) Kind {
	if !d.deeper() {
		return Undecodable
	}
	switch t {
	case etherIPv4:
		return d.ipv4(b, wire)
	case etherIPv6:
		return d.ipv6(b, wire)
	case etherVLAN, etherQinQ, etherQinQOld, etherQinQOlder:
		if len(b) < 4 {
			return Undecodable
		}
		d.vlan = be16(b) & 0xfff
		return d.ethertype(be16(b[2:]), b[4:], wire-4)
	case etherVNTag:
		const tag = 4
		if len(b) < tag+2 {
			return Undecodable
		}
		return d.ethertype(be16(b[tag:]), b[tag+2:], wire-tag-2)
	case etherPBB:
		const tag = 4
		if len(b) < tag {
			return Undecodable
		}
		return d.ethernet(b[tag:], wire-tag)
	case etherMPLS, etherMPLSMulti:
		return d.mpls(b, wire)
	case etherPPPoE:
		return d.pppoe(b, wire)
	case etherBridging:
		return d.ethernet(b, wire)
	case etherPPP:
		return d.ppp(b, wire)
	}
	if t < etherMin {
		return d.llc(b, wire)
	}
	return Other
}

// llc decodes an 802.2 header, which tells what follows by an Ethernet type if
// it is SNAP's (RFC 1042).
func (d *decoder) llc(b []byte, wire int) Kind {
	const header = 8
	if len(b) < header {
		return Other
	}
	snap := be16(b) == 0xaaaa && b[2] == 3
	oui := be32(b[2:]) & 0xffffff
	if !snap || oui != 0 && oui != 0x0000f8 || be16(b[6:]) < etherMin {
		return Other
	}
	return d.ethertype(be16(b[6:]), b[header:], wire-header)
}

// mpls decodes a stack of labels (RFC 3032). What follows the last one is not
// announced: IP is known by its version, and a zero there begins the control
// word of an Ethernet pseudowire (RFC 4448).
func (d *decoder) mpls(b []byte, wire int) Kind {
	const label, controlWord = 4, 4
	for last := false; !last; {
		if len(b) < label {
			return Undecodable
		}
		last = b[2]&1 != 0
		b, wire = b[label:], wire-label
	}
	if len(b) < controlWord {
		return Other
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(b, wire)
	case 6:
		return d.ipv6(b, wire)
	case 0:
		return d.ethernet(b[controlWord:], wire-controlWord)
	}
	return Other
}

// pppoe decodes the session stage of PPP over Ethernet (RFC 2516).
func (d *decoder) pppoe(b []byte, wire int) Kind {
	const header = 6
	if len(b) < header {
		return Undecodable
	}
	return d.ppp(b[header:], wire-header)
}

// ppp decodes a PPP frame (RFC 1661), with HDLC's address and control before
// it or without.
func (d *decoder) ppp(b []byte, wire int) Kind {
	const ipv4, ipv6, mpls, mplsMulti = 0x21, 0x57, 0x281, 0x283
	if len(b) >= 2 && be16(b) == 0xff03 {
		b, wire = b[2:], wire-2
	}
	if len(b) < 2 || !d.deeper() {
		return Undecodable
	}
	proto, n := be16(b), 2
	if b[0]&1 != 0 { // compressed: the last byte of the number is the odd one
		proto, n = uint16(b[0]), 1
	}
	switch proto {
	case ipv4:
		return d.ipv4(b[n:], wire-n)
	case ipv6:
		return d.ipv6(b[n:], wire-n)
	case mpls, mplsMulti:
		return d.mpls(b[n:], wire-n)
	}
	return Other
}
