package track_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

// mss is what a segment of the lab's carries, with timestamps.
const mss = 1448

// stage is two hosts, and what each of them sends again while something is
// played.
type stage struct {
	*lab.Lab
	t      *testing.T
	ctx    context.Context
	option lab.SocketOption // of A's sockets
	told   map[*lab.Host][]track.Event
	before map[*lab.Host]lab.Counters
	after  map[*lab.Host]lab.Counters
}

// perform makes a lab, plays on it, and returns it with what was captured at
// each host's interface and counted by its kernel meanwhile. The option is of A's
// sockets.
func perform(t *testing.T, o lab.Options, option lab.SocketOption, play func(*stage)) *stage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s := &stage{Lab: labtest.New(t, o), t: t, ctx: ctx, option: option, told: make(map[*lab.Host][]track.Event),
		before: make(map[*lab.Host]lab.Counters), after: make(map[*lab.Host]lab.Counters)}
	hosts := []*lab.Host{s.A, s.B}
	live := make(map[*lab.Host]*capture.Live)
	var reading sync.WaitGroup
	defer reading.Wait()
	for _, h := range hosts {
		s.must(h.Do(func() (err error) {
			live[h], err = capture.OpenLive(capture.LiveOptions{Interface: h.Link, Snaplen: 128, Buffer: 16 << 10})
			return err
		}))
		defer live[h].Close()
		s.before[h] = s.counters(h)
	}
	var mu sync.Mutex
	var end track.Instant // zero: not yet
	for _, h := range hosts {
		reading.Go(func() {
			told, err := follow(live[h], func() track.Instant { mu.Lock(); defer mu.Unlock(); return end })
			mu.Lock()
			defer mu.Unlock()
			s.told[h] = told
			if err != nil {
				t.Errorf("capture at host %s: %v", h.Name, err)
			}
		})
	}
	play(s)
	for _, h := range hosts {
		s.after[h] = s.counters(h)
	}
	mu.Lock()
	end = lab.Now()
	mu.Unlock()
	reading.Wait()
	return s
}

// follow returns what the tracker tells of a live capture until it is past the end.
func follow(live *capture.Live, end func() track.Instant) ([]track.Event, error) {
	tracker := track.New(track.Config{})
	var told []track.Event
	var b capture.Batch
	for {
		last := end()
		err := live.Read(&b)
		if errors.Is(err, io.EOF) {
			return told, nil // closed: the play was broken off
		}
		if err != nil {
			return told, err
		}
		for i := range b.Frames {
			var s track.Segment
			var icmp track.ICMP
			if capture.Decode(&b.Frames[i], &s, &icmp) == capture.TCP {
				tracker.Apply(&s)
				told = append(told, tracker.Events()...)
			}
		}
		if b.Stats.Dropped > 0 {
			return told, errors.New("frames were lost")
		}
		if last != 0 && b.Until > last {
			return told, nil
		}
	}
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) counters(h *lab.Host) lab.Counters {
	s.t.Helper()
	c, err := h.Counters()
	s.must(err)
	return c
}

// connect returns both ends of a connection from A to B.
func (s *stage) connect() (a, b *net.TCPConn) {
	s.t.Helper()
	a, b, err := s.Connect(s.ctx, netip.AddrPortFrom(s.B.Addr, 0), s.option)
	if errors.Is(err, syscall.ENOENT) {
		s.t.Skipf("this kernel has no such congestion control: %v", err)
	}
	s.must(err)
	s.t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// carry sends n bytes, sees them arrive, has the peer answer, and waits until the
// answer is acknowledged, too: no timer is left that might send anything again.
func (s *stage) carry(from, to *net.TCPConn, n int) {
	s.t.Helper()
	deadline, _ := s.ctx.Deadline()
	from.SetDeadline(deadline)
	to.SetDeadline(deadline)
	var writing sync.WaitGroup
	writing.Go(func() {
		if _, err := from.Write(make([]byte, n)); err != nil {
			s.t.Error(err)
		}
	})
	_, err := io.CopyN(io.Discard, to, int64(n))
	writing.Wait()
	s.must(err)
	_, err = to.Write([]byte{1})
	s.must(err)
	_, err = io.ReadFull(from, make([]byte, 1))
	s.must(err)
	s.rest(to)
}

// rest waits until all that a socket has sent is acknowledged.
func (s *stage) rest(c *net.TCPConn) {
	s.t.Helper()
	for s.unacknowledged(c) > 0 {
		s.must(s.ctx.Err())
		time.Sleep(time.Millisecond)
	}
}

// unacknowledged returns how many bytes wait in a socket's send queue.
func (s *stage) unacknowledged(c *net.TCPConn) (n int) {
	s.t.Helper()
	raw, err := c.SyscallConn()
	s.must(err)
	s.must(raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }))
	s.must(err)
	return n
}

// count is how many segments were sent again, by kind. SYNs and SYN-ACKs are
// counted apart, as the kernel does.
type count struct{ syn, tlp, rto, fast, slow, other int }

func (c count) all() int { return c.syn + c.tlp + c.rto + c.fast + c.slow + c.other }

// agreed returns how many of both counts are of one kind.
func (c count) agreed(d count) int {
	return min(c.syn, d.syn) + min(c.tlp, d.tlp) + min(c.rto, d.rto) + min(c.fast, d.fast) + min(c.slow, d.slow)
}

// kernel returns the kernel's count of a host. Its TCPLossProbes holds probes
// with new data, too, which are not sent again: what is no other kind is a probe.
func (s *stage) kernel(h *lab.Host, died int) count {
	n := s.after[h].Since(s.before[h])
	c := count{
		syn:  int(n["TCPSynRetrans"]),
		rto:  int(n["TCPTimeouts"]) - died,
		fast: int(n["TCPFastRetrans"]),
		slow: int(n["TCPSlowStartRetrans"]),
	}
	c.rto = max(0, c.rto-c.syn) // SYNs' are TCPTimeouts, SYN-ACKs' only where a timer sent them
	c.tlp = int(n["RetransSegs"]) - c.all()
	return c
}

// found returns tcpwatch's count of what a host sent again, seen at a host.
func (s *stage) found(from, at *lab.Host) count {
	var c count
	for _, e := range s.told[at] {
		r, ok := e.(*track.Retransmitted)
		if !ok || r.Src.Addr() != from.Addr {
			continue
		}
		n := max(1, (int(r.Len)+mss-1)/mss)
		switch {
		case r.Flags.Has(track.SYN):
			c.syn += n
		case r.Finding.Kind == track.KindTLP:
			c.tlp += n
		case r.Finding.Kind == track.KindRTO:
			c.rto += n
		case r.Finding.Kind == track.KindFast:
			c.fast += n
		case r.Finding.Kind == track.KindSlowStart:
			c.slow += n
		default:
			c.other += n
		}
	}
	return c
}

// shows reports whether A's kernel counted at least what is wanted of the scene.
func (s *stage) shows(died int, want count) bool {
	return s.kernel(s.A, died).agreed(want) >= want.all()
}

// until plays a scene until it shows what is wanted of it, three times at the most:
// on a machine that stood still for a while a round trip is longer than an RTO.
func until(want count, play func() *stage) *stage {
	s := play()
	for i := 1; i < 3 && !s.shows(0, want); i++ {
		s = play()
	}
	return s
}

// compare holds the kinds found at each host's own interface against its
// kernel's. A fire that kills is a timeout, too, but sends nothing. Scenes that want
// loss probes have no new data for them to carry.
func (s *stage) compare(died int, want count) {
	s.t.Helper()
	for _, h := range []*lab.Host{s.A, s.B} {
		kernel, found := s.kernel(h, died), s.found(h, h)
		if h == s.A && !s.shows(died, want) {
			s.t.Errorf("the kernel counted %+v; the scene wants %+v", kernel, want)
		}
		total := max(kernel.all(), found.all())
		if total > 0 {
			s.t.Logf("host %s: kernel %+v, found %+v; at the peer %+v", h.Name, kernel, found, s.found(h, s.peer(h)))
		}
		if found.agreed(kernel)*100 < total*95 {
			s.t.Errorf("host %s: the kernel counted %+v, tcpwatch found %+v", h.Name, kernel, found)
		}
		probes := int(s.after[h].Since(s.before[h])["TCPLossProbes"])
		if found.tlp > probes || found.tlp < probes && h == s.A && want.tlp > 0 {
			s.t.Errorf("host %s: the kernel sent %d loss probes, tcpwatch found %d", h.Name, probes, found.tlp)
		}
	}
}

func (s *stage) peer(h *lab.Host) *lab.Host {
	if h == s.A {
		return s.B
	}
	return s.A
}
