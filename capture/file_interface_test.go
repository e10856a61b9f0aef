package capture

import (
	"math"
	"math/big"
	"testing"

	"github.com/tcpwatch/tcpwatch/track"
)

// TestFileClock compares every resolution with exact arithmetic.
func TestFileClock(t *testing.T) {
	stamps := []uint64{0, 1, 999, 1_000_000_001, 1_700_000_000_123_456, 1 << 53, math.MaxInt64, 1 << 63, math.MaxUint64}
	offsets := []int64{0, 1, -1, 1_700_000_000, -1_700_000_000, math.MaxInt64 / 1_000_000_000, math.MaxInt64, math.MinInt64}
	billion := big.NewInt(1_000_000_000)
	for resolution := range 256 {
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(resolution&0x7f)), nil) // units a second
		if resolution&0x80 != 0 {
			unit.Lsh(big.NewInt(1), uint(resolution&0x7f))
		}
		for _, offset := range offsets {
			clock := newFileClock(uint8(resolution), offset)
			for _, stamp := range stamps {
				ns := new(big.Int).SetUint64(stamp)
				ns.Mul(ns, billion).Quo(ns, unit)
				fits := ns.IsInt64() // before the offset is added, too
				whole := new(big.Int).Mul(big.NewInt(offset), billion)
				ns.Add(ns, whole)
				want := track.Instant(0)
				if fits && whole.IsInt64() && ns.IsInt64() {
					want = track.Instant(ns.Int64())
				}
				if got := clock.at(stamp); got != want {
					t.Fatalf("resolution %#x, offset %d, stamp %d: %d, want %d", resolution, offset, stamp, got, want)
				}
			}
		}
	}
}
