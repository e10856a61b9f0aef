package capture

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// readiness waits for a capture's socket in Go's own poller. A wait inside
// libpcap would hold a processor of Go's, and keep its monitor thread running.
type readiness struct {
	file *os.File // a duplicate of the socket
	raw  interface {
		Read(func(fd uintptr) (done bool)) error
	}
	closed context.Context
	close  context.CancelFunc
}

func newReadiness(socket int) (*readiness, error) {
	fd, err := unix.FcntlInt(uintptr(socket), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "packet socket")
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	r := &readiness{file: file, raw: raw}
	r.closed, r.close = context.WithCancel(context.Background())
	return r, nil
}

// rest waits for a while. It reports whether the capture still goes on.
func (r *readiness) rest(d time.Duration) bool {
	if d <= 0 {
		return r.closed.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.closed.Done():
		return false
	}
}

// wait waits until there are frames to be read, or for as long as given.
func (r *readiness) wait(d time.Duration) error {
	if err := r.file.SetReadDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	err := r.raw.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		return err != nil || n > 0
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// end ends what waits, now and from now on.
func (r *readiness) end() error {
	r.close()
	return r.file.Close()
}
