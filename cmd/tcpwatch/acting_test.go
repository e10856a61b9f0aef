package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// connected makes a connection from A to port 12345 of B that nothing is said on,
// and returns A's end.
func connected(t *testing.T, l *lab.Lab) *net.TCPConn {
	t.Helper()
	a, b, err := l.Connect(t.Context(), netip.AddrPortFrom(l.B.Addr, 12345))
	labtest.Check(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a
}

// watching opens a dashboard over host A in a terminal, by a command that may have
// something before it.
func watching(t *testing.T, l *lab.Lab, before, where string) *terminal {
	t.Helper()
	m := openTerminal(t, 110, 34, fmt.Sprintf("%s env TERM=xterm-256color LANG=C.UTF-8 %s %s -i %s port 12345", before, binary, where, l.A.Link))
	m.await("connection", showing("ESTABLISHED", "10.77.200.2:12345"))
	return m
}

// deathOf returns how a connection's end is told to the program that holds it.
func deathOf(t *testing.T, c *net.TCPConn) <-chan lab.Death {
	deaths := make(chan lab.Death, 1)
	go func() {
		death, err := lab.AwaitDeath(t.Context(), c)
		if err != nil {
			t.Errorf("await death: %v", err)
		}
		deaths <- death
	}()
	return deaths
}

// TestKill destroys a socket from the dashboard, once it was asked twice.
func TestKill(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	c := connected(t, l)
	deaths := deathOf(t, c)
	m := watching(t, l, "", "--netns "+l.A.Path())
	m.keys("K")
	m.await("question", showing(fmt.Sprintf("%v → 10.77.200.2:12345, ESTABLISHED, of %d/", c.LocalAddr(), os.Getpid()), "destroy this socket? y/N"))
	m.keys("n")
	m.await("answer", showing("nothing was destroyed", "ESTABLISHED"))
	m.keys("K", "y")
	m.await("certificate", showing("✗ destroyed", "ESTABLISHED was destroyed at"))
	if death := <-deaths; death.Errno != syscall.ECONNABORTED {
		t.Errorf("the program read %v", death.Errno)
	}
	m.quit()
}

// clockAfter returns the time of day that stands on a screen behind some words.
func clockAfter(t *testing.T, screen, words string) time.Time {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(words) + `\s*(\d\d:\d\d:\d\d\.\d+)`).FindStringSubmatch(flat(screen))
	if found == nil {
		t.Fatalf("no time behind %q on this screen:\n%s", words, screen)
	}
	at, err := time.Parse("15:04:05", found[1])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestShorten sets a user timeout on a connection in mid-stall, from the dashboard:
// the deadline moves to where it was told it would, and there the kernel gives up.
func TestShorten(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	c := connected(t, l)
	m := watching(t, l, "", "--netns "+l.A.Path())
	labtest.Check(t, l.Cut(lab.Cut{}))
	if _, err := c.Write([]byte("are you all right")); err != nil {
		t.Fatal(err)
	}
	deaths := deathOf(t, c)
	m.await("stall", showing("PEER SILENT", "RTO 2", "tcp_retries2 = 15"))
	m.keys("T", "C-u")
	m.keys("-l", "5s")
	s := m.await("what will come of it", showing("TCP_USER_TIMEOUT of", "give up after 5s", "it ends ‡", "sooner (TCP_USER_TIMEOUT)", "it acts when the timer"))
	told := clockAfter(t, s, "it ends ‡")
	m.keys("Enter")
	m.await("word of it", showing("TCP_USER_TIMEOUT = 5 s is set; it acts when the timer next fires, in"))
	m.await("deadline that has moved", showing("TCP_USER_TIMEOUT = 5 s, the first fire past it", "Linux gives up at"))
	s = m.await("certificate", showing("ESTABLISHED timed out at", "(TCP_USER_TIMEOUT), it came"))
	// A tenth of a second is what the screen rounds to.
	off := clockAfter(t, s, "ESTABLISHED timed out at").Sub(told)
	if off -= off.Round(24 * time.Hour); off.Abs() > 100*time.Millisecond {
		t.Errorf("it ended %v from where it was to", off)
	}
	if death := <-deaths; death.Errno != syscall.ETIMEDOUT {
		t.Errorf("the program read %v", death.Errno)
	}
	m.quit()
}

// TestWhatIfComesTrue turns the dial in mid-stall, then really sets the sysctl so: the
// kernel gives up where the dial has said.
func TestWhatIfComesTrue(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	c := connected(t, l)
	m := watching(t, l, "", "--netns "+l.A.Path())
	labtest.Check(t, l.Cut(lab.Cut{}))
	if _, err := c.Write([]byte("are you all right")); err != nil {
		t.Fatal(err)
	}
	deaths := deathOf(t, c)
	m.await("stall", showing("PEER SILENT", "RTO 2", "tcp_retries2 = 15"))
	m.keys("Enter")
	m.await("dial", showing("+ - tcp_retries2 15"))
	m.keys(append([]string{"--"}, slices.Repeat([]string{"-"}, 12)...)...)
	s := m.await("answer", showing("tcp_retries2 = 3: it ends ‡", "sooner", "sysctl -w net.ipv4.tcp_retries2=3"))
	told := clockAfter(t, s, "it ends ‡")
	labtest.Check(t, l.A.SetSysctl("net.ipv4.tcp_retries2", 3))
	s = m.await("certificate", showing("ESTABLISHED timed out at", "(tcp_retries2), it came"))
	off := clockAfter(t, s, "ESTABLISHED timed out at").Sub(told)
	if off -= off.Round(24 * time.Hour); off.Abs() > 100*time.Millisecond { // the screen rounds to that
		t.Errorf("it ended %v from where it was to", off)
	}
	if death := <-deaths; death.Errno != syscall.ETIMEDOUT {
		t.Errorf("the program read %v", death.Errno)
	}
	m.quit()
}

// TestActingWithoutRights tries to destroy a socket and to shorten its life where
// the kernel forbids it.
func TestActingWithoutRights(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	for _, name := range []string{"nsenter", "setpriv"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("TCPWATCH_LAB") == "require" {
				t.Fatalf("this test needs %s", name)
			}
			t.Skipf("this test needs %s", name)
		}
	}
	connected(t, l)
	m := watching(t, l, fmt.Sprintf("nsenter --net=%s setpriv --inh-caps=-all --bounding-set=-net_admin,-sys_ptrace", l.A.Path()), "")
	m.keys("K", "y")
	m.await("refusal", showing("CAP_NET_ADMIN is missing", "setcap cap_net_admin+ep"))
	m.keys("T", "Enter")
	m.await("refusal", showing("CAP_SYS_PTRACE is missing", "setcap cap_sys_ptrace+ep", "ESTABLISHED"))
	m.quit()
}
