package ui

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"github.com/tcpwatch/tcpwatch/track"
)

// terminal is a pseudo terminal with a dashboard on it.
type terminal struct {
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	seen   []byte
	news   chan struct{} // one for each read, dropped if nobody waits
	ended  chan error
	before *term.State
	slave  *os.File
}

func openTerminal(t *testing.T, ctx context.Context, s *session, snapshots <-chan *track.Snapshot) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 36, Cols: 115}); err != nil {
		t.Fatal(err)
	}
	before, err := term.GetState(slave.Fd())
	if err != nil {
		t.Fatal(err)
	}
	tm := &terminal{t: t, master: master, slave: slave, before: before, news: make(chan struct{}, 1), ended: make(chan error, 1)}
	t.Cleanup(func() { slave.Close(); master.Close() })
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			tm.mu.Lock()
			tm.seen = append(tm.seen, buf[:n]...)
			tm.mu.Unlock()
			select {
			case tm.news <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		tm.ended <- Run(ctx, snapshots, s, Options{Location: time.UTC, Input: slave, Output: slave, Env: []string{"TERM=xterm-256color"}})
	}()
	return tm
}

// wait waits until text has been written.
func (tm *terminal) wait(text string) {
	tm.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		tm.mu.Lock()
		found := bytes.Contains(tm.seen, []byte(text))
		tm.mu.Unlock()
		if found {
			return
		}
		select {
		case <-tm.news:
		case <-deadline:
			tm.t.Fatalf("%q was never written; %q", text, tm.seen)
		}
	}
}

// restored waits for the end and asserts that the terminal is as it was.
func (tm *terminal) restored() error {
	tm.t.Helper()
	var err error
	select {
	case err = <-tm.ended:
	case <-time.After(20 * time.Second):
		tm.t.Fatal("the dashboard did not end")
	}
	after, stateErr := term.GetState(tm.slave.Fd())
	if stateErr != nil {
		tm.t.Fatal(stateErr)
	}
	if *after != *tm.before {
		tm.t.Errorf("the terminal's modes are %+v, were %+v", after, tm.before)
	}
	tm.wait("\x1b[?1049l")                                      // the screen before
	for _, mode := range []string{"?1002l", "?2004l", "?25h"} { // mouse, paste, cursor
		tm.wait("\x1b[" + mode)
	}
	return err
}

func TestRunLeavesTheTerminalAsItWas(t *testing.T) {
	// SIGHUP and SIGTERM are the process's: hold them while Run is not listening.
	hold := make(chan os.Signal, 8)
	signal.Notify(hold, syscall.SIGHUP, syscall.SIGTERM)
	defer signal.Stop(hold)

	for name, end := range map[string]func(*terminal, context.CancelFunc){
		"q":       func(tm *terminal, _ context.CancelFunc) { io.WriteString(tm.master, "q") },
		"ctrl-c":  func(tm *terminal, _ context.CancelFunc) { io.WriteString(tm.master, "\x03") },
		"context": func(_ *terminal, cancel context.CancelFunc) { cancel() },
		"SIGHUP":  func(tm *terminal, _ context.CancelFunc) { syscall.Kill(os.Getpid(), syscall.SIGHUP) },
		"SIGTERM": func(tm *terminal, _ context.CancelFunc) { syscall.Kill(os.Getpid(), syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			snapshots := make(chan *track.Snapshot, 1)
			snapshots <- snapshotOf(storyNow, cast(storyNow)...)
			tm := openTerminal(t, ctx, &session{}, snapshots)
			tm.wait("PEER SILENT")
			end(tm, cancel)
			if err := tm.restored(); err != nil {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestRunKeepsTheLastPicture(t *testing.T) {
	snapshots := make(chan *track.Snapshot, 1)
	snapshots <- snapshotOf(storyNow, cast(storyNow)...)
	close(snapshots)
	tm := openTerminal(t, t.Context(), &session{}, snapshots)
	tm.wait("stopped")
	tm.wait("PEER SILENT")
	io.WriteString(tm.master, "q")
	if err := tm.restored(); err != nil {
		t.Errorf("ended with %v", err)
	}
}
