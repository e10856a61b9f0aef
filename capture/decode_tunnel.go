package capture

// UDP ports of tunnels (IANA, and Linux's own default for VXLAN).
const (
	portVXLAN      = 4789
	portVXLANLinux = 8472
	portGeneve     = 6081
	portGTPU       = 2152
	portGRE        = 4754 // RFC 8086
)

// udp looks into the tunnels that UDP carries. They are known by their port
// alone, so what does not look like one is no damage.
func (d *decoder) udp(b []byte, wire int) Kind {
	const header = 8
	if len(b) < header {
		return Other
	}
	kind := Other
	port := be16(b[2:])
	b, wire = b[header:], wire-header
	switch port {
	case portVXLAN, portVXLANLinux:
		kind = d.vxlan(b, wire)
	case portGeneve:
		kind = d.geneve(b, wire)
	case portGTPU:
		kind = d.gtpu(b, wire)
	case portGRE:
		kind = d.gre(b, wire)
	}
	if kind == Undecodable {
		return Other
	}
	return kind
}

// vxlan decodes VXLAN (RFC 7348).
func (d *decoder) vxlan(b []byte, wire int) Kind {
	const header, hasVNI = 8, 0x08
	if len(b) < header || b[0]&hasVNI == 0 {
		return Other
	}
	return d.ethernet(b[header:], wire-header)
}

// geneve decodes GENEVE (RFC 8926).
func (d *decoder) geneve(b []byte, wire int) Kind {
	const fixed = 8
	if len(b) < fixed || b[0]>>6 != 0 {
		return Other
	}
	header := fixed + int(b[0]&0x3f)*4
	if len(b) < header {
		return Other
	}
	return d.ethertype(be16(b[2:]), b[header:], wire-header)
}

// gtpu decodes GTP's user plane (3GPP TS 29.281 §5).
func (d *decoder) gtpu(b []byte, wire int) Kind {
	const fixed, optional, gPDU = 8, 4, 255
	const version1, anyOptional, hasExtension = 0x30, 0x07, 0x04
	if len(b) < fixed || b[0]&0xf0 != version1 || b[1] != gPDU {
		return Other
	}
	header := fixed
	if b[0]&anyOptional != 0 {
		header += optional
	}
	if len(b) < header {
		return Other
	}
	for more := b[0]&hasExtension != 0 && b[header-1] != 0; more; more = b[header-1] != 0 {
		if len(b) <= header || b[header] == 0 || len(b) < header+int(b[header])*4 {
			return Other
		}
		header += int(b[header]) * 4
	}
	return d.rawIP(b[header:], wire-header)
}

// gre decodes GRE (RFC 2784, RFC 2890), PPTP's variant of it (RFC 2637 §4) and
// the mirrored frames of ERSPAN.
func (d *decoder) gre(b []byte, wire int) Kind {
	const hasChecksum, hasRouting, hasKey, hasSequence, hasAck, version = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080, 0x0007
	if len(b) < 4 {
		return Undecodable
	}
	flags, proto := be16(b), be16(b[2:])
	if flags&hasRouting != 0 || flags&version > 1 {
		return Other
	}
	header := 4
	for _, optional := range [...]uint16{hasChecksum, hasKey, hasSequence} {
		if flags&optional != 0 {
			header += 4
		}
	}
	if flags&version == 1 && flags&hasAck != 0 {
		header += 4
	}
	if proto == etherERSPAN && flags&hasSequence != 0 { // type II; without a number it is type I, which has no header
		header += 8
	}
	if proto == etherERSPAN3 {
		const fixed, hasSubheader, subheader = 12, 1, 8
		if len(b) < header+fixed {
			return Undecodable
		}
		if b[header+fixed-1]&hasSubheader != 0 {
			header += subheader
		}
		header += fixed
	}
	if len(b) < header {
		return Undecodable
	}
	b, wire = b[header:], wire-header
	if proto == etherERSPAN || proto == etherERSPAN3 {
		return d.ethernet(b, wire)
	}
	if proto < etherMin { // never a length here
		return Other
	}
	return d.ethertype(proto, b, wire)
}
