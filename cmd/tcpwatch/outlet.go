package main

import (
	"io"
	"sync"
)

// outletRoom is how many bytes of output may wait for a slow reader before more of
// it is refused. One write may be longer: the first look at a big table is.
const outletRoom = 16 << 20

// outlet hands output to a writer that may block, without ever blocking itself:
// a session must not wait for a pipe or a disk. What finds no room is counted.
type outlet struct {
	w io.Writer

	mu      sync.Mutex
	ready   sync.Cond
	waiting []byte
	lost    uint64 // writes
	err     error
	told    bool // err has been returned
	closed  bool
	done    chan struct{}
}

func newOutlet(w io.Writer) *outlet {
	o := &outlet{w: w, done: make(chan struct{})}
	o.ready.L = &o.mu
	go o.run()
	return o
}

// Write takes whole lines. It returns the error of an earlier write.
func (o *outlet) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		o.told = true
		return 0, o.err
	}
	if len(o.waiting) > outletRoom {
		o.lost++
		return len(b), nil
	}
	o.waiting = append(o.waiting, b...)
	o.ready.Signal()
	return len(b), nil
}

// Lost returns how many writes found no room since the last call, and the error of
// an earlier write: there may be nothing more to write that would meet it.
func (o *outlet) Lost() (uint64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.lost
	o.lost, o.told = 0, o.err != nil
	return n, o.err
}

// Close waits until all is written. It returns the error of a write that has not been
// returned yet.
func (o *outlet) Close() error {
	o.mu.Lock()
	o.closed = true
	o.ready.Signal()
	o.mu.Unlock()
	<-o.done
	if o.told {
		return nil
	}
	return o.err
}

func (o *outlet) run() {
	defer close(o.done)
	var out []byte
	for {
		o.mu.Lock()
		for len(o.waiting) == 0 && !o.closed {
			o.ready.Wait()
		}
		out, o.waiting = o.waiting, out[:0]
		o.mu.Unlock()
		if len(out) == 0 {
			return
		}
		if _, err := o.w.Write(out); err != nil {
			o.mu.Lock()
			o.err = err
			o.mu.Unlock()
			return
		}
	}
}
