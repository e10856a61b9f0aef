package main

import (
	"io"

	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// view shows a session as it runs. A view returns an error where nobody reads
// it any more; the session then ends.
type view interface {
	needs() track.Config // what is to be kept for it
	start(opening) error
	events([]track.Event, track.ClockPair) error
	note(*ui.Note, track.ClockPair) error // without a text: it is taken back
	flush() error                         // what was shown is to be seen now
	end(track.Stats, track.Instant, track.ClockPair) error
}

// opening is what is known as a session begins. Limits are nil where no kernel
// was asked.
type opening struct {
	version string // of the program that the records are from
	source  *track.Source
	limits  *track.Limits
	clock   track.ClockPair
}

// page is how much output is gathered before it is written.
const page = 64 << 10

// output gathers whole lines, and writes them a page at a time.
type output struct {
	w   io.Writer
	buf []byte
}

func (o *output) paged() error {
	if len(o.buf) < page {
		return nil
	}
	return o.flush()
}

func (o *output) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	return err
}

// jsonView is a stream of events, a JSON object a line.
type jsonView struct{ output }

func newJSONView(w io.Writer) *jsonView { return &jsonView{output{w: w}} }

func (v *jsonView) needs() track.Config { return track.Config{} }

func (v *jsonView) start(o opening) error {
	v.buf = ui.AppendStart(v.buf, o.version, o.source, o.limits, o.clock)
	return v.flush()
}

func (v *jsonView) events(events []track.Event, c track.ClockPair) error {
	for _, e := range events {
		v.buf = ui.AppendJSON(v.buf, e, c)
	}
	return v.paged()
}

func (v *jsonView) note(n *ui.Note, c track.ClockPair) error {
	if n.Text == "" {
		return nil
	}
	v.buf = ui.AppendNote(v.buf, n, c)
	return v.paged()
}

func (v *jsonView) end(s track.Stats, at track.Instant, c track.ClockPair) error {
	v.buf = ui.AppendStats(v.buf, s, at, c)
	return v.flush()
}

// lineView prints packets as tcpdump does, with what was found beside them, and
// deadlines, verdicts and ends between them.
type lineView struct {
	output
	options ui.LineOptions
}

func newLineView(w io.Writer, o ui.LineOptions) *lineView {
	return &lineView{output: output{w: w}, options: o}
}

func (v *lineView) needs() track.Config { return track.Config{Timeline: 64, Packets: true} }

func (v *lineView) start(opening) error { return nil }

func (v *lineView) events(events []track.Event, c track.ClockPair) error {
	v.options.Clock = c
	for _, e := range events {
		if p, ok := e.(*track.PacketSeen); ok {
			conn := track.Conn{Local: p.Local, Remote: p.Remote, Timeline: p.Timeline}
			line := ui.PacketOf(&conn, len(p.Timeline)-1)
			v.buf = ui.AppendPacketLine(v.buf, &line, v.options)
		} else {
			v.buf = ui.AppendEventLine(v.buf, e, v.options)
		}
	}
	return v.paged()
}

func (v *lineView) note(n *ui.Note, c track.ClockPair) error {
	if n.Text == "" {
		return nil
	}
	v.options.Clock = c
	v.buf = ui.AppendNoteLine(v.buf, n, v.options)
	return v.paged()
}

func (v *lineView) end(track.Stats, track.Instant, track.ClockPair) error { return v.flush() }

// noView shows nothing.
type noView struct{}

func (noView) needs() track.Config                                   { return track.Config{} }
func (noView) start(opening) error                                   { return nil }
func (noView) events([]track.Event, track.ClockPair) error           { return nil }
func (noView) note(*ui.Note, track.ClockPair) error                  { return nil }
func (noView) flush() error                                          { return nil }
func (noView) end(track.Stats, track.Instant, track.ClockPair) error { return nil }
