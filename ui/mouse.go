package ui

import tea "charm.land/bubbletea/v2"

// click selects what is under the mouse; on a head of the table it sorts.
func (d *dashboard) click(m tea.Mouse) {
	if m.Button != tea.MouseLeft || d.prompt != nil || d.helping {
		return
	}
	l := d.layout()
	switch y := m.Y; {
	case l.connections.holds(y):
		d.pane = paneConnections
		switch row := y - l.connections.top - l.connections.heading; {
		case row >= 0:
			if i := d.roster.top + row; i < len(d.roster.rows) {
				d.move(i - d.roster.index)
			}
		case row == -1:
			g := d.grid(d.width, d.roster.window(l.connections.rows()))
			if c, ok := g.columnAt(m.X); ok {
				d.sortBy(columnOrder[c])
			}
		}
	case l.story.holds(y):
		d.pane = paneStory
	case l.packets.holds(y):
		d.pane = panePackets
		c := d.roster.conn()
		if c == nil {
			return
		}
		rows := d.packetWindow(c, l.packets.rows())
		if i := y - l.packets.top - l.packets.heading; i >= 0 && i < len(rows) && rows[i].note == nil {
			d.move(rows[i].entry - d.packets.index(c))
			d.packets.follow = false
		}
	}
}

// sortBy sorts, or turns the order round if it is that already.
func (d *dashboard) sortBy(o order) {
	d.roster.reverse = o == d.roster.order && !d.roster.reverse
	d.roster.order = o
	d.resort()
}

// wheel scrolls what is under the mouse.
func (d *dashboard) wheel(m tea.Mouse) {
	by := 1
	switch m.Button {
	case tea.MouseWheelUp:
		by = -1
	case tea.MouseWheelDown:
	default:
		return
	}
	if d.prompt != nil || d.helping {
		return
	}
	kept := d.pane
	switch l := d.layout(); {
	case l.connections.holds(m.Y):
		d.pane = paneConnections
	case l.packets.holds(m.Y):
		d.pane = panePackets
		by *= 3
	default:
		return
	}
	d.move(by)
	d.pane = kept
}
