package track_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

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
// each host's interface and counted by its kernel meanwhile.
func perform(t *testing.T, o lab.Options, sysctls map[string]any, option lab.SocketOption, play func(*stage)) *stage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s := &stage{Lab: labtest.New(t, o), t: t, ctx: ctx, option: option, told: make(map[*lab.Host][]track.Event),
		before: make(map[*lab.Host]lab.Counters), after: make(map[*lab.Host]lab.Counters)}
	hosts := []*lab.Host{s.A, s.B}
	live := make(map[*lab.Host]*capture.Live)
	for _, h := range hosts {
		for name, value := range sysctls {
			s.must(h.SetSysctl(name, value))
		}
		s.must(h.Do(func() (err error) {
			live[h], err = capture.OpenLive(capture.LiveOptions{Interface: h.Link, Snaplen: 128, Buffer: 16 << 10})
			return err
		}))
		defer live[h].Close()
		s.before[h] = s.counters(h)
	}
	var reading sync.WaitGroup
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
		if err := live.Read(&b); err != nil {
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
	s.must(err)
	s.t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// carry sends n bytes, sees them arrive, and has the peer answer: by then all of
// them have been acknowledged.
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

// lose returns a wire that loses segments of A with data, the byte of Connect
// aside: of the nth new one the first so many transmissions.
func lose(times map[int]int) lab.Wire {
	number := make(map[uint32]int)
	lost := make(map[int]int)
	return func(f lab.Frame) lab.Fate {
		if f.From.Name != "A" || f.Segment == nil || f.Segment.Len <= 1 {
			return lab.Fate{}
		}
		n := number[f.Segment.Seq]
		if n == 0 {
			n = len(number) + 1
			number[f.Segment.Seq] = n
		}
		if lost[n] < times[n] {
			lost[n]++
			return lab.Fate{Drop: true}
		}
		return lab.Fate{}
	}
}

// detour delays each nth segment of a host with data: the next overtake it.
func detour(from string, nth int, d time.Duration) lab.Wire {
	n := 0
	return func(f lab.Frame) lab.Fate {
		if f.From.Name != from || f.Segment == nil || f.Segment.Len <= 1 {
			return lab.Fate{}
		}
		if n++; n%nth == 0 {
			return lab.Fate{Delay: d}
		}
		return lab.Fate{}
	}
}

// hold delays the first few segments that answer data of A's, so that A loses
// patience for no reason.
func hold(d time.Duration) lab.Wire {
	data := false
	held := 0
	return func(f lab.Frame) lab.Fate {
		switch {
		case f.Segment == nil:
		case f.From.Name == "A":
			data = data || f.Segment.Len > 1
		case data && held < 8:
			held++
			return lab.Fate{Delay: d}
		}
		return lab.Fate{}
	}
}

// far is a way of d each, on which two in a row of so many segments of A's with
// data are lost.
func far(d time.Duration, of int) lab.Wire {
	n := 0
	return func(f lab.Frame) lab.Fate {
		if f.From.Name == "A" && f.Segment != nil && f.Segment.Len > 1 {
			if n++; n%of < 2 && n >= of {
				return lab.Fate{Drop: true}
			}
		}
		return lab.Fate{Delay: d}
	}
}

// flags loses the first n segments of a host with exactly these flags.
func flags(from string, f track.Flags, n int) lab.Wire {
	nth := make([]int, n)
	for i := range nth {
		nth[i] = i + 1
	}
	return lab.Losing(from, func(s *track.Segment) bool { return s.Flags == f }, nth...)
}

// each returns times with every number from first to last set to n.
func each(first, last, n int) map[int]int {
	times := make(map[int]int)
	for i := first; i <= last; i++ {
		times[i] = n
	}
	return times
}

// TestKindsAtRandom loses one in twenty frames of A's, with and without offloads.
func TestKindsAtRandom(t *testing.T) {
	for _, congestion := range []string{"cubic", "bbr", "reno"} {
		for _, perSegment := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/per segment %t", congestion, perSegment), func(t *testing.T) {
				t.Parallel()
				s := perform(t, lab.Options{PerSegment: perSegment}, nil, lab.Congestion(congestion), func(s *stage) {
					a, b := s.connect()
					s.must(s.Lose(lab.Loss{From: s.A, Each: 20}))
					s.carry(a, b, 300*mss)
					s.must(s.Heal())
					s.carry(a, b, 1)
				})
				s.compare(0, count{})
			})
		}
	}
}

// TestKindsOfADeath cuts the peer off for some RTOs, heals, and cuts it off for good.
func TestKindsOfADeath(t *testing.T) {
	t.Parallel()
	s := perform(t, lab.Options{}, map[string]any{"net.ipv4.tcp_retries2": 3}, lab.Congestion("cubic"), func(s *stage) {
		a, _ := s.connect()
		s.must(s.Lab.Cut(lab.Cut{}))
		_, err := a.Write(make([]byte, 17))
		s.must(err)
		_, err = lab.AwaitDeath(s.ctx, a)
		s.must(err)
	})
	s.compare(1, count{tlp: 1, rto: 4})
	var got []track.Kind
	for _, e := range s.told[s.A] {
		if r, ok := e.(*track.Retransmitted); ok {
			got = append(got, r.Finding.Kind)
			if r.Finding.Nth != len(got) {
				t.Errorf("retransmission %d is said to be number %d", len(got), r.Finding.Nth)
			}
		}
	}
	if len(got) == 0 || got[0] != track.KindTLP || slices.Contains(got[1:], track.KindTLP) {
		t.Errorf("kinds are %v; want a loss probe and RTOs", got)
	}
}

// TestProbes counts probes of both kinds against the kernel's count.
func TestProbes(t *testing.T) {
	for _, sc := range []struct {
		name, counter string
		kind          track.FireKind
		play          func(*stage)
	}{
		{"zero window", "TCPWinProbe", track.FireProbe, func(s *stage) {
			done := make(chan struct{})
			server, err := s.B.Serve(netip.AddrPortFrom(s.B.Addr, 0), lab.Hold(done), lab.ReceiveBuffer(8<<10))
			s.must(err)
			defer server.Close()
			defer close(done)
			a, err := s.A.Dial(s.ctx, server.Addr(), s.option, lab.SendBuffer(64<<10))
			s.must(err)
			defer a.Close()
			s.must(a.SetWriteDeadline(time.Now().Add(2 * time.Second))) // three probes, or four
			if _, err := a.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
				s.t.Fatalf("the peer took it all: %v", err)
			}
		}},
		{"keepalive", "TCPKeepAlive", track.FireKeepalive, func(s *stage) {
			a, _ := s.connect()
			s.must(lab.Set(a, lab.Keepalive(time.Second, time.Second, 2)))
			s.must(s.Lab.Cut(lab.Cut{}))
			_, err := lab.AwaitDeath(s.ctx, a)
			s.must(err)
		}},
	} {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			s := perform(t, lab.Options{}, nil, lab.Congestion("cubic"), sc.play)
			n := 0
			for _, e := range s.told[s.A] {
				if p, ok := e.(*track.Probed); ok && p.Kind == sc.kind && p.Src.Addr() == s.A.Addr {
					n++
				}
			}
			if counted := s.after[s.A].Since(s.before[s.A])[sc.counter]; n != int(counted) || n < 2 {
				t.Errorf("%d probes, and the kernel counted %d; two at least are to be seen", n, counted)
			}
		})
	}
}

// TestKinds has a kernel lose what a wire takes from it, and compares the kinds of
// what it sends again with its own counters.
func TestKinds(t *testing.T) {
	flight := func(segments int) func(*stage) {
		return func(s *stage) {
			a, b := s.connect()
			s.carry(a, b, segments*mss)
		}
	}
	handshake := func(s *stage) {
		server, err := s.B.Serve(netip.AddrPortFrom(s.B.Addr, 0), lab.Echo)
		s.must(err)
		defer server.Close()
		c, err := s.A.Dial(s.ctx, server.Addr(), s.option)
		s.must(err)
		defer c.Close()
		c.Write([]byte{1})
		_, err = io.ReadFull(c, make([]byte, 1))
		s.must(err)
	}
	noSACK := map[string]any{"net.ipv4.tcp_sack": 0}
	for _, sc := range []struct {
		name    string
		wire    func() lab.Wire
		sysctls map[string]any
		play    func(*stage)
		want    count // of A's kernel, at least: that the scene is the one it claims to be
	}{
		{"last", func() lab.Wire { return lose(map[int]int{10: 1}) }, nil, flight(10), count{tlp: 1}},
		{"one of ten", func() lab.Wire { return lose(map[int]int{4: 1}) }, nil, flight(10), count{fast: 1}},
		{"first and third", func() lab.Wire { return lose(map[int]int{1: 1, 3: 1}) }, nil, flight(10), count{fast: 2}},
		{"lost again", func() lab.Wire { return lose(map[int]int{4: 2}) }, nil, flight(10), count{fast: 1, rto: 1}},
		{"lost again under way", func() lab.Wire { return lose(map[int]int{20: 2, 40: 3}) }, nil, flight(200), count{fast: 2}},
		{"SYN", func() lab.Wire { return flags("A", track.SYN, 2) }, nil, handshake, count{syn: 2}},
		{"SYN-ACK", func() lab.Wire { return flags("B", track.SYN|track.ACK, 2) }, nil, handshake, count{}},
		{"FIN", func() lab.Wire { return flags("A", track.FIN|track.ACK, 2) }, nil, func(s *stage) {
			a, b := s.connect()
			s.must(a.CloseWrite())
			_, err := io.Copy(io.Discard, b)
			s.must(err)
			_, err = b.Write([]byte{1})
			s.must(err)
			_, err = io.ReadFull(a, make([]byte, 1))
			s.must(err)
		}, count{tlp: 1, rto: 1}},
		{"whole flight", func() lab.Wire { return lose(each(1, 10, 1)) }, nil, flight(10), count{tlp: 1}},
		{"whole flight and its probe", func() lab.Wire {
			times := each(1, 10, 1)
			times[10] = 2
			return lose(times)
		}, nil, flight(10), count{tlp: 1, rto: 1, slow: 1}},
		{"partial acknowledgements", func() lab.Wire { return lose(map[int]int{5: 1, 6: 1, 9: 1, 15: 1}) }, noSACK, flight(60), count{fast: 4}},
		{"a long run", func() lab.Wire {
			times := make(map[int]int)
			for i := 50; i < 650; i += 1 + i%60 {
				times[i] = 1 + i%2
			}
			return lose(times)
		}, nil, flight(700), count{fast: 5}},
		{"reordering", func() lab.Wire { return detour("A", 7, 3*time.Millisecond) }, nil, flight(500), count{}},
		{"late acknowledgements", func() lab.Wire { return hold(600 * time.Millisecond) }, nil, func(s *stage) {
			a, b := s.connect()
			s.carry(a, b, 5*mss)
			s.carry(a, b, 5*mss)
		}, count{rto: 1}},
		{"acknowledgements lost", func() lab.Wire {
			return lab.Losing("B", func(s *track.Segment) bool { return s.Flags == track.ACK }, 2, 3, 5, 6, 7, 8, 9)
		}, nil, func(s *stage) {
			a, b := s.connect()
			for range 5 {
				s.carry(a, b, mss)
			}
		}, count{}},
		{"losses both ways", func() lab.Wire {
			random := rand.New(rand.NewPCG(1, 2))
			return func(f lab.Frame) lab.Fate {
				return lab.Fate{Drop: f.Segment != nil && f.Segment.Flags&(track.SYN|track.FIN) == 0 && random.IntN(20) == 0}
			}
		}, nil, flight(300), count{fast: 1}},
		{"far away", func() lab.Wire { return far(15*time.Millisecond, 60) }, nil, flight(300), count{fast: 3}},
		{"without SACK, the last", func() lab.Wire { return lose(map[int]int{10: 2}) }, noSACK, flight(10), count{rto: 2}},
	} {
		for _, congestion := range []string{"cubic", "bbr", "reno"} {
			t.Run(sc.name+"/"+congestion, func(t *testing.T) {
				t.Parallel()
				s := perform(t, lab.Options{Wire: sc.wire()}, sc.sysctls, lab.Congestion(congestion), sc.play)
				s.compare(0, sc.want)
			})
		}
	}
}

// compare holds the kinds found at each host's own interface against its
// kernel's. A fire that kills is a timeout, too, but sends nothing.
func (s *stage) compare(died int, want count) {
	s.t.Helper()
	for _, h := range []*lab.Host{s.A, s.B} {
		kernel, found := s.kernel(h, died), s.found(h, h)
		if h == s.A && (kernel.agreed(want) < want.all()) {
			s.t.Errorf("the kernel counted %+v; the scene wants %+v", kernel, want)
		}
		total := max(kernel.all(), found.all())
		if total > 0 {
			s.t.Logf("host %s: kernel %+v, found %+v; at the peer %+v", h.Name, kernel, found, s.found(h, s.peer(h)))
		}
		if found.agreed(kernel)*100 < total*95 {
			s.t.Errorf("host %s: the kernel counted %+v, tcpwatch found %+v", h.Name, kernel, found)
		}
	}
}

func (s *stage) peer(h *lab.Host) *lab.Host {
	if h == s.A {
		return s.B
	}
	return s.A
}
