package ui

// The least that the dashboard can be drawn in.
const (
	leastWidth  = 66
	leastHeight = 16
)

// region is a part of the screen: a heading of some lines, and rows below it.
type region struct{ top, heading, height int }

func (r region) rows() int { return max(r.height-r.heading, 0) }

// holds reports whether line y of the screen is the region's.
func (r region) holds(y int) bool { return y >= r.top && y < r.top+r.height }

// layout says where each region stands.
type layout struct {
	notice                             int // line of the notice; 0: none
	connections, story, vital, packets region
	footer                             int
	ladder                             int // first of the ladder's three lines
}

// layout divides the screen. Regions keep their places while packets come and
// go: only the size, the selection and the zoom move them.
func (d *dashboard) layout() layout {
	var l layout
	air := 0
	if d.height >= 30 {
		air = 1
	}
	y := 1
	if len(d.notices()) > 0 {
		l.notice = y
		y++
	} else {
		y += air
	}
	l.footer = d.height - d.footing()

	sentence := d.sentenceLines()
	breath := 0 // between the sentences and the ladder
	if d.height >= 34 {
		breath = 1
	}
	story := 1 + sentence + breath + 3
	if sentence == 0 {
		story = 0
	}
	vital := 0
	if d.zoomed {
		lines, _ := d.vitals()
		vital = min(len(lines), max(d.height-1-y-story-2*air-10, 0))
	}
	rest := d.height - 1 - y - story - vital - 2*air - 3 // for rows of connections and of packets
	for _, h := range [...]int{story, vital} {
		if h > 0 {
			rest -= air
		}
	}
	rows := min(max(len(d.roster.rows), 1), max(rest*2/5, 3))
	if d.zoomed {
		rows = min(rows, 3)
	}
	l.connections = region{y, 2, 2 + rows}
	y += l.connections.height + air
	l.story = region{y, 1, story}
	l.ladder = y + 1 + sentence + breath
	if story > 0 {
		y += story + air
	}
	if vital > 0 {
		l.vital = region{y, 0, vital}
		y += vital + air
	}
	l.packets = region{y, 1, max(l.footer-air-y, 1)}
	return l
}

// sentenceLines returns how many lines the selected connection's sentences take;
// 0: none is selected.
func (d *dashboard) sentenceLines() int {
	c, _ := d.shown(d.roster.conn())
	if c == nil {
		return 0
	}
	return max(len(d.wrapped(c)), 1)
}
