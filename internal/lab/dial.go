package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dial connects to an address from inside the host's namespace. Options are set
// before the SYN leaves. Without options the connection is as the kernel's
// defaults have it, whatever the machine's are: cubic, and no keepalive; only
// Nagle's algorithm is off, as in net.Dial. A SYN that is never answered ends with
// the kernel's errno, or with ctx.
func (h *Host) Dial(ctx context.Context, to netip.AddrPort, opts ...SocketOption) (*net.TCPConn, error) {
	d := net.Dialer{KeepAlive: -1, Control: control(opts)}
	d.SetMultipathTCP(false)
	var conn net.Conn
	err := h.Do(func() (err error) {
		conn, err = d.DialContext(ctx, "tcp", to.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", h.Name, err)
	}
	return conn.(*net.TCPConn), nil
}

// Listen listens inside the host's namespace. Port 0 is any port. The address ::
// listens for both families on one IPv6 socket, the host's own on that alone.
// Accepted connections inherit the options, and are cubic without keepalive, too.
func (h *Host) Listen(at netip.AddrPort, opts ...SocketOption) (*net.TCPListener, error) {
	network := "tcp"
	if at.Addr().Is4() {
		network = "tcp4"
	}
	c := net.ListenConfig{KeepAlive: -1, Control: control(opts)}
	c.SetMultipathTCP(false)
	var listener net.Listener
	err := h.Do(func() (err error) {
		listener, err = c.Listen(context.Background(), network, at.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", h.Name, err)
	}
	return listener.(*net.TCPListener), nil
}

// control sets the options on a socket before it is connected or listens.
func control(opts []SocketOption) func(network, address string, c syscall.RawConn) error {
	opts = append([]SocketOption{cubicWhereKnown}, opts...)
	return func(_, _ string, c syscall.RawConn) error { return set(c, opts) }
}

// cubicWhereKnown chooses the kernel's default congestion control, which a
// machine may have replaced for all its namespaces.
func cubicWhereKnown(fd int) error {
	if err := Congestion("cubic")(fd); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}
