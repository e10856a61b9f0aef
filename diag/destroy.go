package diag

import (
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Destroy closes the socket of id in ns at once: its program reads
// ECONNABORTED, its peer gets a reset (net/ipv4/tcp.c, tcp_abort). The cookie
// makes sure that it is this socket and no later one of the same addresses;
// where it is gone, the error is [ErrGone].
func Destroy(ns *Namespace, id ID) error {
	c, err := dial(ns, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return fmt.Errorf("destroy socket: %w", err)
	}
	defer c.Close()
	_, err = c.Execute(socketRequest(sockDestroy, netlink.Acknowledge, id))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EPERM):
		return &PermissionError{Op: "destroy socket", Capability: "CAP_NET_ADMIN"}
	case errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("destroy socket: %w: built without CONFIG_INET_DIAG_DESTROY", ErrUnsupported)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESTALE):
		return fmt.Errorf("destroy socket: %w", ErrGone)
	}
	return fmt.Errorf("destroy socket: %w", err)
}
