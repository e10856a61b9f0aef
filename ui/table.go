package ui

import (
	"bytes"
	"io"
	"slices"
	"strconv"

	"github.com/tcpwatch/tcpwatch/track"
)

// TableOptions say how a table is printed.
type TableOptions struct {
	Wall
	ASCII bool // the reader knows ASCII alone
}

// tableHeads are the columns of netstat -tpno, and what tcpwatch adds.
var tableHeads = [...]string{"Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State",
	"PID/Program", "Timer", "Retr", "RTO", "Gives up in", "At", "Cause"}

// rightAligned tells which of them hold numbers.
var rightAligned = [len(tableHeads)]bool{1: true, 2: true, 8: true, 9: true, 10: true}

// WriteTable writes the connections that live as netstat -tpno does, the most
// urgent first, each with the time at which Linux gives up on it.
func WriteTable(w io.Writer, s *track.Snapshot, o TableOptions) error {
	var conns []*track.Conn
	for i := range s.Len() {
		if c := s.Conn(i); c != nil && c.Gone == nil {
			conns = append(conns, c)
		}
	}
	slices.SortFunc(conns, func(a, b *track.Conn) int {
		return compareUrgency(urgencyOf(a), urgencyOf(b), a, b)
	})

	rows := make([][len(tableHeads)]string, 0, len(conns)+1)
	rows = append(rows, tableHeads)
	for _, c := range conns {
		rows = append(rows, tableRow(c, s.At, o.Wall))
	}
	var width [len(tableHeads)]int
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], cells(cell))
		}
	}
	var out []byte
	for _, r := range rows {
		start := len(out)
		for i, cell := range r {
			pad := bytes.Repeat([]byte{' '}, width[i]-cells(cell))
			if rightAligned[i] {
				out = append(out, pad...)
			}
			out = appendClean(out, cell)
			if !rightAligned[i] {
				out = append(out, pad...)
			}
			out = append(out, "  "...)
		}
		out = append(bytes.TrimRight(out[start:], " "), '\n')
		if o.ASCII {
			out = appendASCII(nil, out)
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		out = out[:0]
	}
	return nil
}

func tableRow(c *track.Conn, now track.Instant, w Wall) [len(tableHeads)]string {
	proto := "tcp"
	if c.Local.Addr().Is6() || c.Socket != nil && c.Socket.Mapped {
		proto = "tcp6"
	}
	row := [...]string{proto, "", "", c.Local.String(), c.Remote.String(), c.State.String(),
		string(appendOwner(nil, c.Owner)), "", strconv.Itoa(resent(c)), "", "", "", ""}
	if s := c.Socket; s != nil {
		row[1] = strconv.FormatUint(uint64(s.RecvQ), 10)
		row[2] = strconv.FormatUint(uint64(s.SendQ), 10)
		row[7] = string(appendTimer(nil, s))
		if s.Info.RTO > 0 {
			row[9] = string(appendRTO(nil, s.Info.RTO))
		}
	}
	f := &c.Forecast
	switch {
	case f.At != 0:
		row[10] = string(appendCountdown(nil, f.At.Sub(now)))
		row[11] = string(w.appendFar(nil, f.At, now, 1))
		row[12] = f.Cause.String()
		if f.Exactness == track.Conditional {
			row[12] += ", if silent"
		}
	case f.Never():
		row[10] = "never"
	}
	return row
}

// appendOwner appends "2060/nc", or "-" as netstat does where no owner is known.
func appendOwner(b []byte, o track.Owner) []byte {
	if o.PID <= 0 {
		return append(b, '-')
	}
	b = strconv.AppendInt(b, int64(o.PID), 10)
	if o.Program != "" {
		b = append(append(b, '/'), o.Program...)
	}
	return b
}

// appendTimer appends a timer as netstat -o does: "on (26.20/8/0)", the seconds
// left, the retransmissions and the probes.
func appendTimer(b []byte, s *track.Socket) []byte {
	b = append(append(b, s.Timer.String()...), " ("...)
	b = strconv.AppendFloat(b, s.Expires.Seconds(), 'f', 2, 64)
	b = strconv.AppendUint(append(b, '/'), uint64(s.Retransmits), 10)
	b = strconv.AppendUint(append(b, '/'), uint64(s.Info.Probes), 10)
	return append(b, ')')
}

// resent returns how often something of c was sent again, loss probes included:
// as seen on the wire, or as the kernel counts where the wire was not seen.
func resent(c *track.Conn) int {
	if c.Socket != nil && !c.Coverage.Out {
		return max(c.Retransmissions, int(c.Socket.Info.TotalRetrans))
	}
	return c.Retransmissions
}
