package session

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// saved returns what a picture is when it is written and read again.
func saved(t *testing.T, p *Picture) []item {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, header)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.WriteTo(w); err != nil {
		t.Fatal(err)
	}
	items, _, err := readAll(t, &b)
	if err != nil {
		t.Fatal(err)
	}
	return items[1:]
}

// TestRing keeps all of a small session.
func TestRing(t *testing.T) {
	r := NewRing(1 << 20)
	for _, i := range small() {
		if i.Frame != nil {
			r.Frame(i.Frame)
			clear(i.Frame.Data) // the ring has a copy
		} else {
			r.Record(*i.Record)
		}
	}
	if diff := cmp.Diff(small(), saved(t, r.Picture())); diff != "" {
		t.Error(diff)
	}
}

// TestRingLimit keeps the newest of a long session, what still stands of the
// rest, and no more than it may; a picture taken before does not change.
func TestRingLimit(t *testing.T) {
	const limit = 4 * chunkSize
	r := NewRing(limit)
	for _, i := range small() {
		if i.Record != nil {
			r.Record(*i.Record)
		}
	}
	const frames = 100_000 // of a hundred bytes in memory: more than twice the limit
	frame := func(n uint64) *capture.Frame {
		return &capture.Frame{At: track.Instant(10_000 + n), Number: n, Link: 1, Iface: 3, Len: 66, Data: make([]byte, 100-entryLen)}
	}
	var early *Picture
	for n := range uint64(frames) {
		r.Frame(frame(n + 1))
		if n == frames/2 {
			early = r.Picture()
		}
		if held := len(r.chunks); r.size > limit || held > 4 {
			t.Fatalf("%d bytes in %d pieces", r.size, held)
		}
	}
	// Notes stand, without the frames that are gone.
	noteless := *made((&Note{ID: 1, At: 7_001, Text: "the second"}).Record())
	s := small()
	standing := []item{s[6], s[1], {Record: &noteless}, s[9]}
	for _, p := range []*Picture{early, r.Picture()} {
		got := saved(t, p)
		if diff := cmp.Diff(standing, got[:4]); diff != "" {
			t.Error(diff)
		}
		kept := got[4:]
		if len(kept) < limit*3/4/110 {
			t.Errorf("only %d frames kept", len(kept))
		}
		last := track.Instant(10_000 + frames)
		if p == early {
			last = 10_000 + frames/2 + 1
		}
		for i, k := range kept {
			if want := last - track.Instant(len(kept)-1-i); k.Frame.At != want {
				t.Fatalf("frame %d of %d is of %d, want %d", i+1, len(kept), k.Frame.At, want)
			}
		}
	}
	r.Record(Record{Kind: 999, Data: make([]byte, limit+1)})
	if got := saved(t, r.Picture()); len(got) != 5 || got[4].Record.Kind != 999 {
		t.Errorf("beside one huge record %d others", len(got)-1)
	}
}
