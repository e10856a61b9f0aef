package ui

import "strings"

// drawHelp writes every key, in as many columns as fit.
func (d *dashboard) drawHelp(c *canvas) {
	d.drawHeader(c)
	c.line()
	columns := d.helpColumns(d.height - c.row - 5)
	wide := (c.width - 2) / len(columns)
	tall := 0
	for _, lines := range columns {
		tall = max(tall, len(lines))
	}
	for y := range tall {
		for x, lines := range columns {
			c.to(2 + x*wide)
			if y >= len(lines) {
				continue
			}
			end := min(2+(x+1)*wide-2, c.width)
			for _, s := range lines[y] {
				if room := end - c.col; room > 0 {
					c.left(s.style, s.text, min(cells(s.text), room))
				}
			}
		}
		c.line()
	}
	c.line()
	about := "Retr counts what was sent again, loss probes included. On the ladder T is a loss probe, 1, 2… are RTOs, ○ is still to come and † the end. " +
		"\"if silent\" is how long keepalive would take from the peer's last word."
	for _, line := range wrap([]span{{quiet, about}}, c.width-4, 3) {
		c.gap(2)
		c.spans(line)
		c.line()
	}
	c.down(d.height - 1)
	c.gap(2)
	c.text(quiet, "any key goes back")
	c.edge(span{strong, "q"}, span{quiet, " quit "})
}

// helpColumns returns the groups of keys in columns of at most the given height, as
// few as there can be without breaking a group.
func (d *dashboard) helpColumns(height int) [][][]span {
	groups := d.keys.groups()
	keyWidth := 0
	for _, g := range groups {
		for _, b := range g.keys {
			keyWidth = max(keyWidth, cells(b.Help().Key))
		}
	}
	columns := make([][][]span, 1)
	for _, g := range groups {
		lines := [][]span{{{accentStrong, g.title}}}
		for _, b := range g.keys {
			if h := b.Help(); b.Enabled() {
				lines = append(lines, []span{{strong, h.Key + strings.Repeat(" ", keyWidth-cells(h.Key)+2)}, {quiet, h.Desc}})
			}
		}
		last := &columns[len(columns)-1]
		switch {
		case len(*last) == 0:
			*last = lines
		case len(*last)+1+len(lines) <= height:
			*last = append(append(*last, nil), lines...)
		default:
			columns = append(columns, lines[:min(len(lines), max(height, 1))])
		}
	}
	return columns
}
