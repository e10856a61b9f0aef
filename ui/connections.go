package ui

import (
	"fmt"
	"strconv"

	"github.com/tcpwatch/tcpwatch/track"
)

// column is one of the table's columns.
type column uint8

const (
	colRecvQ column = iota
	colSendQ
	colLocal
	colForeign
	colState
	colProgram
	colRetr
	colRTO
	colGivesUp
	columns
)

var columnHeads = [columns]string{"Recv-Q", "Send-Q", "Local", "Foreign", "State", "PID/Program", "Retr", "RTO", "Gives up in"}

// columnOrder is what a click on a head sorts by.
var columnOrder = [columns]order{byRecvQ, bySendQ, byLocal, byForeign, byState, byProgram, byRetr, byRTO, byUrgency}

// Cells of the parts of a row.
const (
	gutter   = 2 // the selection's bar
	between  = 2
	barCells = 8
	timeLeft = 5 // of a countdown
)

// columnDrop lists what a narrow table goes without, in turn.
var columnDrop = [...]column{colRTO, colProgram, colRecvQ, colRetr}

// grid holds the width of each column; 0: not shown.
type grid struct{ width [columns]int }

// grid fits the columns into width cells. Addresses and programs get what they
// want as far as it goes, then they are cut.
func (d *dashboard) grid(width int, rows []row) grid {
	local, foreign, program := 15, 15, cells(columnHeads[colProgram])
	for i := range rows {
		c := rows[i].conn
		local = max(local, len(d.names.endpoint(c.Local)))
		foreign = max(foreign, len(d.names.endpoint(c.Remote)))
		program = max(program, cells(string(appendOwner(nil, c.Owner))))
	}
	least := [columns]int{colRecvQ: 6, colSendQ: 6, colLocal: 12, colForeign: 19, colState: 11, colProgram: 8, colRetr: 4, colRTO: 6, colGivesUp: 15}
	g := grid{width: least}
	over := func() int {
		n := gutter - between
		for _, w := range g.width {
			if w > 0 {
				n += between + w
			}
		}
		return n - (width - 1)
	}
	for _, c := range columnDrop {
		if over() > 0 {
			g.width[c] = 0
		}
	}
	if over() > 0 {
		g.width[colLocal], g.width[colForeign] = 8, 15
	}
	grow := func(c column, want int) {
		if g.width[c] > 0 {
			g.width[c] += max(min(want-g.width[c], -over()), 0)
		}
	}
	for _, enough := range [...]int{19, 21, 47} {
		grow(colForeign, min(foreign, enough))
		grow(colLocal, min(local, enough))
		grow(colProgram, min(program, enough))
		grow(colGivesUp, 21)
	}
	return g
}

// columnAt returns the column at cell x.
func (g *grid) columnAt(x int) (column, bool) {
	at := gutter
	for c, w := range g.width {
		if w == 0 {
			continue
		}
		if x >= at-1 && x < at+w+1 {
			return column(c), true
		}
		at += w + between
	}
	return 0, false
}

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
		c.gap(between)
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
		cv.gap(between)
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
		if why := d.neverWhy(c); cv.col+1+cells(why) <= end {
			left(st, " "+why)
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
