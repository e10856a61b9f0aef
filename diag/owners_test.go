package diag

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// inodes returns those of all sockets in the table.
func inodes(t *testing.T, table *Table) (all []uint32) {
	t.Helper()
	for _, s := range dump(t, table).Sockets {
		all = append(all, s.Inode)
	}
	return all
}

// child starts a process that holds a copy of c as its descriptor 3 until it is
// told to become another program, or to end.
func child(t *testing.T, c *net.TCPConn) (cmd *exec.Cmd, tell func(line string)) {
	t.Helper()
	file, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd = exec.Command("sh", "-c", "echo ready; read line; exec cat")
	cmd.ExtraFiles = []*os.File{file}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	return cmd, func(line string) {
		if _, err := stdin.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOwners(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	table := open(t, ns)
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	client, server := *socketOf(t, table, p.client), *socketOf(t, table, p.server)

	owners := NewOwners()
	found := owners.Find(inodes(t, table), Now())
	me := Holder{PID: os.Getpid(), Program: program(os.Getpid())}
	for _, s := range []track.Socket{client, server} {
		h, ok := owners.Holder(s.Inode)
		if want := (Holder{me.PID, h.FD, me.Program}); !ok || h != want || found[s.Inode] != h || !h.holds(s.Inode) {
			t.Errorf("socket %d is held by %+v (%v), not by %+v", s.Inode, h, found[s.Inode], want)
		}
	}
	if again := owners.Find(inodes(t, table), Now()); len(again) != 0 {
		t.Errorf("found again: %v", again)
	}
	// What is known of a process is not said of a later one of the same id.
	p0 := owners.processes[me.PID]
	p0.start--
	owners.processes[me.PID] = p0
	if again := owners.Find(inodes(t, table), Now()); len(again) != 2 {
		t.Errorf("in a new process of the same id: %v", again)
	}

	// The socket is handed to another process.
	cmd, tell := child(t, p.client)
	p.client.Close()
	if news := owners.Find(inodes(t, table), Now()); news[client.Inode].PID != cmd.Process.Pid {
		t.Errorf("after it was handed on: %v", news)
	}
	if h, _ := owners.Holder(client.Inode); h != (Holder{cmd.Process.Pid, 3, "sh"}) {
		t.Errorf("held by %+v", h)
	}
	// That becomes another program.
	tell("go on\n")
	eventually(t, "cat", func() bool {
		owners.Find(inodes(t, table), Now())
		h, _ := owners.Holder(client.Inode)
		return h == Holder{cmd.Process.Pid, 3, "cat"}
	})
	// And ends, while the socket is kept from it by nobody.
	cmd.Process.Kill()
	cmd.Wait()
	news := owners.Find(inodes(t, table), Now())
	if h, ok := news[client.Inode]; !ok || h != (Holder{}) {
		t.Errorf("after its process ended: %v", news)
	}
	if h, ok := owners.Holder(client.Inode); ok {
		t.Errorf("held by %+v after the end", h)
	}
}

// A socket of nobody's is looked for again, but ever more rarely.
func TestOwnersUnfound(t *testing.T) {
	owners := NewOwners()
	const inode = 1 // never a socket's
	now := Now()
	owners.Find([]uint32{inode}, now)
	for _, pause := range []time.Duration{firstPause, 2 * firstPause, 4 * firstPause} {
		if got := owners.unfound[inode]; got.again != now.Add(pause) {
			t.Errorf("tried again after %v, want %v", got.again.Sub(now), pause)
		}
		owners.Find([]uint32{inode}, now.Add(pause-1)) // too early
		if got := owners.unfound[inode]; got.again != now.Add(pause) {
			t.Error("looked for before its time")
		}
		now = now.Add(pause)
		owners.Find([]uint32{inode}, now)
	}
	for range 20 {
		now = owners.unfound[inode].again
		owners.Find([]uint32{inode}, now)
	}
	if got := owners.unfound[inode].pause; got != mostPause {
		t.Errorf("paused for %v", got)
	}
}

func TestOwnersForget(t *testing.T) {
	owners := NewOwners()
	for inode := range uint32(3000) {
		owners.holders[inode+1] = Holder{PID: os.Getpid()}
	}
	owners.forget([]uint32{5})
	if _, kept := owners.holders[5]; len(owners.holders) != 1 || !kept {
		t.Errorf("%d are kept", len(owners.holders))
	}
}

func TestSocketInode(t *testing.T) {
	for target, want := range map[string]uint32{"socket:[21450]": 21450, "socket:[4294967295]": 4294967295} {
		if got, ok := socketInode([]byte(target)); !ok || got != want {
			t.Errorf("%s: %d %v", target, got, ok)
		}
	}
	for _, target := range []string{"", "pipe:[21450]", "socket:[]", "socket:[12", "socket:[12a]", "socket:[99999999999]", "/socket:[1]"} {
		if got, ok := socketInode([]byte(target)); ok {
			t.Errorf("%s: %d", target, got)
		}
	}
}

func TestOptions(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	table := open(t, ns)
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	_, _ = child(t, p.client)
	owners := NewOwners()
	p.server.SetKeepAlive(false)

	set := func(level, name, value int) {
		t.Helper()
		raw, err := p.client.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, name, value) })
		if err != nil {
			t.Fatal(err)
		}
	}
	set(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 12_345)
	set(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	set(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 11)
	set(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 12)
	set(unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 13)
	set(unix.IPPROTO_TCP, unix.TCP_SYNCNT, 14)
	set(unix.IPPROTO_TCP, unix.TCP_LINGER2, 15)
	set(unix.IPPROTO_TCP, unix.TCP_THIN_LINEAR_TIMEOUTS, 1)
	set(unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1)
	want := track.Options{UserTimeout: 12345 * time.Millisecond, Keepalive: true, KeepIdle: 11 * time.Second,
		KeepIntvl: 12 * time.Second, KeepCnt: 13, SynCnt: 14, Linger2: 15 * time.Second, ThinLinear: true,
		DeferAccept: time.Second}
	if limits, err := OpenLimits(ns); err != nil {
		t.Fatal(err)
	} else if limits.Read().HasRTOMax {
		set(unix.IPPROTO_TCP, tcpRTOMaxMS, 3000)
		want.RTOMax = 3 * time.Second
	}

	client := socketOf(t, table, p.client)
	owners.Find(inodes(t, table), Now())
	h, ok := owners.Holder(client.Inode)
	if !ok {
		t.Fatal("no holder")
	}
	began := Now()
	got, err := ReadOptions(h, client.Cookie)
	want.At, want.Cookie = got.At, client.Cookie
	if err != nil || got != want || got.At < began {
		t.Errorf("got %+v, want %+v: %v", got, want, err)
	}

	// A negative TCP_LINGER2 means no FIN_WAIT2 at all.
	set(unix.IPPROTO_TCP, unix.TCP_LINGER2, -1)
	if got, err := ReadOptions(h, client.Cookie); err != nil || got.Linger2 >= 0 {
		t.Errorf("TCP_LINGER2 is %v: %v", got.Linger2, err)
	}

	if err := Shorten(h, client.Cookie, 2500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadOptions(h, client.Cookie); err != nil || got.UserTimeout != 2500*time.Millisecond {
		t.Errorf("TCP_USER_TIMEOUT is %v: %v", got.UserTimeout, err)
	}
	for _, d := range []time.Duration{0, -time.Second, time.Microsecond, 1 << 62} {
		if err := Shorten(h, client.Cookie, d); err == nil {
			t.Errorf("took %v", d)
		}
	}

	// What the descriptor is now is not what was asked for.
	for _, test := range []struct {
		name   string
		holder Holder
		cookie uint64
	}{
		{"another socket", h, client.Cookie + 1},
		{"no descriptor", Holder{PID: h.PID, FD: 1 << 20}, client.Cookie},
		{"no socket", Holder{PID: h.PID, FD: 0}, client.Cookie},
		{"no process", Holder{PID: 1<<22 + 1, FD: 3}, client.Cookie},
	} {
		if got, err := ReadOptions(test.holder, test.cookie); !errors.Is(err, ErrGone) || got.Err == "" || got.UserTimeout != 0 {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
		if err := Shorten(test.holder, test.cookie, time.Second); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestOptionsWithoutTheRight(t *testing.T) {
	asNobody(t, "options", func() error {
		got, err := ReadOptions(Holder{PID: 1, FD: 0}, 1)
		if !strings.Contains(got.Err, "CAP_SYS_PTRACE") {
			t.Errorf("Err is %q", got.Err)
		}
		return err
	}, "read socket options: copy a descriptor of process 1: not permitted: CAP_SYS_PTRACE is missing; run as root, or: sudo setcap cap_sys_ptrace+ep ")
}
