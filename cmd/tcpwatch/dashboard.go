package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// screen is the one-slot channel between a session and the dashboard: a new
// picture replaces one that nobody has taken yet.
type screen chan *track.Snapshot

func newScreen() screen { return make(screen, 1) }

func (c screen) show(s *track.Snapshot) {
	for {
		select {
		case c <- s:
			return
		default:
		}
		select {
		case <-c:
		default:
		}
	}
}

// onScreen runs a session behind the dashboard. It ends when the user quits, and
// then ends the session; a session that ends first stays on screen, one that
// fails ends the dashboard.
func onScreen(ctx context.Context, f *flags, pictures screen, actions ui.Actions, session func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := session(ctx)
		if err != nil {
			cancel()
		} else if ctx.Err() == nil {
			close(pictures)
		}
		ended <- err
	}()
	err := ui.Run(ctx, pictures, actions, ui.Options{Location: location(f), ASCII: ui.ASCIIOnly(os.Environ())})
	cancel()
	return errors.Join(err, <-ended)
}

// desk does what the dashboard asks of a live session.
type desk struct {
	live *live
	done <-chan struct{}
}

// ask has the session's goroutine do something.
func (d desk) ask(what func(*live)) error {
	select {
	case d.live.asks <- what:
		return nil
	case <-d.done:
		return context.Canceled
	}
}

func (d desk) Watch(_ uint64, onScreen []uint64) {
	_ = d.ask(func(l *live) { l.order.addRecord(&track.Watched{At: diag.Now(), IDs: onScreen}) })
}

func (d desk) Note(n ui.Note) error { return d.ask(func(l *live) { _ = l.note(&n) }) }
func (d desk) DeleteNote(id uint64) error {
	return d.ask(func(l *live) { _ = l.note(&ui.Note{ID: id, At: l.tracker.Now()}) })
}
func (desk) Save(string) error                { return errors.ErrUnsupported }
func (desk) Report(string, *track.Conn) error { return errors.ErrUnsupported }

func (d desk) Destroy(c *track.Conn) error {
	if c.Socket == nil {
		return fmt.Errorf("destroy: %v > %v is known from its packets only", c.Local, c.Remote)
	}
	cookie := c.Socket.Cookie
	if err := diag.Destroy(d.live.namespace, diag.IDOf(c.Socket)); err != nil {
		return err
	}
	return d.ask(func(l *live) { l.order.addRecord(&track.Killed{At: diag.Now(), Cookie: cookie}) })
}

func (d desk) Shorten(c *track.Conn, to time.Duration) error {
	if c.Socket == nil || c.Socket.Inode == 0 {
		return fmt.Errorf("shorten: no program holds the socket of %v > %v any more", c.Local, c.Remote)
	}
	holder, ok := diag.NewOwners().Find([]uint32{c.Socket.Inode}, diag.Now())[c.Socket.Inode]
	if !ok {
		return &diag.PermissionError{Op: "shorten", Capability: "CAP_SYS_PTRACE"}
	}
	return diag.Shorten(holder, c.Socket.Cookie, to)
}

// dashboard runs the session behind the screen.
func (l *live) dashboard(ctx context.Context) error {
	l.pictures = newScreen()
	done := make(chan struct{})
	return onScreen(ctx, l.flags, l.pictures, desk{l, done}, func(ctx context.Context) error {
		defer close(done)
		return l.run(ctx)
	})
}
