package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// terminal is a real one: a pty that tmux holds, and reads for us.
type terminal struct {
	t      *testing.T
	socket string
	dir    string
}

// openTerminal runs a command in a terminal of the given size. The shell around
// it keeps the terminal's settings before and after, and the exit status.
func openTerminal(t *testing.T, width, height int, command string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("TCPWATCH_LAB") == "require" {
			t.Fatal("this test needs tmux")
		}
		t.Skip("this test needs tmux")
	}
	m := &terminal{t: t, dir: t.TempDir()}
	m.socket = filepath.Join(m.dir, "tmux")
	script := fmt.Sprintf("cd %s; stty -g >before; echo READY; %s; echo $? >status; stty -g >after; echo OVER; exec sleep 60", m.dir, command)
	m.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "sh", "-c", script)
	t.Cleanup(func() { exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	return m
}

func (m *terminal) tmux(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", m.socket}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (m *terminal) keys(keys ...string) {
	m.t.Helper()
	m.tmux(append([]string{"send-keys"}, keys...)...)
}

func (m *terminal) screen() string { m.t.Helper(); return m.tmux("capture-pane", "-p") }

// await waits for a screen that is wanted.
func (m *terminal) await(what string, wanted func(screen string) bool) string {
	m.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		s := m.screen()
		if wanted(s) {
			return s
		}
		if time.Now().After(end) {
			m.t.Fatalf("no %s on this screen:\n%s", what, s)
		}
		time.Sleep(20 * time.Millisecond) // a terminal can only be looked at again
	}
}

// flat is a screen without its line breaks, which words may wrap at.
func flat(screen string) string { return strings.Join(strings.Fields(screen), " ") }

func showing(words ...string) func(string) bool {
	return func(s string) bool {
		s = flat(s)
		for _, w := range words {
			if !strings.Contains(s, flat(w)) {
				return false
			}
		}
		return true
	}
}

func (m *terminal) file(name string) string {
	m.t.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// quit types q and returns how long the program took to end.
func (m *terminal) quit() time.Duration {
	m.t.Helper()
	began := time.Now()
	m.keys("q")
	s := m.await("end", showing("OVER"))
	took := time.Since(began)
	if !strings.Contains(s, "READY") || strings.Contains(s, "CONNECTIONS") {
		m.t.Errorf("the terminal is not as it was:\n%s", s)
	}
	if status := m.file("status"); status != "0" {
		m.t.Errorf("exit status %s", status)
	}
	if before, after := m.file("before"), m.file("after"); before != after {
		m.t.Errorf("stty before %s, after %s", before, after)
	}
	return took
}

// TestDashboard watches the story on a screen, freezes it and writes a note.
func TestDashboard(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	labtest.Check(t, l.A.SetSysctl("net.ipv4.tcp_retries2", 5))
	m := openTerminal(t, 110, 34, fmt.Sprintf("TERM=xterm-256color LANG=C.UTF-8 %s --netns %s -i %s port 12345", binary, l.A.Path(), l.A.Link))
	m.await("dashboard", showing("tcpwatch", "CONNECTIONS", "live"))

	story := lab.Demo()
	story.Pause = 300 * time.Millisecond
	told := make(chan error, 1)
	go func() {
		_, err := story.Tell(t.Context(), l, func(lab.Scene) {})
		told <- err
	}()
	m.await("both panes", showing("10.77.200.2:12345", "ESTABLISHED", "PACKETS", "len 17"))
	m.await("retransmissions", showing("TLP", "RTO 2", "PEER SILENT", "Linux gives up at"))
	a := m.screen()
	m.await("running countdown", func(s string) bool { return s != a })

	m.keys("Space")
	frozen := m.await("frozen picture", showing("FROZEN"))
	body := func(s string) string { return strings.Join(strings.Split(s, "\n")[2:30], "\n") }
	m.await("count of what came since", func(s string) bool {
		if body(s) != body(frozen) {
			t.Errorf("the frozen picture moved from\n%s\nto\n%s", frozen, s)
			return true
		}
		return strings.Split(s, "\n")[0] != strings.Split(frozen, "\n")[0]
	})
	m.keys("a")
	m.keys("-l", "the switch was rebooted")
	m.keys("Enter")
	m.await("note", func(s string) bool {
		return strings.Count(s, "the switch was rebooted") >= 1 && strings.Contains(s, "FROZEN")
	})
	m.keys("Space")
	m.await("moving picture", func(s string) bool { return !strings.Contains(s, "FROZEN") && strings.Contains(s, "RTO 4") })
	m.await("certificate", showing("timed out"))
	if err := <-told; err != nil {
		t.Fatal(err)
	}
	// The interface is silent from here on.
	t.Logf("q took %v, tmux and its polling included", m.quit().Round(time.Millisecond))
}

// TestTerminalGoesAway takes the terminal from under a dashboard that is not of its
// session, as behind su: no SIGHUP comes.
func TestTerminalGoesAway(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	m := openTerminal(t, 80, 24, "TERM=xterm-256color LANG=C.UTF-8 setsid --wait sh -c 'echo $$ >pid; exec "+binary+" -i lo port 12345'")
	m.await("dashboard", showing("CONNECTIONS"))
	pid, err := strconv.Atoi(m.file("pid"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	m.tmux("kill-server")
	for end := time.Now().Add(10 * time.Second); program.Signal(syscall.Signal(0)) == nil; {
		if time.Now().After(end) {
			program.Kill()
			t.Fatal("the dashboard lives on without a terminal")
		}
		time.Sleep(20 * time.Millisecond) // a process that is not a child can only be asked again
	}
}
