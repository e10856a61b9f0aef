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
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

const (
	talkers   = 4
	exchanges = 60_000 // of each talker, some 3 packets each
)

// benchLive has both programs capture the same traffic at the same time.
func benchLive() error {
	l, err := lab.New(lab.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	var ours, theirs []time.Duration
	for range rounds {
		a, b, err := liveRound(l)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	compare("--json, CPU per packet live", median(ours), median(theirs), "tcpdump -n -l", 0.12)
	return nil
}

func liveRound(l *lab.Lab) (ours, theirs time.Duration, err error) {
	listener, err := l.A.Listen(netip.MustParseAddrPort("127.0.0.1:12345"))
	if err != nil {
		return 0, 0, err
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(conn)
		}
	}()
	var watchOut, dumpErr bytes.Buffer
	watch := exec.Command("./tcpwatch", "--json", "-i", "lo", "port", "12345")
	watch.Stdout, watch.Stderr = &watchOut, os.Stderr
	dump := exec.Command("tcpdump", "-n", "-l", "-i", "lo", "port", "12345")
	dump.Stderr = &dumpErr
	began := time.Now()
	if err := l.A.Do(func() error {
		if err := watch.Start(); err != nil {
			return err
		}
		return dump.Start()
	}); err != nil {
		return 0, 0, err
	}
	for range 100 { // until both listen; what comes before is not counted by either
		time.Sleep(10 * time.Millisecond)
	}
	var group sync.WaitGroup
	for range talkers {
		conn, err := l.A.Dial(context.Background(), netip.MustParseAddrPort("127.0.0.1:12345"))
		if err != nil {
			return 0, 0, err
		}
		group.Go(func() {
			defer conn.Close()
			b := make([]byte, 100)
			for range exchanges {
				if _, err := conn.Write(b); err != nil {
					return
				}
				if _, err := io.ReadFull(conn, b); err != nil {
					return
				}
			}
		})
	}
	group.Wait()
	watch.Process.Signal(os.Interrupt)
	dump.Process.Signal(os.Interrupt)
	watch.Wait()
	dump.Wait()
	seen, err := packetsSeen(watchOut.Bytes())
	if err != nil {
		return 0, 0, err
	}
	m := regexp.MustCompile(`(\d+) packets captured`).FindSubmatch(dumpErr.Bytes())
	if m == nil {
		return 0, 0, fmt.Errorf("tcpdump said %s", dumpErr.Bytes())
	}
	captured, _ := strconv.Atoi(string(m[1]))
	w, d := costOf(watch, began), costOf(dump, began)
	fmt.Printf("  tcpwatch %d packets, %v CPU; tcpdump %d packets, %v CPU\n", seen, w.cpu, captured, d.cpu)
	return w.cpu / time.Duration(seen), d.cpu / time.Duration(captured), nil
}

func echo(conn net.Conn) {
	defer conn.Close()
	io.Copy(conn, conn)
}

// packetsSeen returns what the last event of a stream says.
func packetsSeen(stream []byte) (int, error) {
	lines := bytes.Split(bytes.TrimSpace(stream), []byte{'\n'})
	var stats struct {
		Packets, Dumps int
	}
	if err := json.Unmarshal(lines[len(lines)-1], &stats); err != nil || stats.Packets == 0 {
		return 0, fmt.Errorf("the last line is %q", lines[len(lines)-1])
	}
	return stats.Packets, nil
}
