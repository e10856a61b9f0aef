package ui

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/track"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestNeedlessMark has an acknowledgement name what it proves to have been needless.
func TestNeedlessMark(t *testing.T) {
	again := track.Finding{Class: track.ClassRetransmission, Kind: track.KindRTO}
	timeline := []track.Entry{{Frame: 1, Out: true, Seq: 1, Len: 9}, {Frame: 2, Out: true, Seq: 1, Len: 9, Finding: again},
		{Frame: 3, Finding: track.Finding{Class: track.ClassDupAck, Proves: 2}}}
	for from, want := range []string{"· RTO 1 was needless", "· RTO 1 was needless", "· needless"} {
		rest := timeline[from:]
		m := markOf(rest, len(rest)-1)
		if got := string(m.appendWord(nil)); got != want {
			t.Errorf("of %d packets the last is %q, want %q", len(rest), got, want)
		}
	}
}

func TestPacketLines(t *testing.T) {
	c := story(storyNow)
	var out []byte
	for i := range c.Timeline {
		p := PacketOf(c, i)
		out = AppendPacketLine(out, &p, LineOptions{Wall: utc})
	}
	odd := &track.Conn{Local: addr("[2001:db8::1]:443"), Remote: addr("[2001:db8::2]:5000")}
	for class := track.ClassPlain; class <= track.ClassICMP; class++ {
		e := track.Entry{At: storySent, Flags: track.ACK, Seq: 1, Ack: 2, Window: 3, NSACK: 2, SACK: [4]track.SACKBlock{{Left: 5, Right: 9}, {Left: 12, Right: 20}},
			Finding: track.Finding{Class: class, Nth: 2, Interval: 75 * time.Second}}
		if class == track.ClassICMP {
			e.ICMP = &track.ICMP{V6: true, Type: 1, Code: 3}
		}
		odd.Timeline = append(odd.Timeline, e)
	}
	for i := range odd.Timeline {
		p := PacketOf(odd, i)
		out = AppendPacketLine(out, &p, LineOptions{Wall: utc})
	}
	golden(t, "packets", out)

	p := PacketOf(c, 9)
	if got := AppendPacketLine(nil, &p, LineOptions{Wall: utc, ASCII: true}); !plain(strings.TrimSpace(string(got))) {
		t.Errorf("not ASCII: %q", got)
	}
}

func TestEventLines(t *testing.T) {
	c := story(storyNow)
	deadline := func(c *track.Conn) track.Event {
		return &track.DeadlineSet{At: storyNow, Local: c.Local, Remote: c.Remote, State: c.State, Forecast: c.Forecast}
	}
	unstable := *c
	unstable.Forecast.Exactness = track.Unstable
	unstable.Forecast.Other = unstable.Forecast.At.Add(2 * time.Minute)
	unstable.Forecast.Assumes = "no TCP_USER_TIMEOUT"
	unknown := *c
	unknown.Forecast = track.Forecast{Exactness: track.ExactnessUnknown}
	bounded := *c
	bounded.Forecast.Earliest = bounded.Forecast.At.Add(-time.Minute)
	tomorrow := *c
	tomorrow.Forecast.At = storyNow.Add(24 * time.Hour)
	tomorrow.Forecast.Earliest, tomorrow.Forecast.Latest = 0, 0
	events := []track.Event{deadline(c), deadline(guarded(storyNow)), deadline(unguarded(storyNow)), deadline(&unstable), deadline(&unknown), deadline(&bounded), deadline(&tomorrow),
		&track.VerdictGiven{At: storyNow, Local: c.Local, Remote: c.Remote, Verdict: c.Verdict},
		&track.Ended{Local: c.Local, Remote: c.Remote, Certificate: *buried(storyNow).Gone},
		&track.Ended{Local: c.Local, Remote: c.Remote, Certificate: track.Certificate{At: storyNow, State: track.SynSent, Reason: track.Reset, ResetBy: track.SenderRemote}},
		&track.SocketSeen{At: storyNow},
	}
	for cause := track.CauseRetries2; cause <= track.CauseShrunkWindow; cause++ {
		e := deadline(c).(*track.DeadlineSet)
		e.Forecast.Cause = cause
		if cause == track.CauseTimewait || cause == track.CauseFinTimeout || cause == track.CauseLinger2 {
			e.Forecast.Errno = ""
			e.Forecast.Threshold = time.Minute
		}
		events = append(events, e)
	}
	var out []byte
	for _, e := range events {
		out = AppendEventLine(out, e, LineOptions{Wall: utc})
	}
	golden(t, "events", out)
}

func TestTable(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		var b bytes.Buffer
		if err := WriteTable(&b, snapshotOf(storyNow, append(append(cast(storyNow), buried(storyNow)), busy(10)...)...), TableOptions{Wall: utc, ASCII: ascii}); err != nil {
			t.Fatal(err)
		}
		name := "table"
		if ascii {
			name = "table-ascii"
			if got := strings.ReplaceAll(b.String(), "\n", ""); !plain(got) {
				t.Errorf("not ASCII: %q", got)
			}
		}
		golden(t, name, b.Bytes())
	}
}
