package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// TestOrderIsTime brings frames and records in whatever order the sources have
// them, and looks at what comes out up to each horizon.
func TestOrderIsTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 50 {
		var o order
		released, batches := 0, 0
		o.release = func(*capture.Batch) { released++ }
		var want, got []track.Instant
		at := track.Instant(1000)
		for range 20 {
			b := &capture.Batch{}
			for range rng.IntN(5) {
				at += track.Instant(rng.IntN(100))
				b.Frames = append(b.Frames, capture.Frame{At: at})
				want = append(want, at)
			}
			batches++
			o.addBatch(b)
			late := at - track.Instant(rng.IntN(300))
			o.addRecord(&track.Tick{At: late})
			want = append(want, late)
		}
		slices.Sort(want)
		frame := func(f *capture.Frame) error { got = append(got, f.At); return nil }
		record := func(in input) error { got = append(got, track.MomentOf(in.Record)); return nil }
		for horizon := track.Instant(0); horizon < at+150; horizon += 150 {
			if err := o.apply(horizon, frame, record); err != nil {
				t.Fatal(err)
			}
			if n := len(got); n > 0 && got[n-1] > horizon {
				t.Fatalf("round %d: %d was given out before its time, at %d", round, got[n-1], horizon)
			}
			if n := len(got); n < len(want) && want[n] <= horizon {
				t.Fatalf("round %d: %d was held back at %d", round, want[n], horizon)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: given out in the order %v, want %v", round, got, want)
		}
		if released != batches {
			t.Errorf("round %d: %d of %d batches were given back", round, released, batches)
		}
	}
}

// TestOrderGoesOnAfterAnError has a frame refused: it counts as given out.
func TestOrderGoesOnAfterAnError(t *testing.T) {
	o := order{release: func(*capture.Batch) {}}
	o.addBatch(&capture.Batch{Frames: []capture.Frame{{At: 1}, {At: 2}}})
	refuse := errors.New("enough")
	var got []track.Instant
	frame := func(f *capture.Frame) error { got = append(got, f.At); return refuse }
	for range 2 {
		if err := o.apply(10, frame, nil); !errors.Is(err, refuse) {
			t.Fatal(err)
		}
	}
	if err := o.apply(10, frame, nil); err != nil || !slices.Equal(got, []track.Instant{1, 2}) {
		t.Errorf("given out %v, %v", got, err)
	}
}
