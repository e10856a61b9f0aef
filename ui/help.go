package ui

import "slices"

// drawHelp writes every key, in as many columns as fit.
func (d *dashboard) drawHelp(c *canvas) {
	d.drawHeader(c)
	columns := d.helpColumns(d.height - c.row - 6)
	wide := (c.width - 2) / len(columns)
	if wide < helpCells {
		columns = d.denseHelp((c.width - 2) / helpCells)
		wide = (c.width - 2) / len(columns)
	} else {
		c.line()
	}
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
			end := min(2+(x+1)*wide-1, c.width)
			for _, s := range lines[y] {
				if room := end - c.col; room > 0 {
					c.left(s.style, s.text, min(cells(s.text), room))
				}
			}
		}
		c.line()
	}
	if room := d.height - 1 - c.row; room > 1 {
		c.line()
	}
	about := "Retr counts what was sent again, loss probes included. On the ladder T is a loss probe, 1, 2… are RTOs, ○ is still to come and † the end. " +
		"\"if silent\" is how long keepalive would take from the peer's last word."
	for _, line := range wrap([]span{{quiet, about}}, c.width-4, min(d.height-2-c.row, 3)) {
		c.gap(2)
		c.spans(line)
		c.line()
	}
	c.down(d.height - 1)
	c.gap(2)
	c.text(quiet, "any key goes back")
	c.edge(span{strong, "q"}, span{quiet, " quit "})
}

// helpCells is what a key takes with its help.
const helpCells = 32

// helpLines returns the group's keys, one a line.
func helpLines(g keyGroup) [][]span {
	var lines [][]span
	for _, b := range g.keys {
		if h := b.Help(); b.Enabled() {
			lines = append(lines, []span{{strong, pad(h.Key, 11)}, {quiet, h.Desc}})
		}
	}
	return lines
}

// denseHelp returns all keys in so many columns, for a screen too low for groups.
func (d *dashboard) denseHelp(columns int) [][][]span {
	var lines [][]span
	for _, g := range d.keys.groups() {
		lines = append(lines, helpLines(g)...)
	}
	return slices.Collect(slices.Chunk(lines, (len(lines)+columns-1)/columns))
}

// helpColumns returns the groups of keys in columns of at most the given height, as
// few as there can be without breaking a group.
func (d *dashboard) helpColumns(height int) [][][]span {
	columns := make([][][]span, 1)
	for _, g := range d.keys.groups() {
		lines := append([][]span{{{accentStrong, g.title}}}, helpLines(g)...)
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
