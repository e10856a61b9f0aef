package ui

import (
	"strconv"
	"time"
)

// appendInterval appends d to three digits: "0.42 ms", "204 ms", "1.64 s",
// "13.1 s", "4m32s", "2h11m".
func appendInterval(b []byte, d time.Duration) []byte {
	switch {
	case d < 0:
		return appendInterval(append(b, '-'), -d)
	case d < 10*time.Millisecond:
		return append(strconv.AppendFloat(b, float64(d)/1e6, 'g', 2, 64), " ms"...)
	case d < 999500*time.Microsecond:
		return append(strconv.AppendInt(b, int64(d.Round(time.Millisecond)/time.Millisecond), 10), " ms"...)
	case d < 9995*time.Millisecond:
		return append(strconv.AppendFloat(b, d.Seconds(), 'f', 2, 64), " s"...)
	case d < 99950*time.Millisecond:
		return append(strconv.AppendFloat(b, d.Seconds(), 'f', 1, 64), " s"...)
	case d < 10*time.Minute:
		return append(strconv.AppendInt(b, int64(d.Round(time.Second)/time.Second), 10), " s"...)
	}
	return appendAge(b, d)
}

// appendSigned appends an interval with its sign: "+3.0 ms".
func appendSigned(b []byte, d time.Duration) []byte {
	if d >= 0 {
		b = append(b, '+')
	}
	return appendInterval(b, d)
}

// appendRTO appends a retransmission timeout as the table has it: "204 ms",
// "1.0 s", "120 s".
func appendRTO(b []byte, d time.Duration) []byte {
	switch {
	case d < time.Second:
		return append(strconv.AppendInt(b, int64(d/time.Millisecond), 10), " ms"...)
	case d < 100*time.Second:
		return append(strconv.AppendFloat(b, d.Seconds(), 'f', 1, 64), " s"...)
	}
	return append(strconv.AppendInt(b, int64(d/time.Second), 10), " s"...)
}

// appendCountdown appends what is left of a time: "15:00", "39 s", "9.4 s",
// "2h11m"; "due" where nothing is.
func appendCountdown(b []byte, d time.Duration) []byte {
	switch {
	case d <= 0:
		return append(b, "due"...)
	case d < 10*time.Second:
		return append(strconv.AppendFloat(b, d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64), " s"...)
	case d < time.Minute:
		return append(strconv.AppendInt(b, int64(d/time.Second), 10), " s"...)
	case d < time.Hour:
		return appendTwo(append(strconv.AppendInt(b, int64(d/time.Minute), 10), ':'), int64(d/time.Second%60))
	}
	return appendAge(b, d)
}

// appendAge appends a time that has passed, without haste: "39 s", "4m32s",
// "2h11m", "3d04h".
func appendAge(b []byte, d time.Duration) []byte {
	switch {
	case d < 10*time.Second:
		return append(strconv.AppendFloat(b, max(d, 0).Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64), " s"...)
	case d < time.Minute:
		return append(strconv.AppendInt(b, int64(d/time.Second), 10), " s"...)
	case d < time.Hour:
		b = append(strconv.AppendInt(b, int64(d/time.Minute), 10), 'm')
		return append(appendTwo(b, int64(d/time.Second%60)), 's')
	case d < 24*time.Hour:
		b = append(strconv.AppendInt(b, int64(d/time.Hour), 10), 'h')
		return append(appendTwo(b, int64(d/time.Minute%60)), 'm')
	}
	b = append(strconv.AppendInt(b, int64(d/(24*time.Hour)), 10), 'd')
	return append(appendTwo(b, int64(d/time.Hour%24)), 'h')
}

// appendRough appends a time that has passed by its largest unit: "39s", "4m",
// "2h", "3d".
func appendRough(b []byte, d time.Duration) []byte {
	for _, u := range [...]struct {
		unit time.Duration
		name byte
	}{{24 * time.Hour, 'd'}, {time.Hour, 'h'}, {time.Minute, 'm'}} {
		if d >= u.unit {
			return append(strconv.AppendInt(b, int64(d/u.unit), 10), u.name)
		}
	}
	return append(strconv.AppendInt(b, int64(max(d, 0)/time.Second), 10), 's')
}

// appendSeconds appends a threshold: "924.6 s", "10 s", "350 ms".
func appendSeconds(b []byte, d time.Duration) []byte {
	if d < time.Second {
		return append(strconv.AppendInt(b, int64(d/time.Millisecond), 10), " ms"...)
	}
	return append(strconv.AppendFloat(b, d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64), " s"...)
}

// appendRatio appends "×2.0".
func appendRatio(b []byte, r float64) []byte {
	return strconv.AppendFloat(append(b, "×"...), r, 'f', 1, 64)
}

// appendCount appends n with a suffix from ten thousand on: "9999", "12k", "3.4M".
func appendCount(b []byte, n uint64) []byte {
	switch {
	case n < 10_000:
		return strconv.AppendUint(b, n, 10)
	case n < 1_000_000:
		return append(strconv.AppendUint(b, n/1000, 10), 'k')
	case n < 10_000_000:
		return append(strconv.AppendFloat(b, float64(n/100_000)/10, 'f', 1, 64), 'M')
	case n < 10_000_000_000:
		return append(strconv.AppendUint(b, n/1_000_000, 10), 'M')
	}
	return append(strconv.AppendUint(b, n/1_000_000_000, 10), 'G')
}

func appendTwo(b []byte, n int64) []byte {
	return append(b, byte('0'+n/10%10), byte('0'+n%10))
}

// plural appends "1 thing" or "2 things".
func plural(b []byte, n int, thing string) []byte {
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(append(b, ' '), thing...)
	if n != 1 {
		b = append(b, 's')
	}
	return b
}
