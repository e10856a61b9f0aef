package session

import (
	"errors"
	"fmt"
	"syscall"
)

// WriteError tells how far a recording came before it could not go on.
type WriteError struct {
	Written int64 // bytes of whole blocks
	Err     error // errors.Is knows syscall.ENOSPC
}

// Error returns what happened, in plain words: "disk full after 12.3 MiB".
func (e *WriteError) Error() string {
	what := e.Err.Error()
	if errors.Is(e.Err, syscall.ENOSPC) {
		what = "disk full"
	}
	return fmt.Sprintf("%s after %.1f MiB", what, float64(e.Written)/(1<<20))
}

// Unwrap returns the error behind it.
func (e *WriteError) Unwrap() error { return e.Err }
