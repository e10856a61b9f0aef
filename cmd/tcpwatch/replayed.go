package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// replayed is a capture file behind the dashboard. Nothing in it can be changed:
// what it shows has happened.
type replayed struct {
	*session
	pictures screen
}

// run reads the file, shows how far it has got ten times a second, and leaves
// its end on screen.
func (r *replayed) run(ctx context.Context, f *flags) error {
	file, err := openReplay(ctx, f, r.session)
	if err != nil {
		return err
	}
	defer file.close()
	err = file.run(ctx)
	r.pictures.show(r.tracker.Snapshot())
	return err
}

var errReplay = fmt.Errorf("this is a replay: %w", errors.ErrUnsupported)

func (*replayed) Watch(uint64, []uint64)                   {}
func (*replayed) Note(ui.Note) error                       { return nil }
func (*replayed) DeleteNote(uint64) error                  { return nil }
func (*replayed) Destroy(*track.Conn) error                { return errReplay }
func (*replayed) Shorten(*track.Conn, time.Duration) error { return errReplay }
func (*replayed) Save(string) error                        { return errReplay }
func (*replayed) Report(string, *track.Conn) error         { return errReplay }
