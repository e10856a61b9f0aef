package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os/exec"
	"syscall"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

const pairs = 15_000 // of sockets

// benchTable walks a table of 30,000 sockets: once with their owners, and again
// and again as a session does.
func benchTable() error {
	limit := syscall.Rlimit{Cur: 3 * pairs, Max: 3 * pairs}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("setrlimit: %w", err)
	}
	l, err := lab.New(lab.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	listener, err := l.A.Listen(netip.MustParseAddrPort("127.0.0.1:12345"))
	if err != nil {
		return err
	}
	defer listener.Close()
	for i := range pairs {
		conn, err := l.A.Dial(context.Background(), netip.MustParseAddrPort("127.0.0.1:12345"), lab.ResetOnClose())
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		defer conn.Close()
		other, err := listener.Accept()
		if err != nil {
			return err
		}
		defer other.Close()
	}
	run := func(name string, args ...string) (c cost, out []byte, err error) {
		var buf bytes.Buffer
		cmd := exec.Command(name, args...)
		cmd.Stdout = &buf
		began := time.Now()
		if err := l.A.Do(cmd.Start); err != nil {
			return c, nil, err
		}
		if err := cmd.Wait(); err != nil {
			return c, nil, fmt.Errorf("%s: %w", name, err)
		}
		return costOf(cmd, began), buf.Bytes(), nil
	}
	var ss, ssOwners, once, dump []time.Duration
	for range rounds {
		c, _, err := run("ss", "-tniom")
		if err != nil {
			return err
		}
		ss = append(ss, c.cpu)
		if c, _, err = run("ss", "-tnpiom"); err != nil {
			return err
		}
		ssOwners = append(ssOwners, c.cpu)
		if c, _, err = run("./tcpwatch", "--once"); err != nil {
			return err
		}
		once = append(once, c.cpu)
		per, err := perDump(run)
		if err != nil {
			return err
		}
		dump = append(dump, per)
	}
	compare("a dump of 30,000 sockets, CPU", median(dump), median(ss), "ss -tniom", 0.5)
	compare("--once with owners, CPU", median(once), median(ssOwners), "ss -tnpiom", 0.12)
	return nil
}

// perDump returns what one more dump costs a running session: the difference of
// a short and a long session, by the difference of their dumps.
func perDump(run func(string, ...string) (cost, []byte, error)) (time.Duration, error) {
	var cpu [2]time.Duration
	var dumps [2]int
	for i, length := range []string{"2s", "6s"} {
		c, out, err := run("./tcpwatch", "--json", "--interval", "100ms", "--for", length, "port", "12345")
		if err != nil {
			return 0, err
		}
		lines := bytes.Split(bytes.TrimSpace(out), []byte{'\n'})
		var stats struct{ Dumps int }
		if err := json.Unmarshal(lines[len(lines)-1], &stats); err != nil {
			return 0, err
		}
		cpu[i], dumps[i] = c.cpu, stats.Dumps
	}
	if dumps[1] <= dumps[0] {
		return 0, fmt.Errorf("%d dumps in 2 s, %d in 6 s", dumps[0], dumps[1])
	}
	return (cpu[1] - cpu[0]) / time.Duration(dumps[1]-dumps[0]), nil
}
