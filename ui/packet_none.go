package ui

import (
	"strings"

	"github.com/tcpwatch/tcpwatch/track"
)

// drawRights fills the pane with what is missing and how it is granted.
func (d *dashboard) drawRights(cv *canvas, r region, rights string) {
	d.title(cv, panePackets, "PACKETS", span{warn, "none: rights are missing"})
	cv.line()
	left := r.rows()
	for line := range strings.SplitSeq(strings.TrimSpace(rights), "\n") {
		indent := min(len(line)-len(strings.TrimLeft(line, " ")), 8)
		lines := wrap([]span{{normal, line}}, cv.width-indent-6, 4)
		if lines == nil {
			lines = [][]span{nil}
		}
		for _, spans := range lines {
			if left--; left < 0 {
				return
			}
			cv.gap(3 + indent)
			cv.spans(spans)
			cv.line()
		}
	}
}

// drawNoPackets says why there are none.
func (d *dashboard) drawNoPackets(cv *canvas, c *track.Conn) {
	d.title(cv, panePackets, "PACKETS")
	cv.line()
	cv.gap(3)
	s := d.picture()
	switch {
	case s == nil:
		cv.text(quiet, "waiting for the session to begin")
	case s.Source.Down != "":
		cv.text(alarm, s.Source.Name+": "+s.Source.Down)
	case c != nil && c.Socket != nil && c.Socket.Sight.OtherInterface:
		cv.text(quiet, "none here: its route leaves by another interface than "+s.Source.Name)
	case c != nil && s.Stats.TCP > 0:
		cv.text(quiet, "none of this connection since the capture began; its socket is live all the same")
	case s.Source.Ended:
		cv.text(quiet, "no TCP packets in the file")
	default:
		cv.text(quiet, "waiting for the first packet on "+s.Source.Name)
		if s.Source.Filter != "" {
			cv.text(quiet, " that matches ")
			cv.text(normal, s.Source.Filter)
		}
		if s.Source.Table {
			cv.text(quiet, "; the socket table is live already")
		}
	}
	cv.line()
}
