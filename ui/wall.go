package ui

import (
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// Wall turns moments into the time of day.
type Wall struct {
	Clock    track.ClockPair
	Location *time.Location // nil: the machine's own
}

func (w Wall) time(i track.Instant) time.Time {
	if w.Location == nil {
		return w.Clock.Time(i).Local()
	}
	return w.Clock.Time(i).In(w.Location)
}

// append appends the time of day with the given decimals of a second.
func (w Wall) append(b []byte, i track.Instant, decimals int) []byte {
	t := w.time(i)
	h, m, s := t.Clock()
	b = append(appendTwo(b, int64(h)), ':')
	b = append(appendTwo(b, int64(m)), ':')
	b = appendTwo(b, int64(s))
	if decimals == 0 {
		return b
	}
	b = append(b, '.')
	for n, p := t.Nanosecond(), 100_000_000; decimals > 0; decimals-- {
		b = append(b, byte('0'+n/p))
		n %= p
		p /= 10
	}
	return b
}

// appendFar appends a time that may be on another day than now, rounded to its
// last decimal; whole seconds are cut.
func (w Wall) appendFar(b []byte, i, now track.Instant, decimals int) []byte {
	if decimals > 0 {
		half := 500 * time.Millisecond
		for range decimals {
			half /= 10
		}
		i = i.Add(half)
	}
	t, n := w.time(i), w.time(now)
	if t.YearDay() != n.YearDay() || t.Year() != n.Year() {
		b = append(t.AppendFormat(b, "Jan 2"), ' ')
	}
	return w.append(b, i, decimals)
}
