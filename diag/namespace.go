package diag

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace. A nil *Namespace is the one that the
// program runs in.
type Namespace struct {
	name string
	file *os.File
}

// OpenNamespace opens a namespace by the name that ip-netns(8) gave it, by the
// path of its file, or by the id of a process in it.
func OpenNamespace(name string) (*Namespace, error) {
	fail := func(err error) (*Namespace, error) {
		return nil, fmt.Errorf("open network namespace %s: %w", name, err)
	}
	file, err := os.Open(namespacePath(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(errors.New("there is no such name, path or process"))
	case errors.Is(err, fs.ErrPermission):
		return fail(&PermissionError{Op: "look into another process", Capability: "CAP_SYS_PTRACE"})
	case err != nil:
		return fail(errors.Unwrap(err))
	}
	kind, err := unix.IoctlRetInt(int(file.Fd()), unix.NS_GET_NSTYPE)
	if err != nil || kind != unix.CLONE_NEWNET {
		file.Close()
		return fail(errors.New("this is not a network namespace"))
	}
	return &Namespace{name: name, file: file}, nil
}

// namespacePath returns where the namespace's file is.
func namespacePath(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	path := filepath.Join("/run/netns", name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if _, err := strconv.ParseUint(name, 10, 31); err == nil {
		return filepath.Join("/proc", name, "ns/net")
	}
	return path
}

// String returns the name under which the namespace was opened, "" for the
// program's own.
func (n *Namespace) String() string {
	if n == nil {
		return ""
	}
	return n.name
}

// Do runs f on a thread that is in the namespace, and waits for it. What f
// opens (sockets, files below /proc/sys/net) belongs to the namespace for good;
// goroutines that f starts do not run in it.
func (n *Namespace) Do(f func() error) error {
	if n == nil {
		return f()
	}
	result := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and no other
		// goroutine is ever run in the wrong namespace.
		runtime.LockOSThread()
		err := unix.Setns(n.fd(), unix.CLONE_NEWNET)
		switch {
		case errors.Is(err, unix.EPERM):
			err = &PermissionError{Op: "enter network namespace " + n.name, Capability: "CAP_SYS_ADMIN"}
		case err != nil:
			err = fmt.Errorf("enter network namespace %s: %w", n.name, err)
		default:
			err = f()
		}
		result <- err
	}()
	return <-result
}

// fd returns the namespace's descriptor, 0 for the program's own: what
// netlink.Config wants.
func (n *Namespace) fd() int {
	if n == nil {
		return 0
	}
	return int(n.file.Fd())
}

// Close lets go of the namespace. What was opened in it stays in it.
func (n *Namespace) Close() error {
	if n == nil {
		return nil
	}
	return n.file.Close()
}
