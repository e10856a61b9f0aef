package ui

import (
	"math"
	"strconv"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// glyph is one cell of a strip.
type glyph struct {
	r  rune
	st style
}

// strip is a line drawn cell by cell.
type strip []glyph

func newStrip(n int, fill rune, st style) strip {
	s := make(strip, max(n, 0))
	for i := range s {
		s[i] = glyph{fill, st}
	}
	return s
}

// put writes text from cell x on, as far as it fits.
func (s strip) put(x int, st style, text string) {
	for _, r := range text {
		if x >= 0 && x < len(s) {
			s[x] = glyph{r, st}
		}
		x++
	}
}

// free reports whether the cells from x to y hold blanks.
func (s strip) free(x, y int) bool {
	if x < 0 || y > len(s) {
		return false
	}
	for _, g := range s[x:y] {
		if g.r != ' ' {
			return false
		}
	}
	return true
}

func (s strip) draw(c *canvas) {
	for i := 0; i < len(s); {
		j := i
		var run []rune
		for ; j < len(s) && s[j].st == s[i].st; j++ {
			run = append(run, s[j].r)
		}
		c.text(s[i].st, string(run))
		i = j
	}
}

// scale maps moments to cells. By logarithm, backoff is an even stair.
type scale struct {
	start, end track.Instant
	unit       time.Duration // the first step of a logarithmic scale
	cells      int
	linear     bool
}

func (s *scale) at(i track.Instant) int {
	span := s.end.Sub(s.start)
	if span <= 0 || s.cells < 2 {
		return 0
	}
	t := max(min(i.Sub(s.start), span), 0)
	x := float64(t) / float64(span)
	if !s.linear {
		x = math.Log1p(float64(t)/float64(s.unit)) / math.Log1p(float64(span)/float64(s.unit))
	}
	return int(x*float64(s.cells-1) + 0.5)
}

// ladderScale returns the time that c's ladder spans: from what is unanswered,
// or its last packets, to its end, or now.
func (d *dashboard) ladderScale(c *track.Conn, width int) scale {
	now := d.now()
	s := scale{start: c.First, end: d.picture().At, unit: 200 * time.Millisecond, cells: width, linear: d.linear}
	switch {
	case c.Stall != nil && c.Stall.Since != 0:
		s.start = c.Stall.Since
		if len(c.Stall.Rungs) > 0 && c.Stall.Rungs[0].Interval > 0 {
			s.unit = c.Stall.Rungs[0].Interval
		}
	case len(c.Timeline) > 0:
		s.start, s.linear = c.Timeline[max(len(c.Timeline)-64, 0)].At, true
	case s.start == 0:
		s.start = now.Add(-time.Minute)
	}
	switch {
	case c.Gone != nil:
		s.end = max(c.Gone.At, c.Gone.Predicted)
	case c.Forecast.At > now && c.Forecast.Cause != track.CauseTimewait && c.Stall != nil:
		s.end = c.Forecast.At
	}
	for i := range d.notes { // a note made since then is on it, too
		if n := &d.notes[i]; n.Conn == c.ID && n.At > s.end && n.At <= d.picture().At {
			s.end = n.At
		}
	}
	return s
}

// drawLadder draws three lines: times, what was sent and will be, and notes.
func (d *dashboard) drawLadder(cv *canvas, c *track.Conn) {
	n := cv.width - 3
	s := d.ladderScale(c, n)
	w := d.wall()
	now := s.at(d.now())
	whole := d.roster.conn() // what came after the moment shown, too

	rail := newStrip(n, '╌', quiet)
	for i := range now {
		rail[i].r = '─'
	}
	if c.Stall == nil {
		for i := range whole.Timeline {
			if e := &whole.Timeline[i]; e.At >= s.start {
				rail[s.at(e.At)] = tick(e)
			}
		}
	} else {
		for _, f := range c.Forecast.Schedule {
			if f.At > d.now() && f.Kind != track.FireDeath && c.Gone == nil {
				rail[s.at(f.At)] = glyph{'○', quiet}
			}
		}
		rail.put(0, strong, "●")
		for i := range whole.Stall.Rungs {
			r := &whole.Stall.Rungs[i]
			st := rungStyle(r)
			if r.At > d.now() {
				st = quiet
			}
			rail.put(s.at(r.At), st, rungSign(r))
		}
	}

	times := newStrip(n, ' ', quiet)
	times.put(0, quiet, string(w.appendFar(nil, s.start, d.now(), 0)))
	mark := func(x int, st style, label string) {
		x = max(min(x-cells(label)/2, n-cells(label)), 0)
		if times.free(max(x-1, 0), min(x+cells(label)+1, n)) {
			times.put(x, st, label)
		}
	}
	ending := dying(c)
	switch {
	case c.Gone != nil:
		rail.put(s.at(c.Gone.At), alarmStrong, "†")
		mark(n, quiet, string(w.append(nil, c.Gone.At, 0)))
	case s.end == c.Forecast.At && c.Forecast.At > d.now():
		st := quiet
		if ending {
			st = severity(urgencyOf(c).rank)
		}
		rail.put(n-1, st, "†")
		mark(n, quiet, string(w.appendFar(nil, s.end, d.now(), 0)))
	}
	if c.Gone == nil {
		rail.put(now, strong, "┃")
		label, st := "now", strong
		switch {
		case d.cursor != 0:
			rail[now].st = accentStrong
			label, st = string(w.append(nil, d.cursor, 3)), accentStrong
		case d.frozen != nil:
			label, st = "frozen", warnStrong
		}
		mark(now, st, label)
	}

	for _, line := range []strip{times, rail, d.ladderNotes(c, &s, n)} {
		cv.gap(1)
		line.draw(cv)
		cv.line()
	}
}

// ladderNotes is the line under the ladder: notes where there are any, else what
// its signs mean.
func (d *dashboard) ladderNotes(c *track.Conn, s *scale, n int) strip {
	out := newStrip(n, ' ', quiet)
	notes := d.notesOf(c.ID, d.picture().At)
	if len(notes) == 0 {
		out.put(0, quiet, d.legend(c))
		return out
	}
	for _, note := range notes {
		out.put(s.at(note.At), accentStrong, "▴")
	}
	for _, note := range notes {
		x, text := s.at(note.At), Clean(note.Text)
		size := len([]rune(text))
		switch {
		case out.free(x+1, x+3+size):
			out.put(x+2, accent, text)
		case out.free(x-2-size, x):
			out.put(x-1-size, accent, text)
		}
	}
	return out
}

// legend says what the ladder shows.
func (d *dashboard) legend(c *track.Conn) string {
	if c.Stall == nil {
		return "nothing waits for an answer; its last packets"
	}
	by := "L linear time"
	if d.linear {
		by = "L logarithmic time"
	}
	s := "● sent"
	seen := map[string]bool{}
	for i := range c.Stall.Rungs {
		r := &c.Stall.Rungs[i]
		if word := rungLegend(r); !seen[word] {
			seen[word] = true
			s += "  " + word
		}
	}
	if c.Gone == nil && len(c.Forecast.Schedule) > 1 {
		s += "  ○ still to come"
	}
	if c.Gone != nil || c.Forecast.At != 0 {
		s += "  † the end"
	}
	return s + "   " + by
}

func rungLegend(r *track.Rung) string {
	switch r.Kind {
	case track.FireTLP:
		return "T loss probe"
	case track.FireProbe:
		return "P window probe"
	case track.FireKeepalive:
		return "K keepalive"
	case track.FireSyn, track.FireSynack:
		return "1, 2… sent again"
	}
	switch r.Resent {
	case track.KindFast, track.KindSlowStart, track.KindSpurious:
		return "F in recovery"
	}
	return "1, 2… RTO"
}

func rungSign(r *track.Rung) string {
	switch {
	case r.Kind == track.FireTLP:
		return "T"
	case r.Kind == track.FireProbe:
		return "P"
	case r.Kind == track.FireKeepalive:
		return "K"
	case r.Kind == track.FireRTO && r.Resent != track.KindRTO && r.Resent != track.KindUnknown:
		return "F"
	}
	return strconv.Itoa(r.Nth)
}

func rungStyle(r *track.Rung) style {
	switch {
	case r.Kind == track.FireTLP:
		return probeStrong
	case r.Kind == track.FireKeepalive, r.Kind == track.FireProbe:
		return accentStrong
	}
	return warnStrong
}

// tick is a packet's sign on a ladder without a stall.
func tick(e *track.Entry) glyph {
	switch e.Finding.Class {
	case track.ClassRetransmission:
		return glyph{'↻', warnStrong}
	case track.ClassReset, track.ClassICMP:
		return glyph{'✗', alarmStrong}
	}
	if e.Out {
		return glyph{'→', normal}
	}
	return glyph{'←', good}
}
