package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
)

// save writes a session to a file that is not there yet.
func save(path string, h tape.Header, write func(tape.Sink) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("save: %w: %s", fs.ErrExist, path)
	}
	file, err := tape.Create(path, h, tape.Rotation{})
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return fmt.Errorf("save to %s: %w", path, err)
	}
	return nil
}

// sinking keeps what a session applies in a sink, and waits for it.
type sinking struct {
	sink tape.Sink
	err  error // after which nothing more is kept
}

func (s *sinking) Frame(f *capture.Frame) {
	if s.err == nil {
		s.err = s.sink.WriteFrame(f)
	}
}

func (s *sinking) Record(r tape.Record) {
	if s.err == nil {
		s.err = s.sink.WriteRecord(r)
	}
}
