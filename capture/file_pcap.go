package capture

import (
	"encoding/binary"
	"math/bits"

	"github.com/tcpwatch/tcpwatch/track"
)

// Magic numbers of pcap files, in the writer's byte order
// (draft-ietf-opsawg-pcap; the modified one is Kuznetzov's, of old Linux
// systems).
const (
	pcapMicro    = 0xa1b2c3d4
	pcapNano     = 0xa1b23c4d
	pcapModified = 0xa1b2cd34
)

const (
	pcapHeaderLen   = 24
	pcapRecordLen   = 16
	pcapModifiedLen = 24 // an interface index, a protocol and a packet type follow
)

// pcap is a file of one header and one link type.
type pcap struct {
	order     byteOrder
	recordLen int
	unit      int64 // of a fraction of a second, in nanoseconds
	link      LinkType
	minor     uint32 // of the version; the major is 2
}

// newPcap reads a file's header. It answers nil for what is no pcap file.
func newPcap(in *window) (*pcap, error) {
	p := &pcap{recordLen: pcapRecordLen, unit: 1000}
	magic := binary.LittleEndian.Uint32(in.peek(4))
	switch bits.ReverseBytes32(magic) {
	case pcapMicro, pcapNano, pcapModified:
		p.order.swapped = true
		magic = bits.ReverseBytes32(magic)
	}
	switch magic {
	case pcapMicro:
	case pcapNano:
		p.unit = 1
	case pcapModified:
		p.recordLen = pcapModifiedLen
	default:
		return nil, nil
	}
	head := in.peek(pcapHeaderLen)
	if len(head) < pcapHeaderLen {
		return nil, in.cut("the file's header of %d bytes has only %d", pcapHeaderLen, len(head))
	}
	major := p.order.u16(head[4:])
	p.minor = uint32(p.order.u16(head[6:]))
	if major == 543 { // what AIX writes for 2
		major, p.minor = 2, 4
	}
	if major != 2 {
		return nil, in.broken("pcap of version %d.%d, which nobody knows", major, p.minor)
	}
	p.link = fileLink(p.order.u32(head[20:]) & 0x03ffffff) // above: length of the frame check sequence
	in.advance(pcapHeaderLen)
	return p, nil
}

func (p *pcap) next(in *window, f *Frame, _ *Block) (bool, error) {
	head := in.peek(p.recordLen)
	if len(head) < p.recordLen {
		if len(head) == 0 {
			return false, in.end()
		}
		return false, in.cut("a frame's header of %d bytes has only %d", p.recordLen, len(head))
	}
	sec, frac := p.order.u32(head), p.order.u32(head[4:])
	captured, wire := p.order.u32(head[8:]), p.order.u32(head[12:])
	if p.minor <= 3 && captured > wire { // older writers had the two in the other order
		captured, wire = wire, captured
	}
	if captured > maxFrame {
		return false, in.broken("a frame of %d bytes can't be", captured)
	}
	record := in.peek(p.recordLen + int(captured))
	data := record[min(p.recordLen, len(record)):]
	if len(data) < int(captured) {
		return false, in.cut("a frame of %d bytes has only %d left", captured, len(data))
	}
	in.advance(len(record))
	f.At = track.Instant(int64(sec)*1e9 + int64(frac)*p.unit)
	f.Link, f.Iface = p.link, 0
	f.Len, f.Data = max(wire, captured), data
	return true, nil
}

// fileLink returns the link type that a number in a file means. LINKTYPE_RAW is
// 101; 12 and 14 are what DLT_RAW is on some systems, and some writers put that.
func fileLink(n uint32) LinkType {
	if n == 12 || n == 14 {
		n = 101
	}
	return LinkType(n)
}
