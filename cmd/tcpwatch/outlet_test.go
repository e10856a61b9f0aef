package main

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestOutletNeverBlocks writes more than there is room for to a pipe that nobody
// reads, and then reads it.
func TestOutletNeverBlocks(t *testing.T) {
	r, w := io.Pipe()
	o := newOutlet(w)
	line := append(bytes.Repeat([]byte{'x'}, 1<<20-1), '\n')
	const writes = outletRoom>>20 + 10
	for range writes {
		if _, err := o.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	lost, err := o.Lost()
	if err != nil {
		t.Fatal(err)
	}
	if lost == 0 || lost > 10 {
		t.Errorf("%d writes lost, want what found no room", lost)
	}
	if again, _ := o.Lost(); again != 0 {
		t.Errorf("%d lost were told twice", again)
	}
	all := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(r)
		all <- b
	}()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got := len(<-all) / len(line); got != writes-int(lost) {
		t.Errorf("%d lines were written, want all %d but %d", got, writes, lost)
	}
}

func TestOutletTellsItsError(t *testing.T) {
	r, w := io.Pipe()
	gone := errors.New("nobody reads")
	r.CloseWithError(gone)
	o := newOutlet(w)
	o.Write([]byte("a\n"))
	if err := o.Close(); !errors.Is(err, gone) {
		t.Errorf("closing answered %v, want %v", err, gone)
	}
	if _, err := o.Write([]byte("b\n")); !errors.Is(err, gone) {
		t.Errorf("writing answered %v, want %v", err, gone)
	}
	if err := o.Close(); err != nil {
		t.Errorf("closing told %v once more", err)
	}
}
