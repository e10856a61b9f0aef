package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// word is one event of tcpwatch's, as far as it matters here.
type word struct {
	Event         string
	Time          time.Time
	Local, Remote netip.AddrPort
	State         string
	Reason        string
	At, Latest    time.Time
	Cause         string
	Exactness     string
	Verdict       string
	ErrorMS       *float64 `json:"error_ms"`
	DroppedKernel uint64   `json:"dropped_kernel"`
	DroppedHere   uint64   `json:"dropped_here"`
	DumpsFailed   uint64   `json:"dumps_failed"`
	Packets       uint64
	Dumps         uint64

	line string
}

// firm reports whether a deadline says that the connection will die, and not only
// that it would if its peer fell silent.
func (w *word) firm() bool {
	return !w.At.IsZero() && w.Exactness != "conditional" && w.Exactness != "unknown"
}

// witness is a tcpwatch that watches one host.
type witness struct {
	host    int
	cmd     *exec.Cmd
	hear    func(host int, w word)
	ready   chan struct{}
	done    chan struct{} // it has ended
	err     error         // why, once it has
	last    word          // its counts, at its end
	samples []sample
}

// sample is what a witness has cost.
type sample struct {
	at     time.Time
	cpu    time.Duration // since it began
	memory int           // KiB in memory
}

// watch starts a tcpwatch in a namespace.
func watch(binary string, host int, namespace string, hear func(int, word)) (*witness, error) {
	w := &witness{host: host, hear: hear, ready: make(chan struct{}), done: make(chan struct{}),
		cmd: exec.Command(binary, "--json", "--netns", namespace)}
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		var err error
		for lines.Scan() && err == nil {
			err = w.line(lines.Bytes())
		}
		w.err = errors.Join(err, lines.Err(), w.cmd.Wait())
		close(w.done)
	}()
	return w, nil
}

// line takes in one line.
func (w *witness) line(b []byte) error {
	line := word{line: string(b)}
	if err := json.Unmarshal(b, &line); err != nil {
		return fmt.Errorf("read tcpwatch: %w: %s", err, b)
	}
	switch line.Event {
	case "start":
		close(w.ready)
	case "stats":
		w.last = line
	case "socket", "deadline", "verdict", "gone":
		w.hear(w.host, line)
	}
	return nil
}

// await waits until the witness watches.
func (w *witness) await(ctx context.Context) error {
	select {
	case <-w.ready:
		return nil
	case <-w.done:
		return fmt.Errorf("tcpwatch ended before it began: %w", w.err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop ends the witness as ctrl-C does, and waits for its last word.
func (w *witness) stop() error {
	err := w.cmd.Process.Signal(syscall.SIGINT)
	<-w.done
	return errors.Join(err, w.err)
}

// measure takes a sample.
func (w *witness) measure() error {
	s := sample{at: time.Now()}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
	if err != nil {
		return err
	}
	// proc(5): utime and stime are fields 14 and 15, rss is 24; the name in
	// parentheses may hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, i := range []int{11, 12} {
		ticks, err := strconv.Atoi(fields[i])
		if err != nil {
			return err
		}
		s.cpu += time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100 everywhere
	}
	pages, err := strconv.Atoi(fields[21])
	if err != nil {
		return err
	}
	s.memory = pages * os.Getpagesize() / 1024
	w.samples = append(w.samples, s)
	return nil
}
