package ui

import tea "charm.land/bubbletea/v2"

// drawFooter writes what is being typed, what was just said, or the keys that
// matter most. It returns where the terminal's cursor stands, if it does.
func (d *dashboard) drawFooter(c *canvas) *tea.Cursor {
	c.gap(1)
	switch {
	case d.prompt != nil:
		return d.drawPrompt(c)
	case d.flash != "":
		c.left(warn, d.flash, min(cells(d.flash), c.width-2))
		return nil
	}
	quit := []span{{strong, "q"}, {quiet, " quit "}}
	for _, h := range d.hints() {
		if c.col+cells(h[0])+1+cells(h[1])+4+width(quit) > c.width {
			break
		}
		c.text(strong, h[0])
		c.text(quiet, " "+h[1])
		c.gap(2)
	}
	c.edge(quit...)
	return nil
}

// hints returns the keys that matter most where the user is, the first first.
func (d *dashboard) hints() [][2]string {
	if d.replay != nil {
		return d.replay.hints(d.ascii)
	}
	arrows, zoom := "↑↓", "zoom"
	if d.ascii {
		arrows = "j k"
	}
	if d.zoomed {
		zoom = "back"
	}
	if d.frozen != nil {
		sides := "← →"
		if d.ascii {
			sides = "h l"
		}
		return [][2]string{{"space", "go on"}, {sides, "along the timeline"}, {"a", "note"}, {"?", "help"}, {"n", "next note"}, {"/", "filter"}, {"s", "sort"}, {"tab", "pane"}}
	}
	return [][2]string{{arrows, "select"}, {"enter", zoom}, {"space", "freeze"}, {"/", "filter"}, {"?", "help"}, {"s", "sort"}, {"a", "note"}, {"tab", "pane"}, {"K", "kill"}, {"w", "save"}}
}

func (d *dashboard) drawPrompt(c *canvas) *tea.Cursor {
	p := d.prompt
	if p.input == nil {
		c.left(strong, p.label, min(cells(p.label), c.width-c.col))
		c.spans(p.hint)
		return nil
	}
	c.left(accentStrong, p.label, min(cells(p.label), max(c.width-24, 0)))
	ink := normal
	if p.err != nil {
		ink = alarmStrong
	}
	text := []rune(Clean(p.input.String()))
	room := max(c.width-c.col-2, 1)
	from := max(min(p.input.at, len(text))-room/2, 0)
	if len(text) <= room/2 {
		from = 0
	}
	before := string(text[from:min(p.input.at, len(text))])
	cursor := tea.NewCursor(c.col+cells(before), c.row)
	c.write(ink, string(text[from:]), room)
	hint := p.hint
	if p.err != nil {
		hint = []span{{alarm, p.err.Error()}}
	}
	c.gap(3)
	c.spans(hint)
	return cursor
}
