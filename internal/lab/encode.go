package lab

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// hops is how many hops the frames of encode may go.
const hops = 64

// encode returns the frame that carries a segment, without options, out of a port.
// It is the inverse of decode; the checksums are those that TCP and IP want.
func encode(p port, s *track.Segment, payload []byte) []byte {
	length := 20 + len(payload)
	src, dst := s.Src.Addr().AsSlice(), s.Dst.Addr().AsSlice()
	b := append(append([]byte{}, p.far...), p.mac...)
	if s.Src.Addr().Is4() {
		b = binary.BigEndian.AppendUint16(b, unix.ETH_P_IP)
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+length))
		b = append(b, 0, 0, 0, 0, hops, unix.IPPROTO_TCP, 0, 0)
		b = append(append(b, src...), dst...)
		binary.BigEndian.PutUint16(b[ethernetLen+10:], checksum(b[ethernetLen:]))
	} else {
		b = binary.BigEndian.AppendUint16(b, unix.ETH_P_IPV6)
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(length))
		b = append(b, unix.IPPROTO_TCP, hops)
		b = append(append(b, src...), dst...)
	}
	tcp := len(b)
	b = binary.BigEndian.AppendUint16(b, s.Src.Port())
	b = binary.BigEndian.AppendUint16(b, s.Dst.Port())
	b = binary.BigEndian.AppendUint32(b, s.Seq)
	b = binary.BigEndian.AppendUint32(b, s.Ack)
	b = append(b, 20/4<<4, byte(s.Flags))
	b = binary.BigEndian.AppendUint16(b, s.Window)
	b = append(b, 0, 0, 0, 0)
	b = append(b, payload...)
	pseudo := binary.BigEndian.AppendUint16([]byte{0, unix.IPPROTO_TCP}, uint16(length))
	binary.BigEndian.PutUint16(b[tcp+16:], checksum(src, dst, pseudo, b[tcp:]))
	return b
}

// checksum returns the Internet checksum (RFC 1071) over parts, of which only the
// last may be of odd length.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for ; len(b) > 1; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
