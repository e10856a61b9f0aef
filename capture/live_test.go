package capture

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// enterNamespace moves the test to a network namespace of its own, with loopback
// up. Namespace and thread end with the test.
func enterNamespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: no other goroutine may run in the namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if os.Getenv("TCPWATCH_LAB") == "require" {
			t.Fatalf("make a network namespace: %v", err)
		}
		t.Skipf("needs the right to make a network namespace: %v", err)
	}
	setUp(t, "lo", true)
}

// setUp takes an interface up or down.
func setUp(t *testing.T, name string, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	if up {
		r.SetUint16(unix.IFF_UP)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t *testing.T, o LiveOptions) *Live {
	t.Helper()
	l, err := OpenLive(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// listen returns a listener on loopback that reads what comes, and its port.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return ln, port
}

// talk sends 17 bytes over a connection of its own.
func talk(t *testing.T, ln net.Listener) {
	t.Helper()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Write(make([]byte, 17))
	c.Close()
}

func monotonic(t *testing.T) track.Instant {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return track.Instant(ts.Nano())
}

func TestLive(t *testing.T) {
	for _, name := range []string{"lo", AnyInterface} {
		t.Run(name, func(t *testing.T) {
			enterNamespace(t)
			other, _ := listen(t)
			ln, port := listen(t)
			l := mustOpen(t, LiveOptions{Interface: name, Expression: "port " + port})
			if want := map[string]LinkType{"lo": LinkEthernet, AnyInterface: LinkLinuxSLL2}[name]; l.Link() != want {
				t.Errorf("%v, want %v", l.Link(), want)
			}
			began := monotonic(t)
			talk(t, other)
			talk(t, ln)

			var b Batch
			var seg track.Segment
			var icmp track.ICMP
			var clock track.ClockPair
			var last, until track.Instant
			frames, fins, payload := uint64(0), 0, uint32(0)
			for fins < 2 {
				if err := l.Read(&b); err != nil {
					t.Fatal(err)
				}
				if (b.Clock.At != 0) != (clock.At == 0) {
					t.Errorf("clock pair %+v after %+v", b.Clock, clock)
				}
				if b.Clock.At != 0 {
					clock = b.Clock
				}
				for i := range b.Frames {
					f := &b.Frames[i]
					if frames++; f.Number != frames {
						t.Errorf("frame %d is number %d", frames, f.Number)
					}
					if f.At < began || f.At > monotonic(t) || f.At < until {
						t.Errorf("frame at %d, began %d, all given until %d", f.At, began, until)
					}
					last = f.At
					if kind := Decode(f, &seg, &icmp); kind != TCP {
						t.Fatalf("kind %d: %x", kind, f.Data)
					}
					if p := netip.MustParseAddrPort(ln.Addr().String()); seg.Src != p && seg.Dst != p {
						t.Errorf("%v > %v passed the filter", seg.Src, seg.Dst)
					}
					if seg.Iface != 1 {
						t.Errorf("interface %d, want that of lo: 1", seg.Iface)
					}
					if f.Len < uint32(len(f.Data)) || len(f.Data) > defaultSnaplen {
						t.Errorf("%d bytes of %d", len(f.Data), f.Len)
					}
					if seg.Flags.Has(track.FIN) {
						fins++
					}
					payload += seg.Len
				}
				until = b.Until
			}
			if payload != 17 {
				t.Errorf("%d bytes of payload, want 17", payload)
			}
			if wall := clock.Time(last); time.Since(wall) < 0 || time.Since(wall) > time.Minute {
				t.Errorf("by the clock pair the last frame is of %v, now is %v", wall, time.Now())
			}
			for b.Stats.Received < frames || b.Until < last { // counters follow
				if err := l.Read(&b); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// An ICMP error is captured whatever the expression says of addresses.
func TestLiveICMP(t *testing.T) {
	enterNamespace(t)
	l := mustOpen(t, LiveOptions{Interface: "lo", Expression: "port 9"})
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	message := bytesOf(uint8(3), uint8(1), uint16(0), uint32(0), ip4Of(protoTCP, tcpOf(nil)))
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	var b Batch
	for len(b.Frames) == 0 {
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	var icmp track.ICMP
	if kind := Decode(&b.Frames[0], new(track.Segment), &icmp); kind != ICMPError || icmp.Dst != netip.AddrPortFrom(to4, toPort) {
		t.Errorf("kind %d, %+v", kind, icmp)
	}
}

// What does not fit into the buffer is counted.
func TestLiveDrops(t *testing.T) {
	enterNamespace(t)
	l := mustOpen(t, LiveOptions{Interface: "lo", Snaplen: 2000, Buffer: 1})
	c, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 4000 {
		c.Write(make([]byte, 1900)) // refused, now and then
	}
	var b Batch
	frames := 0
	for b.Stats.Received == 0 {
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
		frames += len(b.Frames)
	}
	if frames == 0 || b.Stats.Dropped == 0 || b.Stats.Received <= b.Stats.Dropped {
		t.Errorf("%d frames, %+v", frames, b.Stats)
	}
}

// A batch is full when frames of full length might not fit any more, and the
// rest comes with the next one.
func TestLiveFullBatches(t *testing.T) {
	enterNamespace(t)
	l := mustOpen(t, LiveOptions{Interface: "lo", Snaplen: maxSnaplen, Expression: "udp"})
	c, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const sent = 100
	for n := byte(0); n < sent; {
		if _, err := c.Write([]byte{n}); err == nil {
			n++
		}
	}
	var b Batch
	for n := 0; n < sent; {
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
		if len(b.Frames)*maxSnaplen > batchBytes {
			t.Fatalf("%d frames in a batch", len(b.Frames))
		}
		for _, f := range b.Frames {
			if got := f.Data[len(f.Data)-1]; int(got) != n {
				t.Fatalf("frame %d carries %d", n, got)
			}
			n++
		}
	}
}

func TestLiveCloses(t *testing.T) {
	enterNamespace(t)
	l := mustOpen(t, LiveOptions{Interface: "lo"})
	reading, ended := make(chan struct{}), make(chan error)
	go func() {
		var b Batch
		err := l.Read(&b)
		close(reading)
		for err == nil {
			err = l.Read(&b)
		}
		ended <- err
	}()
	<-reading
	began := time.Now()
	closed := make(chan error)
	go func() { closed <- l.Close() }()
	if err := <-ended; err != io.EOF {
		t.Errorf("a closed source gives %v, want EOF", err)
	}
	stopped := time.Since(began)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	took := time.Since(began)
	t.Logf("a silent interface: reading stopped after %v, closed after %v", stopped, took)
	if took > time.Second {
		t.Errorf("took %v", took)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestLiveErrors(t *testing.T) {
	enterNamespace(t)
	if _, err := OpenLive(LiveOptions{Interface: "nope"}); !errors.Is(err, ErrNoInterface) || err.Error() != "nope: no such interface; -D lists them" {
		t.Error(err)
	}
	var expression *ExpressionError
	if _, err := OpenLive(LiveOptions{Interface: "lo", Expression: "port"}); !errors.As(err, &expression) {
		t.Error(err)
	}
	setUp(t, "lo", false)
	if _, err := OpenLive(LiveOptions{Interface: "lo"}); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
}

// readUntilError returns what ends a capture.
func readUntilError(l *Live) error {
	var b Batch
	for {
		if err := l.Read(&b); err != nil {
			return err
		}
	}
}

func TestLiveGoesDown(t *testing.T) {
	enterNamespace(t)
	l := mustOpen(t, LiveOptions{Interface: "lo"})
	setUp(t, "lo", false)
	if err := readUntilError(l); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
	l.Close()
	setUp(t, "lo", true)
	mustOpen(t, LiveOptions{Interface: "lo"})
}

func TestLiveVanishes(t *testing.T) {
	enterNamespace(t)
	nl, err := rtnetlink.Dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	add := func() {
		t.Helper()
		if err := nl.Link.New(&rtnetlink.LinkMessage{Attributes: &rtnetlink.LinkAttributes{
			Name: "tw0", Info: &rtnetlink.LinkInfo{Kind: "veth"}}}); err != nil {
			t.Fatal(err)
		}
		setUp(t, "tw0", true)
	}
	remove := func() {
		t.Helper()
		i, err := net.InterfaceByName("tw0")
		if err != nil {
			t.Fatal(err)
		}
		if err := nl.Link.Delete(uint32(i.Index)); err != nil {
			t.Fatal(err)
		}
	}
	add()
	gone := mustOpen(t, LiveOptions{Interface: "tw0"})
	remove()
	if err := readUntilError(gone); !errors.Is(err, ErrDown) || !strings.HasPrefix(err.Error(), "tw0: ") {
		t.Error(err)
	}
	add()
	replaced := mustOpen(t, LiveOptions{Interface: "tw0"})
	remove()
	add()
	if err := readUntilError(replaced); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
}

func TestLivePermission(t *testing.T) {
	runtime.LockOSThread() // never unlocked: the thread has lost its rights
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lo", AnyInterface} {
		_, err := OpenLive(LiveOptions{Interface: name})
		if !errors.Is(err, ErrPermission) || !strings.Contains(err.Error(), "CAP_NET_RAW") || !strings.Contains(err.Error(), "sudo setcap cap_net_raw+ep /") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenLive(LiveOptions{Interface: "nope"}); !errors.Is(err, ErrNoInterface) {
		t.Error(err)
	}
}

func TestInterfaces(t *testing.T) {
	enterNamespace(t)
	list, err := Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 2 || list[0].Name != AnyInterface || list[1].Name != "lo" {
		t.Fatalf("%+v", list)
	}
	lo := list[1]
	if lo.Index != 1 || !lo.Up || !lo.Loopback || len(lo.Addrs) == 0 || lo.Addrs[0] != netip.MustParsePrefix("127.0.0.1/8") {
		t.Errorf("%+v", lo)
	}
}
