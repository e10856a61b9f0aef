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
func (d *dashboard) drawNoPackets(cv *canvas, r region, c *track.Conn) {
	d.title(cv, panePackets, "PACKETS")
	cv.line()
	for _, line := range wrap(d.noPackets(c), cv.width-6, max(r.rows(), 1)) {
		cv.gap(3)
		cv.spans(line)
		cv.line()
	}
}

func (d *dashboard) noPackets(c *track.Conn) []span {
	s := d.picture()
	switch {
	case s == nil:
		return []span{{quiet, "waiting for the session to begin"}}
	case s.Source.Down != "":
		return []span{{alarm, s.Source.Down}}
	case c != nil && c.Socket != nil && c.Socket.Sight.OtherInterface:
		return []span{{quiet, "none here: its route leaves by another interface than " + s.Source.Name}}
	case c == nil && s.Stats.TCP > 0:
		return []span{{quiet, "none: no connection is selected"}}
	case c != nil && c.Gone != nil:
		return []span{{quiet, "none of this connection was captured"}}
	case c != nil && s.Stats.TCP > 0:
		return []span{{quiet, "none of this connection since the capture began; its socket is live all the same"}}
	case s.Source.Ended:
		return []span{{quiet, "no TCP packets in the file"}}
	}
	out := []span{{quiet, "waiting for the first packet on " + s.Source.Name}}
	if s.Source.Filter != "" {
		out = append(out, span{quiet, " that matches "}, span{normal, s.Source.Filter})
	}
	if s.Source.Table {
		out = append(out, span{quiet, "; the socket table is live already"})
	}
	return out
}
