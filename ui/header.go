package ui

import (
	"strconv"
	"strings"
)

// drawHeader writes what is watched on the left and how that goes on the right;
// as it narrows, the right loses its quieter parts.
func (d *dashboard) drawHeader(c *canvas) {
	right := d.status()
	wide := func() int {
		n := 1
		for _, part := range right {
			n += 3 + width(part.spans)
		}
		return n
	}
	least := 12 // cells for what is watched
	if s := d.picture(); s != nil {
		least += min(cells(s.Source.Name)+cells(s.Source.Filter)+4, c.width/3)
	}
	for weight := 1; wide() > c.width-least && weight < 5; weight++ {
		kept := right[:0:0]
		for _, part := range right {
			if part.weight > weight {
				kept = append(kept, part)
			}
		}
		right = kept
	}
	c.gap(1)
	c.text(accentStrong, "tcpwatch")
	if s := d.picture(); s != nil {
		room := c.width - wide() - c.col - 2
		c.gap(2)
		name := min(cells(s.Source.Name), room)
		c.left(normal, s.Source.Name, name)
		room -= name + 2
		if s.Source.Netns != "" && room > 8 {
			c.gap(1)
			room -= c.write(quiet, "in "+s.Source.Netns, room) + 1
		}
		if s.Source.Filter != "" && room > 4 {
			c.gap(2)
			c.left(strong, s.Source.Filter, min(cells(s.Source.Filter), room))
		}
	}
	c.to(c.width - wide() + 2)
	for i, part := range right {
		if i > 0 {
			c.gap(3)
		}
		c.spans(part.spans)
	}
	c.line()
}

// part is a piece of the header; the lightest goes first.
type part struct {
	weight int
	spans  []span
}

func (d *dashboard) status() []part {
	s := d.picture()
	if s == nil {
		return []part{{9, []span{{quiet, "starting"}}}}
	}
	w := d.wall()
	clock := string(w.append(nil, d.now(), 0))
	if d.frozen != nil {
		since := string(appendAge(nil, d.live.At.Sub(d.frozen.At)))
		came := string(appendCount(nil, d.live.Stats.Packets-min(d.frozen.Stats.Packets, d.live.Stats.Packets)))
		parts := []part{
			{9, []span{{warnStrong, "FROZEN "}, {warn, string(w.append(nil, d.frozen.At, 0))}}},
			{3, []span{{normal, since + " ago"}}},
			{4, []span{{normal, came}, {quiet, " packets since"}}},
		}
		if d.cursor != 0 {
			parts = append(parts, part{8, []span{{accentStrong, "at " + string(w.append(nil, d.cursor, 3))}}})
		}
		return parts
	}
	parts := d.recording.status()
	switch src := &s.Source; {
	case d.replay != nil:
		parts = append(parts, d.replay.status(s.At)...)
	case src.Ended:
		parts = append(parts, part{9, []span{{accent, "■ "}, {normal, "end of the file"}}})
	case d.over:
		parts = append(parts, part{9, []span{{accent, "■ "}, {normal, "stopped"}}})
	case !src.Live:
		parts = append(parts, part{9, []span{{accent, "▸ "}, {normal, "replay"}}})
	case src.Down != "":
		parts = append(parts, part{9, []span{{alarmStrong, "✗ "}, {alarm, "down"}}})
	case !src.Packets:
		parts = append(parts, part{9, []span{{warn, "○ "}, {warn, "no packets"}}})
	default:
		parts = append(parts, part{9, []span{{good, "● "}, {normal, "live"}}})
	}
	if pace, ok := d.rate.perSecond(); ok && s.Source.Packets && !s.Source.Ended {
		parts = append(parts, part{2, []span{{quiet, string(appendPace(nil, pace)) + " pkt/s"}}})
	}
	if lost := s.Stats.DroppedKernel + s.Stats.DroppedHere; lost > 0 {
		parts = append(parts, part{7, []span{{warn, string(appendCount(nil, lost)) + " dropped"}}})
	} else {
		parts = append(parts, part{1, []span{{quiet, "0 dropped"}}})
	}
	if n := s.Limits.Retries2; n > 0 {
		parts = append(parts, part{3, []span{{quiet, "tcp_retries2 " + strconv.Itoa(n)}}})
	}
	return append(parts, part{4, []span{{normal, clock}}})
}

// appendPace appends a number of packets a second: "12", "1.2k".
func appendPace(b []byte, n uint64) []byte {
	if n >= 1000 && n < 10_000 {
		return append(strconv.AppendFloat(b, float64(n/100)/10, 'f', 1, 64), 'k')
	}
	return appendCount(b, n)
}

// notices are the things about the session as a whole that the user should know,
// the gravest first.
func (d *dashboard) notices() []span {
	s := d.picture()
	if s == nil {
		return nil
	}
	var out []span
	src := &s.Source
	if d.recording.Err != nil {
		out = append(out, span{alarm, d.recording.stopped()})
	}
	if d.remark != "" {
		out = append(out, span{accent, d.remark})
	}
	if d.replay != nil {
		out = append(out, d.replay.notice()...)
	}
	if src.Down != "" {
		out = append(out, span{alarm, src.Down + "; tcpwatch takes it up again when it is back"})
	}
	if n := s.Stats.DroppedKernel; n > 0 {
		out = append(out, span{warn, string(appendCount(nil, n)) + " packets lost by the kernel's buffer"})
	}
	if n := s.Stats.DroppedHere; n > 0 {
		out = append(out, span{warn, string(appendCount(nil, n)) + " lost in tcpwatch's own queues"})
	}
	if src.Rights != "" && src.Packets {
		first, _, _ := strings.Cut(strings.TrimSpace(src.Rights), "\n")
		out = append(out, span{warn, first})
	}
	if src.Live && !src.Table {
		out = append(out, span{warn, "no socket table"})
	}
	if src.Undecided != "" {
		out = append(out, span{quiet, "all sockets are shown: " + src.Undecided})
	}
	if src.OwnSSH != "" {
		out = append(out, span{quiet, "left out: " + src.OwnSSH + ", the session tcpwatch runs in"})
	}
	return out
}

func (d *dashboard) drawNotice(c *canvas) {
	c.gap(1)
	for i, n := range d.notices() {
		const mark = "  ·  "
		if i > 0 {
			if c.col+cells(mark)+12 > c.width {
				break
			}
			c.text(quiet, mark)
		}
		c.left(n.style, n.text, min(cells(n.text), c.width-1-c.col))
	}
	c.line()
}

func width(spans []span) int {
	n := 0
	for _, s := range spans {
		n += cells(s.text)
	}
	return n
}
