package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

// Connect makes a connection from A to an address of B's (port 0: any) and
// returns both ends after a byte has gone each way, so that both have measured
// the round trip. Nothing listens there any more. The options are of A's end.
func (l *Lab) Connect(ctx context.Context, to netip.AddrPort, opts ...SocketOption) (a, b *net.TCPConn, err error) {
	listener, err := l.B.Listen(to)
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	to = netip.AddrPortFrom(to.Addr(), listener.Addr().(*net.TCPAddr).AddrPort().Port())
	if a, err = l.A.Dial(ctx, to, opts...); err != nil {
		return nil, nil, err
	}
	if b, err = accept(ctx, listener); err != nil {
		a.Close()
		return nil, nil, fmt.Errorf("host %s: %w", l.B.Name, err)
	}
	if err := exchange(ctx, a, b); err != nil {
		a.Close()
		b.Close()
		return nil, nil, fmt.Errorf("exchange a byte: %w", err)
	}
	return a, b, nil
}

// accept accepts one connection, or ends with ctx.
func accept(ctx context.Context, l *net.TCPListener) (*net.TCPConn, error) {
	stop := context.AfterFunc(ctx, func() { l.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c, err := l.AcceptTCP()
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return c, err
}

// exchange sends a byte each way.
func exchange(ctx context.Context, a, b *net.TCPConn) error {
	for _, way := range [...]struct{ from, to *net.TCPConn }{{a, b}, {b, a}} {
		if err := carry(ctx, way.from, way.to, "."); err != nil {
			return err
		}
	}
	return nil
}

// carry sends a text and waits for it at the other end, or ends with ctx.
func carry(ctx context.Context, from, to *net.TCPConn, text string) error {
	if _, err := io.WriteString(from, text); err != nil {
		return err
	}
	return reading(ctx, to, func() error {
		_, err := io.ReadFull(to, make([]byte, len(text)))
		return err
	})
}

// reading calls f, which reads from c, and breaks it off when ctx ends: after
// that c can't be read any more.
func reading(ctx context.Context, c *net.TCPConn, f func() error) error {
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err := f()
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
