package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

// manner is how a program let go of its end.
type manner uint8

const (
	held   manner = iota
	parted        // close
	threw         // close with SO_LINGER of zero
)

// end is one end of a connection, as its program has it.
type end struct {
	local, remote netip.AddrPort
	conn          *net.TCPConn // nil: never had

	mu       sync.Mutex // guards what follows
	opened   time.Time
	errno    syscall.Errno // the error that the program read; 0: none
	failed   time.Time     // when
	late     bool          // the error may have waited to be read
	manner   manner
	closed   time.Time
	killed   time.Time   // destroyed by SOCK_DESTROY
	clean    []time.Time // moments at which all that was sent was acknowledged
	recovery []time.Time // of those, after a cut
}

var errDied = errors.New("the connection died")

// deadline is how long a program waits for anything.
const deadline = 100 * time.Second

// write sends n bytes.
func (e *end) write(n int) error {
	_ = e.conn.SetDeadline(time.Now().Add(deadline))
	_, err := e.conn.Write(make([]byte, n))
	return e.log("write", err)
}

// read receives n bytes.
func (e *end) read(n int) error {
	_ = e.conn.SetDeadline(time.Now().Add(deadline))
	_, err := io.CopyN(io.Discard, e.conn, int64(n))
	if err == nil {
		e.settled()
	}
	return e.log("read", err)
}

// drain receives until the peer closes, or it dies.
func (e *end) drain() error {
	_ = e.conn.SetDeadline(time.Now().Add(deadline))
	_, err := io.Copy(io.Discard, e.conn)
	return e.log("read", err)
}

// settled notes whether all that was sent is acknowledged by now.
func (e *end) settled() bool {
	at := time.Now()
	n := -1
	_ = lab.Set(e.conn, func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		return err
	})
	if n == 0 {
		e.mu.Lock()
		e.clean = append(e.clean, at)
		e.mu.Unlock()
	}
	return n == 0
}

// recovered waits until all that was sent is acknowledged.
func (e *end) recovered() error {
	for limit := time.Now().Add(deadline); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if e.settled() {
			e.mu.Lock()
			e.recovery = append(e.recovery, e.clean[len(e.clean)-1])
			e.mu.Unlock()
			return nil
		}
		if err := e.ask(); err != nil {
			return err
		}
	}
	return fmt.Errorf("no recovery of %v", e.local)
}

// log notes the error that the program has read.
func (e *end) log(what string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		e.fail(errno, false)
		return errDied
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (e *end) fail(errno syscall.Errno, late bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.errno == 0 {
		e.errno, e.failed, e.late = errno, time.Now(), late
	}
}

// unmade reports whether the kernel refused to make the connection, while another
// still had its addresses.
func (e *end) unmade() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.errno == syscall.EADDRNOTAVAIL
}

// ask reads an error that waits to be read.
func (e *end) ask() error {
	pending := 0
	_ = lab.Set(e.conn, func(fd int) (err error) {
		pending, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		return err
	})
	if pending != 0 {
		e.fail(syscall.Errno(pending), true)
		return errDied
	}
	return nil
}

// close lets go of the end, as a program usually does.
func (e *end) close() { e.leave(parted) }

// reset lets go of it with a reset.
func (e *end) reset() {
	_ = lab.Set(e.conn, lab.ResetOnClose())
	e.leave(threw)
}

func (e *end) leave(m manner) {
	e.mu.Lock()
	gone := e.manner != held
	e.mu.Unlock()
	if gone || e.conn == nil {
		return
	}
	_ = e.ask()
	e.mu.Lock()
	e.manner, e.closed = m, time.Now()
	e.mu.Unlock()
	e.conn.Close()
}

// file returns a copy of the end's descriptor for another program, and lets go of
// this one's.
func (e *end) file() (*os.File, error) {
	f, err := e.conn.File()
	if err == nil {
		// Go makes a copied descriptor's socket block.
		e.conn.Close()
	}
	return f, err
}

// snapshot returns what the log says by now.
func (e *end) snapshot() end {
	e.mu.Lock()
	defer e.mu.Unlock()
	return end{local: e.local, remote: e.remote, opened: e.opened, errno: e.errno, failed: e.failed, late: e.late,
		manner: e.manner, closed: e.closed, killed: e.killed, clean: e.clean, recovery: e.recovery}
}
