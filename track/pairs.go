package track

import "math/rand/v2"

// pairs finds links by pairs of IPv4 addresses. It is asked for each segment, and
// with many connections finding one takes as long as reading it: of a map without
// order, at most half full, nearly every answer is in the first line of memory that
// is looked at. The seed keeps who chooses the addresses from choosing the order.
type pairs struct {
	slots []pairSlot // a power of two, in the order of the hashes; a link goes into the first free one after its place
	n     int
	seed  pairKey // of two odd numbers
}

// pairKey is a pair of IPv4 addresses and their ports, the lesser end first.
type pairKey struct{ addrs, ports uint64 }

type pairSlot struct {
	key  pairKey
	link *link // nil: the slot is free
}

func newPairs() pairs {
	return pairs{slots: make([]pairSlot, 64), seed: pairKey{rand.Uint64() | 1, rand.Uint64() | 1}}
}

// place returns where k belongs.
func (p *pairs) place(k pairKey) int {
	h := k.addrs*p.seed.addrs + k.ports*p.seed.ports
	h = (h ^ h>>33) * 0xff51afd7ed558ccd // so that each bit depends on all: MurmurHash3's finalizer
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return int(h^h>>33) & (len(p.slots) - 1)
}

func (p *pairs) find(k pairKey) *link {
	for i := p.place(k); ; i++ {
		if s := &p.slots[i&(len(p.slots)-1)]; s.link == nil || s.key == k {
			return s.link
		}
	}
}

// add adds a link that is not there yet.
func (p *pairs) add(k pairKey, l *link) {
	if p.n++; 2*p.n > len(p.slots) {
		p.grow()
	}
	p.put(pairSlot{k, l})
}

func (p *pairs) put(s pairSlot) {
	i := p.place(s.key)
	for p.slots[i].link != nil {
		i = (i + 1) & (len(p.slots) - 1)
	}
	p.slots[i] = s
}

func (p *pairs) grow() {
	old := p.slots
	p.slots = make([]pairSlot, 2*len(old))
	for _, s := range old {
		if s.link != nil {
			p.put(s)
		}
	}
}

// remove forgets a link that is there. Those after it move up, so that none stands
// behind a free slot that it could have had.
func (p *pairs) remove(k pairKey) {
	mask := len(p.slots) - 1
	hole := p.place(k)
	for p.slots[hole].key != k {
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; p.slots[i].link != nil; i = (i + 1) & mask {
		if from := p.place(p.slots[i].key); (i-from)&mask >= (i-hole)&mask {
			p.slots[hole], hole = p.slots[i], i
		}
	}
	p.slots[hole] = pairSlot{}
	p.n--
}
