package diag

import (
	"fmt"
	"syscall"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// conn is a netlink socket that is read in the kernel's own pieces.
type conn interface {
	// Send sends messages in one datagram. The kernel has read them, and has
	// written the first piece of its answer, when Send returns.
	Send(messages []netlink.Message) error
	// Receive reads one piece into b, of at least pieceLen bytes.
	Receive(b []byte) (int, error)
	Close() error
}

const (
	// pieceLen is the largest piece that the kernel writes (netlink_recvmsg
	// bounds max_recvmsg_len so).
	pieceLen = 32 << 10
	// patience is how long the kernel may take to answer. It answers at once,
	// or something is broken.
	patience = 3 * time.Second
	// backlogLen is room for the answers to one batch of requests, each of
	// which the kernel counts with its overhead, and for a burst of events.
	backlogLen = 4 << 20
)

// rawConn is a conn of the kernel's. It goes around netlink.Conn's way of
// receiving, which asks for each message's length first and copies it.
type rawConn struct {
	*netlink.Conn
	raw syscall.RawConn
}

// dial opens a netlink socket of a protocol (unix.NETLINK_*) in ns.
func dial(ns *Namespace, protocol int) (*rawConn, error) {
	c, err := netlink.Dial(protocol, &netlink.Config{NetNS: ns.fd()})
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	// Without the right to force it the kernel gives what it allows.
	_ = c.SetReadBuffer(backlogLen)
	return &rawConn{Conn: c, raw: raw}, nil
}

func (c *rawConn) Send(messages []netlink.Message) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := c.SendMessages(messages)
	return err
}

func (c *rawConn) Receive(b []byte) (n int, err error) {
	waited := c.raw.Read(func(fd uintptr) bool {
		for {
			n, err = unix.Read(int(fd), b)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if waited != nil {
		return 0, waited
	}
	return max(n, 0), err
}
