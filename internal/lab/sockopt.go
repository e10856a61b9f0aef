package lab

import (
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// SocketOption sets something on a socket.
type SocketOption func(fd int) error

// Set sets options on a connection or listener.
func Set(c syscall.Conn, opts ...SocketOption) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return set(raw, opts)
}

func set(raw syscall.RawConn, opts []SocketOption) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		for _, o := range opts {
			if failed = o(int(fd)); failed != nil {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// UserTimeout sets TCP_USER_TIMEOUT, to the millisecond.
func UserTimeout(d time.Duration) SocketOption {
	return tcpOption("TCP_USER_TIMEOUT", unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
}

// Keepalive turns keepalive on: the first probe after idle, the next each
// interval, death after count unanswered ones. Durations are to the second.
func Keepalive(idle, interval time.Duration, count int) SocketOption {
	return all(
		tcpOption("TCP_KEEPIDLE", unix.TCP_KEEPIDLE, int(idle.Seconds())),
		tcpOption("TCP_KEEPINTVL", unix.TCP_KEEPINTVL, int(interval.Seconds())),
		tcpOption("TCP_KEEPCNT", unix.TCP_KEEPCNT, count),
		option("SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
	)
}

// SynCount sets TCP_SYNCNT.
func SynCount(n int) SocketOption { return tcpOption("TCP_SYNCNT", unix.TCP_SYNCNT, n) }

// Linger2 sets TCP_LINGER2, to the second.
func Linger2(d time.Duration) SocketOption {
	return tcpOption("TCP_LINGER2", unix.TCP_LINGER2, int(d.Seconds()))
}

// RTOMax sets TCP_RTO_MAX_MS (Linux 6.15).
func RTOMax(d time.Duration) SocketOption {
	return tcpOption("TCP_RTO_MAX_MS", unix.TCP_RTO_MAX_MS, int(d.Milliseconds()))
}

// FastOpen sets TCP_FASTOPEN_CONNECT: the data of the first write goes with the SYN.
func FastOpen() SocketOption {
	return tcpOption("TCP_FASTOPEN_CONNECT", unix.TCP_FASTOPEN_CONNECT, 1)
}

// ThinLinear sets TCP_THIN_LINEAR_TIMEOUTS.
func ThinLinear() SocketOption {
	return tcpOption("TCP_THIN_LINEAR_TIMEOUTS", unix.TCP_THIN_LINEAR_TIMEOUTS, 1)
}

// DeferAccept sets TCP_DEFER_ACCEPT on a listener, to the second.
func DeferAccept(d time.Duration) SocketOption {
	return tcpOption("TCP_DEFER_ACCEPT", unix.TCP_DEFER_ACCEPT, int(d.Seconds()))
}

// QuickAck sets TCP_QUICKACK: acknowledge at once, or late.
func QuickAck(on bool) SocketOption {
	return tcpOption("TCP_QUICKACK", unix.TCP_QUICKACK, oneIf(on))
}

// Cork sets TCP_CORK: small segments are held back, for 200 ms at most.
func Cork() SocketOption { return tcpOption("TCP_CORK", unix.TCP_CORK, 1) }

// NoDelay sets TCP_NODELAY: off lets Nagle's algorithm hold small segments back.
func NoDelay(on bool) SocketOption { return tcpOption("TCP_NODELAY", unix.TCP_NODELAY, oneIf(on)) }

// ReceiveBuffer sets SO_RCVBUF; the kernel doubles it. On a listener it bounds
// the window that accepted connections announce from the start.
func ReceiveBuffer(bytes int) SocketOption {
	return option("SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
}

// SendBuffer sets SO_SNDBUF; the kernel doubles it.
func SendBuffer(bytes int) SocketOption {
	return option("SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, bytes)
}

// Congestion sets TCP_CONGESTION: "cubic", "reno".
func Congestion(name string) SocketOption {
	return func(fd int) error {
		err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name)
		if err != nil {
			return fmt.Errorf("set TCP_CONGESTION to %s: %w", name, err)
		}
		return nil
	}
}

// ResetOnClose sets SO_LINGER to zero: closing sends a reset and leaves nothing
// behind, no orphan and no TIME_WAIT, whatever is still unacknowledged.
func ResetOnClose() SocketOption {
	return func(fd int) error {
		err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		if err != nil {
			return fmt.Errorf("set SO_LINGER: %w", err)
		}
		return nil
	}
}

// From binds a socket that is about to connect to a local address and port.
func From(a netip.AddrPort) SocketOption {
	return func(fd int) error {
		var sa unix.Sockaddr
		if a.Addr().Is4() {
			sa = &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
		} else {
			sa = &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
		}
		if err := unix.Bind(fd, sa); err != nil {
			return fmt.Errorf("bind to %s: %w", a, err)
		}
		return nil
	}
}

func tcpOption(what string, name, value int) SocketOption {
	return option(what, unix.IPPROTO_TCP, name, value)
}

func option(what string, level, name, value int) SocketOption {
	return func(fd int) error {
		if err := unix.SetsockoptInt(fd, level, name, value); err != nil {
			return fmt.Errorf("set %s to %d: %w", what, value, err)
		}
		return nil
	}
}

// all sets several options, in order, up to the first that fails.
func all(opts ...SocketOption) SocketOption {
	return func(fd int) error {
		for _, o := range opts {
			if err := o(fd); err != nil {
				return err
			}
		}
		return nil
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
