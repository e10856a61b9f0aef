package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test: what TCPWATCH_BINARY names, or built once.
var binary = os.Getenv("TCPWATCH_BINARY")

func TestMain(m *testing.M) {
	if binary != "" {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "tcpwatch-test")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "tcpwatch")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		os.RemoveAll(dir)
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// event is one line of --json: what tests look at of it.
type event struct {
	Event            string
	Time             time.Time
	Local, Remote    string
	Src, Dst         string
	State, Reason    string
	Kind             string
	Nth              int
	IntervalMS       float64 `json:"interval_ms"`
	Ratio            float64
	At               time.Time
	Cause, Exactness string
	Errno            string
	ErrorMS          *float64 `json:"error_ms"`
	Verdict, Text    string
	Packets          uint64
	Dumps            uint64
	PID              int
	SendQ            int `json:"send_q"`
	Retransmits      int
	Len              int
	Seq              uint32
	Frame            int
	Source           string
	raw              string
}

// watcher is a running tcpwatch --json.
type watcher struct {
	t      *testing.T
	cmd    *exec.Cmd
	events chan event
	all    []event
}

// newWatcher returns a tcpwatch that has not been started.
func newWatcher(t *testing.T, args ...string) *watcher {
	w := &watcher{t: t, cmd: exec.Command(binary, append([]string{"--json"}, args...)...), events: make(chan event, 4096)}
	w.cmd.Stderr = os.Stderr
	return w
}

// startWatching starts tcpwatch and waits until it watches.
func startWatching(t *testing.T, args ...string) *watcher {
	t.Helper()
	w := newWatcher(t, args...)
	w.start()
	return w
}

// start starts tcpwatch and waits until it watches.
func (w *watcher) start() {
	w.t.Helper()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if w.cmd.ProcessState == nil { // the test has ended before its time
			w.cmd.Process.Kill()
			w.cmd.Wait()
		}
	})
	go func() {
		defer close(w.events)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			e := event{raw: lines.Text()}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				w.t.Errorf("not JSON: %v: %s", err, lines.Bytes())
			}
			w.events <- e
		}
		io.Copy(io.Discard, out)
	}()
	w.until("start", func(e event) bool { return e.Event == "start" })
}

// until reads events to one that is wanted, and returns it.
func (w *watcher) until(what string, wanted func(event) bool) event {
	w.t.Helper()
	late := time.After(90 * time.Second)
	for {
		select {
		case e, ok := <-w.events:
			if !ok {
				w.t.Fatalf("tcpwatch ended before %s; it said:\n%s", what, w.transcript())
			}
			w.all = append(w.all, e)
			if wanted(e) {
				return e
			}
		case <-late:
			w.cmd.Process.Signal(syscall.SIGTERM)
			w.t.Fatalf("no %s in time; tcpwatch said:\n%s", what, w.transcript())
		}
	}
}

// stop ends tcpwatch as ctrl-C does, and returns all that it said.
func (w *watcher) stop() []event {
	w.t.Helper()
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		w.t.Fatal(err)
	}
	for e := range w.events {
		w.all = append(w.all, e)
	}
	if err := w.cmd.Wait(); err != nil {
		w.t.Errorf("tcpwatch ended with %v", err)
	}
	return w.all
}

func (w *watcher) transcript() string {
	var b []byte
	for _, e := range w.all {
		b = append(append(b, e.raw...), '\n')
	}
	return string(b)
}
