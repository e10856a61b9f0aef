package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// beat is how often time passes in a session: ticks, and what follows from them.
const beat = 50 * time.Millisecond

// replay applies a file to a session. Of a recorded session it applies what was
// applied when it was recorded; of a capture it makes a session, in which time
// passes with the frames.
type replay struct {
	*session
	file   *capture.Reader
	reader *tape.Reader
	flags  *flags

	next     bool // something has been read that is not yet applied
	framed   bool // it is a frame
	frame    capture.Frame
	rec      tape.Record
	recorded bool // the file is a recorded session
	head     tape.Header
	admits   func(*capture.Frame) bool
	rows     rows
	source   track.Source
	due      track.Instant // of the next tick in a capture
	dump     track.Dump
	watched  []uint64 // what was on screen when the session was recorded
	looked   []uint64 // and what is on this screen
}

// openReplay opens a file and begins a session of it.
func openReplay(ctx context.Context, f *flags, open opener, v view) (*replay, error) {
	file, err := open(ctx)
	if err != nil {
		return nil, err
	}
	return &replay{
		session: &session{tracker: track.New(v.needs()), view: v, version: version, enough: f.count,
			segments: make([]track.Segment, together)},
		file:   file,
		reader: tape.NewReader(file),
		flags:  f,
		admits: fileFilter(f.expression),
		head:   tape.Header{Program: program + version},
		source: track.Source{Name: f.read, Filter: f.expression, Packets: true},
	}, nil
}

// replayLines replays a file where there is no screen, as fast as it can be read.
func replayLines(ctx context.Context, f *flags, open opener) error {
	r, err := openReplay(ctx, f, open, plainView(f, os.Stdout))
	if err != nil {
		return err
	}
	defer r.close()
	return errors.Join(r.run(ctx), r.end())
}

func (r *replay) close() { r.file.Close() }

// run applies the file to its end, as fast as it can be read. A file that breaks
// off is applied up to there, and then its error is returned.
func (r *replay) run(ctx context.Context) error {
	for {
		_, err := r.peek()
		if err == nil && ctx.Err() == nil {
			if err = r.applyNext(); err == nil {
				continue
			}
		}
		return r.over(ctx, err)
	}
}

// over ends the session for a reason, and returns it if it is an error.
func (r *replay) over(ctx context.Context, why error) error {
	if err := r.apply(); err != nil {
		return err
	}
	if !r.begun {
		if err := r.record(&r.source); err != nil {
			return err
		}
	}
	r.source.At, r.source.Ended = r.tracker.Now(), true
	if err := r.put(&r.source); err != nil {
		return err
	}
	if ctx.Err() != nil || errors.Is(why, io.EOF) || errors.Is(why, errEnough) {
		return nil
	}
	return why
}

// peek returns the moment of what comes next.
func (r *replay) peek() (track.Instant, error) {
	if !r.next {
		var err error
		if r.framed, err = r.reader.Next(&r.frame, &r.rec); err != nil {
			return 0, err
		}
		r.next = true
	}
	if r.framed {
		return r.frame.At, nil
	}
	return r.rec.At, nil
}

// applyNext applies what comes next, which peek has read.
func (r *replay) applyNext() error {
	r.next, r.last = false, nil
	if !r.framed {
		return r.applyRecord()
	}
	if !r.recorded {
		if err := r.pass(r.frame.At); err != nil {
			return err
		}
	}
	if r.admits != nil && !r.admits(&r.frame) {
		return nil
	}
	err := r.session.frame(&r.frame)
	if r.recorded {
		r.frames, r.undecodable = 0, 0 // they are counted by records
	}
	return err
}

// pass lets time pass in a capture, up to a moment.
func (r *replay) pass(now track.Instant) error {
	if !r.begun {
		r.source.At = now
		if err := r.record(&r.source); err != nil {
			return err
		}
	}
	if now < r.due {
		return nil
	}
	r.due = now.Add(beat)
	return r.tick(now)
}

// passTo lets time pass in a capture up to a moment at which nothing happens. In a
// recorded session only its records do that.
func (r *replay) passTo(now track.Instant) error {
	if r.recorded || now <= r.tracker.Now() {
		return nil
	}
	return r.tick(now)
}

// header describes the session that the file is, or becomes.
func (r *replay) header() tape.Header {
	if _, err := r.peek(); err == nil && !r.framed && r.rec.Kind == tape.KindHeader {
		_ = r.applyNext() // a header that can't be read ends the replay, too
	}
	return r.head
}

// applyRecord applies a record as it was applied when it was recorded. Kinds that
// this program does not know are passed on.
func (r *replay) applyRecord() error {
	if r.rec.Kind == tape.KindHeader {
		return r.open()
	}
	r.keepRecord(r.rec)
	var record track.Record
	switch r.rec.Kind {
	case tape.KindReply:
		if err := r.readDump(); err != nil {
			return err
		}
		record = &r.dump
	case tape.KindDestroyed:
		var dump track.Dump
		if err := diag.Parse(r.rec.Data, r.rec.At, &dump); err != nil {
			return err
		}
		if len(dump.Sockets) != 1 {
			return fmt.Errorf("replay: %d sockets destroyed by one message", len(dump.Sockets))
		}
		record = &track.Destroyed{At: r.rec.At, Socket: dump.Sockets[0]}
	case tape.KindNote:
		n, err := r.rec.Note()
		if err != nil {
			return err
		}
		if err := r.apply(); err != nil {
			return err
		}
		return r.showNote(&ui.Note{ID: n.ID, At: n.At, Made: n.Made, Conn: r.tracker.Between(n.Local, n.Remote),
			Local: n.Local, Remote: n.Remote, Frame: n.Frame, Text: n.Text})
	case tape.KindGap:
		gap, err := r.rec.Gap()
		if err != nil {
			return err
		}
		record = &track.Loss{At: gap.At, Here: gap.Frames + gap.Records}
	default:
		var err error
		record, err = r.rec.Decode()
		if errors.Is(err, tape.ErrKind) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	switch known := record.(type) {
	case *track.Source:
		if err := r.setSource(known); err != nil {
			return err
		}
	case *track.OwnersRead:
		r.rows.own(known)
	case *track.Watched:
		return r.watch(known.At, known.IDs, r.looked)
	}
	if err := r.put(record); err != nil {
		return err
	}
	if r.rec.Kind == tape.KindTick {
		return r.view.flush()
	}
	return nil
}

// watch takes in what was on screen when the session was recorded, and what is now.
func (r *replay) watch(at track.Instant, then, now []uint64) error {
	r.watched, r.looked = then, now
	return r.put(&track.Watched{At: at, IDs: slices.Concat(then, now)})
}

// open takes in the header of a recorded session.
func (r *replay) open() error {
	h, err := r.rec.Header()
	if err != nil {
		return err
	}
	r.recorded, r.head = true, *h
	r.version = strings.TrimPrefix(h.Program, program)
	return nil
}

// setSource takes in where the recorded session is from. Its expression is wanted
// again: it says what could be seen of each socket.
func (r *replay) setSource(s *track.Source) error {
	s.Live = false
	if !r.begun {
		recorded, err := compile(s.Filter)
		if err != nil {
			return fmt.Errorf("replay: the recording's expression: %w", err)
		}
		typed, err := compile(r.flags.expression)
		if err != nil {
			return err
		}
		r.rows = newRows(r.flags, recorded, typed)
		r.session.admits = r.rows.segments()
	}
	r.source = *s
	return nil
}

// readDump reads a recorded reply of the kernel.
func (r *replay) readDump() error {
	reply, err := r.rec.Reply()
	if err != nil {
		return err
	}
	d := &r.dump
	*d = track.Dump{Began: reply.Began, Ended: reply.Ended, Changes: reply.Changes, Missed: reply.Missed,
		Absent: reply.Absent, Sockets: d.Sockets[:0]}
	start := 0
	for _, c := range reply.Chunks {
		if err := diag.Parse(reply.Raw[start:c.End], c.At, d); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		start = c.End
	}
	r.rows.admit(d)
	for i := range d.Sockets {
		s := &d.Sockets[i]
		s.Sight.OtherInterface = slices.Contains(reply.Elsewhere, s.Cookie)
	}
	return nil
}

// fileFilter returns what admits frames of a file by the expression; nil: all do.
// A file may hold frames of several link types, and an expression means something
// else on each.
func fileFilter(expression string) func(*capture.Frame) bool {
	if expression == "" {
		return nil
	}
	filters := make(map[capture.LinkType]*capture.Filter)
	return func(frame *capture.Frame) bool {
		filter, ok := filters[frame.Link]
		if !ok {
			// An expression that this link type does not know admits none of its frames.
			filter, _ = capture.Compile(expression, frame.Link, 0)
			filters[frame.Link] = filter
		}
		return filter != nil && filter.Admits(frame)
	}
}
