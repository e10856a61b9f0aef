package capture

import (
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

const tcpHeader = 20

// TCP options (IANA's TCP parameters).
const (
	optionEnd           = 0
	optionNop           = 1
	optionMSS           = 2
	optionWindowScale   = 3
	optionSACKPermitted = 4
	optionSACK          = 5
	optionTimestamps    = 8
	optionFastOpen      = 34
	optionExperimental  = 254
	fastOpenExID        = 0xf989 // of the experimental option (RFC 6994, RFC 7413)
	maxWindowScale      = 14     // larger ones count as 14 (RFC 7323 §2.3)

	// timestampsAlone begins the options of nearly every segment with data or an
	// acknowledgement: two no-operations, then timestamps.
	timestampsAlone    = optionNop<<24 | optionNop<<16 | optionTimestamps<<8 | 10
	timestampsAloneLen = 12
)

// tcp decodes a TCP header (RFC 9293). A header whose options were cut off by
// the snap length is whole enough.
func (d *decoder) tcp(b []byte, wire int) Kind {
	if len(b) < tcpHeader {
		return Undecodable
	}
	header := int(b[12]>>4) * 4
	if header < tcpHeader || header > wire {
		return Undecodable
	}
	seg := d.seg
	*seg = track.Segment{}
	seg.At, seg.Frame = d.frame.At, d.frame.Number
	seg.Src, seg.Dst = netip.AddrPortFrom(d.src, be16(b)), netip.AddrPortFrom(d.dst, be16(b[2:]))
	seg.Seq, seg.Ack, seg.Flags = be32(b[4:]), be32(b[8:]), track.Flags(b[13])
	seg.Window, seg.Checksum, seg.Urgent = be16(b[14:]), be16(b[16:]), be16(b[18:])
	seg.Len = uint32(wire - header)
	seg.Iface, seg.VLAN, seg.IPID, seg.HopLimit, seg.Outgoing = d.iface, d.vlan, d.ipID, d.hopLimit, d.outgoing
	if options := b[tcpHeader:min(header, len(b))]; len(options) > 0 {
		decodeOptions(options, seg)
	}
	return TCP
}

// decodeOptions reads TCP options until they end, are cut off or make no sense.
func decodeOptions(b []byte, seg *track.Segment) {
	if len(b) == timestampsAloneLen && be32(b) == timestampsAlone {
		seg.HasTS, seg.TSVal, seg.TSEcr = true, be32(b[4:]), be32(b[8:])
		return
	}
	for len(b) > 0 {
		switch b[0] {
		case optionEnd:
			return
		case optionNop:
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		decodeOption(b[0], b[2:b[1]], seg)
		b = b[b[1]:]
	}
}

// decodeOption reads one option's value. An option of a wrong length is as if
// absent.
func decodeOption(kind uint8, v []byte, seg *track.Segment) {
	switch {
	case kind == optionMSS && len(v) == 2:
		seg.MSS = be16(v)
	case kind == optionWindowScale && len(v) == 1:
		seg.HasWScale, seg.WScale = true, min(v[0], maxWindowScale)
	case kind == optionSACKPermitted && len(v) == 0:
		seg.SACKPermitted = true
	case kind == optionSACK && len(v)%8 == 0:
		for ; len(v) >= 8 && int(seg.NSACK) < len(seg.SACK); v = v[8:] {
			seg.SACK[seg.NSACK] = track.SACKBlock{Left: be32(v), Right: be32(v[4:])}
			seg.NSACK++
		}
	case kind == optionTimestamps && len(v) == 8:
		seg.HasTS, seg.TSVal, seg.TSEcr = true, be32(v), be32(v[4:])
	case kind == optionFastOpen,
		kind == optionExperimental && len(v) >= 2 && be16(v) == fastOpenExID:
		seg.FastOpen = true
	}
}
