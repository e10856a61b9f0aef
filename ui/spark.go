package ui

import "github.com/tcpwatch/tcpwatch/track"

// spark draws values over time as a line of blocks, the largest as high as the
// line. Cells before the first value stay blank.
func spark(moments []track.Moment, from, to track.Instant, cells int, value func(*track.Moment) float64) string {
	line := make([]rune, max(cells, 0))
	for i := range line {
		line[i] = ' '
	}
	if cells <= 0 || to <= from || len(moments) == 0 {
		return string(line)
	}
	peak := 0.0
	for i := range moments {
		peak = max(peak, value(&moments[i]))
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
		if peak > 0 {
			line[x] = blocks[min(int(value(last)/peak*float64(len(blocks))), len(blocks)-1)]
		}
	}
	return string(line)
}
