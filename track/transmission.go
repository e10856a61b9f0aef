package track

import "time"

// transmission is a run of sequence numbers, and how often it was sent. One
// that fills a hole of the capture has no first.
type transmission struct {
	first, last Instant       // zero first: not seen
	interval    time.Duration // between the last two; 0: sent once, or the one before not seen
	print       print         // of the last
	seq, end    uint32
	again       uint16 // how often it was sent again
	sacked      bool
	_           [8]byte // so that each has one line of memory to itself
}

// sent counts one more transmission of t.
func (t *transmission) sent(at Instant, p print) {
	t.interval = 0
	if t.last != 0 {
		t.interval = at.Sub(t.last)
	}
	t.last, t.print = at, p
	t.again++
}

// maxInFlight bounds the transmissions kept of one half. Beyond it neighbours
// are joined, and their intervals become less exact.
const maxInFlight = 1024

// transmissions are what a half has in flight, by sequence number, in a ring.
// Those acknowledged stay behind the head until their place is needed, for a
// retransmission may come after its acknowledgement.
type transmissions struct {
	ring []transmission // a power of two
	head int32          // of the oldest in flight
	n    int32          // in flight
	past int32          // acknowledged, before the head
}

// at returns the i-th in flight, or with a negative i the i-th acknowledged,
// counted back.
func (q *transmissions) at(i int32) *transmission { return &q.ring[int(q.head+i)&(len(q.ring)-1)] }

func (q *transmissions) oldest() *transmission { return q.at(0) }
func (q *transmissions) newest() *transmission { return q.at(q.n - 1) }

// push adds [seq, end), sent by s for the first time, beyond all others. Field by
// field: it is done for every segment, and copying a whole one costs more.
func (q *transmissions) push(seq, end uint32, s *Segment) {
	q.room(1)
	t := q.at(q.n)
	q.n++
	t.first, t.last, t.interval = s.At, s.At, 0
	t.seq, t.end, t.again, t.sacked = seq, end, 0, false
	t.print.set(s)
}

// pop lets the oldest go.
func (q *transmissions) pop() {
	q.head = (q.head + 1) & (q.size() - 1)
	q.n--
	q.past++
}

// leastRing is the size of the smallest ring: room for a few of those acknowledged.
const leastRing = 8

// room makes room for k more, k at most 2.
func (q *transmissions) room(k int32) {
	switch {
	case q.n+k > maxInFlight:
		q.compact()
	case q.n+k > q.size():
		q.grow()
	}
	q.past = min(q.past, q.size()-q.n-k)
}

func (q *transmissions) size() int32 { return int32(len(q.ring)) }

func (q *transmissions) grow() {
	ring := make([]transmission, max(leastRing, 2*len(q.ring)))
	for i := range q.past + q.n {
		ring[i] = *q.at(i - q.past)
	}
	q.ring, q.head = ring, q.past
}

// compact joins each second neighbour that was sent once to the one before. Where
// that is not enough, a quarter of them is forgotten.
func (q *transmissions) compact() {
	k, joined := int32(0), false
	for i := int32(1); i < q.n; i++ {
		a, b := q.at(k), q.at(i)
		if !joined && a.end == b.seq && a.again == 0 && b.again == 0 && a.sacked == b.sacked {
			a.end, joined = b.end, true
			continue
		}
		k, joined = k+1, false
		*q.at(k) = *b
	}
	q.n = k + 1
	for q.n > q.size()*3/4 {
		q.pop()
	}
}

// rest lets all go that is not in flight, if nothing is.
func (q *transmissions) rest() {
	if q.n == 0 {
		*q = transmissions{}
	}
}

// find returns the one in flight that holds seq, or ok false and the first after it.
func (q *transmissions) find(seq uint32) (i int32, ok bool) {
	lo, hi := int32(0), q.n
	for lo < hi {
		m := (lo + hi) / 2
		if seqLessEq(q.at(m).end, seq) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo, lo < q.n && seqLessEq(q.at(lo).seq, seq)
}

// recall returns the one that holds seq, in flight or acknowledged; nil: none is kept.
func (q *transmissions) recall(seq uint32) *transmission {
	if i, ok := q.find(seq); ok {
		return q.at(i)
	}
	for i := int32(-1); i >= -q.past; i-- {
		if t := q.at(i); seqLessEq(t.seq, seq) && seqLess(seq, t.end) {
			return t
		}
	}
	return nil
}

// covers reports whether all of [seq, end) is kept, in flight or acknowledged.
func (q *transmissions) covers(seq, end uint32) bool {
	for seqLess(seq, end) {
		t := q.recall(seq)
		if t == nil {
			return false
		}
		seq = t.end
	}
	return true
}

// resend counts a transmission of [seq, end), all of it sent before, whether that
// was seen or not. Below una it is acknowledged.
func (q *transmissions) resend(seq, end, una uint32, at Instant, p print) {
	for seqLess(seq, end) {
		q.room(2)
		if seqLess(seq, una) {
			if t := q.recall(seq); t != nil {
				t.sent(at, p)
				seq = t.end
				continue
			}
		}
		i, ok := q.find(seq)
		if !ok {
			seq = q.fill(i, transmission{last: at, print: p, seq: seq, end: end, again: 1})
			continue
		}
		if q.at(i).seq != seq {
			q.split(i, seq)
			i++
		}
		if seqLess(end, q.at(i).end) {
			q.split(i, end)
		}
		q.at(i).sent(at, p)
		seq = q.at(i).end
	}
	q.settle(una)
}

// arrive adds [seq, end), which was overtaken on its way and not seen before.
// Below una it is acknowledged.
func (q *transmissions) arrive(seq, end, una uint32, at Instant, p print) {
	for seqLess(seq, end) {
		q.room(2)
		i, ok := q.find(seq)
		if ok {
			seq = q.at(i).end
			continue
		}
		seq = q.fill(i, transmission{first: at, last: at, print: p, seq: seq, end: end})
	}
	q.settle(una)
}

// settle lets go of what una acknowledges.
func (q *transmissions) settle(una uint32) {
	for q.n > 0 && seqLessEq(q.oldest().end, una) {
		q.pop()
	}
}

// fill puts t into the hole before the i-th, cut to fit, and returns where it
// ends. There is room.
func (q *transmissions) fill(i int32, t transmission) uint32 {
	if i < q.n && seqLess(q.at(i).seq, t.end) {
		t.end = q.at(i).seq
	}
	q.insert(i, t)
	return t.end
}

// split cuts the i-th in two at seq. There is room.
func (q *transmissions) split(i int32, seq uint32) {
	q.insert(i, *q.at(i))
	q.at(i).end = seq
	q.at(i + 1).seq = seq
}

// insert puts t before the i-th in flight. There is room.
func (q *transmissions) insert(i int32, t transmission) {
	for k := q.n; k > i; k-- {
		*q.at(k) = *q.at(k - 1)
	}
	*q.at(i) = t
	q.n++
}
