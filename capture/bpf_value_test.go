package capture

import (
	"math/rand/v2"
	"testing"
)

// randomValue returns a value of which some bits may be unknown, and a number
// that it may be.
func randomValue(random *rand.Rand) (value, uint32) {
	n := random.Uint32() >> random.IntN(32)
	mask := [...]uint32{^uint32(0), 0, 0xff, 0xf0, random.Uint32(), random.Uint32() | random.Uint32()}[random.IntN(6)]
	return value{bits: n & mask, known: mask}, n
}

// What is known of a result holds whatever the unknown bits are.
func TestValueIsSound(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		a, n := randomValue(random)
		b, m := randomValue(random)
		if random.IntN(2) == 0 { // as for shifts, and equal numbers
			m = [...]uint32{0, 1, 4, 31, 32, n}[random.IntN(6)]
			b = known(m)
		}
		in := instruction{op: bpfAlu | uint16(random.IntN(11))<<4}
		got, fails := in.combine(a, b)
		want, ok := in.compute(n, m)
		switch {
		case ok && fails == always, !ok && fails == never:
			t.Fatalf("%#x of %v and %v: fails %d, but of %#x and %#x: %v", in.op, a, b, fails, n, m, !ok)
		case ok && want&got.known != got.bits:
			t.Fatalf("%#x of %v and %v is %v, but of %#x and %#x %#x", in.op, a, b, got, n, m, want)
		}
		in = instruction{op: bpfJmp | uint16(1+random.IntN(4))<<4, jt: 1}
		taken := in.jump(n, m) == 1
		if said := in.compare(a, b); taken && said == never || !taken && said == always {
			t.Fatalf("%#x of %v and %v: %d, but of %#x and %#x %v", in.op, a, b, said, n, m, taken)
		}
	}
}

// What can be known of a result is known.
func TestValueIsPrecise(t *testing.T) {
	low := value{bits: 0x05, known: 0xff} // the upper bytes are unknown
	small := value{bits: 0x10, known: ^uint32(0x0f)}
	for _, test := range []struct {
		name    string
		op      uint16
		a, b    value
		want    uint32
		unknown uint32
	}{
		{"and", bpfAnd, low, known(0xf), 5, 0},
		{"or", bpfOr, low, known(^uint32(0xff)), ^uint32(0xff) | 5, 0},
		{"xor", bpfXor, low, known(1), 4, ^uint32(0xff)},
		{"left", bpfLsh, low, known(24), 5 << 24, 0},
		{"left, zeros follow", bpfLsh, unknown(asksIP), known(8), 0, ^uint32(0xff)},
		{"right", bpfRsh, small, known(4), 1, 0},
		{"right, zeros before", bpfRsh, unknown(asksIP), known(24), 0, 0xff},
		{"add", bpfAdd, known(3), known(4), 7, 0},
	} {
		got, fails := instruction{op: bpfAlu | test.op}.combine(test.a, test.b)
		if got.bits != test.want || got.known != ^test.unknown || fails != never {
			t.Errorf("%s: %+v, fails %d; want %#x, unknown %#x", test.name, got, fails, test.want, test.unknown)
		}
	}
	for _, test := range []struct {
		name string
		op   uint16
		a, b value
		want truth
	}{
		{"small > 15", bpfJgt, small, known(15), always}, {"small > 16", bpfJgt, small, known(16), maybe}, {"small > 31", bpfJgt, small, known(31), never},
		{"small >= 16", bpfJge, small, known(16), always}, {"small >= 17", bpfJge, small, known(17), maybe}, {"small >= 32", bpfJge, small, known(32), never},
		{"low == 5", bpfJeq, low, known(5), maybe}, {"low == 6", bpfJeq, low, known(6), never}, {"5 == 5", bpfJeq, known(5), known(5), always},
		{"low & 4", bpfJset, low, known(4), always}, {"low & 2", bpfJset, low, known(2), never}, {"low & 256", bpfJset, low, known(256), maybe},
	} {
		if got := (instruction{op: bpfJmp | test.op}).compare(test.a, test.b); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}
