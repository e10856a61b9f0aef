package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// appendForecast appends a forecast as a sentence, as it stands at now.
func appendForecast(b []byte, f *track.Forecast, now track.Instant, w Wall) []byte {
	switch {
	case f.Never():
		b = append(b, "Linux never gives up on it: no clock is running."...)
		return appendAssumes(b, f)
	case f.At == 0:
		b = append(b, "When Linux gives up on it can't be told."...)
		return appendAssumes(b, f)
	}
	alone := f.Exactness == track.Conditional && f.Assumes != "" && !strings.Contains(f.Assumes, ";") // the one thing assumed is the condition
	switch {
	case alone:
		b = append(append(append(b, "If "...), f.Assumes...), ", Linux "...)
	case f.Exactness == track.Conditional:
		b = append(b, "If nothing changes, Linux "...)
	default:
		b = append(b, "Linux "...)
	}
	if f.Errno == "" && !f.RST {
		b = append(b, "lets go of it "...)
	} else {
		b = append(b, "gives up "...)
	}
	b = appendWhen(b, f, now, w)
	if f.Errno != "" {
		b = append(append(b, " with "...), f.Errno...)
	}
	if f.RST {
		b = append(b, " and a reset"...)
	}
	b = append(b, ": "...)
	b = appendCause(b, f)
	b = append(b, '.')
	if f.Other != 0 {
		b = append(b, " By a hair it may be "...)
		b = w.appendFar(b, f.Other, now, 1)
		b = append(b, " instead."...)
	}
	if f.Exactness == track.Unstable {
		b = append(b, " The kernel may yet move this timer."...)
	}
	if alone {
		return b
	}
	return appendAssumes(b, f)
}

func appendAssumes(b []byte, f *track.Forecast) []byte {
	if f.Assumes == "" {
		return b
	}
	b = append(append(b, " Assumed: "...), f.Assumes...)
	return append(b, '.')
}

// appendWhen appends "at 15:08:49.7 ±2 ms", or the bounds where they are wide.
func appendWhen(b []byte, f *track.Forecast, now track.Instant, w Wall) []byte {
	var slack time.Duration
	if f.Earliest != 0 && f.Latest != 0 {
		slack = max(f.At.Sub(f.Earliest), f.Latest.Sub(f.At))
	}
	if slack >= 2*time.Second {
		b = append(b, "between "...)
		b = w.appendFar(b, f.Earliest, now, 0)
		b = append(b, " and "...)
		return w.appendFar(b, f.Latest, now, 0)
	}
	if f.Exactness == track.Unstable || f.Exactness == track.Conditional && slack == 0 {
		return w.appendFar(append(b, "at about "...), f.At, now, 0)
	}
	b = w.appendFar(append(b, "at "...), f.At, now, 1)
	if slack > 0 {
		b = appendInterval(append(b, " ±"...), slack)
	}
	return b
}

// appendCause appends the cause by the kernel's name, with the limit that it
// sets.
func appendCause(b []byte, f *track.Forecast) []byte {
	limit := func(name, past string) []byte {
		b = append(b, name...)
		if f.Retries > 0 {
			b = strconv.AppendInt(append(b, " = "...), int64(f.Retries), 10)
		}
		if past != "" && f.Threshold > 0 {
			b = appendSeconds(append(append(b, ", "...), past...), f.Threshold)
		}
		return b
	}
	wait := func(name string) []byte {
		b = append(b, name...)
		if f.Threshold > 0 {
			b = appendSeconds(append(b, " = "...), f.Threshold)
		}
		return b
	}
	switch f.Cause {
	case track.CauseUserTimeout:
		return append(wait(f.Cause.String()), ", the first fire past it"...)
	case track.CauseZeroWindow:
		return append(limit("tcp_retries2", ""), ", window probes unanswered"...)
	case track.CauseKeepalive:
		b = append(b, "keepalive"...)
		if f.Retries > 0 {
			b = append(b, ", "...)
			b = append(plural(b, f.Retries, "probe"), " unanswered"...)
		}
		return b
	case track.CauseFinTimeout, track.CauseLinger2, track.CauseTimewait:
		return wait(f.Cause.String())
	case track.CauseLocalDrop:
		return append(limit("tcp_retries2", ""), ", what it sends is dropped on this host"...)
	case track.CauseShrunkWindow:
		return append(wait("the peer shrank its window; limit"), " without a word"...)
	}
	return limit(f.Cause.String(), "the first RTO past ")
}
