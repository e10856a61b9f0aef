package main

import (
	"slices"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// order holds what the sources bring until nothing earlier can come any more,
// and gives it out by time. Frames come in batches, in time's order but for what
// a clock step does to them; records come one by one.
type order struct {
	batches []*capture.Batch
	frame   int // the next one of batches[0]
	records []track.Record
	release func(*capture.Batch) // takes back what was given out
}

func (o *order) addBatch(b *capture.Batch) {
	if len(b.Frames) > 0 {
		o.batches = append(o.batches, b)
	} else {
		o.release(b)
	}
}

func (o *order) addRecord(r track.Record) {
	at := track.MomentOf(r)
	i := len(o.records)
	for i > 0 && track.MomentOf(o.records[i-1]) > at {
		i--
	}
	o.records = slices.Insert(o.records, i, r)
}

// apply gives out all that is not later than the horizon: frames to s.frame, the
// rest to s.record and then to done. Of the same moment, frames come first.
func (o *order) apply(s *session, horizon track.Instant, done func(track.Record)) error {
	for {
		var frame *capture.Frame
		at := horizon
		if len(o.batches) > 0 {
			if f := &o.batches[0].Frames[o.frame]; f.At <= at {
				frame, at = f, f.At
			}
		}
		if len(o.records) > 0 && track.MomentOf(o.records[0]) <= horizon && (frame == nil || track.MomentOf(o.records[0]) < at) {
			r := o.records[0]
			o.records = slices.Delete(o.records, 0, 1)
			if err := s.record(r); err != nil {
				return err
			}
			done(r)
			continue
		}
		if frame == nil {
			return nil
		}
		err := s.frame(frame)
		if o.frame++; o.frame == len(o.batches[0].Frames) {
			o.release(o.batches[0])
			o.batches, o.frame = slices.Delete(o.batches, 0, 1), 0
		}
		if err != nil {
			return err
		}
	}
}
