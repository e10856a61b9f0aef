package session

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// output runs a program that a capture is opened with. Without the program the
// test is skipped, and fails where TCPWATCH_LAB says that all has to be there.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("TCPWATCH_LAB") == "require" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out)
}

// syn is an Ethernet frame with a SYN from 10.0.0.1 to 10.0.0.2.
func syn(port byte) []byte {
	return []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0x26, 0xcd, 10, 0, 0, 1, 10, 0, 0, 2,
		0x80, port, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0}
}

// spoken is a session of three packets, of which the second and the third have
// notes.
func spoken(t *testing.T) (path string) {
	items := []item{{Record: made(Encode(&track.ClockPair{At: 1_000, Wall: 1_700_000_000_123_456_789}))}}
	for n := range 3 {
		f := &capture.Frame{At: track.Instant(1_000 + n), Number: uint64(n + 1), Link: 1, Iface: 3, Len: 54, Data: syn(byte(n))}
		items = append(items, item{Record: &Record{Kind: KindReply, Data: make([]byte, 5+n)}}, item{Frame: f})
	}
	for n, text := range []string{"here it hangs", "", "and twice;\nso it is"} {
		items = append(items, item{Record: made((&Note{ID: uint64(n + 1), Frame: uint64(n%2 + 2), Text: text}).Record())})
	}
	items = append(items, item{Record: made((&Note{ID: 7, Frame: 3, Text: "the löst one"}).Record())})
	return create(t, items)
}

// TestTshark opens a session in tshark: the packets alone, their numbers, times
// and comments.
func TestTshark(t *testing.T) {
	got := output(t, "tshark", "-r", spoken(t), "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch",
		"-e", "frame.interface_name", "-e", "tcp.srcport", "-e", "frame.comment")
	want := "1\t1700000000.123456789\teth1\t32768\t\n" +
		"2\t1700000000.123456790\teth1\t32769\there it hangs,and twice;\\nso it is\n" +
		"3\t1700000000.123456791\teth1\t32770\tthe löst one\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = output(t, "tshark", "-r", spoken(t), "-Y", "frame.comment", "-T", "fields", "-e", "frame.number")
	if got != "2\n3\n" {
		t.Errorf("with comments: %q", got)
	}
}

// TestTcpdump opens a session in tcpdump, and one without packets.
func TestTcpdump(t *testing.T) {
	got := output(t, "tcpdump", "-n", "-tt", "--nano", "-r", spoken(t))
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "1700000000.123456790 IP 10.0.0.1.32769 > 10.0.0.2.80: Flags [S]") {
		t.Error(got)
	}
	if got := output(t, "tcpdump", "-n", "-r", create(t, small()[:2])); got != "" {
		t.Error(got)
	}
}
