package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// stream is a replay of what still grows, behind the dashboard: it is shown as it
// comes.
type stream struct {
	flags  *flags
	open   opener
	screen *screen

	mu     sync.Mutex
	replay *replay
	ring   *tape.Ring
}

func newStream(f *flags, open opener) *stream {
	return &stream{flags: f, open: open, screen: newScreen(), ring: tape.NewRing(ringRoom)}
}

// dashboard shows the stream behind the screen.
func (s *stream) dashboard(ctx context.Context) error {
	o, err := replayOptions(s.flags)
	if err != nil {
		return err
	}
	return s.screen.run(ctx, s, o, s.run)
}

// run shows what comes until ctx ends. Where the stream breaks off, that is its
// end, and the reason is returned in the end.
func (s *stream) run(ctx context.Context) error {
	r, err := openReplay(ctx, s.flags, s.open, screenView{screen: s.screen})
	if err != nil {
		return err
	}
	defer r.close()
	r.keepers = append(r.keepers, s.ring)
	s.mu.Lock()
	s.replay = r
	s.mu.Unlock()
	over := make(chan error, 1)
	go func() { over <- s.read(ctx) }()
	beats := time.NewTicker(2 * beat)
	defer beats.Stop()
	for {
		select {
		case err := <-over:
			s.show()
			if err != nil {
				s.screen.tell(ui.Remark(err.Error()))
			}
			<-ctx.Done()
			return err
		case <-beats.C:
			s.show()
		}
	}
}

// read applies what comes.
func (s *stream) read(ctx context.Context) error {
	for {
		_, err := s.replay.peek()
		s.mu.Lock()
		if err == nil {
			err = s.replay.applyNext()
		}
		if err != nil {
			err = s.replay.over(ctx, err)
			s.mu.Unlock()
			return err
		}
		s.mu.Unlock()
	}
}

func (s *stream) show() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replay.apply() == nil && s.replay.begun {
		s.screen.show(s.replay.tracker.Snapshot())
	}
}

// while does something to the replay, if there is one already.
func (s *stream) while(what func(*replay) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replay == nil {
		return nil
	}
	return what(s.replay)
}

// Watch names the connections that are on screen.
func (s *stream) Watch(_ uint64, onScreen []uint64) {
	_ = s.while(func(r *replay) error { return r.watch(r.tracker.Now(), r.watched, slices.Clone(onScreen)) })
}

// Note keeps a note with what is in memory.
func (s *stream) Note(n ui.Note) error {
	return s.while(func(r *replay) error { return r.note(&n) })
}

// DeleteNote takes a note back.
func (s *stream) DeleteNote(id uint64) error { return s.Note(ui.Note{ID: id}) }

// Save writes what is in memory.
func (s *stream) Save(path string) error {
	var picture *tape.Picture
	var header tape.Header
	_ = s.while(func(r *replay) error {
		picture, header = s.ring.Picture(), r.head
		return nil
	})
	if picture == nil {
		return errors.New("save: nothing has come yet")
	}
	return save(path, header, picture.WriteTo)
}

func (*stream) Destroy(*track.Conn) error                { return errReplay }
func (*stream) Shorten(*track.Conn, time.Duration) error { return errReplay }
func (*stream) Report(path string, text []byte) error    { return writeReport(path, text) }
