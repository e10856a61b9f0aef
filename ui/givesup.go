package ui

import "github.com/tcpwatch/tcpwatch/track"

// drawGivesUp writes when Linux gives up: a countdown with what is left of it,
// a condition, or never.
func (d *dashboard) drawGivesUp(cv *canvas, c *track.Conn, w int) {
	f := &c.Forecast
	u := urgencyOf(c)
	end := cv.col + w
	left := func(st style, s string) { cv.left(st, s, min(cells(s), end-cv.col)) }
	switch {
	case c.Gone != nil:
		st := quiet
		if u.rank == rankBuried {
			st = warn
		}
		left(st, reasonShort(c.Gone.Reason))
		if c.Gone.Predicted != 0 && c.Gone.Reason == track.TimedOut {
			s := " " + string(appendSigned(nil, c.Gone.Error))
			if cv.col+cells(s) <= end {
				left(quiet, s)
			}
		}
	case f.At != 0 && dying(c):
		st := severity(u.rank)
		cv.right(st, string(appendCountdown(nil, f.At.Sub(d.now()))), timeLeft)
		cv.gap(1)
		since := c.First
		if c.Stall != nil && c.Stall.Since != 0 {
			since = c.Stall.Since
		}
		left(st, draining(f.At.Sub(d.now()).Seconds()/max(f.At.Sub(since).Seconds(), 1e-9)))
		if s := f.Exactness.String(); f.Exactness != track.Exact && cv.col+1+len(s) <= end {
			left(quiet, " "+s)
		}
	case f.At != 0 && (f.Errno != "" || f.RST):
		left(quiet, "if silent "+string(appendCountdown(nil, f.At.Sub(d.now()))))
	case f.At != 0:
		cv.right(quiet, string(appendCountdown(nil, f.At.Sub(d.now()))), timeLeft)
		left(quiet, "  "+f.Cause.String())
	case f.Never():
		st := quiet
		if c.Trouble() {
			st = warn
		}
		left(st, "never")
		if why := d.neverWhy(c); why != "" && cv.col+2+cells(why) <= end {
			left(st, ", "+why)
		}
	case c.State == track.Listen:
	default:
		left(quiet, "not known")
	}
	cv.to(end)
}

func (d *dashboard) neverWhy(c *track.Conn) string {
	age := ""
	if c.Verdict.Since != 0 {
		age = " " + string(appendRough(nil, d.now().Sub(c.Verdict.Since)))
	}
	switch c.Verdict.Kind {
	case track.NotClosedByApp:
		return "not closed" + age
	case track.PeerNotReading:
		return "window shut" + age
	case track.AppNotReading:
		return "not read" + age
	case track.IdleUnguarded:
		return "no keepalive"
	}
	return ""
}

// draining returns a bar of what is left of a time.
func draining(left float64) string {
	const levels = "▁▂▃▄▅▆▇"
	eighths := int(max(min(left, 1), 0)*barCells*7 + 0.5)
	bar := make([]rune, barCells)
	for i := range bar {
		bar[i] = []rune(levels)[max(min(eighths-i*7, 6), 0)]
	}
	return string(bar)
}
