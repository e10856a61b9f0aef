package ui

import (
	"fmt"
	"strconv"

	"github.com/tcpwatch/tcpwatch/track"
)

func (d *dashboard) drawConnections(c *canvas, r region) {
	ro := &d.roster
	d.title(c, paneConnections, "CONNECTIONS", d.tally())
	mark := " ▾"
	if ro.reverse {
		mark = " ▴"
	}
	c.edge(span{quiet, "by " + ro.order.String() + mark + " "})
	c.line()

	rows := ro.window(r.rows())
	g := d.grid(c.width, rows)
	c.gap(gutter)
	for i, w := range g.width {
		st := quiet
		if ro.order != byUrgency && columnOrder[i] == ro.order {
			st = accent
		}
		switch col := column(i); {
		case w == 0:
			continue
		case col == colRecvQ || col == colSendQ || col == colRetr || col == colRTO:
			c.right(st, columnHeads[i], w)
		case col == colProgram && w < len(columnHeads[i]):
			c.left(st, "Program", w)
		default:
			c.left(st, columnHeads[i], w)
		}
		c.gap(g.between)
	}
	c.line()
	if len(rows) == 0 {
		d.drawNoConnections(c)
		return
	}
	for i := range rows {
		d.drawRow(c, &g, rows[i].conn, ro.top+i == ro.index)
	}
}

// title writes a region's name, lit where keys are aimed at it, and more about it.
func (d *dashboard) title(c *canvas, p pane, name string, more ...span) {
	if d.pane == p {
		c.text(accentStrong, "▌")
	} else {
		c.text(quiet, "▏")
	}
	c.text(strong, name)
	for _, m := range more {
		c.gap(2)
		c.left(m.style, m.text, min(cells(m.text), c.width-c.col))
	}
}

// tally counts the connections by what they suffer.
func (d *dashboard) tally() span {
	ro := &d.roster
	s := ""
	for _, t := range []struct {
		rank rank
		word string
	}{{rankDying, "dying"}, {rankUnanswered, "unanswered"}, {rankTrouble, "in trouble"}, {rankBuried, "ended"}} {
		if n := ro.counts[t.rank]; n > 0 {
			s += strconv.Itoa(n) + " " + t.word + ", "
		}
	}
	switch {
	case ro.filter.text != "":
		s += fmt.Sprintf("%d of %d match %q", len(ro.rows), ro.total, Clean(ro.filter.text))
	default:
		s += strconv.Itoa(ro.total) + " watched"
	}
	return span{quiet, s}
}

func (d *dashboard) drawNoConnections(c *canvas) {
	c.gap(gutter)
	s := d.picture()
	switch {
	case s == nil:
		c.text(quiet, "reading the socket table")
	case d.roster.filter.text != "":
		c.text(quiet, fmt.Sprintf("none of %d matches %q; esc clears the filter", d.roster.total, Clean(d.roster.filter.text)))
	case !s.Source.Live:
		c.text(quiet, "no connection in the file so far")
	case s.Source.Filter != "":
		c.text(quiet, fmt.Sprintf("no TCP socket matches %q; one that opens shows here at once", Clean(s.Source.Filter)))
	default:
		c.text(quiet, "no TCP sockets; one that opens shows here at once")
	}
	c.line()
}

func (d *dashboard) drawRow(cv *canvas, g *grid, c *track.Conn, selected bool) {
	c, kept := d.shown(c)
	u := urgencyOf(c).rank
	text, address := normal, normal
	switch {
	case u == rankOver || c.Gone != nil:
		text, address = quiet, quiet
	case selected:
		address = strong
	}
	cv.lit = selected
	if selected {
		cv.text(accentStrong, "▌")
	}
	cv.to(gutter)
	for i, w := range g.width {
		if w == 0 {
			continue
		}
		switch column(i) {
		case colRecvQ:
			cv.right(queue(c, func(s *track.Socket) uint32 { return s.RecvQ }, c.Verdict.Kind == track.AppNotReading || c.Verdict.Kind == track.NotClosedByApp, w))
		case colSendQ:
			cv.right(queue(c, func(s *track.Socket) uint32 { return s.SendQ }, c.Trouble(), w))
		case colLocal:
			cv.address(address, d.names.endpoint(c.Local), w)
		case colForeign:
			cv.address(address, d.names.endpoint(c.Remote), w)
		case colState:
			cv.left(text, c.State.String(), w)
		case colProgram:
			cv.left(text, string(appendOwner(nil, c.Owner)), w)
		case colRetr:
			st, n := quiet, resent(c)
			if c.Stall != nil && len(c.Stall.Rungs) > 0 && c.Trouble() {
				st = severity(u)
			} else if n > 0 {
				st = text
			}
			cv.right(st, string(appendCount(nil, uint64(n))), w)
		case colRTO:
			st, s := quiet, ""
			if c.Socket != nil && c.Socket.Info.RTO > 0 {
				s = string(appendRTO(nil, c.Socket.Info.RTO))
			}
			if c.Trouble() {
				st = text
			}
			cv.right(st, s, w)
		case colGivesUp:
			if kept {
				d.drawGivesUp(cv, c, w)
			} else {
				cv.left(quiet, "not kept", w)
			}
		}
		cv.gap(g.between)
	}
	cv.line()
}

// severity is the style of a rank's signs.
func severity(r rank) style {
	switch r {
	case rankDying:
		return alarmStrong
	case rankUnanswered, rankTrouble:
		return warnStrong
	}
	return quiet
}

func queue(c *track.Conn, bytes func(*track.Socket) uint32, troubled bool, width int) (style, string, int) {
	if c.Socket == nil {
		return quiet, "", width
	}
	n := bytes(c.Socket)
	st := quiet
	switch {
	case n > 0 && troubled:
		st = warnStrong
	case n > 0 && c.Gone == nil:
		st = normal
	}
	s := strconv.FormatUint(uint64(n), 10)
	if len(s) > width {
		s = string(appendCount(nil, uint64(n)))
	}
	return st, s, width
}
