package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// screen is the way from a session to the dashboard. The channel of pictures has
// one slot: a new picture replaces one that nobody has taken yet.
type screen struct {
	pictures chan *track.Snapshot
	news     chan ui.News
	dark     chan struct{} // closed when nobody looks any more
}

func newScreen() *screen {
	return &screen{make(chan *track.Snapshot, 1), make(chan ui.News, 16), make(chan struct{})}
}

func (s *screen) show(picture *track.Snapshot) {
	for {
		select {
		case s.pictures <- picture:
			return
		default:
		}
		select {
		case <-s.pictures:
		default:
		}
	}
}

// tell tells the dashboard something beside the pictures.
func (s *screen) tell(n ui.News) {
	select {
	case s.news <- n:
	case <-s.dark:
	}
}

// run runs a session behind the dashboard. It ends when the user quits, and then
// ends the session; a session that ends first stays on screen, one that fails
// ends the dashboard.
func (s *screen) run(ctx context.Context, actions ui.Actions, o ui.Options, session func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := session(ctx)
		if err != nil {
			cancel()
		} else if ctx.Err() == nil {
			close(s.pictures)
		}
		ended <- err
	}()
	o.News = s.news
	err := ui.Run(ctx, s.pictures, actions, o)
	cancel()
	close(s.dark)
	return errors.Join(err, <-ended)
}

// screenOptions says how the dashboard runs.
func screenOptions(f *flags) ui.Options {
	return ui.Options{Location: location(f), ASCII: ui.ASCIIOnly(os.Environ()), Resolver: resolver(hosts.LookupAddr), Names: f.resolve}
}

// replayOptions says how the dashboard runs over a file. Where that is standard
// input, keys come from the terminal itself.
func replayOptions(f *flags) (ui.Options, error) {
	o := screenOptions(f)
	if f.read != "-" {
		return o, nil
	}
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return o, fmt.Errorf("-r - with a dashboard takes keys from the terminal: %w", err)
	}
	o.Input = terminal
	return o, nil
}

// screenView shows on the dashboard what snapshots do not tell.
type screenView struct {
	noView
	*screen
}

func (screenView) needs() track.Config {
	return track.Config{Timeline: 2000, Moments: 1200, Views: true}
}

func (v screenView) note(n *ui.Note, _ track.ClockPair) error {
	v.tell(*n)
	return nil
}
