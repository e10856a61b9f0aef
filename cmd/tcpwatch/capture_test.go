package main

import (
	"bufio"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// TestForwardedPacketsAreDuplicates watches a router, where each packet comes in
// by one interface and goes out by the other.
func TestForwardedPacketsAreDuplicates(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{Router: true, PerSegment: true})
	w := startWatching(t, "--netns", l.R.Path(), "-i", "any", "port", "12345")
	client, server := pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	for range 20 {
		if _, err := client.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		if _, err := server.Write([]byte("answer")); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	server.Close()
	data := 0
	w.until("the last of 40 data segments forwarded", func(e event) bool {
		if e.Event == "duplicate" && e.Len > 0 {
			data++
		}
		return data == 40
	})
	events := w.stop()
	duplicates := 0
	for _, e := range events {
		switch e.Event {
		case "duplicate":
			duplicates++
		case "retransmit", "out-of-order", "probe":
			t.Errorf("a packet captured twice was told as %s", e.raw)
		}
	}
	if stats := events[len(events)-1]; duplicates < 40 || uint64(duplicates) > stats.Packets/2 {
		t.Errorf("%d duplicates of %d packets, want half of them", duplicates, stats.Packets)
	}
}

// TestInterfaceGoesAwayAndComesBack takes the interface down under the capture.
func TestInterfaceGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	client, _ := pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	m := openTerminal(t, 110, 34, "TERM=xterm-256color LANG=C.UTF-8 "+binary+" --netns "+l.A.Path()+" -i "+l.A.Link+" port 12345")
	m.await("dashboard", showing("CONNECTIONS", "ESTABLISHED"))
	link := func(state string) {
		t.Helper()
		if err := l.A.Do(func() error { return exec.Command("ip", "link", "set", l.A.Link, state).Run() }); err != nil {
			t.Fatal(err)
		}
	}
	link("down")
	m.await("word of the interface", showing("down"))
	link("up")
	m.await("recovery", func(s string) bool { return showing("CONNECTIONS")(s) && !strings.Contains(s, "is down") })
	if _, err := client.Write([]byte("is this thing on?")); err != nil {
		t.Fatal(err)
	}
	m.await("packets again", showing("len 17"))
	m.quit()
}

// TestInterfaceIsMissedInAWord takes the interface down where there is no screen, and
// has a condition that stays: it is not told again.
func TestInterfaceIsMissedInAWord(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	cmd := exec.Command(binary, "--netns", l.A.Path(), "-i", l.A.Link, "greater", "100")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	lines := bufio.NewScanner(stderr)
	for _, step := range []struct{ says, link string }{{"all sockets are shown", "down"}, {"is down", "up"}, {"is back", ""}} {
		if !lines.Scan() || !strings.Contains(lines.Text(), step.says) {
			t.Errorf("said %q, want word that %q", lines.Text(), step.says)
		}
		if step.link == "" {
			continue
		}
		if err := l.A.Do(func() error { return exec.Command("ip", "link", "set", l.A.Link, step.link).Run() }); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Errorf("also said %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestCountEndsTheSession(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	w := startWatching(t, "--netns", l.A.Path(), "-c", "2", "port", "12345")
	pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	last := w.until("the last event", func(e event) bool { return e.Event == "stats" })
	if last.Packets != 2 {
		t.Errorf("%d packets, want 2", last.Packets)
	}
	if err := w.cmd.Wait(); err != nil {
		t.Errorf("tcpwatch ended with %v", err)
	}
}
