package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// View draws the screen.
func (d *dashboard) View() tea.View {
	c := &d.canvas
	c.reset(d.theme, d.width, d.height, d.ascii)
	var cursor *tea.Cursor
	switch {
	case d.width < leastWidth || d.height < leastHeight:
		d.drawTooSmall(c)
	case d.helping:
		d.drawHelp(c)
	default:
		l := d.layout()
		c.height = l.footer // what is asked is never pushed off a low screen
		d.drawHeader(c)
		if l.notice > 0 {
			d.drawNotice(c)
		}
		c.down(l.connections.top)
		d.drawConnections(c, l.connections)
		if l.story.height > 0 {
			c.down(l.story.top)
			d.drawStory(c, l)
		}
		if l.vital.height > 0 {
			c.down(l.vital.top)
			d.drawVitals(c, l.vital)
		}
		c.down(l.packets.top)
		d.drawPackets(c, l.packets)
		c.height = d.height
		c.down(l.footer)
		cursor = d.drawFooter(c)
	}
	v := tea.NewView(strings.TrimSuffix(string(c.buf), "\n"))
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.Cursor = cursor
	v.WindowTitle = "tcpwatch"
	return v
}

func (d *dashboard) drawTooSmall(c *canvas) {
	c.down(max(d.height/2-1, 0))
	c.text(strong, fmt.Sprintf(" tcpwatch wants %d×%d", leastWidth, leastHeight))
	c.line()
	c.text(quiet, fmt.Sprintf(" this is %d×%d; q quits", d.width, d.height))
	c.line()
}
