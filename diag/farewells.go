package diag

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Multicast groups of sock_diag, enum sknetlink_groups (include/uapi/linux/sock_diag.h).
const (
	groupInetTCPDestroy  = 1
	groupInet6TCPDestroy = 3
)

// ErrMissed: the kernel had more to tell than fitted into the socket's buffer,
// and how much was lost it does not say.
var ErrMissed = errors.New("events were missed")

// Farewells are the kernel's words on TCP sockets that it lets go of
// (SKNLGRP_INET_TCP_DESTROY): an orphan at its death, one that a program holds
// when that closes it. By then its addresses may be wiped: the cookie tells
// which it was.
type Farewells struct {
	conn   *rawConn
	closed atomic.Bool
}

// ListenFarewells listens in ns from now on.
func ListenFarewells(ns *Namespace) (*Farewells, error) {
	c, err := dial(ns, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("listen for destroyed sockets: %w", err)
	}
	for _, group := range [...]uint32{groupInetTCPDestroy, groupInet6TCPDestroy} {
		if err := c.JoinGroup(group); err != nil {
			c.Close()
			return nil, fmt.Errorf("listen for destroyed sockets: %w", err)
		}
	}
	return &Farewells{conn: c}, nil
}

// Next waits for the next event and returns it as it came and as it reads. The
// error is ErrMissed where events were lost, after which the listening goes on,
// and os.ErrClosed once Close was called.
func (f *Farewells) Next() (*Reply, *track.Destroyed, error) {
	raw := make([]byte, 2048) // an event takes some 400 bytes
	for {
		n, err := f.conn.Receive(raw)
		at := Now()
		switch {
		case f.closed.Load():
			return nil, nil, fmt.Errorf("listen for destroyed sockets: %w", os.ErrClosed)
		case errors.Is(err, unix.ENOBUFS):
			return nil, nil, fmt.Errorf("listen for destroyed sockets: %w", ErrMissed)
		case err != nil:
			return nil, nil, fmt.Errorf("listen for destroyed sockets: %w", err)
		}
		reply := &Reply{Began: at, Ended: at, Chunks: []Chunk{{At: at, Raw: raw[:n:n]}}}
		var dump track.Dump
		if err := reply.Parse(&dump); err != nil {
			return nil, nil, fmt.Errorf("listen for destroyed sockets: %w", err)
		}
		if len(dump.Sockets) == 1 {
			return reply, &track.Destroyed{At: at, Socket: dump.Sockets[0]}, nil
		}
	}
}

// Close ends the listening; a waiting Next returns.
func (f *Farewells) Close() error {
	f.closed.Store(true)
	return f.conn.Close()
}
