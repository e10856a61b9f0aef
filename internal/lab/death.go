package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/tcpwatch/tcpwatch/track"
)

// Death is how the kernel gave up on a connection, as the program that holds it
// learns of it.
type Death struct {
	Errno syscall.Errno
	At    track.Instant // just after the read that failed: late by a wakeup, some 0.1 ms on an idle machine
}

// AwaitDeath reads from a connection, letting go of what comes, until it fails
// with an errno. A peer that closes is io.EOF. The moment free of any wakeup is
// told by Trace.
func AwaitDeath(ctx context.Context, c *net.TCPConn) (Death, error) {
	var d Death
	err := reading(ctx, c, func() error {
		buffer := make([]byte, 1<<12)
		for {
			_, err := c.Read(buffer)
			if err != nil {
				d.At = Now()
				return err
			}
		}
	})
	if errors.As(err, &d.Errno) {
		return d, nil
	}
	return Death{}, fmt.Errorf("await the death of %v: %w", c.LocalAddr(), err)
}
