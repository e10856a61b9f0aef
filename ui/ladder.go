package ui

import (
	"slices"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

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
	if f, asked := d.whatIf(c, d.asks()); asked && c.Stall != nil {
		s.end = max(s.end, f.At)
	}
	for i := range d.notes { // a note made since then is on it, too
		if n := &d.notes[i]; n.on(c.ID) && n.At > s.end && n.At <= d.picture().At {
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
	case s.end >= c.Forecast.At && c.Forecast.At > d.now() && s.end > d.now():
		st := quiet
		if ending {
			st = severity(urgencyOf(c).rank)
		}
		rail.put(s.at(c.Forecast.At), st, "†")
		mark(s.at(c.Forecast.At), quiet, string(w.appendFar(nil, c.Forecast.At, d.now(), 0)))
	}
	if f, asked := d.whatIf(c, d.asks()); asked && c.Stall != nil && f.At > d.now() {
		rail.put(s.at(f.At), accentStrong, "‡")
		mark(s.at(f.At), accentStrong, string(w.appendFar(nil, f.At, d.now(), 0)))
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
	notes := slices.DeleteFunc(d.notesOf(c.ID, d.picture().At), func(n Note) bool { return n.At < s.start || n.At > s.end })
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
