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
	const room = outletRoom>>20 + 1 // lines that may wait, beside those in the writer's hands
	const writes = 3 * room
	for range writes {
		if _, err := o.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	lost, err := o.Lost()
	if err != nil {
		t.Fatal(err)
	}
	if lost < writes-2*room || lost > writes-room {
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

// TestOutletTakesAWriteBeyondItsRoom writes at once what a table of many sockets says.
func TestOutletTakesAWriteBeyondItsRoom(t *testing.T) {
	var got bytes.Buffer
	o := newOutlet(&got)
	table := bytes.Repeat([]byte("a socket\n"), 3*outletRoom/9)
	for range 2 {
		if _, err := o.Write(table); err != nil {
			t.Fatal(err)
		}
		if lost, err := o.Lost(); lost > 0 || err != nil {
			t.Fatalf("%d writes lost, error %v", lost, err)
		}
		for taken := false; !taken; { // by the writer
			o.mu.Lock()
			taken = len(o.waiting) == 0
			o.mu.Unlock()
		}
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if got.Len() != 2*len(table) {
		t.Errorf("%d bytes were written, want %d", got.Len(), 2*len(table))
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
