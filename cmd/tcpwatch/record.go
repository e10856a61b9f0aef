package main

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/term"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
)

// How many bytes of a session may wait for a slow disk, and how many are kept in
// memory behind the dashboard.
const (
	recordRoom = 64 << 20
	ringRoom   = 64 << 20
)

// recording writes a session to a file while it runs. The nil recording writes
// nothing.
type recording struct {
	*tape.Async
	name  string
	file  *tape.File  // nil: standard output
	begun atomic.Bool // another file was begun, which knows no sockets yet
	err   error       // why nothing more is written
	said  bool        // the user knows
}

// recorded runs the session, and records it meanwhile if that is wanted.
func (l *live) recorded(run func() error) error {
	if err := l.startRecording(); err != nil {
		return err
	}
	return errors.Join(run(), l.recording.stop())
}

// startRecording begins to write the session to where -w says.
func (l *live) startRecording() error {
	f := l.flags
	if f.write == "" {
		return nil
	}
	r := &recording{name: f.write}
	var sink tape.Sink
	var err error
	if f.write == "-" {
		if term.IsTerminal(int(os.Stdout.Fd())) {
			return misused("-w - writes the session to stdout, which is a terminal")
		}
		r.name = "stdout"
		sink, err = tape.NewWriter(os.Stdout, l.header())
	} else {
		r.file, err = tape.Create(f.write, l.header(), tape.Rotation{Size: int64(f.fileSize) * 1e6, Count: f.files,
			Keyframe: func() { r.begun.Store(true) }})
		sink = r.file
	}
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	r.Async = tape.NewAsync(sink, recordRoom)
	l.recording = r
	l.keepers = append(l.keepers, r)
	return nil
}

// header describes the session in a file.
func (l *live) header() tape.Header {
	h := tape.Header{Program: program + version, Name: l.source.Name, Link: capture.LinkEthernet}
	if l.frames != nil {
		h.Link, h.Index = l.frames.live.Load().Link(), l.frames.live.Load().Index()
	}
	return h
}

// program is what a session file's version follows.
const program = "tcpwatch "

// begunAnew reports whether another file was begun since the last call.
func (r *recording) begunAnew() bool { return r != nil && r.begun.Swap(false) }

// failed gives the one error after which nothing more is written.
func (r *recording) failed() <-chan error {
	if r == nil {
		return nil
	}
	return r.Failed()
}

// stop ends the recording, and tells what could not be written.
func (r *recording) stop() error {
	if r == nil {
		return nil
	}
	err := errors.Join(r.err, r.Close())
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	if frames, records := r.Lost(); err == nil && frames+records > 0 {
		err = fmt.Errorf("it was too slow for %d frames and %d records", frames, records)
	}
	switch {
	case err == nil:
		return nil
	case r.said:
		return said{err}
	}
	return fmt.Errorf("record to %s: %w", r.name, err)
}

// rawDump returns what is kept of a dump: the messages of the rows that are left
// of it, as the kernel wrote them.
func rawDump(d *track.Dump, reply *diag.Reply, kept []bool) (*tape.Record, error) {
	r := tape.Reply{Began: d.Began, Ended: d.Ended, Changes: d.Changes, Missed: d.Missed, Absent: d.Absent}
	for i := range d.Sockets {
		if s := &d.Sockets[i]; s.Sight.OtherInterface {
			r.Elsewhere = append(r.Elsewhere, s.Cookie)
		}
	}
	row := 0
	reply.Rows(func(at track.Instant, raw []byte) {
		if kept[row] {
			r.Raw = append(r.Raw, raw...)
			if n := len(r.Chunks); n > 0 && r.Chunks[n-1].At == at {
				r.Chunks[n-1].End = len(r.Raw)
			} else {
				r.Chunks = append(r.Chunks, tape.Chunk{At: at, End: len(r.Raw)})
			}
		}
		row++
	})
	record, err := r.Record()
	return &record, err
}
