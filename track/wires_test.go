package track_test

import (
	"math/rand/v2"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/track"
)

// lose returns a wire that loses segments of A with data, the byte of Connect
// aside: of the nth new one the first so many transmissions.
func lose(times map[int]int) lab.Wire {
	number := make(map[uint32]int)
	lost := make(map[int]int)
	return func(f lab.Frame) lab.Fate {
		if f.From.Name != "A" || f.Segment == nil || f.Segment.Len <= 1 {
			return lab.Fate{}
		}
		n := number[f.Segment.Seq]
		if n == 0 {
			n = len(number) + 1
			number[f.Segment.Seq] = n
		}
		if lost[n] < times[n] {
			lost[n]++
			return lab.Fate{Drop: true}
		}
		return lab.Fate{}
	}
}

// detour delays each nth segment of a host with data: the next overtake it.
func detour(from string, nth int, d time.Duration) lab.Wire {
	n := 0
	return func(f lab.Frame) lab.Fate {
		if f.From.Name != from || f.Segment == nil || f.Segment.Len <= 1 {
			return lab.Fate{}
		}
		if n++; n%nth == 0 {
			return lab.Fate{Delay: d}
		}
		return lab.Fate{}
	}
}

// hold delays the first few segments that answer data of A's, so that A loses
// patience for no reason.
func hold(d time.Duration) lab.Wire {
	data := false
	held := 0
	return func(f lab.Frame) lab.Fate {
		switch {
		case f.Segment == nil:
		case f.From.Name == "A":
			data = data || f.Segment.Len > 1
		case data && held < 8:
			held++
			return lab.Fate{Delay: d}
		}
		return lab.Fate{}
	}
}

// far is a way of d each, on which two in a row of so many segments of A's with
// data are lost.
func far(d time.Duration, of int) lab.Wire {
	n := 0
	return func(f lab.Frame) lab.Fate {
		if f.From.Name == "A" && f.Segment != nil && f.Segment.Len > 1 {
			if n++; n%of < 2 && n >= of {
				return lab.Fate{Drop: true}
			}
		}
		return lab.Fate{Delay: d}
	}
}

// flags loses the first n segments of a host with exactly these flags.
func flags(from string, f track.Flags, n int) lab.Wire {
	nth := make([]int, n)
	for i := range nth {
		nth[i] = i + 1
	}
	return lab.Losing(from, func(s *track.Segment) bool { return s.Flags == f }, nth...)
}

// each returns times with every number from first to last set to n.
func each(first, last, n int) map[int]int {
	times := make(map[int]int)
	for i := first; i <= last; i++ {
		times[i] = n
	}
	return times
}

// lossy loses one in so many segments of both hosts, SYNs and FINs aside.
func lossy(of int) lab.Wire {
	random := rand.New(rand.NewPCG(1, 2))
	return func(f lab.Frame) lab.Fate {
		return lab.Fate{Drop: f.Segment != nil && f.Segment.Flags&(track.SYN|track.FIN) == 0 && random.IntN(of) == 0}
	}
}
