package lab

import (
	"errors"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestParseCounters(t *testing.T) {
	got := parseCounters("Ip: Forwarding InDelivers\nIp: 1 77\n" +
		"Tcp: MaxConn RetransSegs\nTcp: -1 12\n" +
		"TcpExt: TCPLossProbes TCPTimeouts\nTcpExt: 3 4\nTcpExt: cut")
	want := Counters{"RetransSegs": 12, "TCPLossProbes": 3, "TCPTimeouts": 4}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	since := want.Since(Counters{"RetransSegs": 12, "TCPLossProbes": 1, "TCPTimeouts": 4})
	if !maps.Equal(since, Counters{"TCPLossProbes": 2}) {
		t.Errorf("since: %v", since)
	}
}

func TestDecodeWhatWasEncoded(t *testing.T) {
	p := port{mac: make(net.HardwareAddr, 6), far: make(net.HardwareAddr, 6)}
	for _, want := range []track.Segment{
		{
			Src: netip.MustParseAddrPort("10.77.200.1:4000"), Dst: netip.MustParseAddrPort("10.77.200.2:80"),
			Seq: 0xfffffff0, Ack: 7, Flags: track.PSH | track.ACK, Window: 500, Len: 6, HopLimit: 64,
		},
		{
			Src: netip.MustParseAddrPort("[fd77:200::1]:4000"), Dst: netip.MustParseAddrPort("[fd77:200::2]:80"),
			Seq: 1, Flags: track.SYN, Window: 0, Len: 6, HopLimit: 64,
		},
	} {
		frame := encode(p, &want, []byte("hello!"))
		got := decode(frame)
		if got == nil {
			t.Fatal("not decoded")
		}
		if got.Checksum == 0 {
			t.Error("no checksum")
		}
		got.Checksum = 0
		if *got != want {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
		for n := range frame {
			if decode(frame[:n]) != nil {
				t.Errorf("%d of %d bytes pass for a segment", n, len(frame))
			}
		}
	}
}

func TestParseTrace(t *testing.T) {
	const line = "  <idle>-0  [000] ..s2.  2819.796085: tcp_retransmit_skb: skbaddr=0000000074ea85c9 " +
		"skaddr=000000004960fd2d family=AF_INET sport=49538 dport=32869 saddr=10.77.200.1 daddr=10.77.200.2 " +
		"saddrv6=::ffff:10.77.200.1 daddrv6=::ffff:10.77.200.2 state=TCP_ESTABLISHED err=0\n"
	want := TraceEvent{
		At:     2819796085000,
		Local:  netip.MustParseAddrPort("10.77.200.1:49538"),
		Remote: netip.MustParseAddrPort("10.77.200.2:32869"),
		State:  track.Established,
	}
	if got, ok := parseTrace(line); !ok || got != want {
		t.Errorf("got %+v, %v; want %+v", got, ok, want)
	}
	changed := strings.NewReplacer("tcp_retransmit_skb", "inet_sock_set_state",
		"state=TCP_ESTABLISHED", "protocol=IPPROTO_TCP oldstate=TCP_ESTABLISHED newstate=TCP_CLOSE").Replace(line)
	want.Kind, want.Old, want.State = TraceState, track.Established, track.Close
	if got, ok := parseTrace(changed); !ok || got != want {
		t.Errorf("got %+v, %v; want %+v", got, ok, want)
	}
	for _, other := range []string{"", "CPU:1 [LOST 23 EVENTS]", strings.Replace(line, "2819.", "28x9.", 1),
		strings.Replace(changed, "IPPROTO_TCP", "IPPROTO_MPTCP", 1), strings.Replace(line, "=49538", "=495380", 1)} {
		if got, ok := parseTrace(other); ok {
			t.Errorf("%q passes for %+v", other, got)
		}
	}
}

func TestRightsError(t *testing.T) {
	err := rights(unix.EPERM)
	var refused *RightsError
	if !errors.As(err, &refused) || !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("%v is no RightsError", err)
	}
	refused.Missing = []string{"CAP_SYS_ADMIN"}
	for _, word := range []string{"CAP_SYS_ADMIN", "sudo"} {
		if !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q does not say %s in a line", err, word)
		}
	}
	if errors.As(rights(unix.EMFILE), &refused) {
		t.Error("too many open files are no matter of rights")
	}
}
