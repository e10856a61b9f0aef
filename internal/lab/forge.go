package lab

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Forge sends a segment from the host's interface as if its TCP had: the
// addresses, ports, numbers, flags and window of s (as in the header, unscaled),
// without options, and the payload. The host's own packet filter does not see
// it. It needs CAP_NET_RAW.
func (h *Host) Forge(s track.Segment, payload []byte) error {
	frame := encode(h.ports[0], &s, payload)
	err := h.Do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: int(h.ports[0].index)})
	})
	if err != nil {
		return fmt.Errorf("forge a segment on host %s: %w", h.Name, err)
	}
	return nil
}

// Ack returns what a connection's end would acknowledge now, with nothing else
// in it: the beginning of a forgery. The numbers are the kernel's own
// (TCP_REPAIR), the window is zero.
func Ack(c *net.TCPConn) (track.Segment, error) {
	s := track.Segment{
		Src:   c.LocalAddr().(*net.TCPAddr).AddrPort(),
		Dst:   c.RemoteAddr().(*net.TCPAddr).AddrPort(),
		Flags: track.ACK,
	}
	err := Set(c, func(fd int) error {
		err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, unix.TCP_REPAIR_ON)
		if err != nil {
			return err
		}
		s.Seq, err = queueSeq(fd, tcpSendQueue)
		if err == nil {
			s.Ack, err = queueSeq(fd, tcpRecvQueue)
		}
		// Leave without the window probe that TCP_REPAIR_OFF sends.
		off := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, unix.TCP_REPAIR_OFF_NO_WP)
		if err == nil {
			err = off
		}
		return err
	})
	if err != nil {
		return track.Segment{}, fmt.Errorf("read the sequence numbers of %v: %w", c.LocalAddr(), err)
	}
	return s, nil
}

// Queues of a socket in repair (include/uapi/linux/tcp.h).
const (
	tcpRecvQueue = 1
	tcpSendQueue = 2
)

// queueSeq returns the number that comes next in a queue of a socket in repair.
func queueSeq(fd, queue int) (uint32, error) {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR_QUEUE, queue); err != nil {
		return 0, err
	}
	n, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUEUE_SEQ)
	return uint32(n), err
}
