package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

// death is one way in which Linux gives up on a connection of host A's.
type death struct {
	name  string
	lasts time.Duration // about, from the beginning of the stall

	needs    string // a sysctl without which a kernel has no such death
	limits   limits
	options  []lab.SocketOption // of A's end
	receiver []lab.SocketOption // of B's
	lab      lab.Options
	begin    func(*deathbed) // makes the connection; nil: A connects to B, and both say a word
	stall    func(*deathbed) // all that is done to it

	gated    bool   // a gate stands between A and B
	probes   bool   // what is sent again are probes, of which the tracepoints don't tell
	unseen   bool   // no program learns of it, and no tracepoint tells: the table is asked again and again
	shrunk   bool   // the window, over data in flight
	orphan   bool   // no program holds the socket
	changing bool   // what is done to it on the way moves its end, or the kernel does
	decided  bool   // only then; before that no one could foretell it
	reason   string // "": timed-out
}

// limits are sysctls below net.ipv4.
type limits map[string]int

// deathbed is a connection that is going to die, and what goes with it.
type deathbed struct {
	*testing.T
	*lab.Lab
	*death
	port   uint16       // of B's end, or of A's where A is the server; see ownPort
	a, b   *net.TCPConn // nil where there is none
	gate   gate
	dialed chan error // how A's attempt to connect ended
	begun  time.Time  // when the stall began
}

// ports counts the deathbeds.
var ports atomic.Uint32

// ownPort returns a port that no other deathbed has, of this process or of another
// one that may run beside it: labs share addresses, and tracepoints tell of all. It is
// below those that the kernel gives to clients (net.ipv4.ip_local_port_range).
func ownPort() uint16 {
	const each, processes = 256, 88
	return uint16(10_000 + os.Getpid()%processes*each + int(ports.Add(1))%each)
}

// newDeathbed makes the lab and the connection.
func newDeathbed(t *testing.T, d *death) *deathbed {
	t.Helper()
	s := &deathbed{T: t, death: d, port: ownPort(), dialed: make(chan error, 1)}
	o := d.lab
	if d.gated {
		o.Wire = s.gate.wire
	}
	s.Lab = labtest.New(t, o)
	if _, err := s.A.Sysctl("net.ipv4." + d.needs); d.needs != "" && errors.Is(err, fs.ErrNotExist) {
		t.Skipf("this kernel has no %s", d.needs)
	}
	for name, v := range d.limits {
		s.limit(name, v)
	}
	if d.begin != nil {
		d.begin(s)
	} else {
		s.connect(netip.AddrPortFrom(s.B.Addr, s.port))
	}
	return s
}

// connect has A connect to an address of B's.
func (s *deathbed) connect(to netip.AddrPort) {
	s.Helper()
	listener, err := s.B.Listen(to, s.receiver...)
	s.must(err)
	defer listener.Close()
	s.a, err = s.A.Dial(s.Context(), to, s.options...)
	s.must(err)
	s.b, err = listener.AcceptTCP()
	s.must(err)
	s.greet()
}

// accept has B connect to an address of A's.
func (s *deathbed) accept(listen, to netip.AddrPort) {
	s.Helper()
	listener, err := s.A.Listen(listen, s.options...)
	s.must(err)
	defer listener.Close()
	s.b, err = s.B.Dial(s.Context(), to, s.receiver...)
	s.must(err)
	s.a, err = listener.AcceptTCP()
	s.must(err)
	s.greet()
}

// greet has both ends say a word, so that both have measured the round trip.
func (s *deathbed) greet() {
	s.Helper()
	s.Cleanup(func() { s.a.Close(); s.b.Close() })
	for _, way := range [][2]*net.TCPConn{{s.a, s.b}, {s.b, s.a}} {
		_, err := way[0].Write([]byte("hello"))
		s.must(err)
		_, err = io.ReadFull(way[1], make([]byte, 5))
		s.must(err)
	}
}

// dial has A begin to connect, which nobody answers.
func (s *deathbed) dial(to netip.AddrPort) {
	go func() {
		conn, err := s.A.Dial(s.Context(), to, s.options...)
		if err == nil {
			conn.Close()
		}
		s.dialed <- err
	}()
}

func (s *deathbed) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *deathbed) limit(name string, v int) {
	s.Helper()
	s.must(s.A.SetSysctl("net.ipv4."+name, v))
}

// cut cuts both hosts off from one another.
func (s *deathbed) cut() { s.Helper(); s.must(s.Cut(lab.Cut{})) }

// deafen cuts B off from what A sends.
func (s *deathbed) deafen() { s.Helper(); s.must(s.Cut(lab.Cut{From: s.A})) }

// write has A send so many bytes, and takes the moment for the beginning.
func (s *deathbed) write(n int) {
	s.Helper()
	s.begun = time.Now()
	_, err := s.a.Write(make([]byte, n))
	s.must(err)
}

// close has A's program close the socket.
func (s *deathbed) close() {
	s.Helper()
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
	s.must(s.a.Close())
}

// fill has A send until B's window is shut.
func (s *deathbed) fill() {
	s.Helper()
	s.begun = time.Now()
	for n := 0; n == 0; { // a busy machine may come to it when its time is over
		s.must(s.a.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)))
		var err error
		if n, err = s.a.Write(make([]byte, 1<<20)); !isTimeout(err) {
			s.Fatalf("the peer took it all: %v", err)
		}
	}
}

// row asks the table until one of A's rows is as wanted, and returns it.
func (s *deathbed) row(what string, wanted func(*track.Socket) bool) track.Socket {
	s.Helper()
	w := s.openTable()
	defer w.close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		for _, r := range w.rows() {
			if wanted(&r) {
				return r
			}
		}
		if time.Now().After(end) {
			s.Fatalf("A's socket did not come to be %s: %+v", what, w.rows())
		}
	}
}

// nextFire waits until the kernel has sent something again.
func (s *deathbed) nextFire() {
	s.Helper()
	before := s.row("there", func(*track.Socket) bool { return true })
	s.row("sent again", func(r *track.Socket) bool { return r.Retransmits > before.Retransmits })
}

// letPass lets a segment of A's through the gate, and waits until B has
// acknowledged it.
func (s *deathbed) letPass() {
	s.Helper()
	before := s.row("there", func(*track.Socket) bool { return true })
	s.gate.passes.Add(1)
	s.row("acknowledged further", func(r *track.Socket) bool { return r.Info.BytesAcked > before.Info.BytesAcked })
}

// gate is a wire that takes from A's data, once it is shut, all but what is let
// through.
type gate struct {
	shut   atomic.Bool
	passes atomic.Int32
}

func (g *gate) wire(f lab.Frame) lab.Fate {
	switch {
	case !g.shut.Load(), f.From.Name != "A", f.Segment == nil, f.Segment.Len == 0:
	case g.passes.Load() == 0:
		return lab.Fate{Drop: true}
	default:
		g.passes.Add(-1)
	}
	return lab.Fate{}
}

// table is A's socket table as the kernel has it.
type table struct {
	*deathbed
	namespace *diag.Namespace
	*diag.Table
	reply diag.Reply
	dump  track.Dump
}

func (s *deathbed) openTable() *table {
	s.Helper()
	ns, err := diag.OpenNamespace(s.A.Path())
	s.must(err)
	t, err := diag.OpenTable(ns)
	s.must(err)
	return &table{deathbed: s, namespace: ns, Table: t}
}

// rows returns those of the connection.
func (w *table) rows() []track.Socket {
	w.Helper()
	w.must(w.Table.Dump(&w.reply))
	w.must(w.reply.Parse(&w.dump))
	return slices.DeleteFunc(w.dump.Sockets, func(r track.Socket) bool {
		return r.State == track.Listen || r.Local.Port() != w.port && r.Remote.Port() != w.port
	})
}

func (w *table) close() {
	w.Table.Close()
	w.namespace.Close()
}

// vanish waits until the table has no row of the connection any more, and returns
// the moment: between the last answer that had one and the first that had none.
func (s *deathbed) vanish(patience time.Duration) time.Time {
	s.Helper()
	w := s.openTable()
	defer w.close()
	var seen time.Time
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		asked := time.Now()
		if len(w.rows()) == 0 {
			if seen.IsZero() {
				s.Fatal("it was dead before it was looked at")
			}
			return seen.Add(time.Since(seen) / 2)
		}
		seen = asked
		if time.Now().After(end) {
			s.Fatalf("it does not die: %+v", w.rows())
		}
	}
}

// errno returns what A's program learns of the death; "" where none does.
func (s *deathbed) errno() string {
	s.Helper()
	switch {
	case s.orphan || s.unseen:
		return ""
	case s.a == nil:
		var errno syscall.Errno
		if err := <-s.dialed; !errors.As(err, &errno) {
			s.Fatalf("the attempt to connect ended with %v", err)
		}
		return unix.ErrnoName(errno)
	}
	var errno int
	s.must(lab.Set(s.a, func(fd int) (err error) {
		errno, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		return err
	}))
	return unix.ErrnoName(syscall.Errno(errno))
}

// witness is what the kernel's tracepoints tell, given out by the ports of the
// deathbeds.
type witness struct {
	trace *lab.Trace
	mu    sync.Mutex
	heard map[uint16]chan lab.TraceEvent
}

// newWitness listens until the test ends.
func newWitness(t *testing.T) *witness {
	t.Helper()
	labtest.New(t, lab.Options{}) // or skip
	trace, err := lab.OpenTrace()
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{trace: trace, heard: make(map[uint16]chan lab.TraceEvent)}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			e, err := trace.Next(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			w.mu.Lock()
			for _, port := range []uint16{e.Local.Port(), e.Remote.Port()} {
				if c := w.heard[port]; c != nil {
					c <- e
				}
			}
			w.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		stop()
		<-done
		if err := trace.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// of returns what is told of a port from now on, until the test ends.
func (w *witness) of(t *testing.T, port uint16) <-chan lab.TraceEvent {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan lab.TraceEvent, 4096)
	w.heard[port] = c
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.heard, port)
	})
	return c
}

// course is what the kernel did to a connection.
type course struct {
	again time.Time // when something was first sent again; zero: the tracepoints don't tell
	died  time.Time
}

// attend waits for the death of A's socket.
func (s *deathbed) attend(told <-chan lab.TraceEvent, patience time.Duration) (c course) {
	s.Helper()
	hear := func(e lab.TraceEvent) {
		at := time.Now().Add(e.At.Sub(lab.Now()))
		switch ours := e.Local.Addr() == s.A.Addr || e.Local.Addr() == s.A.Addr6; {
		case !ours:
		case e.Kind != lab.TraceState && c.again.IsZero():
			c.again = at
		case e.Kind == lab.TraceState && e.State == track.Close && !s.unseen:
			c.died = at
		}
	}
	if s.unseen {
		c.died = s.vanish(patience)
		for len(told) > 0 {
			hear(<-told)
		}
	}
	for late := time.After(patience); c.died.IsZero(); {
		select {
		case e := <-told:
			hear(e)
		case <-late:
			s.Fatalf("it did not die within %v", patience)
		}
	}
	return c
}

// watch starts tcpwatch on A.
func (s *deathbed) watch() *watcher {
	s.Helper()
	return startWatching(s.T, "--netns", s.A.Path(), "port", strconv.Itoa(int(s.port)))
}
