package track

import (
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"
)

// plainSegments returns a run of data and acknowledgements as a healthy
// connection shows it, each half advanced by its own step at every use.
func plainSegments() [3]Segment {
	data := Segment{Src: scenarioEnds[0], Dst: scenarioEnds[1], Flags: ACK, Window: 500, Len: 1448, HasTS: true, Seq: 1, Ack: 1}
	ack := Segment{Src: scenarioEnds[1], Dst: scenarioEnds[0], Flags: ACK, Window: 500, HasTS: true, Seq: 1}
	return [3]Segment{data, data, ack}
}

// roll moves a segment of plainSegments on to its n-th round.
func roll(s *[3]Segment, n int) {
	for i := range s {
		s[i].At = Instant(time.Second) + Instant(3*n+i)*1000
		s[i].TSVal = uint32(n)
	}
	s[0].Seq = uint32(1 + n*2*1448)
	s[1].Seq = s[0].Seq + 1448
	s[2].Ack = s[1].Seq + 1448
}

// BenchmarkFlowPlain is the cost of a segment that is nothing special.
func BenchmarkFlowPlain(b *testing.B) {
	var f flow
	s := plainSegments()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		roll(&s, n)
		for i := range s {
			f.read(&s[i], sideOf(&s[i]), KindUnknown)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(s)), "ns/segment")
}

func TestFlowPlainAllocatesNothing(t *testing.T) {
	var f flow
	s := plainSegments()
	n := 0
	round := func() {
		roll(&s, n)
		n++
		for i := range s {
			if r := f.read(&s[i], sideOf(&s[i]), KindUnknown); r.Class != ClassPlain {
				t.Fatalf("segment %d of round %d is a %v", i, n, r.Class)
			}
		}
	}
	for range 100 {
		round()
	}
	if a := testing.AllocsPerRun(1000, round); a != 0 {
		t.Errorf("%v allocations a round", a)
	}
}

// TestFlowBounds reads segments of all kinds at random, most of them near what
// the connection has reached, and looks at what is kept.
func TestFlowBounds(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var f flow
		at := Instant(time.Second)
		span := uint32(1) << (4 + rnd.UintN(28))
		for range 20_000 {
			at = at.Add(time.Duration(rnd.IntN(2_000_000)))
			from := rnd.IntN(2)
			s := Segment{At: at, Src: scenarioEnds[from], Dst: scenarioEnds[1-from], Flags: ACK,
				Seq: rnd.Uint32N(span) - span/2, Ack: rnd.Uint32N(span) - span/2, Len: rnd.Uint32N(3000),
				Window: uint16(rnd.UintN(3)), HasTS: true, TSVal: rnd.Uint32N(9)}
			switch rnd.UintN(16) {
			case 0:
				s.Flags = Flags(rnd.UintN(256))
			case 1, 2, 3:
				s.Len = 0
			case 4:
				s.NSACK = uint8(rnd.UintN(6)) // more than there can be
				for i := range s.SACK {
					s.SACK[i] = SACKBlock{rnd.Uint32N(span) - span/2, rnd.Uint32N(span) - span/2}
				}
			case 5, 6, 7, 8, 9, 10:
				s.Seq = f.halves[0].nxt + rnd.Uint32N(5) - 2
				s.Ack = f.halves[1].nxt
			}
			r := f.read(&s, from, KindUnknown)
			if r.Start {
				f = flow{}
				f.read(&s, from, KindUnknown)
			}
			for i := range f.halves {
				checkHalf(t, &f.halves[i])
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

func checkHalf(t *testing.T, h *half) {
	q := &h.sends
	switch {
	case len(q.ring) > maxInFlight, len(q.ring)&(len(q.ring)-1) != 0:
		t.Errorf("a ring of %d", len(q.ring))
	case q.n < 0, q.past < 0, q.n+q.past > q.size():
		t.Errorf("%d in flight and %d acknowledged in a ring of %d", q.n, q.past, len(q.ring))
	case len(h.resent) > maxResent:
		t.Errorf("%d retransmissions kept", len(h.resent))
	case seqLess(h.nxt, h.una):
		t.Errorf("una %d is beyond nxt %d", h.una, h.nxt)
	}
	if q.n > 0 && seqLessEq(q.oldest().end, h.una) {
		t.Errorf("%d:%d is in flight, and acknowledged by %d", q.oldest().seq, q.oldest().end, h.una)
	}
	for i := range q.n {
		r := q.at(i)
		if !seqLess(r.seq, r.end) || i > 0 && seqLess(r.seq, q.at(i-1).end) {
			t.Errorf("record %d is %d:%d", i, r.seq, r.end)
		}
	}
}

// TestFlowRemembersAFlight loses one of a flight larger than what is kept: it is
// found all the same.
func TestFlowRemembersAFlight(t *testing.T) {
	var f flow
	at := Instant(time.Second)
	send := func(seq uint32) reading {
		at = at.Add(10 * time.Microsecond)
		return f.read(&Segment{At: at, Src: scenarioEnds[0], Dst: scenarioEnds[1], Flags: ACK, Seq: seq, Len: 100, Ack: 1}, 0, KindUnknown)
	}
	for i := range uint32(5 * maxInFlight) {
		if r := send(i * 100); r.Class != ClassPlain {
			t.Fatalf("segment %d is a %v", i, r.Class)
		}
	}
	checkHalf(t, &f.halves[0])
	for _, i := range []uint32{0, 77, maxInFlight, 5*maxInFlight - 999} {
		r := send(i * 100)
		sent := time.Duration(5*maxInFlight-i) * 10 * time.Microsecond
		if r.Class != ClassRetransmission || r.Interval < sent || r.Interval > sent+10*time.Millisecond {
			t.Errorf("segment %d, sent %v ago: %v after %v", i, sent, r.Class, r.Interval)
		}
	}
}

// TestFlowForgetsHoles sends more pieces with holes between than can be kept.
func TestFlowForgetsHoles(t *testing.T) {
	var f flow
	for i := range uint32(5 * maxInFlight) {
		f.read(&Segment{At: Instant(time.Second), Src: scenarioEnds[0], Dst: scenarioEnds[1], Flags: ACK, Seq: 2 * i, Len: 1, Ack: 1}, 0, KindUnknown)
		checkHalf(t, &f.halves[0])
	}
	if n := f.halves[0].sends.n; n < maxInFlight/2 {
		t.Errorf("only %d are kept", n)
	}
}

// TestFlowRest lets a flow's memory go while it rests; what comes then is still
// read rightly.
func TestFlowRest(t *testing.T) {
	var f flow
	s := plainSegments()
	for n := range 100 {
		roll(&s, n)
		for i := range s {
			f.read(&s[i], sideOf(&s[i]), KindUnknown)
		}
	}
	f.rest()
	for i := range f.halves {
		if n := len(f.halves[i].sends.ring); n != 0 {
			t.Errorf("half %d rests on a ring of %d", i, n)
		}
	}
	s[0].At = s[0].At.Add(time.Minute)
	if r := f.read(&s[0], 0, KindUnknown); r.Class != ClassRetransmission || !r.Spurious {
		t.Errorf("old data is a %v", r.Class)
	}
}

// TestFlowSize keeps an eye on what each connection costs.
func TestFlowSize(t *testing.T) {
	if n := unsafe.Sizeof(transmission{}); n > 64 {
		t.Errorf("a transmission takes %d bytes", n)
	}
	if n := unsafe.Sizeof(flow{}); n > 1024 {
		t.Errorf("a flow takes %d bytes", n)
	}
}
