package session

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/tcpwatch/tcpwatch/capture"
)

// Rotation is how a session is spread over files, as tcpdump's -C and -W do it.
// The zero value keeps to one file.
type Rotation struct {
	Size  int64 // bytes after which another file begins; 0: never
	Count int   // of files, of which the oldest is overwritten; 0: any number

	// Keyframe is called when another file has begun, by the goroutine that
	// writes to the File (an Async has one of its own): a full picture of the
	// sockets, written then or soon, makes the file complete by itself. The
	// last clock pair, source and limits and all notes are in it already.
	Keyframe func()
}

// File is a session file on disk, or one after another.
type File struct {
	path     string
	header   Header
	rotation Rotation
	standing standing

	begun  int // files
	opened *os.File
	w      *Writer
	start  int64 // size from which on growth counts
	fresh  bool  // a file is being begun
	failed bool  // writing has
}

// Create begins a session file, in place of what was there.
func Create(path string, h Header, rotation Rotation) (*File, error) {
	f := &File{path: path, header: h, rotation: rotation, standing: newStanding()}
	if err := f.begin(); err != nil {
		return nil, err
	}
	return f, nil
}

// WriteFrame writes a frame; see [Writer.WriteFrame].
func (f *File) WriteFrame(frame *capture.Frame) error {
	if err := f.rotate(); err != nil {
		return err
	}
	return f.checked(f.w.WriteFrame(frame))
}

// WriteRecord writes a record; see [Writer.WriteRecord].
func (f *File) WriteRecord(r Record) error {
	if err := f.rotate(); err != nil {
		return err
	}
	f.standing.take(r)
	return f.checked(f.w.WriteRecord(r))
}

// Flush writes what is buffered.
func (f *File) Flush() error { return f.checked(f.w.Flush()) }

// Close ends the session: notes on packets become their comments. An error of
// writing that was answered before is not answered again; the file then ends
// with its last whole block.
func (f *File) Close() error {
	var err error
	if !f.failed {
		err = f.Flush()
	}
	info, unknown := f.opened.Stat()
	err = errors.Join(err, unknown, f.opened.Close())
	if err != nil || f.failed || !info.Mode().IsRegular() {
		return err
	}
	return Finish(f.opened.Name())
}

// begin opens the next file.
func (f *File) begin() (err error) {
	f.opened, err = os.Create(f.name(f.begun))
	if err != nil {
		return err
	}
	f.begun++
	if f.w, err = NewWriter(f.opened, f.header); err != nil {
		return errors.Join(err, f.opened.Close())
	}
	return nil
}

// rotate begins another file where this one is full.
func (f *File) rotate() error {
	if f.rotation.Size == 0 || f.fresh || f.w.Size()-f.start < f.rotation.Size {
		return nil
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := f.begin(); err != nil {
		return err
	}
	for _, r := range f.standing.records() {
		if err := f.w.WriteRecord(r); err != nil {
			return err
		}
	}
	if f.rotation.Keyframe != nil {
		f.fresh = true
		f.rotation.Keyframe()
		f.fresh = false
	}
	f.start = f.w.Size()
	return nil
}

// name returns the name of the n-th file, from 0, as tcpdump has it.
func (f *File) name(n int) string {
	switch {
	case f.rotation.Size > 0 && f.rotation.Count > 0:
		digits := len(strconv.Itoa(f.rotation.Count - 1))
		return fmt.Sprintf("%s%0*d", f.path, digits, n%f.rotation.Count)
	case n > 0:
		return f.path + strconv.Itoa(n)
	}
	return f.path
}

// checked cuts the file behind its last whole block where writing failed, so
// that it can be read without a complaint. What can't be cut (a pipe) stays.
func (f *File) checked(err error) error {
	var failed *WriteError
	if errors.As(err, &failed) {
		f.failed = true
		_ = f.opened.Truncate(failed.Written)
	}
	return err
}
