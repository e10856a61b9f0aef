package track_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/track"
)

// The congestion controls that scenes are played with: those in which nothing is
// left to it, with the first alone.
var (
	first = []string{"cubic"}
	every = []string{"cubic", "bbr", "reno"}
)

// scenes lose on a wire what A sends, or what answers it.
var scenes = []struct {
	name       string
	congestion []string
	wire       func() lab.Wire
	play       func(*stage)
	want       count // of A's kernel, at least: that the scene is the one it claims to be
}{
	{"last", first, func() lab.Wire { return lose(map[int]int{10: 1}) }, flight(10), count{tlp: 1}},
	{"one of ten", every, func() lab.Wire { return lose(map[int]int{4: 1}) }, flight(10), count{fast: 1}},
	{"first and third", every, func() lab.Wire { return lose(map[int]int{1: 1, 3: 1}) }, flight(10), count{fast: 2}},
	{"lost again", every, func() lab.Wire { return lose(map[int]int{4: 2}) }, flight(10), count{fast: 1, rto: 1}},
	{"lost again under way", every, func() lab.Wire { return lose(map[int]int{20: 2, 40: 3}) }, flight(200), count{fast: 2}},
	{"whole flight", every, func() lab.Wire { return lose(each(1, 10, 1)) }, flight(10), count{tlp: 1}},
	{"whole flight and its probe", every, func() lab.Wire {
		times := each(1, 10, 1)
		times[10] = 2
		return lose(times)
	}, flight(10), count{tlp: 1, rto: 1, slow: 1}},
	{"a long run", every, func() lab.Wire {
		times := make(map[int]int)
		for i := 50; i < 650; i += 1 + i%60 {
			times[i] = 1 + i%2
		}
		return lose(times)
	}, flight(700), count{fast: 5}},
	{"partial acknowledgements", every, func() lab.Wire { return lose(map[int]int{5: 1, 6: 1, 9: 1, 15: 1}) },
		withoutSACK(flight(60)), count{fast: 4}},
	{"without SACK, the last", first, func() lab.Wire { return lose(map[int]int{10: 2}) },
		withoutSACK(flight(10)), count{rto: 2}},
	{"far away", every, func() lab.Wire { return far(15*time.Millisecond, 60) }, flight(300), count{fast: 3}},
	{"reordering", every, func() lab.Wire { return detour("A", 7, 3*time.Millisecond) }, flight(500), count{}},
	{"losses both ways", every, func() lab.Wire { return lossy(20) }, flight(900), count{fast: 20}},
	{"late acknowledgements", first, func() lab.Wire { return hold(600 * time.Millisecond) }, func(s *stage) {
		a, b := s.connect()
		s.carry(a, b, 5*mss)
		s.carry(a, b, 5*mss)
	}, count{rto: 1}},
	{"acknowledgements lost", first, func() lab.Wire {
		return lab.Losing("B", func(s *track.Segment) bool { return s.Flags == track.ACK }, 2, 3, 5, 6, 7, 8, 9)
	}, func(s *stage) {
		a, b := s.connect()
		for range 5 {
			s.carry(a, b, mss)
		}
	}, count{}},
	{"SYN", first, func() lab.Wire { return flags("A", track.SYN, 2) }, handshake, count{syn: 2}},
	{"SYN-ACK", first, func() lab.Wire { return flags("B", track.SYN|track.ACK, 2) }, handshake, count{syn: 1}},
	{"data with the SYN, refused", first, func() lab.Wire { return nil }, opening, count{slow: 1}},
	{"data with the SYN, lost", first, func() lab.Wire { return flags("A", track.SYN, 1) }, opening, count{syn: 1, slow: 1}},
	{"FIN", first, func() lab.Wire { return flags("A", track.FIN|track.ACK, 2) }, func(s *stage) {
		a, b := s.connect()
		s.must(a.CloseWrite())
		_, err := io.Copy(io.Discard, b)
		s.must(err)
		_, err = b.Write([]byte{1})
		s.must(err)
		_, err = io.ReadFull(a, make([]byte, 1))
		s.must(err)
		s.rest(b)
	}, count{tlp: 1, rto: 1}},
}

// flight plays a transfer of so many full segments.
func flight(segments int) func(*stage) {
	return func(s *stage) {
		a, b := s.connect()
		s.carry(a, b, segments*mss)
	}
}

// withoutSACK plays with hosts that do not speak SACK.
func withoutSACK(play func(*stage)) func(*stage) {
	return func(s *stage) {
		for _, h := range []*lab.Host{s.A, s.B} {
			s.must(h.SetSysctl("net.ipv4.tcp_sack", 0))
		}
		play(s)
	}
}

// handshake plays a connection and a byte each way.
func handshake(s *stage) {
	a, b := s.connect()
	s.carry(a, b, 1)
}

// opening plays a connection whose first data goes with the SYN, to a peer that takes
// none there.
func opening(s *stage) {
	s.must(s.A.SetSysctl("net.ipv4.tcp_fastopen", 0x5)) // as a client, without a cookie
	listener, err := s.B.Listen(netip.AddrPortFrom(s.B.Addr, 0))
	s.must(err)
	defer listener.Close()
	a, err := s.A.Dial(s.ctx, listener.Addr().(*net.TCPAddr).AddrPort(), s.option, lab.FastOpen())
	s.must(err)
	s.t.Cleanup(func() { a.Close() })
	_, err = a.Write(make([]byte, 100))
	s.must(err)
	b, err := listener.AcceptTCP()
	s.must(err)
	s.t.Cleanup(func() { b.Close() })
	_, err = io.ReadFull(b, make([]byte, 100))
	s.must(err)
	s.carry(a, b, 1)
}

// TestKinds has a kernel lose what a wire takes from it, and compares the kinds of
// what it sends again with its own counters.
func TestKinds(t *testing.T) {
	for _, sc := range scenes {
		for _, congestion := range sc.congestion {
			t.Run(sc.name+"/"+congestion, func(t *testing.T) {
				t.Parallel()
				s := until(sc.want, func() *stage {
					return perform(t, lab.Options{Wire: sc.wire()}, lab.Congestion(congestion), sc.play)
				})
				s.compare(0, sc.want)
			})
		}
	}
}

// TestKindsAtRandom loses one in twenty frames of A's, with and without offloads.
func TestKindsAtRandom(t *testing.T) {
	for _, congestion := range every {
		for _, perSegment := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/per segment %t", congestion, perSegment), func(t *testing.T) {
				t.Parallel()
				s := perform(t, lab.Options{PerSegment: perSegment}, lab.Congestion(congestion), func(s *stage) {
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
	s := perform(t, lab.Options{}, lab.Congestion("cubic"), func(s *stage) {
		s.must(s.A.SetSysctl("net.ipv4.tcp_retries2", 3))
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

// TestSpuriousRTOs holds acknowledgements back until an RTO has fired, and counts
// those that prove to have been needless against the kernel's count: by timestamps
// it undoes them, without it takes acknowledgements of what was never sent again for
// a proof (F-RTO, RFC 5682).
func TestSpuriousRTOs(t *testing.T) {
	for stamps, counter := range map[int]string{0: "TCPSpuriousRTOs", 1: "TCPLossUndo"} {
		t.Run(counter, func(t *testing.T) {
			t.Parallel()
			s := until(count{rto: 1}, func() *stage {
				return perform(t, lab.Options{Wire: hold(600 * time.Millisecond)}, lab.Congestion("cubic"), func(s *stage) {
					for _, h := range []*lab.Host{s.A, s.B} {
						s.must(h.SetSysctl("net.ipv4.tcp_timestamps", stamps))
					}
					a, b := s.connect()
					s.carry(a, b, 5*mss)
					s.carry(a, b, 5*mss)
				})
			})
			n := 0
			for _, e := range s.told[s.A] {
				if p, ok := e.(*track.Needless); ok && p.Kind == track.KindRTO && p.Src.Addr() == s.A.Addr {
					n++
				}
			}
			if counted := s.after[s.A].Since(s.before[s.A])[counter]; n != int(counted) || n == 0 {
				t.Errorf("%d RTOs proved needless, and the kernel counted %d", n, counted)
			}
		})
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
			s := perform(t, lab.Options{}, lab.Congestion("cubic"), sc.play)
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
