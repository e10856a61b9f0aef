package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// demoFile returns the recorded demo, unpacked.
func demoFile(t testing.TB) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(demoSession))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inMemory returns what opens a file that is in memory.
func inMemory(file []byte) opener {
	return func(context.Context) (*capture.Reader, error) {
		return capture.NewReader(bytes.NewReader(file), "session")
	}
}

// replayed returns what --json says of a file.
func replayed(t testing.TB, f flags, file []byte) (string, error) {
	var out bytes.Buffer
	f.json = true
	r, err := openReplay(t.Context(), &f, inMemory(file), newJSONView(&out))
	if err != nil {
		return "", err
	}
	err = r.run(t.Context())
	if err := r.end(); err != nil {
		t.Error(err)
	}
	return out.String(), err
}

// TestReplayOfTheDemo looks for what only the recording can know, and for the
// number of its frames.
func TestReplayOfTheDemo(t *testing.T) {
	file := demoFile(t)
	told, err := replayed(t, flags{}, file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := capture.NewReader(bytes.NewReader(file), "demo")
	if err != nil {
		t.Fatal(err)
	}
	frames := 0
	for f := new(capture.Frame); r.Next(f) == nil; {
		frames++
	}
	if strings.Contains(told, `"version":"`+version+`"`) || !strings.Contains(told, `"netns":"demo"`) ||
		!strings.Contains(told, `"tcp_retries2":5`) || !strings.Contains(told, fmt.Sprintf(`"packets":%d,`, frames)) {
		t.Errorf("of %d frames:\n%s", frames, told)
	}
}

// TestReplayUpToTheCut cuts a session off at 200 places and some more: what it tells
// up to there is what the whole told.
func TestReplayUpToTheCut(t *testing.T) {
	file := demoFile(t)
	whole, err := replayed(t, flags{}, file)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range 211 {
		end := len(file) * i / 211
		told, err := replayed(t, flags{}, file[:end])
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "read session: ") {
			t.Errorf("cut at byte %d: the error is %v", end, err)
		}
		if told == "" {
			continue
		}
		lines := strings.SplitAfter(told, "\n") // of which the last but one is stats, and the last empty
		if !strings.HasPrefix(whole, strings.Join(lines[:len(lines)-2], "")) {
			t.Fatalf("cut at byte %d: %s", end, firstDifference(whole, told))
		}
		if len(lines) < most {
			t.Errorf("cut at byte %d: %d lines, and fewer bytes had %d", end, len(lines), most)
		}
		most = len(lines)
	}
	if total := strings.Count(whole, "\n"); most < total*3/4 {
		t.Errorf("the longest cut tells %d lines of %d", most, total)
	}
}

// TestReplayOfDamage replays a session with one byte changed, at many places: it is
// read or refused in a line.
func TestReplayOfDamage(t *testing.T) {
	file := demoFile(t)
	for i := range 300 {
		broken := bytes.Clone(file)
		broken[len(file)*i/300] ^= 0x55
		if _, err := replayed(t, flags{}, broken); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("byte %d: %v", len(file)*i/300, err)
		}
	}
}

// TestReplayOfSome replays what an expression, an address family or a process
// leaves of a session.
func TestReplayOfSome(t *testing.T) {
	file := demoFile(t)
	for _, c := range []struct {
		flags        flags
		shown, shuts bool
	}{
		{flags{expression: "port 12345"}, true, false},
		{flags{ipv4: true}, true, false},
		{flags{expression: "port 80"}, false, true},
		{flags{expression: "src port 12345"}, true, true},
		{flags{ipv6: true}, false, false},
		{flags{pid: 1}, false, true},
	} {
		told, err := replayed(t, c.flags, file)
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(told, `"event":"socket"`); shown != c.shown {
			t.Errorf("%+v: socket shown: %v", c.flags, shown)
		}
		if seen := strings.Contains(told, `"event":"retransmit"`); seen == c.shuts {
			t.Errorf("%+v: retransmissions shown: %v", c.flags, seen)
		}
	}
}

// TestReplayGrowing hands a session over bit by bit: it is told as it comes.
func TestReplayGrowing(t *testing.T) {
	file := demoFile(t)
	whole, err := replayed(t, flags{}, file)
	if err != nil {
		t.Fatal(err)
	}
	w := newWatcher(t, "-r", "-")
	in, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(file, []byte(`"Netns":"demo"`)) + 4096 // a source, and some ticks
	if _, err := in.Write(file[:begin]); err != nil {
		t.Fatal(err)
	}
	w.start()
	if _, err := in.Write(file[begin : len(file)*4/5]); err != nil {
		t.Fatal(err)
	}
	w.until("a retransmission", func(e event) bool { return e.Event == "retransmit" && e.Nth == 3 })
	if _, err := in.Write(file[len(file)*4/5:]); err != nil {
		t.Fatal(err)
	}
	w.until("the end of the story", func(e event) bool { return e.Event == "gone" })
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	w.until("the end", func(e event) bool { return e.Event == "stats" })
	if err := w.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := w.transcript(); got != whole {
		t.Error(firstDifference(whole, got))
	}
}

// TestReplayOfSilence is asked to end while nothing comes.
func TestReplayOfSilence(t *testing.T) {
	w := newWatcher(t, "-r", "-")
	in, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	go in.Write(demoFile(t))
	w.start()
	w.until("the end of the story", func(e event) bool { return e.Event == "gone" })
	if last := w.stop(); last[len(last)-1].Event != "stats" {
		t.Errorf("the last event is %s", last[len(last)-1].raw)
	}
}

// pictureOf returns the only connection of the demo, for comparison.
func pictureOf(t *testing.T, r *replay) *track.Conn {
	t.Helper()
	if err := r.apply(); err != nil {
		t.Fatal(err)
	}
	s := r.tracker.Snapshot()
	if s.Len() != 1 {
		t.Fatalf("%d connections", s.Len())
	}
	return s.Conn(0)
}

// TestSeek goes back and forth in a session: each moment is what it was when it
// was played.
func TestSeek(t *testing.T) {
	file := demoFile(t)
	newPlayerAt := func(to track.Instant) *player {
		p := newPlayer(&flags{}, inMemory(file))
		close(p.screen.dark) // nobody looks
		if err := p.rewind(t.Context()); err != nil {
			t.Fatal(err)
		}
		if to != 0 {
			if err := p.playTo(t.Context(), p.said.Begin.Add(time.Duration(to))); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	p := newPlayerAt(0)
	addresses := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	for _, seconds := range []float64{5, 12, 3, 3, 16, 15.5, 2} {
		after := track.Instant(seconds * 1e9)
		if err := p.seek(t.Context(), p.said.Begin.Add(time.Duration(after))); err != nil {
			t.Fatal(err)
		}
		want, got := pictureOf(t, newPlayerAt(after).replay), pictureOf(t, p.replay)
		if diff := cmp.Diff(want, got, addresses, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("after %v s: %s", seconds, diff)
		}
	}
	step := func(a, b netip.AddrPort) {
		t.Helper()
		if err := p.step(t.Context(), [2]netip.AddrPort{a, b}); err != nil {
			t.Fatal(err)
		}
	}
	step(netip.AddrPort{}, netip.AddrPort{})
	before := pictureOf(t, p.replay)
	step(before.Remote, before.Local)
	after := pictureOf(t, p.replay)
	if n := len(before.Timeline); len(after.Timeline) != n+1 || p.target < after.Timeline[n].At {
		t.Errorf("a step of %d packets, to %d", len(after.Timeline)-n, p.target)
	}
	step(before.Local, before.Local)
	if !p.said.Ended || p.said.Err != nil {
		t.Errorf("a step to a packet that never comes: %+v", p.said)
	}
	if err := p.seek(t.Context(), p.said.Begin); err != nil || p.said.Ended {
		t.Errorf("back from the end: %+v, %v", p.said, err)
	}
}

// TestDashboardReplay plays a session on a screen: pause, speed, seek, step, the
// end, a note, and a copy with the note in it.
func TestDashboardReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "demo.pcapng.gz"), filepath.Join(dir, "copy.pcapng")
	if err := os.WriteFile(path, demoSession, 0o600); err != nil {
		t.Fatal(err)
	}
	m := openTerminal(t, 110, 34, "TERM=xterm-256color LANG=C.UTF-8 "+binary+" -r "+path)
	m.await("replay that plays", func(s string) bool { return showing("replay", "0:0", " of 0:19")(s) && !showing("0:00 of")(s) })
	m.keys("Space")
	m.await("pause", showing("paused"))
	m.keys("]", "]", "]", "[")
	m.await("speed", showing("4×"))
	for range 25 {
		m.keys("Right")
	}
	m.await("end", showing("end of the file", "timed out", "0:19 of 0:19", "this is the end"))
	m.keys("Left", "Left")
	m.await("moment before the end", func(s string) bool { return showing("paused", "Gives up in", "RTO 5")(s) && !showing("timed out")(s) })
	m.keys(",", ",")
	m.await("fourth RTO", func(s string) bool { return showing("↻ RTO 4")(s) && !showing("↻ RTO 5")(s) })
	m.keys(".")
	m.await("fifth RTO", showing("↻ RTO 5"))
	m.keys("K")
	m.await("refusal", showing("not in a replay"))
	m.keys("3", "a")
	m.keys("-l", "the last word")
	m.keys("Enter")
	m.await("note", showing("▴ ", "the last word"))
	m.keys("w")
	m.await("question", showing("save to"))
	for range len("session.pcapng") {
		m.keys("BSpace")
	}
	m.keys("-l", copied)
	m.keys("Enter")
	m.await("copy", showing("saved to"))
	m.keys("]", "]", "]", "]")
	m.await("greatest speed", showing("64×"))
	m.keys("Space")
	m.await("end by playing", showing("end of the file", "timed out"))
	m.keys("Space")
	m.await("second play", func(s string) bool { return !showing("timed out")(s) })
	m.quit()

	whole, err := replayed(t, flags{}, demoFile(t))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	told, err := replayed(t, flags{}, file)
	if err != nil {
		t.Fatal(err)
	}
	var rest []string
	notes := 0
	for line := range strings.Lines(told) {
		if strings.Contains(line, "the last word") {
			notes++
		} else {
			rest = append(rest, line)
		}
	}
	if got := strings.Join(rest, ""); notes != 1 || got != whole {
		t.Errorf("%d notes; %s", notes, firstDifference(whole, got))
	}
	if got := opened(t, "tshark", "-r", copied, "-Y", "frame.comment", "-T", "fields", "-e", "tcp.len", "-e", "frame.comment"); got != "17\tthe last word\n" {
		t.Errorf("tshark finds the comments %q", got)
	}
}

// TestDashboardOfAPipe shows what comes through a pipe, with keys from the
// terminal.
func TestDashboardOfAPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "demo.pcapng.gz")
	if err := os.WriteFile(path, demoSession, 0o600); err != nil {
		t.Fatal(err)
	}
	m := openTerminal(t, 110, 34, "(gzip -dc "+path+"; exec sleep 60 </dev/null) | TERM=xterm-256color LANG=C.UTF-8 "+binary+" -r -")
	m.await("end of the story", showing("replay", "timed out", "↻ RTO 5"))
	m.keys("Space", "Left", "Left")
	m.await("look back", showing("FROZEN", "at 1"))
	m.keys("q")
	m.await("shell", func(s string) bool { return !strings.Contains(s, "CONNECTIONS") })
}

// TestReplayEndsInALine cuts off a file on the command line.
func TestReplayEndsInALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session")
	file := demoFile(t)
	if err := os.WriteFile(path, file[:len(file)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	o := execute(t, false, "--json", "-r", path)
	if o.status != 1 || strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, "cut off at byte") ||
		!strings.Contains(o.stdout, `"event":"stats"`) {
		t.Errorf("status %d, stderr %q", o.status, o.stderr)
	}
	if strings.Count(o.stdout, "\n") < 5 {
		t.Errorf("it tells only\n%s", o.stdout)
	}
}
