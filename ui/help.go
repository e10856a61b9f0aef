package ui

// drawHelp writes every key, in as many columns as fit.
func (d *dashboard) drawHelp(c *canvas) {
	d.drawHeader(c)
	c.line()
	groups := d.keys.groups()
	type cell struct{ spans []span }
	var lines []cell
	keyWidth := 0
	for _, g := range groups {
		for _, b := range g.keys {
			keyWidth = max(keyWidth, cells(b.Help().Key))
		}
	}
	for i, g := range groups {
		if i > 0 {
			lines = append(lines, cell{})
		}
		lines = append(lines, cell{[]span{{accentStrong, g.title}}})
		for _, b := range g.keys {
			h := b.Help()
			pad := make([]byte, keyWidth-cells(h.Key)+2)
			for i := range pad {
				pad[i] = ' '
			}
			lines = append(lines, cell{[]span{{strong, h.Key + string(pad)}, {quiet, h.Desc}}})
		}
	}
	height := d.height - c.row - 4
	across := (len(lines) + height - 1) / max(height, 1)
	wide := (c.width - 2) / max(across, 1)
	height = min(height, len(lines))
	for y := range height {
		for x := range across {
			c.to(2 + x*wide)
			if i := x*height + y; i < len(lines) {
				end := 2 + (x+1)*wide - 2
				for _, s := range lines[i].spans {
					if room := min(end, c.width) - c.col; room > 0 {
						c.left(s.style, s.text, min(cells(s.text), room))
					}
				}
			}
		}
		c.line()
	}
	c.line()
	c.gap(2)
	c.text(quiet, "Retr counts what was sent again, loss probes included.  T is a loss probe (TLP), 1, 2… are RTOs, ○ is still to come, † the end.")
	c.line()
	c.down(d.height - 1)
	c.gap(2)
	c.text(quiet, "any key goes back")
	c.edge(span{strong, "q"}, span{quiet, " quit "})
}
