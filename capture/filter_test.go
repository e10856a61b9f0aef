package capture

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gopcap "github.com/gopacket/gopacket/pcap"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/tcpwatch/tcpwatch/track"
)

func mustCompile(t testing.TB, expr string) *Filter {
	t.Helper()
	f, err := Compile(expr, LinkEthernet, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCompileErrors(t *testing.T) {
	for expr, words := range map[string]string{
		"port":               "syntax error",
		"port 22) or (tcp":   "syntax error",
		"port nosuchservice": "nosuchservice",
		"net 10.0.0.1/8":     "non-network bits",
	} {
		_, err := Compile(expr, LinkEthernet, 0)
		var e *ExpressionError
		if !errors.As(err, &e) || e.Expression != expr || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want an ExpressionError in one line with %q", expr, err, words)
		}
	}
	if _, err := Compile("ether host 02:00:00:00:00:01", LinkLinuxSLL2, 0); err == nil {
		t.Error("ether host is accepted where frames have no Ethernet header")
	}
}

// The directions in which an expression admits a socket's packets.
func TestMatch(t *testing.T) {
	const web4, ssh4 = "10.1.2.3:40000 > 192.168.33.10:80", "10.1.2.3:22 > 192.168.33.10:50000"
	const web6, ssh6 = "[2001:db8::1]:40000 > [2001:db8::2]:80", "[2001:db8::1]:22 > [fe80::2]:50000"
	const mapped, listener = "[::ffff:10.1.2.3]:40000 > [::ffff:192.168.33.10]:80", "0.0.0.0:22 > 0.0.0.0:0"
	tests := []struct{ expr, socket, want string }{
		{"", web4, "both"}, {"", web6, "both"},
		{"tcp", web4, "both"}, {"tcp", web6, "both"}, {"tcp", mapped, "both"},
		{"udp", web4, "none"}, {"not udp port 53", web6, "both"}, {"icmp or icmp6 or arp", web4, "none"}, {"not arp", web4, "both"},
		{"port 80", web4, "both"}, {"port 80", ssh4, "none"}, {"port 80", web6, "both"}, {"port 80", ssh6, "none"}, {"port 80", mapped, "both"},
		{"tcp port 12345", web4, "none"}, {"not port 22", ssh4, "none"}, {"not port 22", ssh6, "none"}, {"not port 22", web4, "both"},
		{"src port 80", web4, "in"}, {"dst port 80", web4, "out"}, {"src port 80", web6, "in"}, {"dst port 80", ssh6, "none"},
		{"dst host 192.168.33.10", web4, "out"}, {"src host 192.168.33.10", web4, "in"}, {"dst host 192.168.33.10", mapped, "out"}, {"host 2001:db8::2", web6, "both"},
		{"host 10.1.2.3 and (port 80 or port 443)", web4, "both"}, {"host 10.1.2.3 and (port 80 or port 443)", ssh4, "none"}, {"host 10.1.2.3 and (port 80 or port 443)", web6, "none"},
		{"net 10.0.0.0/8", web4, "both"}, {"src net 10.0.0.0/8", web4, "out"}, {"net 10.0.0.0/8", web6, "none"}, {"net 2001:db8::/32", web6, "both"}, {"net fe80::/10", web6, "none"},
		{"ip6", web4, "none"}, {"ip6", web6, "both"}, {"ip", web4, "both"}, {"ip", mapped, "both"}, {"ip", web6, "none"}, {"ip6 and tcp", ssh6, "both"},
		{"portrange 1-1024", web4, "both"}, {"portrange 1-79", web4, "none"}, {"dst portrange 79-81", web6, "out"},
		{"ip proto 6", web4, "both"}, {"ip6 proto 6", web6, "both"}, {"ip[9] = 6 and ip[12] = 10", web4, "out"},
		{"tcp[0:2] = 80", web4, "in"}, {"tcp[2:2] + 1 = 81", web4, "out"}, {"ip[16:4] & 0xffff0000 = 0xc0a80000", web4, "out"}, {"ip broadcast", web4, "none"},
		{"host 192.168.33.10 and not (host 10.1.2.3 and host 192.168.33.10 and port 40000 and port 80)", web4, "none"},
		// What addresses can't decide, or only half.
		{"greater 100", web4, "? the length of packets"}, {"less 100", web6, "? the length of packets"}, {"len > 1000", web4, "? the length of packets"},
		{"greater 100 and port 80", ssh4, "none"}, {"greater 100 or port 80", web4, "both"}, {"greater 100 and port 80", web4, "? the length of packets"},
		{"src port 80 and greater 100", web4, "? the length of packets in"},
		{"ether host 02:00:00:00:00:01", web4, "? link-layer addresses"}, {"ether[0] & 1 = 0", web6, "? link-layer addresses"},
		{"ether host 02:00:00:00:00:01 and port 80", ssh4, "none"},
		{"vlan 5", web4, "? an encapsulation"}, {"vlan", web6, "? an encapsulation"}, {"vlan and port 22", web4, "? an encapsulation"}, {"not vlan", web4, "? an encapsulation"},
		{"mpls", web4, "? an encapsulation"}, {"pppoes and port 80", web4, "? an encapsulation"}, {"port 80 or vlan 5", web4, "both"}, {"ether[12:2] & 0xff00 = 0x8100", web4, "? an encapsulation"},
		{"tcp[13] & 4 != 0", web4, "? TCP flags"}, {"tcp[tcpflags] & tcp-rst != 0 and port 80", web4, "? TCP flags"}, {"tcp[tcpflags] & tcp-rst != 0 and port 80", ssh4, "none"},
		{"ip[8] < 5", web4, "? fields of the IP header"}, {"ip6[7] < 5", web6, "? fields of the IP header"}, {"ip[0] & 0xf != 5", web4, "? fields of the IP header"}, {"ip[8] < 5", web6, "none"},
		{"ip[6] & 0x20 != 0", web4, "? fields of the IP header"}, {"ip[6:2] & 0x1fff != 0", web4, "none"},
		{"inbound", web4, "? what only the capturing kernel knows"}, {"outbound and port 80", ssh4, "none"},
		{"tcp[4:4] = 1", web4, "? fields of the TCP header"}, {"tcp[20:4] = 0x47455420", web4, "? fields of the TCP header"}, {"tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", web4, "? fields of the TCP header"},
		{"tcp[60] < 256", web4, "? fields of the TCP header"}, {"tcp[4:4] % 3 = 1", web4, "? fields of the TCP header"}, {"1 / (tcp[4:4]) = 0", web4, "? fields of the TCP header"}, {"tcp[13] | 0xff = 0xff", web4, "both"}, {"tcp[13] & 0 = 0", web4, "both"}, {"tcp[13] < 256", web4, "both"},
		{"port 22", listener, "both"}, {"port 80", listener, "? the peer of a socket that has none"}, {"src port 22", listener, "? the peer of a socket that has none"}, {"host 10.1.2.3", listener, "? the peer of a socket that has none"},
		{"ip6 protochain 6", web6, "both"},
	}
	for _, test := range tests {
		f := mustCompile(t, test.expr)
		var local, remote netip.AddrPort
		from, to, _ := strings.Cut(test.socket, " > ")
		local, remote = netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
		out, in, decided := f.Match(local, remote)
		got := map[[2]bool]string{{true, true}: "both", {true, false}: "out", {false, true}: "in", {false, false}: "none"}[[2]bool{out, in}]
		why := f.Undecided(local, remote)
		if decided != (why == "") {
			t.Errorf("%q on %s: decided %v, but why not: %q", test.expr, test.socket, decided, why)
		}
		if want, found := strings.CutPrefix(test.want, "? "); found {
			direction := "both"
			if rest, ok := strings.CutSuffix(want, " in"); ok {
				want, direction = rest, "in"
			}
			if decided || got != direction || !strings.Contains(why, want) {
				t.Errorf("%q on %s: %s, decided %v, %q; want undecided: %s", test.expr, test.socket, got, decided, why, test.want)
			}
		} else if !decided || got != test.want {
			t.Errorf("%q on %s: %s, decided %v, %q; want %s", test.expr, test.socket, got, decided, why, test.want)
		}
	}
}

// An expression that means nothing on Ethernet can't be asked about sockets.
func TestMatchRefused(t *testing.T) {
	f, err := Compile("ifindex 3", LinkLinuxSLL2, 0)
	if err != nil {
		t.Skipf("this libpcap does not know ifindex: %v", err)
	}
	local, remote := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2")
	if out, in, decided := f.Match(local, remote); !out || !in || decided || f.Undecided(local, remote) == "" {
		t.Errorf("out %v, in %v, decided %v, %q", out, in, decided, f.Undecided(local, remote))
	}
}

// What is decided for a socket holds for whatever packet it sends: the verdict
// of libpcap on packets with all else at random.
func TestMatchIsSound(t *testing.T) {
	exprs := []string{"tcp", "port 80", "not port 80", "src port 80 or dst port 443", "host 10.0.0.1 and port 80", "net 10.0.0.0/8", "ip6",
		"portrange 1-1024", "tcp[13] & 4 != 0", "tcp[13] & 4 != 0 and port 80", "greater 100 or port 80", "ip[8] > 64 or ip6[7] > 64",
		"ip[0] = 0x45", "ip[1] & 3 != 0 or port 443", "tcp[12] >> 4 > 5", "tcp[14:2] * 2 > 1000", "tcp[20] = 1", "ip[6:2] & 0x4000 != 0",
		"tcp[4:4] ^ tcp[8:4] = 1", "ip[2:2] - 20 > 100 and src port 80", "ether[5] & 1 = 1", "ip[4:2] / 256 = 7", "tcp[4:4] % 3 = 1", "tcp[8:2] >> 4 >= 2048", "tcp[8:2] << 4 < 2048", "tcp[60] < 256", "tcp[13] | 2 = 2"}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	decided := 0
	for _, expr := range exprs {
		f := mustCompile(t, expr)
		oracle, err := gopcap.NewBPF(layers.LinkTypeEthernet, 262144, expr)
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			host := pick("10.0.0.%", "192.168.0.%", "fe80::%")
			port := func() string { return pick("80", "443", "22", "50000") }
			src := netip.MustParseAddrPort(hostPort(strings.Replace(host, "%", "1", 1), port()))
			dst := netip.MustParseAddrPort(hostPort(strings.Replace(host, "%", "2", 1), port()))
			data := randomPacket(random, src, dst)
			frame := Frame{Link: LinkEthernet, Len: uint32(len(data)), Data: data}
			admitted := oracle.Matches(gopacket.CaptureInfo{CaptureLength: len(data), Length: len(data)}, data)
			if got := f.Admits(&frame); got != admitted {
				t.Fatalf("%q admits %x: %v, libpcap says %v", expr, data, got, admitted)
			}
			switch out, _ := f.possible(src, dst); {
			case out == always && !admitted, out == never && admitted:
				t.Fatalf("%q on %v > %v: %d, but libpcap says %v of %x", expr, src, dst, out, admitted, data)
			case out != maybe:
				decided++
			}
		}
	}
	if decided == 0 {
		t.Error("nothing was decided")
	}
}

func hostPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// randomPacket returns an Ethernet frame with a TCP segment in which all is
// random that a socket does not tell.
func randomPacket(random *rand.Rand, src, dst netip.AddrPort) []byte {
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	tcp := bytesOf(src.Port(), dst.Port(), noise(8), uint8(0x50|random.IntN(16)), noise(7+random.IntN(200)))
	if src.Addr().Is4() {
		ip := bytesOf(uint8(0x45), noise(1), uint16(20+len(tcp)), noise(2), uint16(random.IntN(2)<<14), noise(1), uint8(protoTCP), noise(2), src.Addr(), dst.Addr())
		return bytesOf(noise(12), uint16(etherIPv4), ip, tcp)
	}
	return bytesOf(noise(12), uint16(etherIPv6), uint8(0x60), noise(3), uint16(len(tcp)), uint8(protoTCP), noise(1), src.Addr(), dst.Addr(), tcp)
}

// The extension of a live filter lets errors through and nothing else.
func TestWithICMP(t *testing.T) {
	for _, link := range []LinkType{LinkEthernet, LinkLinuxSLL, LinkLinuxSLL2, LinkRaw} {
		if _, err := Compile(withICMP("port 9"), link, 0); err != nil {
			t.Errorf("%v: %v", link, err)
		}
	}
	for _, expr := range []string{"port 9", "vlan 5 and port 9", "port 9 or port 10"} {
		f := mustCompile(t, withICMP(expr))
		for _, s := range icmpSamples() {
			if s.kind == ICMPError && !f.Admits(s.frame) && s.name != "3/0/0 ipv6" { // whose quote has extension headers
				t.Errorf("%q: %s is not admitted", expr, s.name)
			}
			if (strings.HasPrefix(s.name, "echo") || strings.Contains(s.name, "udp")) && f.Admits(s.frame) {
				t.Errorf("%q: %s is admitted", expr, s.name)
			}
		}
	}
}

func TestAdmitsQuoted(t *testing.T) {
	e := &track.ICMP{Src: netip.MustParseAddrPort("10.1.2.3:40000"), Dst: netip.MustParseAddrPort("10.1.2.4:80")}
	got := map[string]bool{}
	for _, expr := range []string{"port 80", "src port 80", "port 22", "greater 100"} {
		got[expr] = mustCompile(t, expr).AdmitsQuoted(e)
	}
	want := map[string]bool{"port 80": true, "src port 80": true, "port 22": false, "greater 100": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutConnection(t *testing.T) {
	own, other := netip.MustParseAddrPort("192.168.0.9:50000"), netip.MustParseAddrPort("192.168.0.9:50001")
	here := netip.MustParseAddrPort("192.168.0.1:22")
	for _, expr := range []string{"", "port 22 or port 80"} {
		f := mustCompile(t, WithoutConnection(expr, own, here))
		if out, in, decided := f.Match(here, own); out || in || !decided {
			t.Errorf("%q: the connection itself: out %v, in %v, decided %v", f, out, in, decided)
		}
		if out, in, decided := f.Match(here, other); !out || !in || !decided {
			t.Errorf("%q: another connection: out %v, in %v, decided %v", f, out, in, decided)
		}
	}
	own, here = netip.MustParseAddrPort("[fe80::9%eth0]:50000"), netip.MustParseAddrPort("[fe80::1%eth0]:22")
	f := mustCompile(t, WithoutConnection("", own, here))
	if out, in, decided := f.Match(here, own); out || in || !decided {
		t.Errorf("%q: out %v, in %v, decided %v", f, out, in, decided)
	}
}

func BenchmarkMatch(b *testing.B) {
	local, remote := netip.MustParseAddrPort("10.1.2.3:40000"), netip.MustParseAddrPort("192.168.33.10:80")
	for _, expr := range []string{"port 22", "host 192.168.33.10 and (port 80 or port 443)", "greater 100"} {
		f := mustCompile(b, expr)
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Match(local, remote)
			}
		})
	}
}
