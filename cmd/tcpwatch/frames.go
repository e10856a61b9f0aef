package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/diag"
)

// readAhead is how many batches of frames may be on their way at once. When all
// are, frames wait in the kernel's buffer, and what does not fit there is counted.
const readAhead = 64

// frames brings batches from an interface, for as long as there is one: an
// interface that goes away is waited for.
type frames struct {
	open    func() (*capture.Live, error)
	live    atomic.Pointer[capture.Live]
	batches chan *capture.Batch
	idle    chan *capture.Batch
	downs   chan error // why there are no frames for now; nil: they are back
}

// openFrames opens the capture in a namespace.
func openFrames(ns *diag.Namespace, o capture.LiveOptions) (*frames, error) {
	f := &frames{
		batches: make(chan *capture.Batch, readAhead),
		idle:    make(chan *capture.Batch, readAhead),
		downs:   make(chan error, 1),
	}
	f.open = func() (live *capture.Live, err error) {
		err = ns.Do(func() error {
			live, err = capture.OpenLive(o)
			return err
		})
		return live, err
	}
	live, err := f.open()
	if err != nil {
		return nil, err
	}
	f.live.Store(live)
	for range readAhead {
		f.idle <- new(capture.Batch)
	}
	return f, nil
}

// run reads until the context ends. It closes the capture.
func (f *frames) run(ctx context.Context) {
	live := f.live.Load()
	stop := context.AfterFunc(ctx, func() { live.Close() })
	defer func() { stop() }()
	for {
		err := f.read(ctx, live)
		if err == nil || errors.Is(err, io.EOF) {
			return
		}
		stop()
		live.Close()
		if !f.say(ctx, err) {
			return
		}
		if live = f.reopen(ctx); live == nil {
			return
		}
		f.live.Store(live)
		again := live
		stop = context.AfterFunc(ctx, func() { again.Close() })
		if !f.say(ctx, nil) {
			return
		}
	}
}

// read brings batches until the capture ends.
func (f *frames) read(ctx context.Context, live *capture.Live) error {
	for {
		var b *capture.Batch
		select {
		case b = <-f.idle:
		case <-ctx.Done():
			return nil
		}
		if err := live.Read(b); err != nil {
			f.idle <- b
			return err
		}
		select {
		case f.batches <- b:
		case <-ctx.Done():
			return nil
		}
	}
}

// reopen waits for the interface to come back; nil: the session ended first.
func (f *frames) reopen(ctx context.Context) *capture.Live {
	pace := time.NewTicker(time.Second)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return nil
		}
		if live, err := f.open(); err == nil {
			return live
		}
	}
}

func (f *frames) say(ctx context.Context, down error) bool {
	select {
	case f.downs <- down:
		return true
	case <-ctx.Done():
		return false
	}
}
