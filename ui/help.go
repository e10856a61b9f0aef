package ui

import "strings"

// drawHelp writes every key, in as many columns as fit.
func (d *dashboard) drawHelp(c *canvas) {
	d.drawHeader(c)
	c.line()
	groups := d.keys.groups()
	var lines [][]span
	keyWidth := 0
	for _, g := range groups {
		for _, b := range g.keys {
			keyWidth = max(keyWidth, cells(b.Help().Key))
		}
	}
	for i, g := range groups {
		if i > 0 {
			lines = append(lines, nil)
		}
		lines = append(lines, []span{{accentStrong, g.title}})
		for _, b := range g.keys {
			if !b.Enabled() {
				continue
			}
			h := b.Help()
			lines = append(lines, []span{{strong, h.Key + strings.Repeat(" ", keyWidth-cells(h.Key)+2)}, {quiet, h.Desc}})
		}
	}
	height := d.height - c.row - 5
	across := (len(lines) + height - 1) / max(height, 1)
	wide := (c.width - 2) / max(across, 1)
	height = min(height, len(lines))
	for y := range height {
		for x := range across {
			c.to(2 + x*wide)
			if i := x*height + y; i < len(lines) {
				end := 2 + (x+1)*wide - 2
				for _, s := range lines[i] {
					if room := min(end, c.width) - c.col; room > 0 {
						c.left(s.style, s.text, min(cells(s.text), room))
					}
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
