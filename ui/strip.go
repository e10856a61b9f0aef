package ui

import (
	"math"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// glyph is one cell of a strip.
type glyph struct {
	r  rune
	st style
}

// strip is a line drawn cell by cell.
type strip []glyph

func newStrip(n int, fill rune, st style) strip {
	s := make(strip, max(n, 0))
	for i := range s {
		s[i] = glyph{fill, st}
	}
	return s
}

// put writes text from cell x on, as far as it fits.
func (s strip) put(x int, st style, text string) {
	for _, r := range text {
		if x >= 0 && x < len(s) {
			s[x] = glyph{r, st}
		}
		x++
	}
}

// free reports whether the cells from x to y hold blanks.
func (s strip) free(x, y int) bool {
	if x < 0 || y > len(s) {
		return false
	}
	for _, g := range s[x:y] {
		if g.r != ' ' {
			return false
		}
	}
	return true
}

func (s strip) draw(c *canvas) {
	for i := 0; i < len(s); {
		j := i
		var run []rune
		for ; j < len(s) && s[j].st == s[i].st; j++ {
			run = append(run, s[j].r)
		}
		c.text(s[i].st, string(run))
		i = j
	}
}

// scale maps moments to cells. By logarithm, backoff is an even stair.
type scale struct {
	start, end track.Instant
	unit       time.Duration // the first step of a logarithmic scale
	cells      int
	linear     bool
}

func (s *scale) at(i track.Instant) int {
	span := s.end.Sub(s.start)
	if span <= 0 || s.cells < 2 {
		return 0
	}
	t := max(min(i.Sub(s.start), span), 0)
	x := float64(t) / float64(span)
	if !s.linear {
		x = math.Log1p(float64(t)/float64(s.unit)) / math.Log1p(float64(span)/float64(s.unit))
	}
	return int(x*float64(s.cells-1) + 0.5)
}
