package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// slack is how long a record may take from its source to the session.
const slack = 15 * time.Millisecond

// live is a session over the interfaces and sockets of a running kernel.
type live struct {
	*session
	flags     *flags
	namespace *diag.Namespace
	frames    *frames // nil: no packets
	poller    *diag.Poller
	news      chan diag.News
	rows      rows
	source    *track.Source

	order   order
	until   track.Instant // up to which all frames have come
	dropped capture.Stats // as told to the tracker
	changes changes

	recording *recording // nil: none
	screen    *screen    // nil: nobody looks
	ring      *tape.Ring // what is in memory for the dashboard
	drawn     track.Instant
	asks      chan func(*live) // what the dashboard asks of the session
	outlet    *outlet          // what the view writes to; nil: nothing
}

// run runs the session until the context ends, or as long as it was to.
func (l *live) run(ctx context.Context) error {
	l.tracker = track.New(l.view.needs())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	if l.frames != nil {
		group.Go(func() error { l.frames.run(ctx); return nil })
	}
	group.Go(func() error { return l.poller.Run(ctx, l.news) })
	group.Go(func() error {
		defer cancel()
		return l.loop(ctx)
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (l *live) loop(ctx context.Context) error {
	if err := l.first(ctx); err != nil {
		return err
	}
	var downs <-chan error
	if l.frames != nil {
		downs = l.frames.downs
		l.order.release = func(b *capture.Batch) { l.frames.idle <- b }
	}
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return l.last()
		case n := <-l.news:
			if err := l.learn(n); err != nil {
				return err
			}
			continue
		case down := <-downs:
			l.down(down)
			continue
		case ask := <-l.asks:
			ask(l)
			continue
		case failed := <-l.recording.failed():
			if err := l.notRecording(failed); err != nil {
				return err
			}
			continue
		case <-beats.C:
			now := diag.Now()
			silent := l.silent(now)
			l.gather()
			l.until = max(l.until, silent)
			err = l.advance(now.Add(-slack))
		}
		if errors.Is(err, errEnough) {
			return errors.Join(l.end(), err)
		}
		if err != nil {
			return err
		}
	}
}

// first begins the session: with the limits, which every deadline needs.
func (l *live) first(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n := <-l.news:
			if limits, ok := n.Record.(*track.Limits); ok {
				now := diag.Now()
				l.source.At = now
				clock := track.ClockPair{At: now, Wall: time.Now().UnixNano()}
				return errors.Join(l.record(&clock), l.record(limits), l.record(l.source))
			}
			if err := l.learn(n); err != nil {
				return err
			}
		}
	}
}

// gather takes in the frames that have come: at each beat, for to be woken for each
// batch costs more than its frames do.
func (l *live) gather() {
	for {
		select {
		case b := <-l.batches():
			l.batch(b)
		default:
			return
		}
	}
}

// batch takes in frames.
func (l *live) batch(b *capture.Batch) {
	l.until = b.Until
	if b.Clock != (track.ClockPair{}) && l.clock != b.Clock {
		clock := b.Clock
		l.order.addRecord(&clock)
	}
	if s := b.Stats; s != l.dropped {
		lost := s.Dropped - l.dropped.Dropped + s.DroppedByInterface - l.dropped.DroppedByInterface
		if lost > 0 {
			l.order.addRecord(&track.Loss{At: b.Until, Kernel: lost})
		}
		l.dropped = s
	}
	l.order.addBatch(b)
}

// learn takes in a record of the kernel's.
func (l *live) learn(n diag.News) (err error) {
	in := input{Record: n.Record, news: n}
	switch r := n.Record.(type) {
	case *track.Dump:
		kept := l.rows.admit(r)
		if r.Full {
			in.keyframe = l.changes.leaveOut(r, kept, l.recording.begunAnew())
		} else {
			l.changes.see(r)
		}
		if len(l.keepers) > 0 {
			if in.raw, err = rawDump(r, n.Reply, kept); err != nil {
				return err
			}
		}
		if l.rows.undecided != l.source.Undecided {
			l.restate(func(s *track.Source) { s.Undecided = l.rows.undecided })
		}
	case *track.Destroyed:
		if len(l.keepers) > 0 {
			in.raw = &tape.Record{Kind: tape.KindDestroyed, At: r.At, Data: n.Reply.Chunks[0].Raw}
		}
	case *track.OwnersRead:
		l.rows.own(r)
	}
	l.order.add(in)
	return nil
}

// down takes in that the interface has gone away, or come back.
func (l *live) down(err error) {
	l.restate(func(s *track.Source) {
		s.Down = ""
		if err != nil {
			s.Down = err.Error()
		}
	})
	l.until, l.dropped = 0, capture.Stats{}
}

// restate records that the condition of the source has changed.
func (l *live) restate(change func(*track.Source)) {
	source := *l.source
	source.At = diag.Now()
	change(&source)
	if l.screen == nil {
		complain(l.source, &source)
	}
	l.source = &source
	l.order.addRecord(&source)
}

// notRecording takes in that the recording has failed. The watching goes on, unless
// there is nothing else to be seen of it.
func (l *live) notRecording(why error) error {
	l.recording.err = why
	l.keepers = slices.DeleteFunc(l.keepers, func(k keeper) bool { return k == l.recording })
	if l.flags.write == "-" {
		return said{why} // the recording tells it when it is stopped
	}
	if l.screen == nil {
		l.recording.said = true
		fmt.Fprintf(os.Stderr, "tcpwatch: recording to %s has stopped: %v; watching goes on\n", l.recording.name, why)
	} else {
		l.screen.tell(ui.Recording{Name: l.recording.name, Err: why})
	}
	return nil
}

// complain says on stderr what a screen would show of a source's condition, where
// it is another than it was; nil: nothing was said yet.
func complain(was, is *track.Source) {
	if was == nil {
		was = new(track.Source)
	}
	if was.Down != "" && is.Down == "" {
		fmt.Fprintf(os.Stderr, "tcpwatch: %s: the interface is back\n", is.Name)
	}
	for _, c := range [...]struct{ was, is, lead string }{
		{was.Down, is.Down, ""},
		{was.Rights, is.Rights, ""},
		{was.Undecided, is.Undecided, "all sockets are shown: "},
	} {
		if c.is != "" && c.is != c.was {
			fmt.Fprintf(os.Stderr, "tcpwatch: %s%s\n", c.lead, strings.ReplaceAll(strings.TrimSpace(c.is), "\n", "\ntcpwatch: "))
		}
	}
}

// silent returns the moment up to which frames have come if none is on its way;
// zero: that is not known.
func (l *live) silent(now track.Instant) track.Instant {
	if l.frames == nil || l.until == 0 {
		return 0
	}
	return l.frames.live.Load().Silent(now)
}

// advance applies all that has come for the time up to the horizon, or as far as
// the frames have.
func (l *live) advance(horizon track.Instant) error {
	if l.frames != nil && l.until != 0 {
		horizon = min(horizon, l.until)
	}
	err := l.order.apply(horizon, l.frame, l.take)
	if err == nil {
		err = l.tick(max(horizon, l.tracker.Now()))
	}
	if err != nil {
		return err
	}
	if l.outlet != nil {
		lost, err := l.outlet.Lost()
		if err != nil {
			return err
		}
		if lost > 0 {
			l.order.addRecord(&track.Loss{At: horizon, Here: lost})
		}
	}
	l.poller.Watch(l.wanted())
	l.draw()
	return nil
}

// take keeps and applies an input. Of sockets that the table has not shown, nobody
// has to know that they are gone.
func (l *live) take(in input) error {
	defer l.poller.Recycle(in.news)
	if d, ok := in.Record.(*track.Destroyed); ok && !l.tracker.Knows(d.Socket.Cookie) {
		return nil
	}
	if in.raw == nil {
		return l.record(in.Record)
	}
	var before, after []track.Record
	if in.keyframe {
		before, after = l.tracker.Recap()
	}
	for _, r := range before {
		if err := l.record(r); err != nil {
			return err
		}
	}
	l.keepRecord(*in.raw)
	if err := l.put(in.Record); err != nil {
		return err
	}
	for _, r := range after {
		if err := l.record(r); err != nil {
			return err
		}
	}
	return nil
}

// wanted returns the sockets that are to be asked for often.
func (l *live) wanted() []diag.ID {
	var ids []diag.ID
	l.tracker.Urgent(func(s *track.Socket) { ids = append(ids, diag.IDOf(s)) })
	return ids
}

// draw publishes the picture.
func (l *live) draw() {
	if now := l.tracker.Now(); l.screen != nil && now.Sub(l.drawn) >= 2*beat-beat/2 {
		l.drawn = now
		l.screen.show(l.tracker.Snapshot())
	}
}

// last applies what has come, whatever may still be on its way, and ends the session.
func (l *live) last() error {
	l.gather()
	for more := true; more; {
		select {
		case n := <-l.news:
			if err := l.learn(n); err != nil {
				return err
			}
		default:
			more = false
		}
	}
	err := l.order.apply(diag.Now(), l.frame, l.take)
	if errors.Is(err, errEnough) {
		err = nil
	}
	if l.screen != nil {
		l.screen.show(l.tracker.Snapshot())
	}
	return errors.Join(err, l.end())
}

func (l *live) batches() <-chan *capture.Batch {
	if l.frames == nil {
		return nil
	}
	return l.frames.batches
}
