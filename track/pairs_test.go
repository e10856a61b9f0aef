package track

import (
	"math/rand/v2"
	"testing"
)

// TestPairs adds and removes pairs at random, and compares with a map.
func TestPairs(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p, want := newPairs(), make(map[pairKey]*link)
		some := uint64(1) << rng.IntN(12) // few: they are added and removed again and again
		for range 5000 {
			k := pairKey{addrs: rng.Uint64N(some), ports: rng.Uint64N(2)}
			switch l := want[k]; {
			case l == nil:
				l = &link{}
				want[k] = l
				p.add(k, l)
			case rng.IntN(3) == 0:
				delete(want, k)
				p.remove(k)
			}
		}
		for addrs := range some {
			for ports := range uint64(2) {
				if k := (pairKey{addrs, ports}); p.find(k) != want[k] {
					t.Fatalf("seed %d: another link for %v", seed, k)
				}
			}
		}
		if p.n != len(want) || 2*p.n > len(p.slots) {
			t.Fatalf("seed %d: %d pairs in %d slots, want %d pairs", seed, p.n, len(p.slots), len(want))
		}
	}
}

// TestPairsSpread fills the table with neighbouring addresses and ports, as networks
// have them: nearly all stand where they belong.
func TestPairsSpread(t *testing.T) {
	p := newPairs()
	for i := range uint64(1 << 14) {
		p.add(pairKey{addrs: 10<<56 | i>>7<<32 | 0x0aff0001, ports: i&0x7f<<16 | 443}, &link{})
	}
	far := 0
	for i, s := range p.slots {
		if s.link != nil && (i-p.place(s.key))&(len(p.slots)-1) > 8 {
			far++
		}
	}
	if far > p.n/50 {
		t.Errorf("%d of %d stand more than 8 slots from their place", far, p.n)
	}
}
