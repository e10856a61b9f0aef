package diag

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// tcpRTOMaxMS is TCP_RTO_MAX_MS (include/uapi/linux/tcp.h, 6.15+).
const tcpRTOMaxMS = 44

// ReadOptions reads the options of the socket of the given cookie from its
// holder's descriptor (pidfd_getfd(2)). An error is told in their Err as well;
// it is ErrGone where the holder does not hold that socket any more.
func ReadOptions(h Holder, cookie uint64) (track.Options, error) {
	o := track.Options{At: Now(), Cookie: cookie}
	if err := withCopy(h, cookie, func(fd int) error { return readOptions(fd, &o) }); err != nil {
		err = fmt.Errorf("read socket options: %w", err)
		return track.Options{At: o.At, Cookie: cookie, Err: err.Error()}, err
	}
	return o, nil
}

// Shorten sets TCP_USER_TIMEOUT of the socket of the given cookie through its
// holder's descriptor. It acts when the socket's timer fires next. d is cut to
// milliseconds; less than one would mean none, and is an error.
func Shorten(h Holder, cookie uint64, d time.Duration) error {
	ms := d.Milliseconds()
	if ms < 1 || ms > 1<<31-1 {
		return fmt.Errorf("set TCP_USER_TIMEOUT: %v is out of range: 1ms to 596h31m23s", d)
	}
	err := withCopy(h, cookie, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(ms))
	})
	if err != nil {
		return fmt.Errorf("set TCP_USER_TIMEOUT: %w", err)
	}
	return nil
}

// withCopy runs f on a copy of the holder's descriptor, after making sure that
// it is the socket of the given cookie. The copy is closed at once: while it is
// open, the program's close(2) does not make the socket an orphan.
func withCopy(h Holder, cookie uint64, f func(fd int) error) error {
	pidfd, err := unix.PidfdOpen(h.PID, 0)
	if err != nil {
		return copyError(h, err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, h.FD, 0)
	if err != nil {
		return copyError(h, err)
	}
	defer unix.Close(fd)
	if got, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE); err != nil || got != cookie {
		return ErrGone
	}
	return f(fd)
}

// copyError is err, met while copying a descriptor of h, in plain words.
func copyError(h Holder, err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return &PermissionError{Op: fmt.Sprintf("copy a descriptor of process %d", h.PID), Capability: "CAP_SYS_PTRACE"}
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%w: pidfd_getfd(2) came with Linux 5.6", ErrUnsupported)
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.EBADF):
		return ErrGone
	}
	return fmt.Errorf("copy a descriptor of process %d: %w", h.PID, err)
}

// readOptions reads the options of fd. It never reads SO_ERROR, which would
// take the error away from the program.
func readOptions(fd int, o *track.Options) error {
	number := func(level, name int, store func(v int)) func() error {
		return func() error {
			v, err := unix.GetsockoptInt(fd, level, name)
			if err == nil {
				store(v)
			}
			return err
		}
	}
	seconds := func(v int) time.Duration { return time.Duration(v) * time.Second }
	for _, read := range [...]func() error{
		number(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, func(v int) { o.UserTimeout = time.Duration(uint32(v)) * time.Millisecond }),
		number(unix.SOL_SOCKET, unix.SO_KEEPALIVE, func(v int) { o.Keepalive = v != 0 }),
		number(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, func(v int) { o.KeepIdle = seconds(v) }),
		number(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, func(v int) { o.KeepIntvl = seconds(v) }),
		number(unix.IPPROTO_TCP, unix.TCP_KEEPCNT, func(v int) { o.KeepCnt = v }),
		number(unix.IPPROTO_TCP, unix.TCP_SYNCNT, func(v int) { o.SynCnt = v }),
		number(unix.IPPROTO_TCP, unix.TCP_LINGER2, func(v int) { o.Linger2 = seconds(v) }),
		number(unix.IPPROTO_TCP, unix.TCP_THIN_LINEAR_TIMEOUTS, func(v int) { o.ThinLinear = v != 0 }),
		number(unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, func(v int) { o.DeferAccept = seconds(v) }),
	} {
		if err := read(); err != nil {
			return err
		}
	}
	err := number(unix.IPPROTO_TCP, tcpRTOMaxMS, func(v int) { o.RTOMax = time.Duration(v) * time.Millisecond })()
	if err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
		return err
	}
	return nil
}
