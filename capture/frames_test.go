package capture

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

// The frames of tests are put together by hand from the inside out. All carry
// the same segment, between the addresses below.
var (
	from4, to4 = netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.168.33.10")
	from6, to6 = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fe80::2")
)

const (
	fromPort, toPort = 60739, 12345
	payloadLen       = 17
)

// bytesOf joins numbers in network byte order, strings and bytes.
func bytesOf(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		case netip.Addr:
			b = append(b, p.AsSlice()...)
		default:
			b, _ = binary.Append(b, binary.BigEndian, p)
		}
	}
	return b
}

var timestamps = bytesOf("\x01\x01\x08\x0a", uint32(1111), uint32(2222))

// tcpOf returns the segment with the given options, of a length that 4 divides.
func tcpOf(options []byte) []byte {
	return bytesOf(uint16(fromPort), uint16(toPort), uint32(0xfffffff0), uint32(77),
		uint8((20+len(options))/4<<4), uint8(track.PSH|track.ACK), uint16(502), uint16(0xbeef), uint16(3),
		options, make([]byte, payloadLen))
}

// wantOf returns what decoding the segment must give, without options.
func wantOf(f *Frame, src, dst netip.Addr) track.Segment {
	w := track.Segment{At: f.At, Frame: f.Number,
		Src: netip.AddrPortFrom(src, fromPort), Dst: netip.AddrPortFrom(dst, toPort),
		Seq: 0xfffffff0, Ack: 77, Flags: track.PSH | track.ACK, Window: 502, Checksum: 0xbeef, Urgent: 3,
		Len: payloadLen, Iface: f.Iface, HopLimit: 61}
	if src.Is4() {
		w.IPID = 0x1234
	}
	return w
}

func ip4Of(proto uint8, payload []byte) []byte {
	return bytesOf(uint8(0x45), uint8(0), uint16(20+len(payload)), uint16(0x1234), uint16(0x4000),
		uint8(61), proto, uint16(0), from4, to4, payload)
}

func ip6Of(next uint8, payload []byte) []byte {
	return bytesOf(uint32(0x60012345), uint16(len(payload)), next, uint8(61), from6, to6, payload)
}

func etherOf(t uint16, payload []byte) []byte {
	return bytesOf("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", t, payload)
}

func udpOf(port uint16, payload []byte) []byte {
	return bytesOf(uint16(50000), port, uint16(8+len(payload)), uint16(0), payload)
}

func snapOf(t uint16, payload []byte) []byte {
	return bytesOf("\xaa\xaa\x03\x00\x00\x00", t, payload)
}

func frameOf(link LinkType, data []byte) *Frame {
	return &Frame{At: 5e9, Number: 7, Link: link, Iface: 3, Len: uint32(len(data)), Data: data}
}

// A sample is a frame of a form that can be decoded, with what is special about it.
type sample struct {
	name  string
	frame *Frame
	kind  Kind
	v6    bool
	edit  func(*track.Segment) // from wantOf with the timestamps
}

// samples returns a frame of every encapsulation.
func samples() []sample {
	tcp := tcpOf(timestamps)
	v4, v6 := ip4Of(protoTCP, tcp), ip6Of(protoTCP, tcp)
	ether4, ether6 := etherOf(etherIPv4, v4), etherOf(etherIPv6, v6)
	vlan := func(id uint16) func(*track.Segment) { return func(s *track.Segment) { s.VLAN = id } }
	sll := func(kind, hardware, proto uint16, payload []byte) []byte {
		return bytesOf(kind, hardware, uint16(6), make([]byte, 8), proto, payload)
	}
	sll2 := func(kind uint8, index uint32, hardware, proto uint16, payload []byte) []byte {
		return bytesOf(proto, uint16(0), index, hardware, kind, uint8(6), make([]byte, 8), payload)
	}
	eight := func(next uint8) []byte { return bytesOf(next, uint8(0), make([]byte, 6)) }
	attribute := func(kind uint16, value []byte) []byte {
		b := binary.LittleEndian.AppendUint16(nil, uint16(4+len(value)))
		b = append(binary.LittleEndian.AppendUint16(b, kind), value...)
		return append(b, make([]byte, -len(b)&3)...)
	}
	wifi := func(first, second uint8, extra []byte, t uint16, payload []byte) []byte {
		return bytesOf(first, second, make([]byte, 22), extra, snapOf(t, payload))
	}
	options4 := bytesOf(uint8(0x47), uint8(0), uint16(28+len(tcp)), uint16(0x1234), uint16(0x2000),
		uint8(61), uint8(protoTCP), uint16(0), from4, to4, make([]byte, 8), tcp)
	offloaded4, offloaded6 := bytes.Clone(ether4), bytes.Clone(ether6)
	copy(offloaded4[ethernetHeader+2:], "\x00\x00")
	copy(offloaded6[ethernetHeader+4:], "\x00\x00")
	big4, big6 := frameOf(LinkEthernet, offloaded4), frameOf(LinkEthernet, offloaded6)
	big4.Len, big6.Len = 180_000, 180_000
	later := bytes.Clone(ether4)
	copy(later[ethernetHeader+6:], "\x00\x10")
	pad := func(b []byte) []byte { return append(bytes.Clone(b), make([]byte, 9)...) }
	eth := func(name string, b []byte) sample {
		return sample{name: name, frame: frameOf(LinkEthernet, b), kind: TCP}
	}
	in4 := func(name string, proto uint8, b []byte) sample { return eth(name, etherOf(etherIPv4, ip4Of(proto, b))) }
	of := func(name string, l LinkType, b []byte) sample {
		return sample{name: name, frame: frameOf(l, b), kind: TCP}
	}
	six := func(s sample) sample { s.v6 = true; return s }
	with := func(s sample, edit func(*track.Segment)) sample { s.edit = edit; return s }
	not := func(s sample) sample { s.kind = Other; return s }
	return []sample{
		eth("ethernet", ether4),
		six(eth("ethernet ipv6", ether6)),
		eth("padded", pad(ether4)),
		six(eth("padded ipv6", pad(ether6))),
		eth("ip options, first fragment", etherOf(etherIPv4, options4)),
		not(eth("later fragment", later)),
		{name: "offloaded", frame: big4, kind: TCP, edit: func(s *track.Segment) { s.Len = 180_000 - 14 - 20 - 32 }},
		{name: "offloaded ipv6", frame: big6, kind: TCP, v6: true, edit: func(s *track.Segment) { s.Len = 180_000 - 14 - 40 - 32 }},
		six(eth("extension headers", etherOf(etherIPv6, ip6Of(protoHopByHop, bytesOf(
			eight(protoDestination), eight(protoRouting), eight(protoFragment), uint8(protoAH), uint8(0), uint16(1), make([]byte, 4),
			uint8(protoMobility), uint8(2), make([]byte, 14), eight(protoTCP), tcp))))),
		not(eth("later fragment ipv6", etherOf(etherIPv6, ip6Of(protoFragment, bytesOf(uint8(protoTCP), uint8(0), uint16(0x0100), uint32(9), tcp))))),
		with(eth("vlan", etherOf(etherVLAN, bytesOf(uint16(0x6005), uint16(etherIPv4), v4))), vlan(5)),
		with(six(eth("qinq", etherOf(etherQinQ, bytesOf(uint16(100), uint16(etherVLAN), uint16(7), uint16(etherIPv6), v6)))), vlan(7)),
		with(eth("vlan snap", etherOf(etherVLAN, bytesOf(uint16(5), uint16(8+len(v4)), snapOf(etherIPv4, v4)))), vlan(5)),
		eth("snap", etherOf(uint16(8+len(v4)), snapOf(etherIPv4, v4))),
		not(eth("llc", etherOf(100, make([]byte, 100)))),
		not(eth("arp", etherOf(0x0806, make([]byte, 46)))),
		eth("mpls", etherOf(etherMPLS, bytesOf(uint32(0x00010040), uint32(0x00020140), v4))),
		six(eth("mpls ipv6", etherOf(etherMPLS, bytesOf(uint32(0x00020140), v6)))),
		eth("mpls pseudowire", etherOf(etherMPLS, bytesOf(uint32(0x00020140), uint32(0), ether4))),
		eth("pppoe", etherOf(etherPPPoE, bytesOf("\x11\x00\x00\x01", uint16(2+len(v4)), uint16(0x21), v4))),
		eth("fabric path", bytesOf(etherOf(etherFabricPath, []byte("\x00\x01")), ether4)),
		eth("vntag", etherOf(etherVNTag, bytesOf(uint32(7), uint16(etherIPv4), v4))),
		six(eth("pbb", etherOf(etherPBB, bytesOf(uint32(7), ether6)))),
		in4("gre", protoGRE, bytesOf(uint16(0), uint16(etherIPv4), v4)),
		six(in4("gre with all fields, bridging", protoGRE, bytesOf(uint16(0xb000), uint16(etherBridging), make([]byte, 12), ether6))),
		in4("pptp", protoGRE, bytesOf(uint16(0x3081), uint16(etherPPP), make([]byte, 12), "\xff\x03\x21", v4)),
		in4("erspan I", protoGRE, bytesOf(uint16(0), uint16(etherERSPAN), ether4)),
		in4("erspan II", protoGRE, bytesOf(uint16(0x1000), uint16(etherERSPAN), make([]byte, 4+8), ether4)),
		in4("erspan III", protoGRE, bytesOf(uint16(0x1000), uint16(etherERSPAN3), make([]byte, 4+11), uint8(1), make([]byte, 8), ether4)),
		in4("ipip", protoIPIP, v4),
		six(in4("6in4", protoIPv6, v6)),
		eth("4in6", etherOf(etherIPv6, ip6Of(protoIPIP, v4))),
		in4("mpls in ip", protoMPLS, bytesOf(uint32(0x00020140), v4)),
		in4("etherip", protoEtherIP, bytesOf(uint16(0x3000), ether4)),
		in4("ah", protoAH, bytesOf(uint8(protoTCP), uint8(4), make([]byte, 22), tcp)),
		in4("vxlan", protoUDP, udpOf(portVXLAN, bytesOf(uint32(0x08000000), uint32(42<<8), ether4))),
		with(in4("vxlan vlan", protoUDP, udpOf(portVXLANLinux, bytesOf(uint32(0x08000000), uint32(42<<8),
			etherOf(etherVLAN, bytesOf(uint16(9), uint16(etherIPv4), v4))))), vlan(9)),
		six(in4("geneve with options", protoUDP, udpOf(portGeneve, bytesOf(uint8(2), uint8(0), uint16(etherBridging), uint32(0), make([]byte, 8), ether6)))),
		in4("geneve ip", protoUDP, udpOf(portGeneve, bytesOf(uint8(0), uint8(0), uint16(etherIPv4), uint32(0), v4))),
		in4("gtp", protoUDP, udpOf(portGTPU, bytesOf(uint8(0x30), uint8(255), uint16(len(v4)), uint32(1), v4))),
		in4("gtp extended", protoUDP, udpOf(portGTPU, bytesOf(uint8(0x34), uint8(255), uint16(len(v4)), uint32(1),
			"\x00\x00\x00\x85", "\x02\x00\x00\x00\x00\x00\x00\xc0", "\x01\x00\x00\x00", v4))),
		in4("gre in udp", protoUDP, udpOf(portGRE, bytesOf(uint16(0), uint16(etherIPv4), v4))),
		not(in4("udp", protoUDP, udpOf(53, v4))),
		not(in4("vxlan port, other bytes", protoUDP, udpOf(portVXLAN, bytesOf(uint64(0x08<<56), "no frame")))),
		not(in4("igmp", 2, make([]byte, 8))),
		of("null little-endian", LinkNull, bytesOf("\x02\x00\x00\x00", v4)),
		of("null big-endian", LinkNull, bytesOf(uint32(2), v4)),
		six(of("null ipv6", LinkNull, bytesOf("\x1e\x00\x00\x00", v6))),
		six(of("loop", LinkLoop, bytesOf(uint32(24), v6))),
		not(of("null other", LinkNull, bytesOf(uint32(7), v4))),
		of("raw", LinkRaw, v4), six(of("raw ipv6", LinkRaw, v6)),
		of("raw 12", 12, v4), six(of("raw 14", 14, v6)),
		of("ipv4", LinkIPv4, v4), six(of("ipv6", LinkIPv6, v6)),
		with(of("sll", LinkLinuxSLL, sll(4, 1, etherIPv4, v4)), func(s *track.Segment) { s.Outgoing = true }),
		with(six(of("sll vlan", LinkLinuxSLL, sll(0, 1, etherVLAN, bytesOf(uint16(5), uint16(etherIPv6), v6)))), vlan(5)),
		of("sll 802.2", LinkLinuxSLL, sll(0, 1, 4, snapOf(etherIPv4, v4))),
		not(of("sll netlink", LinkLinuxSLL, sll(4, 824, 0, v4))),
		not(of("sll other", LinkLinuxSLL, sll(4, 1, 1, v4))),
		with(of("sll2", LinkLinuxSLL2, sll2(4, 11, 1, etherIPv4, v4)), func(s *track.Segment) { s.Iface, s.Outgoing = 11, true }),
		with(six(of("sll2 incoming", LinkLinuxSLL2, sll2(0, 12, 1, etherIPv6, v6))), func(s *track.Segment) { s.Iface = 12 }),
		of("ppp", LinkPPP, bytesOf(uint16(0x21), v4)),
		six(of("ppp hdlc", LinkPPPHDLC, bytesOf(uint16(0xff03), uint16(0x57), v6))),
		of("ppp mpls", LinkPPP, bytesOf(uint16(0x281), uint32(0x140), v4)),
		not(of("ppp lcp", LinkPPP, bytesOf(uint16(0xc021), uint32(0)))),
		of("ppp ether", LinkPPPoE, bytesOf("\x11\x00\x00\x01", uint16(2+len(v4)), uint16(0x21), v4)),
		of("cisco hdlc", LinkCiscoHDLC, bytesOf("\x0f\x00", uint16(etherIPv4), v4)),
		not(of("cisco keepalive", LinkCiscoHDLC, bytesOf("\x8f\x00", uint16(0x8035), uint32(0)))),
		of("fddi", LinkFDDI, bytesOf("\x50", make([]byte, 12), snapOf(etherIPv4, v4))),
		with(of("nflog", LinkNFLog, bytesOf("\x02\x00\x00\x05", attribute(1, []byte("\x08\x00\x01\x00")), attribute(10, []byte("x\x00")),
			attribute(5, bytesOf(uint32(21))), attribute(9, v4))), func(s *track.Segment) { s.Iface, s.Outgoing = 21, true }),
		not(of("nflog without packet", LinkNFLog, bytesOf("\x02\x00\x00\x05", attribute(10, []byte("x\x00"))))),
		of("802.11", LinkIEEE80211, wifi(0x08, 0x01, nil, etherIPv4, v4)),
		six(of("802.11 qos", LinkIEEE80211, wifi(0x88, 0x02, make([]byte, 2), etherIPv6, v6))),
		of("802.11 bridge, qos, ht", LinkIEEE80211, wifi(0x88, 0x83, make([]byte, 6+2+4), etherIPv4, v4)),
		of("802.11 aggregate", LinkIEEE80211, wifi(0x88, 0x01, bytesOf("\x80\x00", make([]byte, 14)), etherIPv4, v4)),
		not(of("802.11 protected", LinkIEEE80211, wifi(0x08, 0x41, nil, etherIPv4, v4))),
		not(of("802.11 beacon", LinkIEEE80211, wifi(0x80, 0x00, nil, etherIPv4, v4))),
		not(of("802.11 later fragment", LinkIEEE80211, bytesOf("\x08\x01", make([]byte, 20), "\x01\x00", snapOf(etherIPv4, v4)))),
		of("radiotap", LinkRadiotap, bytesOf("\x00\x00\x08\x00\x00\x00\x00\x00", wifi(0x08, 0x01, nil, etherIPv4, v4))),
		of("radiotap padded", LinkRadiotap, bytesOf("\x00\x00\x1c\x00\x03\x00\x00\x80\x00\x00\x00\x00",
			make([]byte, 4), make([]byte, 8), "\x20\x00\x00\x00", wifi(0x88, 0x01, make([]byte, 2+2), etherIPv4, v4))),
		of("ppi", LinkPPI, bytesOf("\x00\x00\x08\x00\x69\x00\x00\x00", wifi(0x08, 0x01, nil, etherIPv4, v4))),
	}
}
