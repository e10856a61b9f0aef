package capture

import (
	"errors"
	"fmt"
	"io"
)

// What a [FileError] may be, for errors.Is. A file that ends too early is
// io.ErrUnexpectedEOF; what the operating system answered is there as it was.
var (
	ErrNotCapture = errors.New("not a capture")
	ErrBroken     = errors.New("broken capture")
)

// FileError tells where and why a capture file can't be read any further.
type FileError struct {
	Name     string
	Offset   int64  // in the file: of its end, if it is cut off; else of the frame or block at fault
	Unpacked bool   // Offset counts what gzip unpacked
	Frame    uint64 // the last frame before
	Reason   string // in plain words
	Err      error
}

// Error returns one line.
func (e *FileError) Error() string {
	if errors.Is(e.Err, ErrNotCapture) {
		return fmt.Sprintf("read %s: %s", e.Name, e.Reason)
	}
	what := "broken"
	switch {
	case e.Err == io.ErrUnexpectedEOF:
		what = "cut off"
	case !errors.Is(e.Err, ErrBroken):
		what = "stopped"
	}
	where := fmt.Sprintf("%s at byte %d", what, e.Offset)
	if e.Unpacked {
		where += " of what gzip unpacked"
	}
	if e.Frame > 0 {
		where += fmt.Sprintf(", after frame %d", e.Frame)
	}
	return fmt.Sprintf("read %s: %s: %s", e.Name, where, e.Reason)
}

// Unwrap returns the error behind it.
func (e *FileError) Unwrap() error { return e.Err }

// damage is a FileError as far as the format knows it.
type damage struct {
	offset int64
	reason string
	err    error
}

func (d *damage) Error() string { return d.reason }
func (d *damage) Unwrap() error { return d.err }
