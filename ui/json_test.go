package ui

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/track"
)

func decode(t *testing.T, line []byte) map[string]any {
	t.Helper()
	if bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' {
		t.Fatalf("not one line: %q", line)
	}
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return m
}

func TestJSON(t *testing.T) {
	c := story(storyNow)
	at := storySent.Add(409 * time.Millisecond)
	const stamp = "2026-03-04T14:53:10.793563000Z"
	ends := func(m map[string]any) map[string]any {
		m["time"], m["local"], m["remote"] = stamp, "192.168.33.11:60739", "192.168.33.10:12345"
		return m
	}
	tests := []struct {
		event track.Event
		want  map[string]any
	}{
		{&track.SocketSeen{At: at, Socket: *c.Socket, Owner: c.Owner}, ends(map[string]any{
			"event": "socket", "state": "ESTABLISHED", "recv_q": 0., "send_q": 17., "pid": 2060., "program": "nc", "uid": 1000.,
			"inode": 88001., "cookie": 4001., "timer": "on", "timer_ms": 13600., "retransmits": 7., "backoff": 7., "probes": 0.,
			"rto_ms": 26112., "rtt_ms": 0.612, "unacked": 1., "snd_wnd": 58496.})},
		{&track.SocketSeen{At: at, Socket: track.Socket{Local: c.Local, Remote: c.Remote, State: track.NewSynRecv, Timer: track.TimerOn, Expires: 1500 * time.Microsecond}},
			ends(map[string]any{"event": "socket", "state": "SYN_RECV", "recv_q": 0., "send_q": 0., "timer": "on", "timer_ms": 1.5, "retransmits": 0.})},
		{&track.SocketSeen{At: at, Socket: track.Socket{Local: c.Local, Remote: c.Remote, State: track.Established}},
			ends(map[string]any{"event": "socket", "state": "ESTABLISHED", "recv_q": 0., "send_q": 0., "timer": "off", "retransmits": 0.})},
		{&track.Retransmitted{At: at, Frame: 9, Src: c.Local, Dst: c.Remote, Seq: 4_000_000_000, Len: 17, Flags: track.PSH | track.ACK,
			Finding: track.Finding{Kind: track.KindRTO, Nth: 2, Interval: 409_257 * time.Microsecond, SinceFirst: 816_966_001, Ratio: 2.0134}},
			map[string]any{"event": "retransmit", "time": stamp, "src": "192.168.33.11:60739", "dst": "192.168.33.10:12345", "seq": 4e9, "len": 17.,
				"flags": "P.", "kind": "rto", "nth": 2., "interval_ms": 409.257, "since_first_ms": 816.966001, "ratio": 2.013, "frame": 9.}},
		{&track.Retransmitted{At: at, Src: addr("[::1]:443"), Dst: addr("[fe80::1%eth0]:80")},
			map[string]any{"event": "retransmit", "time": stamp, "src": "[::1]:443", "dst": "[fe80::1%eth0]:80", "seq": 0., "len": 0., "flags": "none", "kind": "unknown"}},
		{&track.Needless{At: at, Frame: 9, By: 12, Src: c.Local, Dst: c.Remote, Seq: 4_000_000_000, Kind: track.KindRTO},
			map[string]any{"event": "spurious", "time": stamp, "src": "192.168.33.11:60739", "dst": "192.168.33.10:12345", "seq": 4e9,
				"kind": "rto", "frame": 9., "by_frame": 12.}},
		{&track.Probed{At: at, Frame: 3, Src: c.Local, Dst: c.Remote, Kind: track.FireProbe, Nth: 1, Interval: time.Second},
			map[string]any{"event": "probe", "time": stamp, "src": "192.168.33.11:60739", "dst": "192.168.33.10:12345", "kind": "zero-window", "nth": 1., "interval_ms": 1000., "frame": 3.}},
		{&track.OutOfOrdered{At: at, Frame: 3, Src: c.Local, Dst: c.Remote, Seq: 5, Len: 6},
			map[string]any{"event": "out-of-order", "time": stamp, "src": "192.168.33.11:60739", "dst": "192.168.33.10:12345", "seq": 5., "len": 6., "frame": 3.}},
		{&track.Duplicated{At: at, Frame: 3, Src: c.Local, Dst: c.Remote, Seq: 5, Len: 6},
			map[string]any{"event": "duplicate", "time": stamp, "src": "192.168.33.11:60739", "dst": "192.168.33.10:12345", "seq": 5., "len": 6., "frame": 3.}},
		{&track.DeadlineSet{At: at, Local: c.Local, Remote: c.Remote, State: track.Established, Forecast: track.Forecast{
			Cause: track.CauseRetries2, Exactness: track.Exact, At: at.Add(time.Second), Earliest: at.Add(999 * time.Millisecond), Latest: at.Add(1001 * time.Millisecond),
			Errno: "ETIMEDOUT", Schedule: []track.Fire{{At: at.Add(time.Second), Kind: track.FireDeath}}}},
			ends(map[string]any{"event": "deadline", "state": "ESTABLISHED", "at": "2026-03-04T14:53:11.793563000Z", "earliest": "2026-03-04T14:53:11.792563000Z",
				"latest": "2026-03-04T14:53:11.794563000Z", "in_ms": 1000., "cause": "tcp_retries2", "exactness": "exact", "errno": "ETIMEDOUT",
				"schedule": []any{map[string]any{"at": "2026-03-04T14:53:11.793563000Z", "kind": "death"}}})},
		{&track.DeadlineSet{At: at, Local: c.Local, Remote: c.Remote, Forecast: track.Forecast{Cause: track.CauseNone, Exactness: track.Exact}},
			ends(map[string]any{"event": "deadline", "cause": "none", "exactness": "exact"})},
		{&track.VerdictGiven{At: at, Local: c.Local, Remote: c.Remote, Coverage: track.Coverage{Out: true, Lost: 2, Doubt: "NAT"}, Verdict: track.Verdict{Kind: track.MTUBlackhole, Text: "only \"large\" ones"}},
			ends(map[string]any{"event": "verdict", "verdict": "mtu-blackhole", "text": `only "large" ones`,
				"coverage": map[string]any{"out": true, "in": false, "from_start": false, "lost": 2., "doubt": "NAT"}})},
		{&track.Ended{Local: c.Local, Remote: c.Remote, Certificate: track.Certificate{At: at, State: track.Established, Reason: track.TimedOut,
			FirstPredicted: at.Add(-time.Second), Predicted: at.Add(1500 * time.Microsecond), Error: -1500 * time.Microsecond, Cause: track.CauseRetries2}},
			ends(map[string]any{"event": "gone", "state": "ESTABLISHED", "reason": "timed-out", "first_predicted_at": "2026-03-04T14:53:09.793563000Z",
				"predicted_at": "2026-03-04T14:53:10.795063000Z", "error_ms": -1.5, "cause": "tcp_retries2"})},
		{&track.Ended{Local: c.Local, Remote: c.Remote, Certificate: track.Certificate{At: at, State: track.SynSent, Reason: track.Reset, ResetBy: track.SenderRemote}},
			ends(map[string]any{"event": "gone", "state": "SYN_SENT", "reason": "reset", "reset_by": "remote"})},
		{&track.Ended{Local: c.Local, Remote: c.Remote, Certificate: track.Certificate{At: at, State: track.TimeWait, Reason: track.Closed}},
			ends(map[string]any{"event": "gone", "state": "TIME_WAIT", "reason": "closed"})},
	}
	for _, tt := range tests {
		got := decode(t, AppendJSON(nil, tt.event, storyClock))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", tt.event, diff)
		}
	}
}

func TestJSONOfTheSession(t *testing.T) {
	l := limits()
	l.Missing = []string{"tcp_retries1", "tcp_thin_linear_timeouts"}
	l.RTOMax = 1000 * time.Millisecond
	src := track.Source{At: storySent, Name: "eth1", Filter: "port 12345"}
	stamp := "2026-03-04T14:53:10.384563000Z"
	got := decode(t, AppendStart(nil, "v1.2", &src, &l, storyClock))
	want := map[string]any{"event": "start", "time": stamp, "source": "eth1", "filter": "port 12345", "hz": 250., "version": "v1.2",
		"limits": map[string]any{"tcp_retries2": 15., "tcp_orphan_retries": 0., "tcp_syn_retries": 6., "tcp_syn_linear_timeouts": 4., "tcp_synack_retries": 5.,
			"tcp_keepalive_time": 7200., "tcp_keepalive_intvl": 75., "tcp_keepalive_probes": 9., "tcp_fin_timeout": 60., "tcp_rto_max_ms": 1000.}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("start (-want +got):\n%s", diff)
	}

	got = decode(t, AppendNote(nil, &Note{ID: 1, At: storySent, Made: storySent, Local: addr("10.0.0.1:1"), Remote: addr("10.0.0.2:2"), Text: "the switch\nwas rebooted"}, storyClock))
	want = map[string]any{"event": "note", "time": stamp, "at": stamp, "local": "10.0.0.1:1", "remote": "10.0.0.2:2", "text": "the switch\nwas rebooted"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("note (-want +got):\n%s", diff)
	}

	got = decode(t, AppendStats(nil, track.Stats{Packets: 7, TCP: 6, Undecodable: 1, DroppedKernel: 2, DroppedHere: 3, Dumps: 4, DumpsFailed: 5}, storySent, storyClock))
	want = map[string]any{"event": "stats", "time": stamp, "packets": 7., "tcp": 6., "undecodable": 1., "dropped_kernel": 2., "dropped_here": 3., "dumps": 4., "dumps_failed": 5.}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0", 1: "0.000001", 1_000_000: "1", -1_500_000: "-1.5", 204_442_001: "204.442001",
		math.MinInt64: "-9223372036854.775808"} {
		if got := string(appendMS(nil, d)); got != want {
			t.Errorf("appendMS(%d) = %s, want %s", int64(d), got, want)
		}
	}
}

// FuzzJSONProgram asserts that a program's name comes back from JSON as it was,
// but for bytes that are no UTF-8, and that nothing of it could move a terminal.
func FuzzJSONProgram(f *testing.F) {
	for _, s := range []string{"nc", `a"b\c`, "\x1b[2J", "\u202egnp", "bad\xff", "日本", "👩‍👩‍👧", "\u2028", "\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		line := AppendJSON(nil, &track.SocketSeen{Owner: track.Owner{PID: 1, Program: name}}, storyClock)
		got, _ := decode(t, line)["program"].(string)
		want := string([]rune(name))
		if got != want {
			t.Fatalf("%q came back as %q", name, got)
		}
		body := string(line[:len(line)-1])
		if !utf8.ValidString(body) || Clean(body) != body {
			t.Fatalf("unclean: %q", body)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	c := story(storyNow)
	e := &track.Retransmitted{At: storySent, Frame: 9, Src: c.Local, Dst: c.Remote, Seq: 4_000_000_000, Len: 17, Flags: track.PSH | track.ACK, Finding: c.Timeline[12].Finding}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], e, storyClock)
	}
}
