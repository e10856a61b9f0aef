package ui

import (
	"strings"

	"github.com/tcpwatch/tcpwatch/track"
)

// sentences says what has befallen a connection and what will: its verdict with
// its evidence, then when Linux gives up, or how it ended.
func (d *dashboard) sentences(c *track.Conn) []span {
	var out []span
	now, w := d.now(), d.wall()
	if c.Gone != nil {
		st := alarmStrong
		if c.Gone.Reason == track.Closed {
			st = strong
		}
		out = append(out,
			span{st, string(appendEnd(nil, c.Gone, w))},
			span{normal, ", " + string(appendAge(nil, now.Sub(c.Gone.At))) + " ago." + string(appendForetold(nil, c.Gone, w))})
		if c.Gone.FirstPredicted != 0 && c.Gone.Predicted != 0 {
			out = append(out, span{quiet, " First foretold for " + string(w.appendFar(nil, c.Gone.FirstPredicted, c.Gone.At, 3)) + "."})
		}
		return out
	}
	if c.Verdict.Kind != track.Healthy {
		st := severity(urgencyOf(c).rank)
		if st == quiet {
			st = strong
		}
		word := strings.ToUpper(strings.ReplaceAll(c.Verdict.Kind.String(), "-", " "))
		out = append(out, span{st, word}, span{normal, ": " + d.evidence(c) + ". "})
	} else {
		if t := c.Verdict.Text; t != "" {
			out = append(out, span{normal, strings.ToUpper(t[:1]) + t[1:] + ". "})
		}
		if c.Forecast.Exactness == track.ExactnessUnknown && c.Forecast.At == 0 {
			return append(out, span{quiet, d.silence(c)})
		}
	}
	return append(out, d.forecastSpans(c)...)
}

// evidence is the verdict's text, or for a moment of the past what stood then.
func (d *dashboard) evidence(c *track.Conn) string {
	if d.cursor == 0 || c.Stall == nil {
		return c.Verdict.Text
	}
	b := plural(nil, int(c.Stall.Bytes), "byte")
	b = append(b, " unanswered, sent again "...)
	return string(append(plural(b, len(c.Stall.Rungs), "time"), " by then"...))
}

// silence says of a connection without forecast why it has none.
func (d *dashboard) silence(c *track.Conn) string {
	switch {
	case d.cursor != 0 && len(c.Moments) == 0:
		return "Its state at this moment was not kept."
	case c.Socket == nil && d.live.Source.Live:
		return "Known from its packets alone: no socket of this host belongs to it."
	case c.Socket == nil:
		return "Known from its packets alone."
	}
	return "No deadline is known."
}

// forecastSpans is the forecast as a sentence, the moment and its cause set off.
func (d *dashboard) forecastSpans(c *track.Conn) []span {
	f := &c.Forecast
	w := d.wall()
	s := string(appendForecast(nil, f, d.now(), w))
	when, cause := quiet, normal
	if dying(c) {
		when, cause = severity(urgencyOf(c).rank), strong
	}
	if f.At == 0 {
		return []span{{normal, s}}
	}
	before, after, _ := strings.Cut(s, f.Cause.String())
	spans := emphasise(normal, before, span{when, string(w.appendFar(nil, f.At, d.now(), 1))})
	return append(spans, span{cause, f.Cause.String()}, span{normal, after})
}

// wrapped returns the sentences in lines.
func (d *dashboard) wrapped(c *track.Conn) [][]span {
	lines := 4
	switch {
	case d.height < 20:
		lines = 3
	case d.zoomed:
		lines = 6
	}
	wide := d.width - 3
	all := d.sentences(c)
	// The forecast begins a line of its own where that costs none.
	if c.Gone == nil && c.Verdict.Kind != track.Healthy && len(all) > 2 {
		f := d.forecastSpans(c)
		first := all[:len(all)-len(f)]
		if apart := append(wrap(first, wide, lines-1), wrap(f, wide, lines-1)...); len(apart) <= lines {
			return apart
		}
	}
	return wrap(all, wide, lines)
}

// drawStory writes the selected connection's sentences and its ladder.
func (d *dashboard) drawStory(cv *canvas, l layout) {
	c, _ := d.shown(d.roster.conn())
	more := []span{}
	if c.Owner.PID > 0 {
		more = append(more, span{quiet, string(appendOwner(nil, c.Owner))})
	}
	if s := c.Socket; s != nil && s.Sight.OtherInterface {
		more = append(more, span{warn, "no packets here: its route leaves by another interface"})
	} else if c.Coverage.Doubt != "" && c.Verdict.Kind == track.Healthy {
		more = append(more, span{quiet, "coverage in doubt: " + c.Coverage.Doubt})
	}
	d.title(cv, paneStory, c.Local.String()+" → "+c.Remote.String(), more...)
	zoom := "enter zooms "
	if d.zoomed {
		zoom = "esc goes back "
	}
	cv.edge(span{quiet, zoom})
	cv.line()
	for _, line := range d.wrapped(c) {
		cv.to(1)
		cv.spans(line)
		cv.line()
	}
	cv.down(l.ladder)
	d.drawLadder(cv, c)
}
