package main

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// opened runs another program that a session file is opened with. Without it the
// test is skipped, and fails where TCPWATCH_LAB says that all has to be there.
func opened(t *testing.T, name string, args ...string) string {
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

// TestRecording records a story among other connections, idle, closed meanwhile
// and begun meanwhile, and replays it twice.
func TestRecording(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	labtest.Check(t, l.A.SetSysctl("net.ipv4.tcp_retries2", 3))
	closing, _ := pair(t, l, netip.AddrPortFrom(l.B.Addr, 80))
	for port := range uint16(5) {
		pair(t, l, netip.AddrPortFrom(l.B.Addr, 1000+port), lab.Keepalive(time.Hour, time.Minute, 3))
	}
	path := filepath.Join(t.TempDir(), "session")
	w := startWatching(t, "--netns", l.A.Path(), "-w", path)
	for range 6 {
		w.until("the sockets", func(e event) bool { return e.Event == "socket" && e.State == "ESTABLISHED" })
	}
	closing.Close()
	w.until("the end of one", func(e event) bool { return e.Event == "socket" && e.State != "ESTABLISHED" })
	pair(t, l, netip.AddrPortFrom(l.B.Addr, 8080))
	tellStory(t, l, w)
	w.until("the death", func(e event) bool { return e.Event == "gone" && e.Reason == "timed-out" })
	w.stop()
	live := w.transcript()

	for range 2 {
		o := execute(t, false, "--json", "-r", path)
		if o.status != 0 || o.stderr != "" || o.stdout != live {
			t.Fatalf("status %d, stderr %q; %s", o.status, o.stderr, firstDifference(live, o.stdout))
		}
	}
	checkFrames(t, w.all, path)
}

// firstDifference tells where two outputs part.
func firstDifference(live, replayed string) string {
	a, b := strings.Split(live, "\n"), strings.Split(replayed, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d:\nlive     %s\nreplayed %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines live, %d replayed", len(a), len(b))
}

// checkFrames looks up in tshark the frames that events name, and counts those of
// tcpdump.
func checkFrames(t *testing.T, events []event, path string) {
	t.Helper()
	packets := make(map[string]string)
	for line := range strings.Lines(opened(t, "tshark", "-r", path, "-Y", "tcp", "-T", "fields", "-e", "frame.number",
		"-e", "tcp.seq_raw", "-e", "tcp.len")) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		packets[number] = rest
	}
	sent := 0
	for _, e := range events {
		if e.Event != "retransmit" {
			continue
		}
		sent++
		if got, want := packets[strconv.Itoa(e.Frame)], fmt.Sprintf("%d\t%d", e.Seq, e.Len); got != want {
			t.Errorf("frame %d is %q in tshark, and %q here", e.Frame, got, want)
		}
	}
	if sent < 3 {
		t.Errorf("%d retransmissions", sent)
	}
	frames := strings.Count(opened(t, "tcpdump", "-n", "-r", path), "\n")
	if last := events[len(events)-1]; uint64(frames) != last.Packets {
		t.Errorf("%d packets in tcpdump, %d here", frames, last.Packets)
	}
}

// TestRecordingPiped hands a session to another tcpwatch while it runs.
func TestRecordingPiped(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	client, _ := pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	sender := exec.Command(binary, "-w", "-", "--netns", l.A.Path(), "-i", l.A.Link)
	sender.Stderr = os.Stderr
	pipe, err := sender.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Start(); err != nil {
		t.Fatal(err)
	}
	w := newWatcher(t, "-r", "-")
	w.cmd.Stdin = pipe
	w.start()
	w.until("the socket", func(e event) bool { return e.Event == "socket" && e.Local == client.LocalAddr().String() })
	labtest.Check(t, l.Cut(lab.Cut{}))
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.until("a retransmission", func(e event) bool { return e.Event == "retransmit" && e.Kind == "rto" })
	if err := sender.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	w.until("the end", func(e event) bool { return e.Event == "stats" && e.Packets > 0 && e.Dumps > 0 })
	if err := w.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if err := sender.Wait(); err != nil {
		t.Error(err)
	}
	if w.all[0].Source != l.A.Link {
		t.Errorf("it begins with %s", w.all[0].raw)
	}
}

// TestRecordingRotates spreads a session over files, each of which is complete.
func TestRecordingRotates(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	client, server := pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	go io.Copy(io.Discard, server)
	path := filepath.Join(t.TempDir(), "session")
	w := startWatching(t, "--netns", l.A.Path(), "-i", l.A.Link, "-s", "65535", "-w", path, "-C", "1", "-W", "3")
	w.until("the owner", func(e event) bool { return e.Event == "socket" && e.Local == client.LocalAddr().String() && e.PID > 0 })
	file := func(n int) string { return path + strconv.Itoa(n) }
	begun := func(n int) time.Time {
		info, err := os.Stat(file(n))
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	// The third file ends when the first is begun again; then the second is the oldest.
	for begun(2).IsZero() || begun(0).Before(begun(2)) {
		if _, err := client.Write(make([]byte, 16<<10)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // a folder can only be looked at again
	}
	labtest.Check(t, l.Cut(lab.Cut{}))
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.until("the stall", func(e event) bool { return e.Event == "socket" && e.Retransmits > 0 })
	w.stop()
	for n := range 3 {
		o := execute(t, false, "--json", "-r", file(n))
		if o.status != 0 || !strings.HasPrefix(o.stdout, `{"event":"start"`) || !strings.Contains(o.stdout, `"limits"`) ||
			!strings.Contains(o.stdout, `"source":"`+l.A.Link+`"`) || !strings.Contains(o.stdout, `"event":"stats"`) ||
			!strings.Contains(o.stdout, `"local":"`+client.LocalAddr().String()+`"`) ||
			n == 0 && !strings.Contains(o.stdout, fmt.Sprintf(`"pid":%d`, os.Getpid())) {
			t.Errorf("file %d: status %d, %s%s", n, o.status, o.stderr, o.stdout)
		}
		info, err := os.Stat(file(n))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1_200_000 {
			t.Errorf("file %d has %d bytes", n, info.Size())
		}
	}
}

// TestRecordingMeetsAFullDisk records to a small disk: the watching goes on, and
// what was written can be read.
func TestRecordingMeetsAFullDisk(t *testing.T) {
	requireRoot(t)
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	client, server := pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	go io.Copy(io.Discard, server)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(disk, "session")
	var errs bytes.Buffer
	w := newWatcher(t, "--netns", l.A.Path(), "-i", l.A.Link, "-w", path)
	w.cmd.Stderr = &errs
	w.start()
	for full := false; !full; time.Sleep(5 * time.Millisecond) { // a disk can only be looked at again
		if _, err := client.Write(make([]byte, 1<<10)); err != nil {
			t.Fatal(err)
		}
		var s unix.Statfs_t
		if err := unix.Statfs(disk, &s); err != nil {
			t.Fatal(err)
		}
		full = s.Bfree == 0
	}
	client.Close()
	w.until("the end after the end of the disk", func(e event) bool { return e.Event == "gone" })
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	w.until("the last word", func(e event) bool { return e.Event == "stats" })
	if err := w.cmd.Wait(); w.cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
	if said := errs.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "disk full") || !strings.Contains(said, path) {
		t.Errorf("stderr %q, want a line", said)
	}
	o := execute(t, false, "--json", "-r", path)
	lines := strings.SplitAfter(o.stdout, "\n")
	if o.status != 0 || o.stderr != "" || len(lines) < 4 || !strings.HasPrefix(w.transcript(), strings.Join(lines[:len(lines)-2], "")) {
		t.Errorf("status %d, stderr %q; %s", o.status, o.stderr, firstDifference(w.transcript(), o.stdout))
	}
}

// TestDashboardRecords records behind a dashboard, with a note on a packet, and
// saves what is in memory: the recording and the copy say the same.
func TestDashboardRecords(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	labtest.Check(t, l.A.SetSysctl("net.ipv4.tcp_retries2", 3))
	dir := t.TempDir()
	recorded, saved := filepath.Join(dir, "recorded.pcapng"), filepath.Join(dir, "saved.pcapng")
	m := openTerminal(t, 110, 34, fmt.Sprintf("TERM=xterm-256color LANG=C.UTF-8 %s --netns %s -i %s -w %s port 12345",
		binary, l.A.Path(), l.A.Link, recorded))
	m.await("dashboard that records", showing("CONNECTIONS", "live", "● rec"))
	story := lab.Demo()
	story.Pause = 300 * time.Millisecond
	if _, err := story.Tell(t.Context(), l, func(lab.Scene) {}); err != nil {
		t.Fatal(err)
	}
	m.await("the end", showing("timed out", "↻ RTO 3"))
	m.keys("3", "k", "a")
	m.keys("-l", "nobody heard this")
	m.keys("Enter")
	m.await("note", showing("▴ ", "nobody heard this"))
	m.keys("w")
	m.await("question", showing("save to"))
	for range len("session.pcapng") {
		m.keys("BSpace")
	}
	m.keys("-l", saved)
	m.keys("Enter")
	m.await("copy", showing("saved to"))
	m.quit()

	whole := execute(t, false, "--json", "-r", recorded)
	part := execute(t, false, "--json", "-r", saved)
	lines := strings.SplitAfter(part.stdout, "\n")
	if whole.status != 0 || part.status != 0 || len(lines) < 10 ||
		!strings.HasPrefix(whole.stdout, strings.Join(lines[:len(lines)-2], "")) {
		t.Errorf("%s%s%s", whole.stderr, part.stderr, firstDifference(whole.stdout, part.stdout))
	}
	for _, path := range []string{recorded, saved} {
		got := opened(t, "tshark", "-r", path, "-Y", "frame.comment", "-T", "fields", "-e", "tcp.len", "-e", "frame.comment")
		if got != "17\tnobody heard this\n" {
			t.Errorf("tshark finds the comments %q in %s", got, filepath.Base(path))
		}
	}
}
