package ui

import (
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// aheadCells is the width of what is still to come.
const aheadCells = 56

// ahead returns, in at most so many lines, the fires that a dying connection still
// has before it, the death last; nil: it is not dying, or there is no room beside
// its packets. Where the dial asks what if, they are those of the answer.
func (d *dashboard) ahead(c *track.Conn, height int) [][]span {
	c, kept := d.shown(c)
	if !d.zoomed || d.width < roomy || !kept || !dying(c) || height < 3 {
		return nil
	}
	f, title := c.Forecast, "STILL TO COME"
	if other, asked := d.whatIf(c, d.asks()); asked {
		f, title = other, "STILL TO COME  what if"
	}
	last, gap := track.Instant(0), time.Duration(0)
	if st := c.Stall; st != nil && len(st.Rungs) > 0 {
		last, gap = st.Rungs[len(st.Rungs)-1].At, st.Rungs[len(st.Rungs)-1].Interval
	}
	var lines [][]span
	for _, fire := range f.Schedule {
		sign, st := "○ ", normal
		if fire.Kind == track.FireDeath {
			sign, st = "† ", severity(urgencyOf(c).rank)
		}
		w := d.wall()
		line := []span{{st, sign + string(w.appendFar(nil, fire.At, d.now(), 3)) + "  " + pad(fireWord(fire.Kind), 15)},
			{quiet, pad("in "+string(appendCountdown(nil, fire.At.Sub(d.now()))), 9)}}
		if last != 0 {
			step := fire.At.Sub(last)
			line = append(line, span{quiet, pad(string(appendSigned(nil, step)), 9)})
			if gap > 0 {
				line = append(line, span{quiet, string(appendRatio(nil, float64(step)/float64(gap)))})
			}
			gap = step
		}
		last = fire.At
		lines = append(lines, line)
	}
	if room := height - 1; len(lines) > room {
		end := lines[len(lines)-1]
		lines = append(lines[:room-2], []span{{quiet, "  …"}}, end)
	}
	return append([][]span{{{strong, title}}}, lines...)
}
