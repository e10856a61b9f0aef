package diag

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Errors that a caller may want to tell apart.
var (
	// ErrInterrupted: the table changed under a dump in a way that made it useless.
	ErrInterrupted = errors.New("interrupted by a change of the table")
	// ErrIncomplete: a reply ends before the kernel said that it was done.
	ErrIncomplete = errors.New("the reply is cut off")
	// ErrMalformed: a message contradicts its own lengths.
	ErrMalformed = errors.New("malformed message")
	// ErrGone: the socket is no longer there.
	ErrGone = errors.New("the socket is gone")
	// ErrUnsupported: this kernel was built without what was asked for.
	ErrUnsupported = errors.New("not supported by this kernel")
)

// PermissionError is a refusal for want of a capability. errors.Is(err,
// fs.ErrPermission) holds for it.
type PermissionError struct {
	Op         string // what was tried: "destroy socket"
	Capability string // what it takes: "CAP_NET_ADMIN"
}

// Error names what is missing and the command that grants it.
func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s: not permitted: %s is missing; run as root, or: %s", e.Op, e.Capability, e.Grant())
}

// Grant returns the command that gives the running program the capability.
func (e *PermissionError) Grant() string {
	program, err := os.Executable()
	if err != nil {
		program = "tcpwatch"
	}
	return fmt.Sprintf("sudo setcap %s+ep %s", strings.ToLower(e.Capability), program)
}

// Is makes the error one of permission.
func (e *PermissionError) Is(target error) bool { return target == fs.ErrPermission }
