package ui

import "github.com/tcpwatch/tcpwatch/track"

// spark draws values over time as a line of blocks, from the least to the
// largest. Cells before the first value stay blank.
func spark(moments []track.Moment, from, to track.Instant, cells int, value func(*track.Moment) float64) string {
	line := make([]rune, max(cells, 0))
	for i := range line {
		line[i] = ' '
	}
	if cells <= 0 || to <= from || len(moments) == 0 {
		return string(line)
	}
	low := value(&moments[0])
	high := low
	for i := range moments {
		v := value(&moments[i])
		low, high = min(low, v), max(high, v)
	}
	blocks := []rune("▁▂▃▄▅▆▇█")
	next := 0
	var last *track.Moment
	for x := range line {
		end := from + track.Instant(float64(to-from)*float64(x+1)/float64(cells))
		for next < len(moments) && moments[next].At <= end {
			last = &moments[next]
			next++
		}
		if last == nil {
			continue
		}
		line[x] = blocks[0]
		if high > low {
			line[x] = blocks[int((value(last)-low)/(high-low)*float64(len(blocks)-1))]
		}
	}
	return string(line)
}
