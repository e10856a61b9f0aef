package main

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// player plays a file behind the dashboard: at its own pace or faster, from
// wherever the user wants.
type player struct {
	flags  *flags
	open   opener
	screen *screen

	mu      sync.Mutex
	playing bool
	speed   int
	moves   []move
	looked  []uint64 // connections on screen; nil: as before
	notes   []ui.Note
	woken   chan struct{}

	replay *replay
	target track.Instant // up to which all has been played, or is to be
	said   ui.Playback
	drawn  time.Time
	shown  track.Instant // target as it was drawn
	told   ui.Playback   // said as it was told
}

// move is a seek, or a step to the next packet between two ends.
type move struct {
	to   track.Instant // 0: a step
	ends [2]netip.AddrPort
}

func newPlayer(f *flags, open opener) *player {
	return &player{flags: f, open: open, screen: newScreen(), playing: true, speed: 1, woken: make(chan struct{}, 1)}
}

// dashboard plays behind the screen.
func (p *player) dashboard(ctx context.Context) error {
	o, err := replayOptions(p.flags)
	if err != nil {
		return err
	}
	o.Player = p
	return p.screen.run(ctx, p, o, p.run)
}

// wish has the player do something else from now on.
func (p *player) wish(what func()) {
	p.mu.Lock()
	what()
	p.mu.Unlock()
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// Play lets the file go on, or not.
func (p *player) Play(on bool) { p.wish(func() { p.playing = on }) }

// Speed sets how many times faster than its own pace the file goes.
func (p *player) Speed(times int) { p.wish(func() { p.speed = times }) }

// Seek goes to a moment.
func (p *player) Seek(to track.Instant) {
	p.wish(func() { p.moves = append(p.moves, move{to: max(to, 1)}) })
}

// Step goes on to the next packet between two ends, or to the next of all.
func (p *player) Step(local, remote netip.AddrPort) {
	p.wish(func() { p.moves = append(p.moves, move{ends: [2]netip.AddrPort{local, remote}}) })
}

// run plays until ctx ends. Where the file breaks off, that is its end, and the
// reason is returned in the end.
func (p *player) run(ctx context.Context) error {
	if err := p.rewind(ctx); err != nil {
		return err
	}
	defer func() { p.replay.close() }()
	ends := make(chan track.Instant, 1)
	go p.measure(ctx, ends)
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return p.said.Err
		case p.said.End = <-ends:
		case <-p.woken:
		case <-beats.C:
		}
		now := time.Now()
		if err := p.advance(ctx, min(now.Sub(last), 2*beat)); err != nil {
			return err
		}
		last = now
	}
}

// rewind begins the file anew.
func (p *player) rewind(ctx context.Context) error {
	r, err := openReplay(ctx, p.flags, p.open, screenView{screen: p.screen})
	if err != nil {
		return err
	}
	if p.replay != nil {
		p.replay.close()
		r.looked = p.replay.looked
	}
	p.replay, p.said.Ended, p.said.Err = r, false, nil
	for !r.begun && !p.said.Ended {
		p.next(ctx)
	}
	p.said.Begin = r.tracker.Now()
	p.target = p.said.Begin
	return r.watch(r.tracker.Now(), nil, r.looked)
}

// next plays the next frame or record.
func (p *player) next(ctx context.Context) {
	_, err := p.replay.peek()
	if err == nil {
		err = p.replay.applyNext()
	}
	if err != nil {
		p.said.Ended = true
		p.said.Err = p.replay.over(ctx, err)
	}
}

// advance does what is wished, and else lets time pass.
func (p *player) advance(ctx context.Context, elapsed time.Duration) error {
	p.mu.Lock()
	playing, speed, moves, looked := p.playing, p.speed, p.moves, p.looked
	p.moves, p.looked = nil, nil
	p.mu.Unlock()
	if looked != nil {
		if err := p.replay.watch(p.replay.tracker.Now(), p.replay.watched, looked); err != nil {
			return err
		}
	}
	for i, m := range moves {
		var err error
		switch {
		case m.to == 0:
			err = p.step(ctx, m.ends)
		case i+1 == len(moves) || moves[i+1].to == 0: // else it seeks on at once
			err = p.seek(ctx, m.to)
		}
		if err != nil {
			return err
		}
		p.said.Moves++
	}
	if playing && len(moves) == 0 && !p.said.Ended {
		if err := p.playTo(ctx, p.target.Add(elapsed*time.Duration(speed))); err != nil {
			return err
		}
	}
	return p.show(len(moves) > 0)
}

// seek goes to a moment; back by way of the beginning.
func (p *player) seek(ctx context.Context, to track.Instant) error {
	if to < p.target {
		if err := p.rewind(ctx); err != nil {
			return err
		}
	}
	return p.playTo(ctx, to)
}

// playTo plays all up to a moment.
func (p *player) playTo(ctx context.Context, to track.Instant) error {
	for !p.said.Ended && ctx.Err() == nil {
		if at, err := p.replay.peek(); err == nil && at > to {
			p.target = to
			return p.replay.passTo(to)
		}
		p.next(ctx)
	}
	return p.here()
}

// here makes the place that has been reached the one that was wanted.
func (p *player) here() error {
	err := p.replay.apply()
	p.target = p.replay.tracker.Now()
	return err
}

// step goes on to the next packet between two ends, or without ends to the next
// of all.
func (p *player) step(ctx context.Context, ends [2]netip.AddrPort) error {
	other := [2]netip.AddrPort{ends[1], ends[0]}
	for !p.said.Ended && ctx.Err() == nil {
		p.next(ctx)
		if s := p.replay.last; s != nil {
			pair := [2]netip.AddrPort{s.Src, s.Dst}
			if !ends[0].IsValid() || pair == ends || pair == other {
				break
			}
		}
	}
	return p.here()
}

// show shows where the file is if that has changed, some ten times a second or at
// once.
func (p *player) show(atOnce bool) error {
	now := time.Now()
	if !atOnce && now.Sub(p.drawn) < 2*beat-beat/2 || p.shown == p.target && p.told == p.said {
		return nil
	}
	if err := p.replay.apply(); err != nil {
		return err
	}
	p.drawn, p.shown, p.told = now, p.target, p.said
	p.screen.show(p.replay.tracker.Snapshot())
	p.screen.tell(p.said)
	return nil
}

// measure finds the end of the file.
func (p *player) measure(ctx context.Context, ends chan<- track.Instant) {
	file, err := p.open(ctx)
	if err != nil {
		return
	}
	defer file.Close()
	r := tape.NewReader(file)
	var end track.Instant
	var f capture.Frame
	var rec tape.Record
	for ctx.Err() == nil {
		framed, err := r.Next(&f, &rec)
		if err != nil {
			ends <- end
			return
		}
		if framed {
			end = max(end, f.At)
		} else {
			end = max(end, rec.At)
		}
	}
}

// Watch names the connections that are on screen.
func (p *player) Watch(_ uint64, onScreen []uint64) {
	p.wish(func() { p.looked = append([]uint64{}, onScreen...) })
}

// Note keeps a note, for the file that may be saved.
func (p *player) Note(n ui.Note) error {
	p.wish(func() { p.notes = append(p.notes, n) })
	return nil
}

// DeleteNote takes a note back.
func (p *player) DeleteNote(id uint64) error { return p.Note(ui.Note{ID: id}) }

// Save writes all of the file with its notes, those that were added among them, as
// a session.
func (p *player) Save(path string) error {
	r, err := openReplay(context.Background(), p.flags, p.open, noView{})
	if err != nil {
		return err
	}
	defer r.close()
	p.mu.Lock()
	notes := slices.Clone(p.notes)
	p.mu.Unlock()
	return save(path, r.header(), func(sink tape.Sink) error {
		to := &sinking{sink: sink}
		r.keepers = append(r.keepers, to)
		// That the file breaks off is known by now.
		_ = r.run(context.Background())
		for i := range notes {
			if err := r.note(&notes[i]); err != nil {
				return err
			}
		}
		return to.err
	})
}

var errReplay = errors.New("this is a replay: its sockets are of the past")

func (*player) Destroy(*track.Conn) error                { return errReplay }
func (*player) Shorten(*track.Conn, time.Duration) error { return errReplay }
func (*player) Report(path string, text []byte) error    { return writeReport(path, text) }
