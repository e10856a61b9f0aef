package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// beat is how often time passes in a session: ticks, and what follows from them.
const beat = 50 * time.Millisecond

// replay shows a capture file as fast as it can be read; pause is called at each
// beat of its time. A file that breaks off is shown up to there, and then its
// error is returned.
func replay(ctx context.Context, f *flags, s *session, pause func()) error {
	r, err := openCapture(f.read)
	if err != nil {
		return err
	}
	defer r.Close()
	admits := fileFilter(f.expression)
	source := &track.Source{Name: f.read, Filter: f.expression, Packets: true}
	begun, due := false, track.Instant(0)
	var frame capture.Frame
	for {
		if err = r.Next(&frame); err != nil {
			break
		}
		if !begun {
			begun = true
			source.At = frame.At
			if err := s.begin(source, nil, track.ClockPair{}); err != nil {
				return err
			}
		}
		if frame.At >= due {
			due = frame.At.Add(beat)
			if ctx.Err() != nil {
				break
			}
			if err := s.tick(frame.At); err != nil {
				return err
			}
			pause()
		}
		if admits != nil && !admits(&frame) {
			continue
		}
		if ended := s.frame(&frame); ended != nil {
			err = ended
			break
		}
	}
	if !begun {
		if err := s.begin(source, nil, track.ClockPair{}); err != nil {
			return err
		}
	}
	source.At, source.Ended = s.tracker.Now(), true
	if err := s.record(source); err != nil {
		return err
	}
	if ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func openCapture(path string) (*capture.Reader, error) {
	if path == "-" {
		return capture.NewReader(os.Stdin, "stdin")
	}
	return capture.Open(path)
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
