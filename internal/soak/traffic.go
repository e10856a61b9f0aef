package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/internal/lab"
)

// Ports at which servers listen, and one at which none does.
var serverPorts = [...]uint16{80, 443, 5432, 8080}

const closedPort = 9

// Ports of clients: each in turn, so that no two connections are mixed up.
const firstPort, lastPort = 10000, 60000

// traffic makes connections between the two hosts of a lab.
type traffic struct {
	hosts [2]*lab.Host
	wire  *wire
	names [2]*diag.Namespace
	idle  time.Duration     // how long the idle ones are idle at most
	begun func(*connection) // called before the first packet
	over  func(*connection) // called when the script is over

	listeners []net.Listener

	mu    sync.Mutex // guards what follows
	rand  *rand.Rand
	made  int
	ports [2]int // the next one of each host

	told   map[string]int // scripts, by name
	failed map[string]int // scripts that did not go as they should, by why
}

// newTraffic has both hosts listen.
func newTraffic(l *lab.Lab, w *wire, seed uint64) (*traffic, error) {
	t := &traffic{hosts: [2]*lab.Host{l.A, l.B}, wire: w, rand: rand.New(rand.NewPCG(seed, 2)),
		told: make(map[string]int), failed: make(map[string]int)}
	for i, h := range t.hosts {
		var err error
		if t.names[i], err = diag.OpenNamespace(h.Path()); err != nil {
			return nil, err
		}
		for _, port := range serverPorts {
			listener, err := h.Listen(netip.AddrPortFrom(h.Addr, port))
			if err != nil {
				return nil, err
			}
			t.listeners = append(t.listeners, listener)
			go t.accept(listener)
		}
	}
	return t, nil
}

// accept hands connections to their scripts.
func (t *traffic) accept(l *net.TCPListener) {
	for {
		conn, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		at := time.Now()
		remote, local := conn.RemoteAddr().(*net.TCPAddr).AddrPort(), conn.LocalAddr().(*net.TCPAddr).AddrPort()
		t.wire.mu.Lock()
		c, _ := t.wire.find(remote, local)
		t.wire.mu.Unlock()
		if c == nil {
			conn.Close()
			continue
		}
		e := c.ends[server]
		e.mu.Lock()
		if e.conn == nil {
			e.conn, e.opened = conn, at
			close(c.accepted)
		} else {
			conn.Close()
		}
		e.mu.Unlock()
	}
}

// close stops listening.
func (t *traffic) close() {
	for _, l := range t.listeners {
		l.Close()
	}
	for _, ns := range t.names {
		if ns != nil {
			ns.Close()
		}
	}
}

// run makes so many connections a second until ctx ends, and waits for those
// that have begun.
func (t *traffic) run(ctx context.Context, rate float64) {
	var running sync.WaitGroup
	defer running.Wait()
	scripts := weighted()
	for next := time.Now(); ; {
		next = next.Add(time.Duration(t.random().ExpFloat64() / rate * float64(time.Second)))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
		s := &scripts[t.random().IntN(len(scripts))]
		running.Go(func() { t.play(s) })
	}
}

// random returns a generator of a script's own.
func (t *traffic) random() *rand.Rand {
	t.mu.Lock()
	defer t.mu.Unlock()
	return rand.New(rand.NewPCG(t.rand.Uint64(), t.rand.Uint64()))
}

// play runs one script to its end.
func (t *traffic) play(s *script) {
	sc := &scene{traffic: t, name: s.name, Rand: t.random()}
	err := s.play(sc)
	if errors.Is(err, errDied) {
		err = nil // the log says of what
	}
	sc.leave()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told[s.name]++
	if err != nil {
		t.failed[fmt.Sprintf("%s: %v", s.name, err)]++
	}
}

// counts returns how often each script was played, and what went wrong.
func (t *traffic) counts() (told, failed map[string]int, made int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.told), maps.Clone(t.failed), t.made
}

// pair returns addresses for a new connection from a host to a port of the other.
func (t *traffic) pair(from int, port uint16) (local, remote netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.ports[from]
	t.ports[from]++
	t.made++
	local = netip.AddrPortFrom(t.hosts[from].Addr, uint16(firstPort+n%(lastPort-firstPort)))
	if port == 0 {
		port = serverPorts[(n+n/(lastPort-firstPort))%len(serverPorts)]
	}
	return local, netip.AddrPortFrom(t.hosts[1-from].Addr, port)
}

// scene is a script that is being played.
type scene struct {
	*traffic
	*rand.Rand
	name  string
	conns []*connection
}

// leave closes what the script has left open.
func (s *scene) leave() {
	for _, c := range s.conns {
		s.traffic.wire.cutOff(c, false)
		for _, e := range c.ends {
			e.close()
		}
		c.finished = time.Now()
		s.over(c)
	}
}

// oneIn reports true in one case of n.
func (s *scene) oneIn(n int) bool { return s.IntN(n) == 0 }

// between waits for a random time.
func (s *scene) between(from, to time.Duration) {
	time.Sleep(from + time.Duration(s.Int64N(int64(to-from))))
}

// reuseAddr lets a client take a port again at once.
func reuseAddr(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) }

// prepare registers a connection from a random host to a port of the other (0:
// one at which a server listens), cut off from the beginning or not.
func (s *scene) prepare(port uint16, cut bool) *connection {
	from := s.IntN(2)
	local, remote := s.pair(from, port)
	return s.register(from, local, remote, cut)
}

func (s *scene) register(from int, local, remote netip.AddrPort, cut bool) *connection {
	c := &connection{script: s.name, hosts: [2]int{from, 1 - from}, accepted: make(chan *net.TCPConn), cut: cut, wasCut: cut}
	c.ends[client] = &end{local: local, remote: remote, opened: time.Now()}
	c.ends[server] = &end{local: remote, remote: local}
	s.conns = append(s.conns, c)
	s.begun(c)
	s.wire.add(c)
	return c
}

// dial opens a connection that was prepared.
func (s *scene) dial(c *connection, opts ...lab.SocketOption) error {
	e := c.ends[client]
	opts = append([]lab.SocketOption{reuseAddr, lab.From(e.local)}, opts...)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	conn, err := s.hosts[c.hosts[client]].Dial(ctx, e.remote, opts...)
	if err != nil {
		return e.log("dial", err)
	}
	e.conn = conn
	return nil
}

// connect opens a connection and waits until it is accepted.
func (s *scene) connect(opts ...lab.SocketOption) (c *connection, a, b *end, err error) {
	c = s.prepare(0, false)
	a, b, err = s.establish(c, opts...)
	return c, a, b, err
}

func (s *scene) establish(c *connection, opts ...lab.SocketOption) (a, b *end, err error) {
	if err := s.dial(c, opts...); err != nil {
		return nil, nil, err
	}
	select {
	case <-c.accepted:
		return c.ends[client], c.ends[server], nil
	case <-time.After(deadline):
		return nil, nil, errors.New("never accepted")
	}
}

// ask sends a request and its response.
func (s *scene) ask(a, b *end, request, response int) error {
	if err := a.write(request); err != nil {
		return err
	}
	if err := b.read(request); err != nil {
		return err
	}
	if err := b.write(response); err != nil {
		return err
	}
	return a.read(response)
}

// talk makes so many requests.
func (s *scene) talk(a, b *end, requests int) error {
	for range requests {
		if err := s.ask(a, b, 1+s.IntN(900), 1+s.IntN(6000)); err != nil {
			return err
		}
		s.between(0, 300*time.Millisecond)
	}
	return nil
}

// destroy has the kernel destroy an end, as tcpwatch's K and ss -K do.
func (s *scene) destroy(c *connection, side int) error {
	e := c.ends[side]
	var cookie uint64
	err := lab.Set(e.conn, func(fd int) (err error) {
		cookie, err = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
		return err
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.killed = time.Now()
	e.mu.Unlock()
	err = diag.Destroy(s.names[c.hosts[side]], diag.ID{Local: e.local, Remote: e.remote, Cookie: cookie})
	if err != nil {
		return err
	}
	if err := e.ask(); err == nil {
		e.fail(syscall.ECONNABORTED, false)
	}
	return nil
}
