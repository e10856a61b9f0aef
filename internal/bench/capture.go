package main

import (
	"bufio"
	"encoding/binary"
	"math/rand/v2"
	"os"
)

// writeCapture writes a pcap of the given number of packets over so many
// connections: requests, answers, acknowledgements, and one data segment in a
// hundred sent again after an RTO. Frames keep the first 128 bytes, as tcpdump
// -s 128 would. The same numbers give the same file.
func writeCapture(path string, packets, connections int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	head = binary.LittleEndian.AppendUint16(head, 2)
	head = binary.LittleEndian.AppendUint16(head, 4)
	for _, v := range []uint32{0, 0, 128, 1} {
		head = binary.LittleEndian.AppendUint32(head, v)
	}
	w.Write(head)

	rng := rand.New(rand.NewPCG(1, 2))
	hosts := make([]talk, connections)
	for i := range hosts {
		hosts[i] = talk{id: uint32(i), seq: [2]uint32{rng.Uint32(), rng.Uint32()}}
	}
	now := int64(1_700_000_000_000_000)
	var frame []byte
	for n := 0; n < packets; n++ {
		t := &hosts[rng.IntN(connections)]
		now += rng.Int64N(40)
		frame = t.next(frame[:0], now, rng)
		kept := min(len(frame), 128)
		rec := binary.LittleEndian.AppendUint32(head[:0], uint32(now/1e6))
		rec = binary.LittleEndian.AppendUint32(rec, uint32(now%1e6))
		rec = binary.LittleEndian.AppendUint32(rec, uint32(kept))
		rec = binary.LittleEndian.AppendUint32(rec, uint32(len(frame)))
		w.Write(rec)
		w.Write(frame[:kept])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// talk is one connection: what each side sends next.
type talk struct {
	id      uint32
	step    int
	seq     [2]uint32
	again   uint32 // length of the segment to be sent again, 0: none
	againAt int64
	side    int
}

const (
	fin = 1 << iota
	syn
	_
	psh
	ack
)

// next appends the next frame of the connection.
func (t *talk) next(b []byte, now int64, rng *rand.Rand) []byte {
	switch t.step {
	case 0:
		t.step = 1
		b = t.frame(b, 0, t.seq[0]-1, 0, syn, 0, now)
		return b
	case 1:
		t.step = 2
		return t.frame(b, 1, t.seq[1]-1, t.seq[0], syn|ack, 0, now)
	case 2:
		t.step = 3
		return t.frame(b, 0, t.seq[0], t.seq[1], ack, 0, now)
	}
	if t.again > 0 && now >= t.againAt {
		n := t.again
		t.again, t.step = 0, 4
		return t.frame(b, t.side, t.seq[t.side]-n, t.seq[1-t.side], ack|psh, n, now)
	}
	if t.again > 0 || t.step == 4 {
		if t.again > 0 {
			// The other side is waiting, too: this connection has a pause.
			return t.frame(b, 1-t.side, t.seq[1-t.side], t.seq[t.side]-t.again, ack, 0, now)
		}
		t.step = 3
		t.side = 1 - t.side
		return t.frame(b, t.side, t.seq[t.side], t.seq[1-t.side], ack, 0, now)
	}
	n := uint32(1 + rng.IntN(1448))
	seq := t.seq[t.side]
	t.seq[t.side] += n
	t.step = 4
	if rng.IntN(50) == 0 {
		t.again, t.againAt = n, now+204_000
	}
	return t.frame(b, t.side, seq, t.seq[1-t.side], ack|psh, n, now)
}

func (t *talk) frame(b []byte, side int, seq, acked uint32, flags byte, n uint32, now int64) []byte {
	client := [4]byte{10, byte(t.id >> 8), byte(t.id), 1}
	server := [4]byte{10, 255, 0, 1}
	cp, sp := uint16(20000+t.id), uint16(443)
	src, dst, spt, dpt := client, server, cp, sp
	if side == 1 {
		src, dst, spt, dpt = server, client, sp, cp
	}
	b = append(b, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(52+n))
	b = binary.BigEndian.AppendUint16(b, uint16(now))
	b = append(b, 0x40, 0, 64, 6, 0, 0)
	b = append(append(b, src[:]...), dst[:]...)
	b = binary.BigEndian.AppendUint16(b, spt)
	b = binary.BigEndian.AppendUint16(b, dpt)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, acked)
	b = append(b, 0x80, flags, 0x10, 0, 0, 0, 0, 0)
	b = append(b, 1, 1, 8, 10)
	b = binary.BigEndian.AppendUint32(b, uint32(now/1000))
	b = binary.BigEndian.AppendUint32(b, uint32(now/1000))
	return append(b, make([]byte, n)...)
}
