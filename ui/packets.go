package ui

import (
	"sort"
	"strconv"

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
		d.drawNoPackets(cv, r, c)
		return
	}
	count := "of this connection, " + string(appendCount(nil, max(c.Packets, uint64(len(c.Timeline)))))
	if c.Dropped > 0 {
		count += ", the last " + strconv.Itoa(len(c.Timeline)) + " kept"
	}
	if d.packets.follow && d.frozen == nil {
		count += ", following"
	}
	if ahead := d.ahead(c, r.height); ahead != nil {
		cv.beside(cv.width-aheadCells, ahead)
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
	cv.down(r.top + r.height)
	cv.alone()
}
