package capture

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tcpwatch/tcpwatch/track"
)

var comparable = cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{})

// want returns what a sample that holds TCP must be decoded to.
func (s *sample) want() track.Segment {
	src, dst := from4, to4
	if s.v6 {
		src, dst = from6, to6
	}
	w := wantOf(s.frame, src, dst)
	w.HasTS, w.TSVal, w.TSEcr = true, 1111, 2222
	if s.edit != nil {
		s.edit(&w)
	}
	return w
}

func TestDecode(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			// What an earlier frame left must not show through.
			got := track.Segment{NSACK: 4, MSS: 9, VLAN: 9, FastOpen: true, SACK: [4]track.SACKBlock{{Left: 1}}}
			var icmp track.ICMP
			if kind := Decode(s.frame, &got, &icmp); kind != s.kind {
				t.Fatalf("kind %d, want %d", kind, s.kind)
			}
			if s.kind != TCP {
				return
			}
			if diff := cmp.Diff(s.want(), got, comparable); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A frame cut anywhere gives what the whole one gives, but for options and the
// lengths that only the frame's own length tells, or nothing.
func TestDecodeTruncated(t *testing.T) {
	for _, s := range append(samples(), icmpSamples()...) {
		t.Run(s.name, func(t *testing.T) {
			tcp := 0
			for n := range s.frame.Data {
				f := *s.frame
				f.Data = bytes.Clone(f.Data[:n:n])
				var got track.Segment
				var icmp track.ICMP
				switch kind := Decode(&f, &got, &icmp); kind {
				case TCP:
					tcp++
					want := s.want()
					got.HasTS, got.TSVal, got.TSEcr = want.HasTS, want.TSVal, want.TSEcr
					if s.kind != TCP || got != want {
						t.Fatalf("cut to %d of %d bytes: kind %d\n%s", n, len(s.frame.Data), kind, cmp.Diff(want, got, comparable))
					}
				case Other, ICMPError, Undecodable:
				}
			}
			if s.kind == TCP && tcp < payloadLen+len(timestamps) {
				t.Errorf("TCP in %d of the cuts, want at least those of payload and options: %d", tcp, payloadLen+len(timestamps))
			}
		})
	}
}

func TestDecodeOptions(t *testing.T) {
	sack := func(n int) []byte {
		b := bytesOf("\x05", uint8(2+8*n))
		for i := range n {
			b = bytesOf(b, uint32(10*i+1), uint32(10*i+5))
		}
		return b
	}
	tests := []struct {
		name    string
		options []byte
		want    track.Segment
	}{
		{"none", nil, track.Segment{}},
		{"syn", bytesOf("\x02\x04", uint16(1460), "\x04\x02\x08\x0a", uint32(1), uint32(0), "\x01\x03\x03\x07"),
			track.Segment{MSS: 1460, SACKPermitted: true, HasTS: true, TSVal: 1, HasWScale: true, WScale: 7}},
		{"window scale beyond", []byte("\x03\x03\xff\x00"), track.Segment{HasWScale: true, WScale: 14}},
		{"window scale of 0", []byte("\x03\x03\x00\x00"), track.Segment{HasWScale: true}},
		{"sack", bytesOf("\x01\x01", sack(1)), track.Segment{NSACK: 1, SACK: [4]track.SACKBlock{{Left: 1, Right: 5}}}},
		{"four sacks", bytesOf("\x01\x01", sack(4)), track.Segment{NSACK: 4,
			SACK: [4]track.SACKBlock{{Left: 1, Right: 5}, {Left: 11, Right: 15}, {Left: 21, Right: 25}, {Left: 31, Right: 35}}}},
		{"two sack options", bytesOf(sack(3), sack(1), "\x01\x01\x01\x01"), track.Segment{NSACK: 4,
			SACK: [4]track.SACKBlock{{Left: 1, Right: 5}, {Left: 11, Right: 15}, {Left: 21, Right: 25}, {Left: 1, Right: 5}}}},
		{"sack and timestamps", bytesOf(timestamps, "\x01\x01", sack(1)), track.Segment{HasTS: true, TSVal: 1111, TSEcr: 2222,
			NSACK: 1, SACK: [4]track.SACKBlock{{Left: 1, Right: 5}}}},
		{"fast open", []byte("\x22\x0acookie!!\x01\x01"), track.Segment{FastOpen: true}},
		{"fast open request", []byte("\x22\x02\x01\x01"), track.Segment{FastOpen: true}},
		{"experimental fast open", []byte("\xfe\x04\xf9\x89"), track.Segment{FastOpen: true}},
		{"another experiment", []byte("\xfe\x04\xf9\x88"), track.Segment{}},
		{"after the end", bytesOf("\x00\x01\x01\x01", timestamps), track.Segment{}},
		{"unknown, then known", bytesOf("\x1d\x04\x00\x00", "\x02\x04", uint16(536)), track.Segment{MSS: 536}},
		{"wrong lengths", []byte("\x02\x03\x01\x03\x04\x07\x07\x08\x05\x01\x01\x01\x04\x03\x01\x05\x06\x01\x01\x01\x01\x01\x01\x01"), track.Segment{}},
		{"length 0", bytesOf("\x02\x00", "\x02\x04", uint16(536), "\x01\x01"), track.Segment{}},
		{"length 1", bytesOf("\x02\x01", "\x02\x04", uint16(536), "\x01\x01"), track.Segment{}},
		{"beyond the header", []byte("\x01\x01\x08\x0a"), track.Segment{}},
		{"a lone kind at the end", []byte("\x01\x01\x01\x08"), track.Segment{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := frameOf(LinkEthernet, etherOf(etherIPv4, ip4Of(protoTCP, tcpOf(test.options))))
			want := wantOf(f, from4, to4)
			want.MSS, want.HasWScale, want.WScale, want.SACKPermitted = test.want.MSS, test.want.HasWScale, test.want.WScale, test.want.SACKPermitted
			want.HasTS, want.TSVal, want.TSEcr = test.want.HasTS, test.want.TSVal, test.want.TSEcr
			want.NSACK, want.SACK, want.FastOpen = test.want.NSACK, test.want.SACK, test.want.FastOpen
			var got track.Segment
			if kind := Decode(f, &got, new(track.ICMP)); kind != TCP {
				t.Fatalf("kind %d, want TCP", kind)
			}
			if diff := cmp.Diff(want, got, comparable); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeDamaged(t *testing.T) {
	v4, v6 := ip4Of(protoTCP, tcpOf(nil)), ip6Of(protoTCP, tcpOf(nil))
	tests := []struct {
		name string
		link LinkType
		data []byte
		at   int // damaged byte
		to   byte
	}{
		{"ipv4 version", LinkIPv4, v4, 0, 0x65},
		{"ipv4 header length", LinkIPv4, v4, 0, 0x44},
		{"ipv4 total length", LinkIPv4, v4, 3, 19},
		{"ipv6 version", LinkIPv6, v6, 0, 0x40},
		{"ipv6 payload length", LinkIPv6, v6, 5, 19},
		{"tcp header length", LinkIPv4, v4, 20 + 12, 0x40},
		{"tcp header beyond the packet", LinkIPv4, v4, 20 + 12, 0xf0},
		{"link type", 147, v4, 0, 0x45},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := bytes.Clone(test.data)
			data[test.at] = test.to
			if kind := Decode(frameOf(test.link, data), new(track.Segment), new(track.ICMP)); kind != Undecodable {
				t.Errorf("kind %d, want Undecodable", kind)
			}
		})
	}
}

// Tunnels in tunnels end somewhere.
func TestDecodeNesting(t *testing.T) {
	nested := func(n int) []byte {
		b := ip4Of(protoTCP, tcpOf(timestamps))
		for range n {
			b = ip4Of(protoIPIP, b)
		}
		return b
	}
	for n, want := range map[int]Kind{0: TCP, 8: TCP, 3000: Undecodable} {
		if kind := Decode(frameOf(LinkRaw, nested(n)), new(track.Segment), new(track.ICMP)); kind != want {
			t.Errorf("%d tunnels: kind %d, want %d", n, kind, want)
		}
	}
}

func icmpSamples() []sample {
	quoted4 := ip4Of(protoTCP, tcpOf(nil))
	quoted6 := ip6Of(protoTCP, tcpOf(nil))
	v4 := func(kind, code uint8, rest uint32, quote []byte) []byte {
		return etherOf(etherIPv4, bytesOf(uint8(0x45), uint8(0), uint16(28+len(quote)), uint32(0), uint8(250), uint8(protoICMP),
			uint16(0), netip.MustParseAddr("10.9.9.9"), from4, kind, code, uint16(0), rest, quote))
	}
	v6 := func(kind, code uint8, rest uint32, quote []byte) []byte {
		return etherOf(etherIPv6, bytesOf(uint32(0x60000000), uint16(8+len(quote)), uint8(protoICMPv6), uint8(250),
			netip.MustParseAddr("fe80::9"), from6, kind, code, uint16(0), rest, quote))
	}
	later := bytes.Clone(quoted4)
	later[7] = 1
	eth := func(name string, kind Kind, b []byte) sample {
		return sample{name: name, kind: kind, frame: frameOf(LinkEthernet, b)}
	}
	return []sample{
		eth("3/1/0 ipv4", ICMPError, v4(3, 1, 0, quoted4[:28])),
		eth("3/4/1400 ipv4", ICMPError, v4(3, 4, 1400, quoted4)),
		eth("11/0/0 ipv4", ICMPError, v4(11, 0, 0, quoted4)),
		eth("12/0/0 ipv4", ICMPError, v4(12, 0, 0x14000000, quoted4)),
		eth("1/4/0 ipv6", ICMPError, v6(1, 4, 0, quoted6)),
		eth("2/0/1280 ipv6", ICMPError, v6(2, 0, 1280, quoted6[:48])),
		eth("3/0/0 ipv6", ICMPError, v6(3, 0, 0, ip6Of(protoDestination, bytesOf(uint8(protoTCP), uint8(0), make([]byte, 6), tcpOf(nil))))),
		eth("4/1/0 ipv6", ICMPError, v6(4, 1, 40, quoted6)),
		eth("echo", Other, v4(8, 0, 0, quoted4)),
		eth("redirect", Other, v4(5, 0, 0, quoted4)),
		eth("quotes udp", Other, v4(3, 3, 0, ip4Of(protoUDP, udpOf(53, nil)))),
		eth("quotes a later fragment", Other, v4(3, 3, 0, later)),
		eth("quotes too little", Other, v4(3, 3, 0, quoted4[:27])),
		eth("quotes too little before padding", Other, append(v4(3, 3, 0, quoted4[:27]), make([]byte, 9)...)),
		eth("echo ipv6", Other, v6(128, 0, 0, quoted6)),
		eth("quotes udp over ipv6", Other, v6(1, 4, 0, ip6Of(protoUDP, udpOf(53, nil)))),
		eth("quotes too little of ipv6", Other, v6(1, 4, 0, quoted6[:47])),
	}
}

func TestDecodeICMP(t *testing.T) {
	for _, s := range icmpSamples() {
		t.Run(s.name, func(t *testing.T) {
			var got track.ICMP
			kind := Decode(s.frame, new(track.Segment), &got)
			if kind != s.kind {
				t.Fatalf("kind %d, want %d", kind, s.kind)
			}
			if kind != ICMPError {
				return
			}
			want := track.ICMP{At: s.frame.At, Frame: s.frame.Number, Seq: 0xfffffff0,
				From: netip.MustParseAddr("10.9.9.9"), Src: netip.AddrPortFrom(from4, fromPort), Dst: netip.AddrPortFrom(to4, toPort)}
			var version string
			if _, err := fmt.Sscanf(s.name, "%d/%d/%d %s", &want.Type, &want.Code, &want.MTU, &version); err != nil {
				t.Fatal(err)
			}
			if version == "ipv6" {
				want.V6, want.From = true, netip.MustParseAddr("fe80::9")
				want.Src, want.Dst = netip.AddrPortFrom(from6, fromPort), netip.AddrPortFrom(to6, toPort)
			}
			if diff := cmp.Diff(want, got, comparable); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	all := append(samples(), icmpSamples()...)
	var seg track.Segment
	var icmp track.ICMP
	if n := testing.AllocsPerRun(10, func() {
		for i := range all {
			Decode(all[i].frame, &seg, &icmp)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range append(samples(), icmpSamples()...) {
		f.Add(uint16(s.frame.Link), s.frame.Len, s.frame.Data)
	}
	addFirstFrames(f, labRecording, 30)
	if os.Getenv("TCPWATCH_CAPTURES") != "" {
		for _, file := range corpus(f, "odd") {
			addFirstFrames(f, file, 3)
		}
	}
	f.Fuzz(func(t *testing.T, link uint16, length uint32, data []byte) {
		frame := Frame{Link: LinkType(link), Len: length, Data: data[:len(data):len(data)]}
		var seg track.Segment
		var icmp track.ICMP
		switch kind := Decode(&frame, &seg, &icmp); kind {
		case TCP:
			if !seg.Src.IsValid() || !seg.Dst.IsValid() || seg.Src.Addr().Is4In6() || seg.NSACK > 4 || seg.WScale > 14 {
				t.Errorf("%+v", seg)
			}
			// Payload is never more than IP or the frame can tell.
			if seg.Len > max(length, uint32(len(data)), 1<<16) {
				t.Errorf("payload of %d bytes in a frame of %d", seg.Len, length)
			}
		case ICMPError:
			if !icmp.Src.IsValid() || !icmp.Dst.IsValid() || !icmp.From.IsValid() {
				t.Errorf("%+v", icmp)
			}
		case Other, Undecodable:
		default:
			t.Errorf("kind %d", kind)
		}
	})
}

// addFirstFrames seeds a fuzz target with the first n frames of a file.
func addFirstFrames(f *testing.F, file string, n int) {
	r, err := Open(file)
	if err != nil {
		return // not every file there is a capture
	}
	defer r.Close()
	var frame Frame
	for range n {
		if r.Next(&frame) != nil {
			return
		}
		f.Add(uint16(frame.Link), frame.Len, bytes.Clone(frame.Data))
	}
}

func BenchmarkDecode(b *testing.B) {
	tcp := tcpOf(timestamps)
	ether := etherOf(etherIPv4, ip4Of(protoTCP, tcp))
	cooked := bytesOf(uint16(etherIPv4), uint16(0), uint32(2), uint16(1), uint8(4), uint8(6), make([]byte, 8), ip4Of(protoTCP, tcp))
	for name, f := range map[string]*Frame{
		"ethernet":      frameOf(LinkEthernet, ether),
		"ethernet-ipv6": frameOf(LinkEthernet, etherOf(etherIPv6, ip6Of(protoTCP, tcp))),
		"sll2":          frameOf(LinkLinuxSLL2, cooked),
		"vxlan":         frameOf(LinkEthernet, etherOf(etherIPv4, ip4Of(protoUDP, udpOf(portVXLAN, bytesOf(uint64(8<<56), ether))))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var seg track.Segment
			var icmp track.ICMP
			for b.Loop() {
				if Decode(f, &seg, &icmp) != TCP {
					b.Fatal("not TCP")
				}
			}
		})
	}
}
