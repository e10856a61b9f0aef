package main

import (
	"slices"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
)

// input is a record on its way to the tracker.
type input struct {
	track.Record
	raw      *tape.Record // what is kept of it; nil: what it encodes to
	news     diag.News    // what is free to be used again after it
	keyframe bool         // it tells of all sockets
}

// order holds what the sources bring until nothing earlier can come any more,
// and gives it out by time. Frames come in batches, in time's order but for what
// a clock step does to them; records come one by one.
type order struct {
	batches []*capture.Batch
	frame   int // the next one of batches[0]
	inputs  []input
	release func(*capture.Batch) // takes back what was given out
}

func (o *order) addBatch(b *capture.Batch) {
	if len(b.Frames) > 0 {
		o.batches = append(o.batches, b)
	} else {
		o.release(b)
	}
}

func (o *order) addRecord(r track.Record) { o.add(input{Record: r}) }

func (o *order) add(in input) {
	at := track.MomentOf(in.Record)
	i := len(o.inputs)
	for i > 0 && track.MomentOf(o.inputs[i-1].Record) > at {
		i--
	}
	o.inputs = slices.Insert(o.inputs, i, in)
}

// apply gives out all that is not later than the horizon: frames to frame, the
// rest to record. Of the same moment, frames come first.
func (o *order) apply(horizon track.Instant, frame func(*capture.Frame) error, record func(input) error) error {
	for {
		var next *capture.Frame
		at := horizon
		if len(o.batches) > 0 {
			if f := &o.batches[0].Frames[o.frame]; f.At <= at {
				next, at = f, f.At
			}
		}
		if len(o.inputs) > 0 {
			if due := track.MomentOf(o.inputs[0].Record); due <= horizon && (next == nil || due < at) {
				in := o.inputs[0]
				o.inputs = slices.Delete(o.inputs, 0, 1)
				if err := record(in); err != nil {
					return err
				}
				continue
			}
		}
		if next == nil {
			return nil
		}
		err := frame(next)
		if o.frame++; o.frame == len(o.batches[0].Frames) {
			o.release(o.batches[0])
			o.batches, o.frame = slices.Delete(o.batches, 0, 1), 0
		}
		if err != nil {
			return err
		}
	}
}
