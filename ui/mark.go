package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// mark is what is said of a packet beside tcpdump's words: a sign, a word, and
// for what was sent before, the time since.
type mark struct {
	sign     string
	word     string
	nth      int // 0: not counted
	interval time.Duration
	ratio    float64
}

func (m *mark) empty() bool { return m.word == "" }

// appendWord appends "↻ RTO 2".
func (m *mark) appendWord(b []byte) []byte {
	b = append(append(append(b, m.sign...), ' '), m.word...)
	if m.nth > 0 {
		b = strconv.AppendInt(append(b, ' '), int64(m.nth), 10)
	}
	return b
}

// markOf returns the mark of the i-th packet of a timeline.
func markOf(timeline []track.Entry, i int) mark {
	e := &timeline[i]
	f := &e.Finding
	if f.Proves != 0 {
		return mark{sign: "·", word: provedNeedless(timeline, i)}
	}
	switch f.Class {
	case track.ClassRetransmission:
		m := mark{sign: "↻", interval: f.Interval, ratio: f.Ratio}
		switch f.Kind {
		case track.KindTLP:
			m.word = "TLP"
		case track.KindRTO:
			m.word, m.nth = "RTO", rtoNumber(timeline, i)
		case track.KindUnknown:
			m.word = "again"
		default:
			m.word = f.Kind.String()
		}
		return m
	case track.ClassKeepalive:
		return mark{sign: "◇", word: "keepalive", nth: f.Nth, interval: f.Interval}
	case track.ClassKeepaliveAck:
		return mark{sign: "·", word: "alive"}
	case track.ClassWindowProbe:
		return mark{sign: "◇", word: "window probe", nth: f.Nth, interval: f.Interval, ratio: f.Ratio}
	case track.ClassWindowProbeAck:
		return mark{sign: "·", word: "window still shut"}
	case track.ClassOutOfOrder:
		return mark{sign: "⇄", word: "out of order"}
	case track.ClassDuplicate:
		return mark{sign: "≡", word: "captured twice"}
	case track.ClassDupAck:
		return mark{sign: "·", word: "dup ack", nth: f.Nth}
	case track.ClassReset:
		return mark{sign: "✗", word: "reset"}
	case track.ClassICMP:
		return mark{sign: "✗", word: icmpWord(e.ICMP)}
	}
	switch {
	case f.ZeroWindow:
		return mark{sign: "▾", word: "window shut"}
	case f.WindowFull:
		return mark{sign: "·", word: "window full"}
	case f.Class == track.ClassWindowUpdate:
		return mark{sign: "·", word: "window update"}
	}
	return mark{}
}

// provedNeedless names what the i-th packet proves to have been sent needlessly.
func provedNeedless(timeline []track.Entry, i int) string {
	for j := i - 1; j >= 0; j-- {
		if timeline[j].Frame == timeline[i].Finding.Proves && timeline[j].Finding.Class == track.ClassRetransmission {
			m := markOf(timeline, j)
			return strings.TrimPrefix(string(m.appendWord(nil)), m.sign+" ") + " was needless"
		}
	}
	return "needless"
}

// rtoNumber counts the RTOs of the same segment up to the i-th packet.
func rtoNumber(timeline []track.Entry, i int) int {
	e := &timeline[i]
	n := 1
	for j := i - 1; j >= 0; j-- {
		p := &timeline[j]
		if p.Out != e.Out || p.Seq != e.Seq || p.Len == 0 && e.Len != 0 {
			continue
		}
		switch {
		case p.Finding.Class != track.ClassRetransmission:
			return n
		case p.Finding.Kind == track.KindRTO:
			n++
		}
	}
	return n
}

// icmpWord names an ICMP error (RFC 792, RFC 4443).
func icmpWord(m *track.ICMP) string {
	if m == nil {
		return "ICMP error"
	}
	switch {
	case !m.V6 && m.Type == 3:
		switch m.Code {
		case 0:
			return "net unreachable"
		case 1:
			return "host unreachable"
		case 2:
			return "protocol unreachable"
		case 3:
			return "port unreachable"
		case 4:
			return "fragmentation needed"
		case 9, 10, 13:
			return "administratively prohibited"
		}
		return "unreachable"
	case m.V6 && m.Type == 1:
		switch m.Code {
		case 0:
			return "no route"
		case 1:
			return "administratively prohibited"
		case 3:
			return "host unreachable"
		case 4:
			return "port unreachable"
		}
		return "unreachable"
	case m.V6 && m.Type == 2:
		return "packet too big"
	case !m.V6 && m.Type == 11, m.V6 && m.Type == 3:
		return "time exceeded"
	case !m.V6 && m.Type == 12, m.V6 && m.Type == 4:
		return "parameter problem"
	}
	return "ICMP error"
}
