package ui

import (
	"strings"
	"unicode/utf8"
)

// canvas writes one frame, line by line. It cuts what would pass an edge, cleans
// what it is given, and opens a style only where it changes.
type canvas struct {
	theme         *theme
	width, height int
	ascii         bool // write ASCII for what it cannot show

	buf      []byte
	row, col int
	current  style
	lit      bool // on the selection's background
	open     bool // current has been written on this line

	aside [][]span // what stands beside the next lines
	whole int      // the width that they share with it; 0: nothing stands beside them
}

func (c *canvas) reset(theme *theme, width, height int, ascii bool) {
	*c = canvas{theme: theme, width: width, height: height, ascii: ascii, buf: c.buf[:0]}
}

// text writes s at the column reached.
func (c *canvas) text(st style, s string) { c.write(st, s, c.width-c.col) }

// write writes as much of s as room cells hold, and returns the cells it took.
func (c *canvas) write(st style, s string, room int) int {
	room = min(room, c.width-c.col)
	if room <= 0 || s == "" || c.row >= c.height {
		return 0
	}
	c.begin(st)
	if plain(s) {
		n := min(len(s), room)
		c.buf = append(c.buf, s[:n]...)
		c.col += n
		return n
	}
	taken := 0
	for _, r := range s {
		r, w := cleanRune(r)
		if taken+w > room {
			break
		}
		switch {
		case !c.ascii || r < utf8.RuneSelf:
			c.buf = utf8.AppendRune(c.buf, r)
		default:
			for range w {
				c.buf = append(c.buf, asciiRune(r))
			}
		}
		taken += w
	}
	c.col += taken
	return taken
}

func (c *canvas) begin(st style) {
	if c.open && st == c.current {
		return
	}
	lit := 0
	if c.lit {
		lit = 1
	}
	c.buf = append(c.buf, c.theme.sgr[lit][st]...)
	c.current, c.open = st, true
}

// gap writes n blanks.
func (c *canvas) gap(n int) {
	n = min(n, c.width-c.col)
	if n <= 0 || c.row >= c.height {
		return
	}
	if !c.open {
		c.begin(normal)
	}
	for range n {
		c.buf = append(c.buf, ' ')
	}
	c.col += n
}

// to writes blanks up to a column.
func (c *canvas) to(col int) { c.gap(col - c.col) }

// left writes s in exactly n cells, from the left; what is too long ends in "…".
func (c *canvas) left(st style, s string, n int) {
	end := c.col + n
	if cells(s) > n {
		c.write(st, s, n-1)
		c.text(st, "…")
	} else {
		c.text(st, s)
	}
	c.to(end)
}

// right writes s in exactly n cells, to the right.
func (c *canvas) right(st style, s string, n int) {
	c.gap(n - cells(s))
	c.left(st, s, min(n, cells(s)))
}

// address writes an address in n cells. What is too long loses its middle: how
// it begins and its port tell more.
func (c *canvas) address(st style, s string, n int) {
	over := len(s) - n
	if over <= 0 || n < 4 {
		c.left(st, s, n)
		return
	}
	tail := max(n/2, min(n-2, 8))
	end := c.col + n
	c.write(st, s, n-1-tail)
	c.text(st, "…")
	c.text(st, s[len(s)-tail:])
	c.to(end)
}

// edge writes spans at the right end of the line, if they fit beside what is there.
func (c *canvas) edge(spans ...span) {
	n := 0
	for _, s := range spans {
		n += cells(s.text)
	}
	if n == 0 || c.col+2+n > c.width {
		return
	}
	c.to(c.width - n)
	c.spans(spans)
}

func (c *canvas) spans(spans []span) {
	for _, s := range spans {
		c.text(s.style, s.text)
	}
}

// facts writes spans up to the cell before the edge; what is too long ends in "…".
func (c *canvas) facts(spans []span) {
	for _, s := range spans {
		if room := c.width - c.col - 1; room > 0 {
			c.left(s.style, s.text, min(cells(s.text), room))
		}
	}
}

// line ends a line; a lit one is lit to the edge.
func (c *canvas) line() {
	if c.row >= c.height {
		return
	}
	if c.lit {
		c.to(c.width)
	}
	if len(c.aside) > 0 {
		c.besides()
	}
	if c.open {
		c.buf = append(c.buf, "\x1b[m"...)
	}
	c.buf = append(c.buf, '\n')
	c.row++
	c.col, c.open, c.lit = 0, false, false
}

// beside has lines stand beside those that are written until [canvas.alone], from a
// column on.
func (c *canvas) beside(col int, lines [][]span) {
	c.aside, c.whole, c.width = lines, c.width, col-2
}

// besides writes the next of the lines that stand beside.
func (c *canvas) besides() {
	own := c.width
	c.to(own)
	c.lit, c.open, c.width = false, false, c.whole
	c.gap(2)
	c.facts(c.aside[0])
	c.aside, c.width = c.aside[1:], own
}

// alone gives the next lines the whole width again.
func (c *canvas) alone() {
	if c.whole > 0 {
		c.aside, c.width, c.whole = nil, c.whole, 0
	}
}

// down ends lines until the given row is reached.
func (c *canvas) down(row int) {
	for c.row < min(row, c.height) {
		c.line()
	}
}

// span is a text in one style.
type span struct {
	style style
	text  string
}

// pad returns s with blanks up to n cells.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(n-cells(s), 0)) }
