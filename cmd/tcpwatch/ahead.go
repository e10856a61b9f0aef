package main

import "github.com/tcpwatch/tcpwatch/track"

// Reading ahead: how many batches may be on their way, of how many segments.
const (
	aheadBatches  = 3
	aheadSegments = 512
)

// ahead applies segments on a goroutine of its own, while the next ones are read
// and decoded. It takes one batch after another; whoever wants to apply anything
// else settles first, so that the order stays what it was.
type ahead struct {
	todo chan []track.Segment
	done chan applied
	idle [][]track.Segment
	busy int
	err  error // the first
}

// applied is a batch that may be used again.
type applied struct {
	batch []track.Segment
	err   error
}

func startAhead(apply func([]track.Segment) error) *ahead {
	a := &ahead{todo: make(chan []track.Segment, aheadBatches), done: make(chan applied, aheadBatches)}
	for range aheadBatches {
		a.idle = append(a.idle, make([]track.Segment, aheadSegments))
	}
	go func() {
		for batch := range a.todo {
			err := apply(batch)
			a.done <- applied{batch[:cap(batch)], err}
		}
	}()
	return a
}

// give hands over a batch and returns an empty one. The error is that of an
// earlier batch.
func (a *ahead) give(batch []track.Segment) ([]track.Segment, error) {
	a.todo <- batch
	a.busy++
	if len(a.idle) == 0 {
		a.collect()
	}
	last := len(a.idle) - 1
	next := a.idle[last]
	a.idle = a.idle[:last]
	return next, a.err
}

// settle waits until all that was given is applied.
func (a *ahead) settle() error {
	for a.busy > 0 {
		a.collect()
	}
	return a.err
}

func (a *ahead) collect() {
	d := <-a.done
	a.busy--
	a.idle = append(a.idle, d.batch)
	if a.err == nil {
		a.err = d.err
	}
}

// stop ends the goroutine.
func (a *ahead) stop() { close(a.todo) }
