package ui

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// packetForm holds the widths of a packet's fields, as wide as the lines on
// screen need.
type packetForm struct{ time, flags, seq, ack, win, length, mark int }

func (d *dashboard) packetForm(c *track.Conn, rows []packetRow) packetForm {
	f := packetForm{time: 15, flags: 4}
	for _, r := range rows {
		if r.note != nil {
			continue
		}
		e := &c.Timeline[r.entry]
		m := markOf(c.Timeline, r.entry)
		f.flags = max(f.flags, len(e.Flags.String())+2)
		f.seq = max(f.seq, len(seqOf(e)))
		f.ack = max(f.ack, len(strconv.FormatUint(uint64(e.Ack), 10)))
		f.win = max(f.win, len(strconv.FormatUint(uint64(e.Window), 10)))
		f.length = max(f.length, len(strconv.FormatUint(uint64(e.Len), 10)))
		f.mark = max(f.mark, cells(string(m.appendWord(nil))))
	}
	return f
}

// seqOf returns a segment's sequence numbers; "" where it takes none.
func seqOf(e *track.Entry) string {
	if e.Len == 0 && e.Flags&(track.SYN|track.FIN|track.RST) == 0 {
		return ""
	}
	return string(appendSeq(nil, e))
}

func (d *dashboard) packetTime(c *track.Conn, i int, at track.Instant) string {
	switch d.format {
	case timeSinceStart:
		start := c.Timeline[0].At
		if c.Stall != nil && c.Stall.Since != 0 && c.Stall.Since <= at {
			start = c.Stall.Since
		}
		return "+" + strconv.FormatFloat(at.Sub(start).Seconds(), 'f', 6, 64)
	case timeDelta:
		var delta time.Duration
		if i > 0 {
			delta = at.Sub(c.Timeline[min(i, len(c.Timeline))-1].At)
		}
		return "+" + strconv.FormatFloat(delta.Seconds(), 'f', 6, 64)
	}
	w := d.wall()
	return string(w.append(nil, at, 6))
}

func (d *dashboard) drawPacket(cv *canvas, c *track.Conn, i int, f *packetForm) {
	e := &c.Timeline[i]
	m := markOf(c.Timeline, i)
	ink, word := packetStyles(e)
	if d.cursor != 0 && e.At > d.cursor {
		ink, word = quiet, quiet // still to come at the moment shown
	}
	if cv.lit {
		cv.text(accentStrong, "▌")
	}
	cv.to(3)
	cv.right(quiet, d.packetTime(c, i, e.At), f.time)
	cv.gap(2)
	switch {
	case e.Out:
		cv.text(accent, "→")
	default:
		cv.text(good, "←")
	}
	cv.gap(2)
	if e.Finding.Class == track.ClassICMP {
		cv.text(word, "ICMP "+m.word)
		if e.ICMP != nil {
			cv.text(quiet, "  from "+e.ICMP.From.String())
		}
		cv.line()
		return
	}
	cv.left(ink, "["+e.Flags.String()+"]", f.flags)
	cv.gap(1)
	cv.right(ink, seqOf(e), f.seq)
	number := func(ink style, name string, v uint32, n int, show bool) {
		cv.gap(2)
		if !show {
			cv.gap(len(name) + 1 + n)
			return
		}
		cv.text(quiet, name+" ")
		cv.right(ink, strconv.FormatUint(uint64(v), 10), n)
	}
	number(ink, "ack", e.Ack, f.ack, e.Flags.Has(track.ACK))
	window := ink
	if e.Finding.ZeroWindow {
		window = warnStrong
	}
	number(window, "win", e.Window, f.win, true)
	number(ink, "len", e.Len, f.length, true)
	if e.NSACK > 0 && m.empty() {
		cv.text(quiet, "  sack "+string(appendSACK(nil, e)))
	}
	if m.empty() {
		cv.line()
		return
	}
	cv.gap(3)
	cv.left(word, string(m.appendWord(nil)), f.mark)
	if m.interval != 0 {
		cv.gap(1)
		cv.right(ink, string(appendSigned(nil, m.interval)), 9)
		cv.gap(2)
		ratio := ""
		if m.ratio > 0 {
			ratio = string(appendRatio(nil, m.ratio))
		}
		cv.right(ink, ratio, 5)
		cv.gap(2)
		cv.text(word, intervalBar(m.interval, min(cv.width-cv.col-1, 16)))
	}
	cv.line()
}

// packetStyles returns the styles of a packet's fields and of its mark.
func packetStyles(e *track.Entry) (ink, word style) {
	switch e.Finding.Class {
	case track.ClassRetransmission:
		switch e.Finding.Kind {
		case track.KindTLP:
			return probe, probeStrong
		case track.KindSpurious:
			return normal, quiet
		}
		return warn, warnStrong
	case track.ClassReset, track.ClassICMP:
		return alarm, alarmStrong
	case track.ClassKeepalive, track.ClassWindowProbe:
		return accent, accentStrong
	case track.ClassDuplicate:
		return quiet, quiet
	}
	if e.Finding.ZeroWindow {
		return normal, warnStrong
	}
	if e.Len == 0 && e.Flags&(track.SYN|track.FIN) == 0 {
		return quiet, quiet
	}
	return normal, quiet
}

// intervalBar returns a bar as long as an interval on a logarithmic scale: from
// 100 ms, where it begins, each doubling adds as much, to 120 s, the longest
// that Linux waits by default.
func intervalBar(d time.Duration, cells int) string {
	const first, last = 100 * time.Millisecond, 120 * time.Second
	if cells <= 0 || d <= 0 {
		return ""
	}
	x := math.Log2(float64(d)/float64(first)) / math.Log2(float64(last)/float64(first))
	eighths := int(max(min(x, 1), 0)*float64(cells*8) + 0.5)
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 || bar == "" {
		bar += string([]rune("▏▏▎▍▌▋▊▉")[rest])
	}
	return bar
}
