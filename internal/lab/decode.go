package lab

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

const ethernetLen = 14

// decode returns the TCP segment in an Ethernet frame of the lab's, without its
// options; nil: there is none. Extension headers of IPv6 and tags are not looked
// into: the lab's hosts send none.
func decode(frame []byte) *track.Segment {
	s, _ := split(frame)
	return s
}

// split returns the TCP segment in an Ethernet frame and the offset of its
// header.
func split(frame []byte) (s *track.Segment, tcp int) {
	if len(frame) < ethernetLen {
		return nil, 0
	}
	s = &track.Segment{}
	var src, dst netip.Addr
	var end int
	switch ip := frame[ethernetLen:]; binary.BigEndian.Uint16(frame[12:]) {
	case unix.ETH_P_IP:
		if len(ip) < 20 || ip[9] != unix.IPPROTO_TCP || binary.BigEndian.Uint16(ip[6:])&0x1fff != 0 {
			return nil, 0
		}
		src, dst = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
		tcp = ethernetLen + int(ip[0]&15)*4
		end = ethernetLen + int(binary.BigEndian.Uint16(ip[2:]))
		s.IPID, s.HopLimit = binary.BigEndian.Uint16(ip[4:]), ip[8]
	case unix.ETH_P_IPV6:
		if len(ip) < 40 || ip[6] != unix.IPPROTO_TCP {
			return nil, 0
		}
		src, dst = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
		tcp = ethernetLen + 40
		end = tcp + int(binary.BigEndian.Uint16(ip[4:]))
		s.HopLimit = ip[7]
	default:
		return nil, 0
	}
	if len(frame) < tcp+20 {
		return nil, 0
	}
	h := frame[tcp:]
	header := int(h[12]>>4) * 4
	if end < tcp+header || end > len(frame) {
		return nil, 0
	}
	s.Src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(h[0:]))
	s.Dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(h[2:]))
	s.Seq, s.Ack = binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
	s.Flags = track.Flags(h[13])
	s.Window = binary.BigEndian.Uint16(h[14:])
	s.Checksum = binary.BigEndian.Uint16(h[16:])
	s.Len = uint32(end - tcp - header)
	return s, tcp
}
