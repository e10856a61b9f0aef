package capture

import "encoding/binary"

// radiotap decodes the header that wireless drivers put before an 802.11 frame
// (https://www.radiotap.org).
func (d *decoder) radiotap(b []byte, wire int) Kind {
	const fixed, hasClock, hasFlags, hasMore, padded = 8, 1 << 0, 1 << 1, 1 << 31, 0x20
	if len(b) < fixed {
		return Undecodable
	}
	header := int(binary.LittleEndian.Uint16(b[2:]))
	if header < fixed || len(b) < header {
		return Undecodable
	}
	present := binary.LittleEndian.Uint32(b[4:])
	at := fixed
	for word := present; word&hasMore != 0 && at+4 <= header; at += 4 {
		word = binary.LittleEndian.Uint32(b[at:])
	}
	if present&hasClock != 0 {
		at = (at+7)&^7 + 8
	}
	pad := present&hasFlags != 0 && at < header && b[at]&padded != 0
	return d.ieee80211(b[header:], wire-header, pad)
}

// ppi decodes the per-packet information header, which ends with the link type
// of what follows.
func (d *decoder) ppi(b []byte, wire int) Kind {
	const fixed = 8
	if len(b) < fixed {
		return Undecodable
	}
	header := int(binary.LittleEndian.Uint16(b[2:]))
	if header < fixed || len(b) < header || !d.deeper() {
		return Undecodable
	}
	return d.link(fileLink(binary.LittleEndian.Uint32(b[4:])), b[header:], wire-header)
}

// ieee80211 decodes an 802.11 frame: data that is not encrypted, and the first
// part of an aggregate. Padded tells that the header is filled up to a multiple
// of four bytes.
func (d *decoder) ieee80211(b []byte, wire int, padded bool) Kind {
	const basic, fourthAddress, qos, highThroughput, subframe = 24, 6, 2, 4, 14
	const isData, noData, isQoS = 0x08, 0x40, 0x80    // of the first byte
	const toFrom, protected, order = 0x03, 0x40, 0x80 // of the second
	const aggregated = 0x80                           // of the QoS field
	const fragment = 0x0f                             // of the sequence control
	if len(b) < basic {
		return Other
	}
	if b[0]&0x0f != isData || b[0]&noData != 0 || b[1]&protected != 0 || b[22]&fragment != 0 {
		return Other
	}
	header, aggregate := basic, false
	if b[1]&toFrom == toFrom {
		header += fourthAddress
	}
	if b[0]&isQoS != 0 {
		aggregate = len(b) > header && b[header]&aggregated != 0
		header += qos
		if b[1]&order != 0 {
			header += highThroughput
		}
	}
	if padded {
		header = (header + 3) &^ 3
	}
	if aggregate {
		header += subframe
	}
	if len(b) < header {
		return Undecodable
	}
	return d.llc(b[header:], wire-header)
}
