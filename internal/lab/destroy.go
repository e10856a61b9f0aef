package lab

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Sizes of struct inet_diag_req_v2, of the socket id in it and in struct
// inet_diag_msg (include/uapi/linux/inet_diag.h).
const (
	diagRequestLen = 56
	diagIDOffset   = 8
	diagReplyID    = 4
	diagIDLen      = 48
)

// destroySockets ends all TCP sockets of the namespace (SOCK_DESTROY), orphans
// among them.
func (h *Host) destroySockets() error {
	c, err := netlink.Dial(unix.NETLINK_SOCK_DIAG, &netlink.Config{NetNS: int(h.ns)})
	if err != nil {
		return fmt.Errorf("destroy sockets of host %s: %w", h.Name, err)
	}
	defer c.Close()
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		request := make([]byte, diagRequestLen)
		request[0] = family
		request[1] = unix.IPPROTO_TCP
		binary.NativeEndian.PutUint32(request[4:], ^uint32(0)) // in all states
		sockets, err := c.Execute(netlink.Message{
			Header: netlink.Header{Type: unix.SOCK_DIAG_BY_FAMILY, Flags: netlink.Request | netlink.Dump},
			Data:   request,
		})
		if err != nil {
			return fmt.Errorf("list sockets of host %s: %w", h.Name, err)
		}
		for _, s := range sockets {
			if len(s.Data) < diagReplyID+diagIDLen {
				continue
			}
			copy(request[diagIDOffset:], s.Data[diagReplyID:diagReplyID+diagIDLen])
			_, err := c.Execute(netlink.Message{
				Header: netlink.Header{Type: unix.SOCK_DESTROY, Flags: netlink.Request | netlink.Acknowledge},
				Data:   request,
			})
			switch {
			case errors.Is(err, unix.EOPNOTSUPP): // CONFIG_INET_DIAG_DESTROY is off
				return nil
			case err != nil && !errors.Is(err, unix.ENOENT):
				return fmt.Errorf("destroy a socket of host %s: %w", h.Name, err)
			}
		}
	}
	return nil
}
