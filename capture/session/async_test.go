package session

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/capture"
)

// slow is a sink that takes an entry when it is let.
type slow struct {
	Writer
	let chan error
}

func (s *slow) WriteFrame(f *capture.Frame) error {
	if err := <-s.let; err != nil {
		return err
	}
	return s.Writer.WriteFrame(f)
}

func newSlow(t *testing.T, b *bytes.Buffer) *slow {
	w, err := NewWriter(b, header)
	if err != nil {
		t.Fatal(err)
	}
	return &slow{*w, make(chan error)}
}

// TestAsync writes all that fits, in order.
func TestAsync(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, header)
	if err != nil {
		t.Fatal(err)
	}
	a := NewAsync(w, 1<<20)
	for _, i := range small() {
		if i.Frame != nil {
			a.Frame(i.Frame)
			clear(i.Frame.Data) // the queue has a copy
		} else {
			a.Record(*i.Record)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := readAll(t, &b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(small(), got[1:]); diff != "" {
		t.Error(diff)
	}
	if frames, records := a.Lost(); frames != 0 || records != 0 {
		t.Errorf("lost %d frames and %d records", frames, records)
	}
}

// TestAsyncGap stops the disk: what does not fit is lost, told where it was lost,
// and nobody waits.
func TestAsyncGap(t *testing.T) {
	var b bytes.Buffer
	s := newSlow(t, &b)
	const size = 100 - entryLen
	a := NewAsync(s, 1000)
	frame := func(n int) { a.Frame(&capture.Frame{At: 1, Number: uint64(n), Link: 1, Data: make([]byte, size)}) }
	frame(1)
	s.let <- nil // the writer has taken the first, and waits with what came with it
	for n := 2; n < 40; n++ {
		frame(n)
	}
	a.Record(Record{Kind: KindTick, At: 2, Data: make([]byte, 1000)})
	lost, _ := a.Lost()
	if lost < 18 || lost > 28 { // one queue is in the works, or a part of one
		t.Errorf("lost %d frames of 38, where a queue takes ten", lost)
	}
	for range 38 - lost {
		s.let <- nil
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := readAll(t, &b)
	if err != nil {
		t.Fatal(err)
	}
	last := got[len(got)-1].Record
	if last == nil {
		t.Fatal("no gap at the end")
	}
	gap, err := last.Gap()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Gap{At: 2, Frames: lost, Records: 1}, gap); diff != "" {
		t.Error(diff)
	}
	if want := 39 - int(lost) + 2; len(got) != want {
		t.Errorf("%d frames and records, want %d", len(got), want)
	}
}

// TestAsyncGapInside tells a gap before what follows it.
func TestAsyncGapInside(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, header)
	if err != nil {
		t.Fatal(err)
	}
	a := NewAsync(w, 1000)
	a.Frame(&capture.Frame{At: 1, Number: 1, Link: 1, Data: make([]byte, 2000)}) // never fits
	a.Frame(&capture.Frame{At: 7, Number: 2, Link: 1, Iface: 3, Data: []byte("fits")})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	got, _, err := readAll(t, &b)
	if err != nil {
		t.Fatal(err)
	}
	want := []item{{Record: made((&Gap{At: 7, Frames: 1}).Record())},
		{Frame: &capture.Frame{At: 7, Number: 1, Link: 1, Iface: 3, Len: 4, Data: []byte("fits")}}}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Error(diff)
	}
}

// TestAsyncFails tells an error once, and goes on taking what nobody will write.
func TestAsyncFails(t *testing.T) {
	fault := errors.New("disk full")
	for _, heard := range []bool{true, false} {
		s := newSlow(t, new(bytes.Buffer))
		a := NewAsync(s, 1000)
		a.Frame(&capture.Frame{})
		s.let <- fault
		if heard {
			if err := <-a.Failed(); err != fault {
				t.Error(err)
			}
		}
		for range 100 {
			a.Frame(&capture.Frame{})
		}
		if err := a.Close(); (err == fault) == heard {
			t.Errorf("heard %v, and then: %v", heard, err)
		}
		if len(a.queue) > 0 {
			t.Errorf("%d bytes are kept for nobody", len(a.queue))
		}
	}
}

func BenchmarkAsync(b *testing.B) {
	a := NewAsync(discard{}, 64<<20)
	f := capture.Frame{Link: 1, Len: 1500, Data: make([]byte, 90)}
	b.ReportAllocs()
	for b.Loop() {
		f.Number++
		a.Frame(&f)
	}
	if err := a.Close(); err != nil {
		b.Fatal(err)
	}
}

type discard struct{}

func (discard) WriteFrame(*capture.Frame) error { return nil }
func (discard) WriteRecord(Record) error        { return nil }
func (discard) Flush() error                    { return nil }

func BenchmarkWriter(b *testing.B) {
	w, err := NewWriter(discardBytes{}, header)
	if err != nil {
		b.Fatal(err)
	}
	f := capture.Frame{Link: 1, Len: 1500, Data: make([]byte, 90)}
	b.ReportAllocs()
	for b.Loop() {
		f.Number++
		if err := w.WriteFrame(&f); err != nil {
			b.Fatal(err)
		}
	}
}

type discardBytes struct{}

func (discardBytes) Write(b []byte) (int, error) { return len(b), nil }
