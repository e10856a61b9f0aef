package main

import (
	"context"
	"fmt"
	"time"

	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

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

func (d desk) Save(path string) error {
	pictures := make(chan *tape.Picture, 1)
	if d.ask(func(l *live) { pictures <- l.ring.Picture() }) != nil {
		pictures <- d.live.ring.Picture() // the session is over
	}
	return save(path, d.live.header(), (<-pictures).WriteTo)
}

func (desk) Report(path string, text []byte) error { return writeReport(path, text) }

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
	l.screen = newScreen()
	l.view = screenView{screen: l.screen}
	l.ring = tape.NewRing(ringRoom)
	l.keepers = append(l.keepers, l.ring)
	if l.recording != nil {
		l.screen.tell(ui.Recording{Name: l.recording.name})
	}
	done := make(chan struct{})
	return l.screen.run(ctx, desk{l, done}, screenOptions(l.flags), func(ctx context.Context) error {
		defer close(done)
		return l.run(ctx)
	})
}
