package diag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tcpwatch/tcpwatch/track"
)

// News is one record, and the reply that it was read from: of a *track.Dump and
// a *track.Destroyed; nil for others.
type News struct {
	Record track.Record
	Reply  *Reply
}

// Poller asks one namespace's kernel again and again, about as often as there
// is something to learn: for all sockets at a pace that costs little, for those
// in trouble or under the user's eyes alone and often.
type Poller struct {
	namespace *Namespace
	interval  time.Duration
	watch     chan []ID
	full, few chan News // dumps to be used again
}

const (
	defaultInterval = 250 * time.Millisecond // between dumps
	share           = 20                     // of the time, the part that asking may take
)

// NewPoller returns a Poller of ns. interval is the least time between two
// dumps, 0 for a quarter of a second; dumps that cost much are made more rarely.
func NewPoller(ns *Namespace, interval time.Duration) *Poller {
	if interval <= 0 {
		interval = defaultInterval
	}
	return &Poller{
		namespace: ns,
		interval:  interval,
		watch:     make(chan []ID, 1),
		full:      make(chan News, 4),
		few:       make(chan News, 4),
	}
}

// Watch names the sockets that are under the user's eyes from now on, besides
// those in trouble. It may be called from any goroutine, and never blocks.
func (p *Poller) Watch(ids []ID) {
	for {
		select {
		case p.watch <- ids:
			return
		default:
		}
		select {
		case <-p.watch:
		default:
		}
	}
}

// Recycle gives the memory of a dump back, once nothing of it is used any more.
// It may be called from any goroutine; calling it is not a duty.
func (p *Poller) Recycle(n News) {
	if _, ok := n.Record.(*track.Dump); !ok || n.Reply == nil {
		return
	}
	free := p.few
	if n.Reply.Full {
		free = p.full
	}
	select {
	case free <- n:
	default:
	}
}

// Run polls until ctx ends, and sends what it learns to out, waiting where that
// is full. Records of one kind come in the order of their moments; those of
// different kinds may overtake one another by some milliseconds. Run returns an
// error where the kernel can't be asked at all; later failures are counted
// (track.Loss). out is not closed.
func (p *Poller) Run(ctx context.Context, out chan<- News) error {
	table, err := OpenTable(p.namespace)
	if err != nil {
		return err
	}
	defer table.Close()
	limits, err := OpenLimits(p.namespace)
	if err != nil {
		return err
	}
	defer limits.Close()
	farewells, err := ListenFarewells(p.namespace)
	if err != nil {
		return err
	}
	defer farewells.Close()
	routes, err := OpenRoutes(p.namespace)
	if err != nil {
		return err
	}
	defer routes.Close()

	group, ctx := errgroup.WithContext(ctx)
	send := func(n News) error {
		select {
		case out <- n:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	phase := make(chan track.Phase, 1)
	aside := aside{jobs: make(chan job, 1), owners: NewOwners(), routes: routes, send: send}
	group.Go(func() error {
		seekPhase(ctx, func(found track.Phase) {
			select {
			case phase <- found:
			case <-ctx.Done():
			}
		})
		return nil
	})
	group.Go(func() error { return aside.run(ctx) })
	group.Go(func() error { return relay(ctx, farewells, send) })
	group.Go(func() error {
		l := loop{poller: p, table: table, limits: limits, phase: phase, jobs: aside.jobs, send: send}
		return l.run(ctx)
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("poll sockets: %w", err)
	}
	return nil
}

// relay sends the events of destroyed sockets.
func relay(ctx context.Context, farewells *Farewells, send func(News) error) error {
	stop := context.AfterFunc(ctx, func() { farewells.Close() })
	defer stop()
	for {
		reply, destroyed, err := farewells.Next()
		var news News
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, os.ErrClosed):
			return err
		case err != nil:
			news.Record = &track.Loss{At: Now(), Here: 1}
		default:
			news = News{destroyed, reply}
		}
		if err := send(news); err != nil {
			return err
		}
	}
}

// loop is the part of a Poller that asks for sockets and limits.
type loop struct {
	poller *Poller
	table  *Table
	limits *LimitsFile
	phase  <-chan track.Phase
	jobs   chan job
	send   func(News) error

	alone    alone
	wheel    track.Phase
	known    *track.Limits
	dumped   bool // a first dump succeeded
	nextDump track.Instant
	nextAsk  track.Instant
	nextRead track.Instant // of the limits
	nextJob  track.Instant
}

func (l *loop) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case l.alone.watched = <-l.poller.watch:
			l.nextAsk = min(l.nextAsk, Now().Add(askWatched))
		case l.wheel = <-l.phase:
			l.nextRead = 0
		case <-timer.C:
		}
		if err := l.step(); err != nil {
			return err
		}
		next := min(l.nextDump, l.nextRead)
		if l.alone.any() {
			next = min(next, l.nextAsk)
		}
		timer.Reset(max(next.Sub(Now()), 0))
	}
}

// step does what is due.
func (l *loop) step() error {
	if Now() >= l.nextRead {
		if err := l.readLimits(); err != nil {
			return err
		}
	}
	if Now() >= l.nextDump {
		return l.dump()
	}
	if l.alone.any() && Now() >= l.nextAsk {
		return l.ask()
	}
	return nil
}

// readLimits reads the limits, four times a second while anything depends on
// them, and sends them where they changed.
func (l *loop) readLimits() error {
	now := l.limits.Read()
	now.Phase = l.wheel
	l.nextRead = now.At.Add(time.Second)
	if len(l.alone.trouble) > 0 {
		l.nextRead = now.At.Add(time.Second / 4)
	}
	if l.known != nil && equalLimits(l.known, now) {
		return nil
	}
	l.known = now
	return l.send(News{Record: now})
}

// dump asks for all sockets.
func (l *loop) dump() error {
	began := Now()
	news, dump := reuse(l.poller.full)
	err := l.table.Dump(news.Reply)
	if err == nil {
		err = news.Reply.Parse(dump)
	}
	cost := Now().Sub(began)
	l.nextDump = began.Add(max(l.poller.interval, share*cost))
	if err := l.lost(news.Reply.Failed); err != nil {
		return err
	}
	if err != nil {
		if !l.dumped {
			return err
		}
		return nil
	}
	l.dumped = true
	l.alone.all(dump)
	l.nextAsk = min(l.nextAsk, Now())
	inodes := make([]uint32, len(dump.Sockets))
	for i := range dump.Sockets {
		inodes[i] = dump.Sockets[i].Inode
	}
	l.post(job{inodes: inodes})
	return l.send(news)
}

// ask asks for single sockets.
func (l *loop) ask() error {
	began := Now()
	ids := l.alone.next()
	news, dump := reuse(l.poller.few)
	err := l.table.Sockets(ids, news.Reply)
	if err == nil {
		err = news.Reply.Parse(dump)
	}
	l.nextAsk = began.Add(max(l.alone.pause(), share*Now().Sub(began)))
	if err := l.lost(news.Reply.Failed); err != nil {
		return err
	}
	if err != nil || len(ids) == 0 {
		return nil
	}
	l.alone.some(dump)
	if began >= l.nextJob {
		l.nextJob = began.Add(time.Second / 4)
		l.post(job{subjects: subjectsOf(dump)})
	}
	return l.send(news)
}

// post hands a job aside, joined with one that still waits there.
func (l *loop) post(j job) {
	select {
	case waiting := <-l.jobs:
		if j.inodes == nil {
			j.inodes = waiting.inodes
		}
		if j.subjects == nil {
			j.subjects = waiting.subjects
		}
	default:
	}
	l.jobs <- j
}

// lost sends the count of failed attempts.
func (l *loop) lost(failed int) error {
	if failed == 0 {
		return nil
	}
	return l.send(News{Record: &track.Loss{At: Now(), Dumps: uint64(failed)}})
}

// reuse returns room for a dump, used before where there is some.
func reuse(free <-chan News) (News, *track.Dump) {
	select {
	case n := <-free:
		return n, n.Record.(*track.Dump)
	default:
		dump := new(track.Dump)
		return News{dump, new(Reply)}, dump
	}
}
