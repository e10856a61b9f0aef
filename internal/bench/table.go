package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

const pairs = 15_000 // of sockets

// benchTable walks a table of 30,000 sockets, whose owners are known: again and
// again as a session does, and once.
func benchTable() error {
	l, err := lab.New(lab.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	release, err := fill(l)
	if err != nil {
		return err
	}
	defer release()
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
	compare("30,000 sockets again, CPU", median(dump), median(ss), "ss -tniom", 0.5)
	compare("30,000 sockets again, CPU", median(dump), median(ssOwners), "ss -tnpiom", 0.12)
	compare("--once with owners, CPU", median(once), median(ssOwners), "ss -tnpiom", 1)
	return nil
}

// fill makes the connections. One process may not hold all of their sockets, so
// the accepted ones are a child's.
func fill(l *lab.Lab) (release func(), err error) {
	listener, err := l.A.Listen(netip.MustParseAddrPort("127.0.0.1:12345"))
	if err != nil {
		return nil, err
	}
	file, err := listener.File()
	if err != nil {
		return nil, err
	}
	holder := exec.Command(os.Args[0], "hold")
	holder.ExtraFiles = []*os.File{file}
	life, err := holder.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := holder.Start(); err != nil {
		return nil, err
	}
	listener.Close()
	file.Close()
	var held []net.Conn
	release = func() {
		for _, c := range held {
			c.Close()
		}
		life.Close()
		holder.Wait()
	}
	for i := range pairs {
		conn, err := l.A.Dial(context.Background(), netip.MustParseAddrPort("127.0.0.1:12345"), lab.ResetOnClose())
		if err != nil {
			release()
			return nil, fmt.Errorf("connection %d: %w", i, err)
		}
		held = append(held, conn)
	}
	return release, nil
}

// hold accepts connections from the listener that it was given, and keeps them
// until its standard input ends.
func hold() error {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	tcp := listener.(*net.TCPListener)
	held := make(chan net.Conn, pairs) // what nobody refers to is closed
	go func() {
		for {
			conn, err := tcp.AcceptTCP()
			if err != nil {
				return
			}
			conn.SetKeepAlive(false) // 15,000 probes at once overrun the loopback
			held <- conn
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(held)
	return err
}

// perDump returns what one more dump costs a running session: the difference of
// a short and a long session, by the difference of their dumps.
func perDump(run func(string, ...string) (cost, []byte, error)) (time.Duration, error) {
	var cpu [2]time.Duration
	var dumps [2]int
	for i, length := range []string{"8s", "24s"} {
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
		return 0, fmt.Errorf("%d dumps in the short session, %d in the long one", dumps[0], dumps[1])
	}
	return (cpu[1] - cpu[0]) / time.Duration(dumps[1]-dumps[0]), nil
}
