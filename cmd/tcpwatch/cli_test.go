package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
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

// outcome is what a command left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// execute runs tcpwatch to its end. A nobody has no rights at all.
func execute(t *testing.T, nobody bool, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	if nobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// requireRoot ends a test that needs root.
func requireRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("TCPWATCH_LAB") == "require" {
		t.Fatal("this test needs root")
	}
	t.Skip("this test needs root")
}

func TestAnswersInALine(t *testing.T) {
	requireRoot(t)
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("no capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"-i nope", 1, "no such interface"},
		{"port", 2, "port"},
		{"-i nope port", 2, "port"},
		{"--no-such-flag", 2, "no-such-flag"},
		{"-r x -i lo", 2, "-r"},
		{"--once --json", 2, "--once"},
		{"-w - --json", 2, "-w"},
		{"-4 -6", 2, "-4"},
		{"-s 1", 2, "-s"},
		{"-v", 2, "-v"}, // what tcpdump has for more words is no question for the version
		{"--pid 99999999", 1, "no such process"},
		{"--pid 99999999 --once", 1, "no such process"},
		{"--netns no-such-namespace", 1, "no-such-namespace"},
		{"-r " + broken, 1, "not a capture"},
		{"-r /no/such/file", 1, "/no/such/file"},
		{"-F /no/such/file", 1, "/no/such/file"},
	} {
		o := execute(t, false, strings.Fields(c.args)...)
		if o.status != c.status || !strings.Contains(o.stderr, c.says) || strings.Count(o.stderr, "\n") != 1 ||
			!strings.HasPrefix(o.stderr, "tcpwatch: ") {
			t.Errorf("tcpwatch %s: status %d, want %d; stderr %q, want a line with %q", c.args, o.status, c.status, o.stderr, c.says)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for args, want := range map[string]string{"--help": "pcap-filter(7)", "--version": "tcpwatch ", "completion bash": "bash completion", "__complete -i l": "\nlo\n"} {
		if o := execute(t, false, strings.Fields(args)...); o.status != 0 || !strings.Contains(o.stdout, want) {
			t.Errorf("tcpwatch %s: status %d, stdout %.200q, want %q", args, o.status, o.stdout, want)
		}
	}
}

// TestFullDiskIsToldOnce writes each kind of output to a full device.
func TestFullDiskIsToldOnce(t *testing.T) {
	requireRoot(t)
	for _, args := range []string{"--once", "-D", "-i lo --json", "-i lo -w -"} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, strings.Fields(args)...)
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &errs
		_ = cmd.Run() // its status is looked at
		said := errs.String()
		if cmd.ProcessState.ExitCode() != 1 || strings.Count(said, "\n") != 1 ||
			!strings.Contains(said, "no space left") && !strings.Contains(said, "disk full") {
			t.Errorf("tcpwatch %s >/dev/full: status %d, stderr %q, want 1 and a line that says so", args, cmd.ProcessState.ExitCode(), said)
		}
	}
}

func TestAsTyped(t *testing.T) {
	requireRoot(t)
	for _, args := range []string{
		"-i any port 12345",
		"-ni lo tcp port 12345 and host 127.0.0.1",
		"port 12345 -n -i lo -p -B 4096 -s 128",
		"-s0 port 12345",
	} {
		o := execute(t, false, append(strings.Fields(args), "--json", "--for", "300ms")...)
		if o.status != 0 || !strings.Contains(o.stdout, `"event":"start"`) || !strings.Contains(o.stdout, `"event":"stats"`) {
			t.Errorf("tcpwatch %s: status %d, stderr %q, stdout %.300q", args, o.status, o.stderr, o.stdout)
		}
	}
}

func TestNobody(t *testing.T) {
	requireRoot(t)
	if err := os.Chmod(filepath.Dir(binary), 0o755); err != nil {
		t.Fatal(err)
	}
	o := execute(t, true, "--once")
	if o.status != 0 || !strings.HasPrefix(o.stdout, "Proto") {
		t.Errorf("--once: %+v", o)
	}
	o = execute(t, true, "--once", "--pid", strconv.Itoa(os.Getpid()))
	if o.status != 1 || o.stdout != "" || !strings.Contains(o.stderr, "CAP_SYS_PTRACE") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("--once --pid of another user's process: %+v", o)
	}
	o = execute(t, true, "--json", "--for", "300ms")
	if o.status != 0 || !strings.Contains(o.stderr, "CAP_NET_RAW") || !strings.Contains(o.stderr, "setcap") ||
		!strings.Contains(o.stdout, `"event":"start"`) {
		t.Errorf("--json: %+v", o)
	}
	o = execute(t, true, "--demo")
	if o.status != 0 || !strings.Contains(o.stderr, "recording") || !strings.Contains(o.stderr, "CAP_") ||
		strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("--demo: status %d, stderr %q", o.status, o.stderr)
	}
	checkStoryInLines(t, o.stdout)
	o = execute(t, true, "--demo", "-w", "/tmp/x")
	if o.status != 1 || !strings.Contains(o.stderr, "CAP_") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("--demo -w: %+v", o)
	}
}

// pair connects A to a server on B and returns both ends.
func pair(t *testing.T, l *lab.Lab, at netip.AddrPort, options ...lab.SocketOption) (client, server *net.TCPConn) {
	t.Helper()
	listener, err := l.B.Listen(at, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	accepted := make(chan *net.TCPConn, 1)
	go func() {
		if conn, err := listener.AcceptTCP(); err == nil {
			accepted <- conn
		}
		close(accepted)
	}()
	to := netip.AddrPortFrom(l.B.Addr, at.Port())
	conn, err := l.A.Dial(context.Background(), to, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	server, ok := <-accepted
	if !ok {
		t.Fatal("no connection was accepted")
	}
	t.Cleanup(func() { server.Close() })
	return conn, server
}

// TestDualStackIsOneRow watches the server's side of an IPv4 connection to an
// IPv6 socket.
func TestDualStackIsOneRow(t *testing.T) {
	l := labtest.New(t, lab.Options{})
	client, _ := pair(t, l, netip.AddrPortFrom(netip.IPv6Unspecified(), 12345))
	if err := l.Cut(lab.Cut{From: l.A}); err != nil { // A is not heard any more
		t.Fatal(err)
	}
	w := startWatching(t, "--netns", l.A.Path(), "port", "12345")
	w.until("the client's socket", func(e event) bool { return e.Event == "socket" })
	w.stop()

	if err := l.Heal(); err != nil {
		t.Fatal(err)
	}
	w = startWatching(t, "--netns", l.B.Path(), "port", "12345")
	server := w.until("the server's socket", func(e event) bool { return e.Event == "socket" })
	if strings.Contains(server.Local, "ffff") || server.Remote != client.LocalAddr().String() {
		t.Errorf("a mapped socket is shown as %s > %s", server.Local, server.Remote)
	}
	if _, err := client.Write([]byte("something for Recv-Q")); err != nil {
		t.Fatal(err)
	}
	w.until("its data", func(e event) bool { return e.Event == "socket" && strings.Contains(e.raw, `"recv_q":20`) })
	events := w.stop()
	ends := map[string]bool{}
	for _, e := range events {
		if e.Local != "" {
			ends[e.Local+" "+e.Remote] = true
		}
		if e.Event == "verdict" && strings.Contains(e.raw, "did not show") {
			t.Errorf("the packets were not joined to the socket: %s", e.raw)
		}
	}
	if len(ends) != 1 {
		t.Errorf("one connection is told of as %v", ends)
	}
	if last := events[len(events)-1]; last.Packets < 2 {
		t.Errorf("%d packets were seen, want the data and its acknowledgement", last.Packets)
	}
}

// TestExpressionRulesTheTable holds sockets against expressions.
func TestExpressionRulesTheTable(t *testing.T) {
	l := labtest.New(t, lab.Options{})
	one, _ := pair(t, l, netip.AddrPortFrom(l.B.Addr, 22))
	two, _ := pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345))
	for _, c := range []struct {
		expression string
		want       []string
		says       string
	}{
		{"port 22", []string{one.LocalAddr().String()}, ""},
		{"not port 22", []string{two.LocalAddr().String()}, ""},
		{"host 10.77.200.99", nil, ""},
		{"", []string{one.LocalAddr().String(), two.LocalAddr().String()}, ""},
		{"greater 100", []string{one.LocalAddr().String(), two.LocalAddr().String()}, "all sockets are shown: the expression asks for the length"},
	} {
		args := append([]string{"--json", "--netns", l.A.Path(), "--for", "700ms"}, strings.Fields(c.expression)...)
		o := execute(t, false, args...)
		for _, addr := range []string{one.LocalAddr().String(), two.LocalAddr().String()} {
			wanted := false
			for _, w := range c.want {
				wanted = wanted || w == addr
			}
			if shown := strings.Contains(o.stdout, `"event":"socket"`) && strings.Contains(o.stdout, `"local":"`+addr+`"`); shown != wanted {
				t.Errorf("%q: %s shown: %v, want %v\n%s", c.expression, addr, shown, wanted, o.stdout)
			}
		}
		once := execute(t, false, append([]string{"--once", "--netns", l.A.Path()}, strings.Fields(c.expression)...)...)
		for _, stderr := range []string{o.stderr, once.stderr} {
			if c.says == "" && stderr != "" || !strings.Contains(stderr, c.says) {
				t.Errorf("%q: stderr %q, want %q", c.expression, stderr, c.says)
			}
		}
	}
}
