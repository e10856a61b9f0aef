package main

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

// scene is a lab with a connection from A to B, and tcpwatch on A.
type scene struct {
	*testing.T
	lab            *lab.Lab
	watch          *watcher
	client, server *net.TCPConn
}

// newScene connects A to B, lets them exchange a word, and watches from A.
func newScene(t *testing.T, o lab.Options, args []string, options ...lab.SocketOption) *scene {
	t.Helper()
	l := labtest.New(t, o)
	s := &scene{T: t, lab: l}
	s.client, s.server = pair(t, l, netip.AddrPortFrom(l.B.Addr, 12345), options...)
	s.say(s.client, s.server, "hello")
	if args == nil {
		args = []string{"port", "12345"}
	}
	s.watch = startWatching(t, append([]string{"--netns", l.A.Path()}, args...)...)
	s.watch.until("the socket", func(e event) bool { return e.Event == "socket" && e.Local == s.client.LocalAddr().String() })
	s.say(s.client, s.server, "again")
	s.say(s.server, s.client, "and back")
	return s
}

func (s *scene) say(from, to *net.TCPConn, words string) {
	s.Helper()
	if _, err := from.Write([]byte(words)); err != nil {
		s.Fatal(err)
	}
	if _, err := io.ReadFull(to, make([]byte, len(words))); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) write(to *net.TCPConn, n int) {
	s.Helper()
	to.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)) // the buffer may fill up
	if _, err := to.Write(make([]byte, n)); err != nil && !isTimeout(err) {
		s.Fatal(err)
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

func (s *scene) cut(c lab.Cut) {
	s.Helper()
	if err := s.lab.Cut(c); err != nil {
		s.Fatal(err)
	}
}

// TestVerdicts brings a connection into each kind of trouble, and waits for the
// word on it. Any other word on the way is wrong, but for those that were true
// before.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		verdict string
		name    string
		allowed string // verdicts that may come before
		options lab.Options
		sockets []lab.SocketOption
		act     func(*scene)
	}{
		{verdict: "peer-silent", act: func(s *scene) {
			s.cut(lab.Cut{})
			s.write(s.client, 17)
		}},
		{verdict: "local-drop", name: "by netfilter", act: func(s *scene) {
			s.cut(lab.Cut{From: s.lab.A, How: lab.OutputDrop})
			s.write(s.client, 17)
		}},
		{verdict: "local-drop", name: "by the queue", act: func(s *scene) {
			s.cut(lab.Cut{From: s.lab.A, How: lab.QdiscDrop})
			s.write(s.client, 17)
		}},
		{verdict: "peer-not-reading", sockets: []lab.SocketOption{lab.ReceiveBuffer(4096)}, act: func(s *scene) {
			s.write(s.client, 1<<20)
		}},
		{verdict: "app-not-reading", act: func(s *scene) {
			s.write(s.server, 100)
		}},
		{verdict: "not-closed-by-app", act: func(s *scene) {
			s.server.Close()
		}},
		{verdict: "unanswered-syn", allowed: "idle-unguarded", act: func(s *scene) {
			s.cut(lab.Cut{})
			go func() {
				if conn, err := s.lab.A.Dial(s.Context(), netip.AddrPortFrom(s.lab.B.Addr, 12345)); err == nil {
					conn.Close()
				}
			}()
		}},
		{verdict: "unreachable", options: lab.Options{Router: true}, act: func(s *scene) {
			s.cut(lab.Cut{From: s.lab.A, How: lab.HostUnreachable})
			s.write(s.client, 17)
		}},
		{verdict: "one-way", act: func(s *scene) {
			s.cut(lab.Cut{From: s.lab.A})
			s.write(s.server, 17)
		}},
		{verdict: "mtu-blackhole", options: lab.Options{PerSegment: true}, act: func(s *scene) {
			if err := s.lab.Lose(lab.Loss{From: s.lab.A, Longer: 1000}); err != nil {
				s.Fatal(err)
			}
			s.write(s.client, 3*1448+200)
		}},
		{verdict: "idle-unguarded", act: func(*scene) {}},
		{verdict: "peer-silent", name: "keepalive unanswered", allowed: "",
			sockets: []lab.SocketOption{lab.Keepalive(time.Second, time.Second, 5)}, act: func(s *scene) {
				s.cut(lab.Cut{})
			}},
	} {
		name := c.verdict
		if c.name != "" {
			name += " " + c.name
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, c.options, nil, c.sockets...)
			c.act(s)
			e := s.watch.until(c.verdict, func(e event) bool { return e.Event == "verdict" && e.Verdict == c.verdict })
			t.Log(e.Text)
			for _, e := range s.watch.stop() {
				if e.Event == "verdict" && e.Verdict != c.verdict && e.Verdict != "healthy" && !strings.Contains(c.allowed, e.Verdict) {
					t.Errorf("on the way: %s", e.raw)
				}
			}
		})
	}
}

// TestRefusedIsNoSilence connects to a port where nobody listens.
func TestRefusedIsNoSilence(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	w := startWatching(t, "--netns", l.A.Path(), "port", "9")
	for range 20 {
		if _, err := l.A.Dial(context.Background(), netip.AddrPortFrom(l.B.Addr, 9)); err == nil {
			t.Fatal("somebody listens on port 9")
		}
	}
	for _, e := range w.stop() {
		if e.Event == "verdict" && e.Verdict != "healthy" || e.Event == "gone" && e.Reason != "reset" {
			t.Errorf("a refused connection was told as %s", e.raw)
		}
	}
}

// TestLossyIsNotDead sends data for some seconds over a path that loses one
// packet in fifty.
func TestLossyIsNotDead(t *testing.T) {
	t.Parallel()
	s := newScene(t, lab.Options{PerSegment: true}, nil)
	if err := s.lab.Lose(lab.Loss{Each: 50}); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, s.server)
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); {
		s.client.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := s.client.Write(make([]byte, 2000)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Millisecond) // the pace of the talk
	}
	resent := 0
	for _, e := range s.watch.stop() {
		switch {
		case e.Event == "retransmit":
			resent++
		case e.Event == "verdict" && e.Verdict != "healthy":
			t.Errorf("a lossy connection was told as %s", e.raw)
		case e.Event == "gone":
			t.Errorf("a living connection was told as %s", e.raw)
		}
	}
	if resent < 20 {
		t.Errorf("only %d retransmissions: the path was not lossy", resent)
	}
}

// TestGapsInCoverage cuts a connection off where tcpwatch can see some of its
// packets, or none. Whatever it says must not rest on those that it could not
// have seen.
func TestGapsInCoverage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"dst port alone", []string{"dst", "port", "12345"}},
		{"src port alone", []string{"src", "port", "12345"}},
		{"wrong interface", []string{"-i", "lo", "port", "12345"}},
		{"no packets at all", []string{"port 12345 and greater 5000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, lab.Options{}, c.args)
			s.cut(lab.Cut{})
			s.write(s.client, 17)
			e := s.watch.until("peer-silent", func(e event) bool { return e.Event == "verdict" && e.Verdict == "peer-silent" })
			if !strings.Contains(e.raw, "doubt") {
				t.Errorf("no doubt is told: %s", e.raw)
			}
			for _, e := range s.watch.stop() {
				if e.Event == "verdict" && e.Verdict != "healthy" && e.Verdict != "peer-silent" {
					t.Errorf("a verdict from packets that could not be seen: %s", e.raw)
				}
			}
		})
	}
}

// TestTranslatedIsDoubt cuts off a connection whose addresses are other ones on the
// wire, by NAT of this host's.
func TestTranslatedIsDoubt(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	service := l.B.Addr.Next()
	labtest.Check(t, l.Translate(service, l.B.Addr))
	listener, err := l.B.Listen(netip.AddrPortFrom(l.B.Addr, 12345))
	labtest.Check(t, err)
	defer listener.Close()
	w := startWatching(t, "--netns", l.A.Path(), "port", "12345")
	client, err := l.A.Dial(t.Context(), netip.AddrPortFrom(service, 12345))
	labtest.Check(t, err)
	defer client.Close()
	ours := func(e event) bool {
		return e.Local == client.LocalAddr().String() && e.Remote == client.RemoteAddr().String()
	}
	w.until("the socket", func(e event) bool { return e.Event == "socket" && ours(e) })
	labtest.Check(t, l.Cut(lab.Cut{}))
	_, err = client.Write(make([]byte, 17))
	labtest.Check(t, err)
	e := w.until("peer-silent", func(e event) bool { return e.Event == "verdict" && e.Verdict == "peer-silent" && ours(e) })
	if !strings.Contains(e.raw, "segments that the capture did not show") {
		t.Errorf("no doubt is told: %s", e.raw)
	}
	for _, e := range w.stop() {
		if e.Event == "verdict" && e.Verdict != "healthy" && e.Verdict != "peer-silent" {
			t.Errorf("a verdict from packets that could not be seen: %s", e.raw)
		}
	}
}

// TestLateStartIsNoDrop begins to watch in mid-stall: what was sent again before
// was not lost on this host.
func TestLateStartIsNoDrop(t *testing.T) {
	t.Parallel()
	s := newDeathbed(t, &death{})
	silence(s)
	s.row("sent again three times", func(r *track.Socket) bool { return r.Retransmits >= 3 })
	w := s.watch()
	w.until("peer-silent", func(e event) bool { return e.Event == "verdict" && e.Verdict == "peer-silent" })
	for range 2 {
		s.nextFire()
	}
	for _, e := range w.stop() {
		if e.Event == "verdict" && e.Verdict != "peer-silent" {
			t.Errorf("of a peer that is silent: %s", e.raw)
		}
	}
}

// TestCorkedIsNoDrop holds small segments back by TCP_CORK, which the kernel shows
// as it does those that could not be sent.
func TestCorkedIsNoDrop(t *testing.T) {
	t.Parallel()
	s := newScene(t, lab.Options{}, nil, lab.Cork())
	for range 5 {
		s.say(s.client, s.server, "held back")
	}
	for _, e := range s.watch.stop() {
		if e.Event == "verdict" && e.Verdict != "healthy" || e.Event == "deadline" && e.Cause != "none" {
			t.Errorf("of what was held back: %s", e.raw)
		}
	}
}
