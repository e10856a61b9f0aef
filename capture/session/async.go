package session

import (
	"sync"

	"github.com/tcpwatch/tcpwatch/capture"
)

// Async writes to a sink behind a queue of bounded size. Whoever fills the queue
// never waits for a disk: what does not fit is counted, and where there is room
// again a Gap tells of it.
type Async struct {
	dst    Sink
	limit  int
	failed chan error
	done   chan struct{}

	mu      sync.Mutex
	more    *sync.Cond
	queue   []byte // entries
	gap     Gap    // lost, and not yet told
	lost    Gap    // lost in all
	stopped bool   // no more is taken
}

// NewAsync starts to write to dst. The queue holds limit bytes, and as many can
// be in the works.
func NewAsync(dst Sink, limit int) *Async {
	a := &Async{dst: dst, limit: limit, failed: make(chan error, 1), done: make(chan struct{})}
	a.more = sync.NewCond(&a.mu)
	go a.write()
	return a
}

// Frame queues a frame; its bytes are copied.
func (a *Async) Frame(f *capture.Frame) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.put(0, f) {
		a.gap.Frames++
		a.lost.Frames++
	}
}

// Record queues a record; its bytes are copied.
func (a *Async) Record(r Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.put(r.Kind, r.frame()) {
		a.gap.Records++
		a.lost.Records++
	}
}

// Lost returns how much was lost so far.
func (a *Async) Lost() (frames, records uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lost.Frames, a.lost.Records
}

// Failed gives the one error after which nothing more is written.
func (a *Async) Failed() <-chan error { return a.failed }

// Close writes what is queued, and returns the error that Failed has not given
// yet. The sink is left open.
func (a *Async) Close() error {
	a.mu.Lock()
	if !a.stopped {
		a.tellGap()
		a.stopped = true
	}
	a.more.Signal()
	a.mu.Unlock()
	<-a.done
	select {
	case err := <-a.failed:
		return err
	default:
		return nil
	}
}

// put queues an entry if there is room for it.
func (a *Async) put(kind Kind, f *capture.Frame) bool {
	a.gap.At = f.At
	if a.stopped || len(a.queue)+entryLen+len(f.Data) > a.limit {
		return false
	}
	a.tellGap()
	a.queue = appendEntry(a.queue, kind, f)
	a.more.Signal()
	return true
}

// tellGap queues a record of what was lost, if anything was, whether there is
// room or not.
func (a *Async) tellGap() {
	if a.gap.Frames == 0 && a.gap.Records == 0 {
		return
	}
	if r, err := a.gap.Record(); err == nil {
		a.queue = appendEntry(a.queue, r.Kind, r.frame())
	}
	a.gap = Gap{}
}

// write empties the queue until it is closed, or the sink fails.
func (a *Async) write() {
	defer close(a.done)
	var batch []byte
	for {
		a.mu.Lock()
		for len(a.queue) == 0 && !a.stopped {
			a.more.Wait()
		}
		batch, a.queue = a.queue, batch[:0]
		a.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		err := eachEntry(batch, a.dst.WriteFrame, a.dst.WriteRecord)
		if err == nil {
			err = a.dst.Flush()
		}
		if err != nil {
			a.failed <- err
			a.mu.Lock()
			a.stopped, a.queue = true, nil
			a.mu.Unlock()
			return
		}
	}
}
