package main

import (
	"context"
	"errors"
	"os"
	"sync"

	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// demo makes two hosts, cuts one off, and watches from the other until the
// kernel gives up. On a screen the end stays to be looked at; without one the
// demo is over with it.
func demo(ctx context.Context, f *flags) error {
	story := lab.Demo()
	stage, err := story.Stage()
	var refused *lab.RightsError
	if errors.As(err, &refused) && f.write == "" {
		return demoRecorded(ctx, f, refused)
	}
	if err != nil {
		return err
	}
	defer stage.Close()
	ns, err := diag.OpenNamespace(stage.A.Path())
	if err != nil {
		return err
	}
	defer ns.Close()
	f.iface = stage.A.Link
	l, err := newLive(f, ns, nil)
	if err != nil {
		return err
	}
	l.source.Name, l.source.Netns = f.iface, "demo"
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if dashboard(f) {
		return whileTold(ctx, cancel, story, stage, l, func() error { return l.dashboard(ctx) })
	}
	out := newOutlet(os.Stdout)
	curtain := &curtain{view: plainView(f, out), fallen: make(chan struct{})}
	l.view, l.outlet = curtain, out
	return whileTold(ctx, cancel, story, stage, l, func() error {
		go func() {
			select {
			case <-curtain.fallen:
				cancel()
			case <-ctx.Done():
			}
		}()
		return errors.Join(l.run(ctx), out.Close())
	})
}

// whileTold shows the story while it is told, and waits for both.
func whileTold(ctx context.Context, cancel func(), story lab.Story, stage *lab.Lab, l *live, show func() error) error {
	told := make(chan error, 1)
	go func() {
		_, err := story.Tell(ctx, stage, func(s lab.Scene) {
			_ = desk{l, ctx.Done()}.ask(func(l *live) { l.narrate(s) })
		})
		if err != nil {
			cancel()
		}
		told <- err
	}()
	err := l.recorded(show)
	cancel()
	if end := <-told; !errors.Is(end, context.Canceled) {
		err = errors.Join(err, end)
	}
	return err
}

// narrate tells a scene of the story among the events.
func (l *live) narrate(s lab.Scene) {
	_ = l.note(&ui.Note{ID: uint64(s.At), At: s.At, Made: s.At, Text: s.Text})
}

// curtain is a view that tells when a connection has ended.
type curtain struct {
	view
	once   sync.Once
	fallen chan struct{}
}

func (c *curtain) events(events []track.Event, clock track.ClockPair) error {
	for _, e := range events {
		if _, ok := e.(*track.Ended); ok {
			c.once.Do(func() { close(c.fallen) })
		}
	}
	return c.view.events(events, clock)
}
