package ui

import (
	"net/netip"
	"strconv"

	"github.com/tcpwatch/tcpwatch/track"
)

// Packet is one packet of a connection, ready to be told in a line.
type Packet struct {
	Src, Dst netip.AddrPort
	Entry    track.Entry
	mark     mark
}

// PacketOf returns the i-th packet of c's timeline.
func PacketOf(c *track.Conn, i int) Packet {
	p := Packet{Src: c.Local, Dst: c.Remote, Entry: c.Timeline[i], mark: markOf(c.Timeline, i)}
	if !p.Entry.Out {
		p.Src, p.Dst = p.Dst, p.Src
	}
	return p
}

// LineOptions say how lines are printed.
type LineOptions struct {
	Wall
	ASCII bool // the reader knows ASCII alone
}

// AppendPacketLine appends a packet in tcpdump's words, with what tcpwatch found
// beside it, and a newline.
func AppendPacketLine(dst []byte, p *Packet, o LineOptions) []byte {
	return o.finish(dst, func(b []byte) []byte {
		e := &p.Entry
		b = o.append(b, e.At, 6)
		if p.Src.Addr().Is4() {
			b = append(b, " IP "...)
		} else {
			b = append(b, " IP6 "...)
		}
		b = appendDotted(b, p.Src)
		b = append(b, " > "...)
		b = appendDotted(b, p.Dst)
		b = append(b, ": "...)
		if e.Finding.Class == track.ClassICMP {
			return append(append(b, "ICMP "...), p.mark.word...)
		}
		b = append(append(append(b, "Flags ["...), e.Flags.String()...), ']')
		if e.Len > 0 || e.Flags&(track.SYN|track.FIN|track.RST) != 0 {
			b = appendSeq(append(b, ", seq "...), e)
		}
		if e.Flags.Has(track.ACK) {
			b = strconv.AppendUint(append(b, ", ack "...), uint64(e.Ack), 10)
		}
		b = strconv.AppendUint(append(b, ", win "...), uint64(e.Window), 10)
		if e.NSACK > 0 {
			b = append(b, ", sack "...)
			b = appendSACK(b, e)
		}
		b = strconv.AppendUint(append(b, ", length "...), uint64(e.Len), 10)
		if m := &p.mark; !m.empty() {
			b = m.appendWord(append(b, "  "...))
			if m.interval != 0 {
				b = appendInterval(append(b, " +"...), m.interval)
			}
			if m.ratio > 0 {
				b = appendRatio(append(b, ' '), m.ratio)
			}
		}
		return b
	})
}

// AppendEventLine appends a line for a deadline, a verdict or an end. Events of
// other kinds, which the packets' lines tell already, add nothing.
func AppendEventLine(dst []byte, e track.Event, o LineOptions) []byte {
	line := func(local, remote netip.AddrPort, rest func([]byte) []byte) []byte {
		return o.finish(dst, func(b []byte) []byte {
			b = o.append(b, e.When(), 6)
			b = local.AppendTo(append(b, " ── "...))
			b = remote.AppendTo(append(b, " → "...))
			return rest(append(b, "  "...))
		})
	}
	switch e := e.(type) {
	case *track.DeadlineSet:
		return line(e.Local, e.Remote, func(b []byte) []byte {
			b = appendForecast(b, &e.Forecast, e.At, o.Wall)
			if e.Forecast.At != 0 {
				b = appendCountdown(append(b, " In "...), e.Forecast.At.Sub(e.At))
				b = append(b, '.')
			}
			return b
		})
	case *track.VerdictGiven:
		return line(e.Local, e.Remote, func(b []byte) []byte {
			b = append(append(b, e.Verdict.Kind.String()...), ": "...)
			return append(b, e.Verdict.Text...)
		})
	case *track.Ended:
		return line(e.Local, e.Remote, func(b []byte) []byte {
			b = append(appendEnd(b, &e.Certificate, o.Wall), '.')
			return appendForetold(b, &e.Certificate, o.Wall)
		})
	}
	return dst
}

// AppendNoteLine appends a line for a note.
func AppendNoteLine(dst []byte, n *Note, o LineOptions) []byte {
	return o.finish(dst, func(b []byte) []byte {
		return append(append(o.append(b, n.At, 6), " ▴ "...), n.Text...)
	})
}

// finish appends what line writes, cleaned, and a newline.
func (o LineOptions) finish(dst []byte, line func([]byte) []byte) []byte {
	start := len(dst)
	dst = line(dst)
	for _, c := range dst[start:] {
		if c < ' ' || c > '~' {
			b := appendClean(nil, string(dst[start:]))
			if o.ASCII {
				dst = appendASCII(dst[:start], b)
			} else {
				dst = append(dst[:start], b...)
			}
			break
		}
	}
	return append(dst, '\n')
}

// appendDotted appends an address as tcpdump has it, the port after a dot.
func appendDotted(b []byte, a netip.AddrPort) []byte {
	b = a.Addr().AppendTo(b)
	return strconv.AppendUint(append(b, '.'), uint64(a.Port()), 10)
}

// appendSeq appends "22:39", or "22" for a segment without payload.
func appendSeq(b []byte, e *track.Entry) []byte {
	b = strconv.AppendUint(b, uint64(e.Seq), 10)
	if e.Len > 0 {
		b = strconv.AppendUint(append(b, ':'), uint64(e.Seq+e.Len), 10)
	}
	return b
}

// appendSACK appends the blocks of a selective acknowledgement: "1:5 9:12".
func appendSACK(b []byte, e *track.Entry) []byte {
	for i, s := range e.SACK[:min(int(e.NSACK), len(e.SACK))] {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, uint64(s.Left), 10)
		b = strconv.AppendUint(append(b, ':'), uint64(s.Right), 10)
	}
	return b
}
