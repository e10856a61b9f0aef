package lab_test

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// asked returns what a socket says of an option of TCP.
func asked(t *testing.T, c *net.TCPConn, level, name int) (value int) {
	t.Helper()
	err := lab.Set(c, func(fd int) (err error) {
		value, err = unix.GetsockoptInt(fd, level, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSocketOptions(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	a, _ := connect(t, l, l.B.Addr,
		lab.UserTimeout(3*time.Second), lab.Keepalive(7*time.Second, 2*time.Second, 4), lab.SynCount(3),
		lab.Linger2(9*time.Second), lab.ThinLinear(), lab.NoDelay(false), lab.SendBuffer(20000))
	for _, want := range []struct {
		what               string
		level, name, value int
	}{
		{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 3000},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 7},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 2},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
		{"TCP_SYNCNT", unix.IPPROTO_TCP, unix.TCP_SYNCNT, 3},
		{"TCP_LINGER2", unix.IPPROTO_TCP, unix.TCP_LINGER2, 9},
		{"TCP_THIN_LINEAR_TIMEOUTS", unix.IPPROTO_TCP, unix.TCP_THIN_LINEAR_TIMEOUTS, 1},
		{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, 40000},
	} {
		if got := asked(t, a, want.level, want.name); got != want.value {
			t.Errorf("%s = %d, want %d", want.what, got, want.value)
		}
	}
	if err := lab.Set(a, lab.Congestion("no such")); !errors.Is(err, unix.ENOENT) {
		t.Errorf("an unknown congestion control: %v", err)
	}
}

func TestPlainSocketsAreTheKernelsDefault(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	a, b := connect(t, l, l.B.Addr)
	for end, c := range map[string]*net.TCPConn{"A": a, "B": b} {
		var control string
		err := lab.Set(c, func(fd int) (err error) {
			control, err = unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
			return err
		})
		if err != nil || control != "cubic" {
			t.Errorf("%s: congestion control %s, %v", end, control, err)
		}
		if asked(t, c, unix.SOL_SOCKET, unix.SO_KEEPALIVE) != 0 {
			t.Errorf("%s: keepalive is on", end)
		}
	}
}

func TestRTOMin(t *testing.T) {
	t.Parallel()
	for _, o := range []lab.Options{{}, {Router: true}} {
		l := labtest.New(t, o)
		if err := l.A.SetRTOMin(time.Second); err != nil {
			t.Fatal(err)
		}
		for _, to := range []netip.Addr{l.B.Addr, l.B.Addr6} {
			if !to.IsValid() {
				continue
			}
			a, _ := connect(t, l, to)
			var rto time.Duration
			err := lab.Set(a, func(fd int) error {
				info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
				if err == nil {
					rto = time.Duration(info.Rto) * time.Microsecond
				}
				return err
			})
			if err != nil || rto < time.Second {
				t.Errorf("router %v, to %v: RTO %v, %v", o.Router, to, rto, err)
			}
		}
	}
}

func TestUnknownSysctl(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	if err := l.A.SetSysctl("net.ipv4.no_such", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("set: %v", err)
	}
	if _, err := l.A.Sysctl("net.ipv4.no_such"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read: %v", err)
	}
}

func TestMasquerade(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{Router: true})
	if err := l.Masquerade(); err != nil {
		t.Fatal(err)
	}
	a, b := connect(t, l, l.B.Addr)
	if seen := b.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); seen.String() != "10.77.201.254" {
		t.Errorf("B sees %v as its peer", seen)
	}
	say(t, a, b, "hidden")
}

func TestServers(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	done := make(chan struct{})
	for name, handle := range map[string]func(*net.TCPConn){"echo": lab.Echo, "hold": lab.Hold(done)} {
		s, err := l.B.Serve(addrPort(l.B.Addr, 0), handle)
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.A.Dial(bounded(t), s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if name == "echo" {
			say(t, c, c, "hello")
		} else {
			close(done)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		c.Close()
	}
}
