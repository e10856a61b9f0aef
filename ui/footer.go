package ui

import tea "charm.land/bubbletea/v2"

// drawFooter writes what is being typed, what was just said, or the keys that
// matter most. It returns where the terminal's cursor stands, if it does.
func (d *dashboard) drawFooter(c *canvas) *tea.Cursor {
	said := d.said()
	for i, line := range said {
		c.gap(1)
		c.spans(line)
		if i < len(said)-1 || d.prompt != nil {
			c.line()
		}
	}
	if d.prompt == nil && said != nil {
		return nil
	}
	c.gap(1)
	if d.prompt != nil {
		return d.drawPrompt(c)
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

// said returns in lines what a prompt is about, or what was just said.
func (d *dashboard) said() [][]span {
	switch {
	case d.prompt != nil && d.prompt.about != nil:
		return wrap(d.prompt.about(), d.width-2, 3)
	case d.prompt != nil:
		return nil
	case d.flash != "":
		return wrap([]span{{warn, d.flash}}, d.width-2, 4)
	}
	return nil
}

// footing returns how many lines the footer takes.
func (d *dashboard) footing() int {
	n := len(d.said())
	if d.prompt != nil {
		return n + 1
	}
	return max(n, 1)
}

// hints returns the keys that matter most where the user is, the first first.
func (d *dashboard) hints() [][2]string {
	if d.replay != nil {
		return d.replay.hints(d.ascii)
	}
	arrows := "↑↓"
	if d.ascii {
		arrows = "j k"
	}
	if d.frozen != nil {
		sides := "← →"
		if d.ascii {
			sides = "h l"
		}
		return [][2]string{{"space", "go on"}, {sides, "along the timeline"}, {"a", "note"}, {"?", "help"}, {"n", "next note"}, {"/", "filter"}, {"s", "sort"}, {"tab", "pane"}}
	}
	if d.zoomed {
		return [][2]string{{"esc", "back"}, {"+ - < >", "what if"}, {"y", "copy"}, {"?", "help"}, {"space", "freeze"}, {"K", "kill"}, {"T", "shorten"}, {"x", "report"}, {"a", "note"}, {arrows, "select"}}
	}
	return [][2]string{{arrows, "select"}, {"enter", "zoom"}, {"space", "freeze"}, {"/", "filter"}, {"?", "help"}, {"s", "sort"}, {"a", "note"}, {"tab", "pane"}, {"K", "kill"}, {"w", "save"}}
}

func (d *dashboard) drawPrompt(c *canvas) *tea.Cursor {
	p := d.prompt
	if p.input == nil {
		c.left(strong, p.label, min(cells(p.label), c.width-c.col))
		c.facts(p.hint)
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
	c.gap(3)
	hint := p.hint
	if p.err != nil {
		hint = []span{{alarm, p.err.Error()}}
	}
	c.facts(hint)
	return cursor
}
