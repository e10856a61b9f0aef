package ui

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// packets is where the packet pane stands in the selected connection's timeline.
type packets struct {
	follow bool          // the newest
	at     track.Instant // else the packet of this moment
}

// chosen returns the selected packet of c; nil: it has none.
func (p *packets) chosen(c *track.Conn) *track.Entry {
	if i := p.index(c); i >= 0 {
		return &c.Timeline[i]
	}
	return nil
}

// index returns the selected packet's place; -1: there is none.
func (p *packets) index(c *track.Conn) int {
	if p.follow {
		return len(c.Timeline) - 1
	}
	i := sort.Search(len(c.Timeline), func(i int) bool { return c.Timeline[i].At > p.at })
	return max(i-1, min(0, len(c.Timeline)-1))
}

// move selects another packet; beyond the newest it follows again.
func (p *packets) move(c *track.Conn, by int) {
	i := p.index(c)
	if i < 0 {
		return
	}
	p.follow = i+by >= len(c.Timeline)
	i = max(min(i+by, len(c.Timeline)-1), 0)
	p.at = c.Timeline[i].At
}

// packetRow is a line of the pane: a packet, or a note between two.
type packetRow struct {
	entry int
	note  *Note
}

// packetRows returns the lines of c, as of the picture.
func (d *dashboard) packetRows(c *track.Conn) []packetRow {
	notes := d.notesOf(c.ID, d.picture().At)
	out := make([]packetRow, 0, len(c.Timeline)+len(notes))
	for i := range c.Timeline {
		for len(notes) > 0 && notes[0].At < c.Timeline[i].At {
			out = append(out, packetRow{entry: i, note: &notes[0]})
			notes = notes[1:]
		}
		out = append(out, packetRow{entry: i})
	}
	for i := range notes {
		out = append(out, packetRow{entry: len(c.Timeline), note: &notes[i]})
	}
	return out
}

// packetWindow returns the lines on screen, and the place of the first.
func (d *dashboard) packetWindow(c *track.Conn, height int) []packetRow {
	rows := d.packetRows(c)
	bottom := len(rows)
	if i := d.packets.index(c); !d.packets.follow && i >= 0 {
		at := sort.Search(len(rows), func(j int) bool { return rows[j].entry >= i && rows[j].note == nil || rows[j].entry > i })
		bottom = min(len(rows), max(at+1+height/3, height))
	}
	return rows[max(bottom-height, 0):bottom]
}

// drawPackets writes the selected connection's packets in tcpdump's words, with
// what they were beside them.
func (d *dashboard) drawPackets(cv *canvas, r region) {
	c := d.roster.conn()
	s := d.picture()
	if s != nil && !s.Source.Packets && s.Source.Rights != "" {
		d.drawRights(cv, r, s.Source.Rights)
		return
	}
	if c == nil || len(c.Timeline) == 0 {
		d.drawNoPackets(cv, c)
		return
	}
	count := "of this connection, " + string(appendCount(nil, max(c.Packets, uint64(len(c.Timeline)))))
	if c.Dropped > 0 {
		count += ", the last " + strconv.Itoa(len(c.Timeline)) + " kept"
	}
	if d.packets.follow && d.frozen == nil {
		count += ", following"
	}
	d.title(cv, panePackets, "PACKETS", span{quiet, count})
	cv.edge(span{quiet, [timeFormats]string{"t clock", "t since start", "t delta"}[d.format] + " "})
	cv.line()
	rows := d.packetWindow(c, r.rows())
	form := d.packetForm(c, rows)
	selected := -1
	if d.pane == panePackets || d.cursor != 0 {
		selected = d.packets.index(c)
	}
	for _, row := range rows {
		if row.note != nil {
			cv.gap(1)
			cv.text(accentStrong, "▴")
			cv.gap(1)
			cv.right(quiet, d.packetTime(c, row.entry, row.note.At), form.time)
			cv.gap(2)
			cv.left(accent, row.note.Text, min(cells(row.note.Text), cv.width-cv.col))
			cv.line()
			continue
		}
		cv.lit = row.entry == selected
		d.drawPacket(cv, c, row.entry, &form)
	}
}

// packetForm holds the widths of a packet's fields, as wide as the lines on
// screen need.
type packetForm struct{ time, flags, seq, ack, win, length, mark int }

func (d *dashboard) packetForm(c *track.Conn, rows []packetRow) packetForm {
	f := packetForm{time: 15, flags: 4}
	for _, r := range rows {
		if r.note != nil {
			continue
		}
		e := &c.Timeline[r.entry]
		m := markOf(c.Timeline, r.entry)
		f.flags = max(f.flags, len(e.Flags.String())+2)
		f.seq = max(f.seq, len(seqOf(e)))
		f.ack = max(f.ack, len(strconv.FormatUint(uint64(e.Ack), 10)))
		f.win = max(f.win, len(strconv.FormatUint(uint64(e.Window), 10)))
		f.length = max(f.length, len(strconv.FormatUint(uint64(e.Len), 10)))
		f.mark = max(f.mark, cells(string(m.appendWord(nil))))
	}
	return f
}

// seqOf returns a segment's sequence numbers; "" where it takes none.
func seqOf(e *track.Entry) string {
	if e.Len == 0 && e.Flags&(track.SYN|track.FIN|track.RST) == 0 {
		return ""
	}
	return string(appendSeq(nil, e))
}

func (d *dashboard) packetTime(c *track.Conn, i int, at track.Instant) string {
	switch d.format {
	case timeSinceStart:
		start := c.Timeline[0].At
		if c.Stall != nil && c.Stall.Since != 0 && c.Stall.Since <= at {
			start = c.Stall.Since
		}
		return "+" + strconv.FormatFloat(at.Sub(start).Seconds(), 'f', 6, 64)
	case timeDelta:
		var delta time.Duration
		if i > 0 {
			delta = at.Sub(c.Timeline[min(i, len(c.Timeline))-1].At)
		}
		return "+" + strconv.FormatFloat(delta.Seconds(), 'f', 6, 64)
	}
	w := d.wall()
	return string(w.append(nil, at, 6))
}

func (d *dashboard) drawPacket(cv *canvas, c *track.Conn, i int, f *packetForm) {
	e := &c.Timeline[i]
	m := markOf(c.Timeline, i)
	ink, word := packetStyles(e)
	if d.cursor != 0 && e.At > d.cursor {
		ink, word = quiet, quiet // still to come at the moment shown
	}
	if cv.lit {
		cv.text(accentStrong, "▌")
	}
	cv.to(3)
	cv.right(quiet, d.packetTime(c, i, e.At), f.time)
	cv.gap(2)
	switch {
	case e.Out:
		cv.text(accent, "→")
	default:
		cv.text(good, "←")
	}
	cv.gap(2)
	if e.Finding.Class == track.ClassICMP {
		cv.text(word, "ICMP "+m.word)
		if e.ICMP != nil {
			cv.text(quiet, "  from "+e.ICMP.From.String())
		}
		cv.line()
		return
	}
	cv.left(ink, "["+e.Flags.String()+"]", f.flags)
	cv.gap(1)
	cv.right(ink, seqOf(e), f.seq)
	number := func(ink style, name string, v uint32, n int, show bool) {
		cv.gap(2)
		if !show {
			cv.gap(len(name) + 1 + n)
			return
		}
		cv.text(quiet, name+" ")
		cv.right(ink, strconv.FormatUint(uint64(v), 10), n)
	}
	number(ink, "ack", e.Ack, f.ack, e.Flags.Has(track.ACK))
	window := ink
	if e.Finding.ZeroWindow {
		window = warnStrong
	}
	number(window, "win", e.Window, f.win, true)
	number(ink, "len", e.Len, f.length, true)
	if e.NSACK > 0 && m.empty() {
		cv.text(quiet, "  sack "+string(appendSACK(nil, e)))
	}
	if m.empty() {
		cv.line()
		return
	}
	cv.gap(3)
	cv.left(word, string(m.appendWord(nil)), f.mark)
	if m.interval != 0 {
		cv.gap(1)
		cv.right(ink, string(appendSigned(nil, m.interval)), 9)
		cv.gap(2)
		ratio := ""
		if m.ratio > 0 {
			ratio = string(appendRatio(nil, m.ratio))
		}
		cv.right(ink, ratio, 5)
		cv.gap(2)
		cv.text(word, intervalBar(m.interval, min(cv.width-cv.col-1, 16)))
	}
	cv.line()
}

// packetStyles returns the styles of a packet's fields and of its mark.
func packetStyles(e *track.Entry) (ink, word style) {
	switch e.Finding.Class {
	case track.ClassRetransmission:
		switch e.Finding.Kind {
		case track.KindTLP:
			return probe, probeStrong
		case track.KindSpurious:
			return normal, quiet
		}
		return warn, warnStrong
	case track.ClassReset, track.ClassICMP:
		return alarm, alarmStrong
	case track.ClassKeepalive, track.ClassWindowProbe:
		return accent, accentStrong
	case track.ClassDuplicate:
		return quiet, quiet
	}
	if e.Finding.ZeroWindow {
		return normal, warnStrong
	}
	if e.Len == 0 && e.Flags&(track.SYN|track.FIN) == 0 {
		return quiet, quiet
	}
	return normal, quiet
}

// intervalBar returns a bar as long as an interval on a logarithmic scale: from
// 100 ms, where it begins, each doubling adds as much, to 120 s, the longest
// that Linux waits by default.
func intervalBar(d time.Duration, cells int) string {
	const first, last = 100 * time.Millisecond, 120 * time.Second
	if cells <= 0 || d <= 0 {
		return ""
	}
	x := math.Log2(float64(d)/float64(first)) / math.Log2(float64(last)/float64(first))
	eighths := int(max(min(x, 1), 0)*float64(cells*8) + 0.5)
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 || bar == "" {
		bar += string([]rune("▏▏▎▍▌▋▊▉")[rest])
	}
	return bar
}

// drawRights fills the pane with what is missing and how it is granted.
func (d *dashboard) drawRights(cv *canvas, r region, rights string) {
	d.title(cv, panePackets, "PACKETS", span{warn, "none: rights are missing"})
	cv.line()
	left := r.rows()
	for line := range strings.SplitSeq(strings.TrimSpace(rights), "\n") {
		indent := min(len(line)-len(strings.TrimLeft(line, " ")), 8)
		lines := wrap([]span{{normal, line}}, cv.width-indent-6, 4)
		if lines == nil {
			lines = [][]span{nil}
		}
		for _, spans := range lines {
			if left--; left < 0 {
				return
			}
			cv.gap(3 + indent)
			cv.spans(spans)
			cv.line()
		}
	}
}

// drawNoPackets says why there are none.
func (d *dashboard) drawNoPackets(cv *canvas, c *track.Conn) {
	d.title(cv, panePackets, "PACKETS")
	cv.line()
	cv.gap(3)
	s := d.picture()
	switch {
	case s == nil:
		cv.text(quiet, "waiting for the session to begin")
	case s.Source.Down != "":
		cv.text(alarm, s.Source.Name+": "+s.Source.Down)
	case c != nil && c.Socket != nil && c.Socket.Sight.OtherInterface:
		cv.text(quiet, "none here: its route leaves by another interface than "+s.Source.Name)
	case c != nil && s.Stats.TCP > 0:
		cv.text(quiet, "none of this connection since the capture began; its socket is live all the same")
	case s.Source.Ended:
		cv.text(quiet, "no TCP packets in the file")
	default:
		cv.text(quiet, "waiting for the first packet on "+s.Source.Name)
		if s.Source.Filter != "" {
			cv.text(quiet, " that matches ")
			cv.text(normal, s.Source.Filter)
		}
		if s.Source.Table {
			cv.text(quiet, "; the socket table is live already")
		}
	}
	cv.line()
}
