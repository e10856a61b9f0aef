package main

import (
	"bytes"
	"context"
	wire "encoding/binary"
	"errors"
	"testing"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// talkFile is a pcap of raw IPv4: so many data segments of a few connections, some
// sent twice, with time passing between them.
func talkFile(segments int) []byte {
	b := append([]byte{}, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\xe4\x00\x00\x00"...)
	for i := range segments {
		port, seq := i%7, i/7-i/7%10/9 // every tenth segment is the one before it
		us := i * 1000
		p := []byte{0x45, 0, 0, 50, byte(i >> 8), byte(i), 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x30, byte(port), 0, 80}
		p = wire.BigEndian.AppendUint32(p, uint32(1+10*seq))
		p = append(p, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0)
		for _, v := range []int{us / 1e6, us % 1e6, len(p), len(p) + 10} {
			b = wire.LittleEndian.AppendUint32(b, uint32(v))
		}
		b = append(b, p...)
	}
	return b
}

// TestAheadIsTheSame replays a file with and without a second goroutine.
func TestAheadIsTheSame(t *testing.T) {
	file := talkFile(20_000)
	play := func(ahead bool) string {
		var out bytes.Buffer
		open := func(context.Context) (*capture.Reader, error) {
			return capture.NewReader(bytes.NewReader(file), "talk")
		}
		r, err := openReplay(t.Context(), &flags{read: "talk", json: true}, open, newJSONView(&out))
		if err != nil {
			t.Fatal(err)
		}
		if ahead {
			r.ahead = startAhead(r.applySegments)
			defer r.ahead.stop()
		}
		if err := errors.Join(r.run(t.Context()), r.end()); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	alone, ahead := play(false), play(true)
	if alone != ahead {
		t.Errorf("alone %d bytes, ahead %d bytes of other events", len(alone), len(ahead))
	}
	if n := bytes.Count([]byte(alone), []byte(`"event":"retransmit"`)); n < 500 {
		t.Errorf("only %d retransmissions: the file is not what it should be", n)
	}
}

func TestAheadTellsTheFirstError(t *testing.T) {
	full := errors.New("full")
	applied := 0
	a := startAhead(func([]track.Segment) error {
		if applied++; applied == 2 {
			return full
		}
		return nil
	})
	defer a.stop()
	batch := make([]track.Segment, 1)
	for range 10 {
		batch, _ = a.give(batch)
	}
	if err := a.settle(); !errors.Is(err, full) || applied != 10 {
		t.Errorf("after %d batches: %v, want %v after 10", applied, err, full)
	}
}
