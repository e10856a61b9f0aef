package main

import (
	"errors"
	"io"
	"os/exec"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

// script is one way in which connections live and end.
type script struct {
	name   string
	weight int
	play   func(*scene) error
}

// scripts are all ways, and how frequent they are among each other.
var scripts = []script{
	{"requests", 550, requests},
	{"transfer", 15, transfer},
	{"idle", 40, idle},
	{"half-close", 50, halfClose},
	{"thrown away", 70, thrownAway},
	{"unread", 50, unread},
	{"refused", 50, refused},
	{"void", 25, void},
	{"cut and healed", 40, cutAndHealed},
	{"cut for good", 25, cutForGood},
	{"cut server", 10, cutServer},
	{"orphan", 15, orphan},
	{"lonely FIN", 15, lonelyFin},
	{"FIN_WAIT2", 20, finWait2},
	{"keepalive", 10, keepalive},
	{"keepalive death", 8, keepaliveDeath},
	{"destroyed", 20, destroyed},
	{"exit", 10, exit},
	{"window shut", 8, windowShut},
	{"window shut for good", 6, windowShutForGood},
	{"address again", 20, addressAgain},
}

// weighted returns the scripts, each as often as it weighs.
func weighted() []script {
	var all []script
	for _, s := range scripts {
		for range s.weight {
			all = append(all, s)
		}
	}
	return all
}

// requests: the most usual life, and all three orders of closing.
func requests(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1+s.IntN(5)); err != nil {
		return err
	}
	return s.part(a, b)
}

// part closes both ends: one after it has heard of the other, or both at once.
func (s *scene) part(a, b *end) error {
	if s.oneIn(6) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.close()
		}()
		b.close()
		<-done
		return nil
	}
	if s.oneIn(3) {
		a, b = b, a
	}
	a.close()
	err := b.drain()
	s.between(0, 20*time.Millisecond)
	b.close()
	return err
}

func transfer(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if s.oneIn(2) {
		a, b = b, a
	}
	n := 100_000 + s.IntN(900_000)
	sent := make(chan error, 1)
	go func() { sent <- a.write(n) }()
	err = b.read(n)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	return s.part(a, b)
}

func idle(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 2); err != nil {
		return err
	}
	s.between(2*time.Second, s.idle)
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	return s.part(a, b)
}

// halfClose: one says that it has no more to send, and goes on listening.
func halfClose(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := a.write(500); err != nil {
		return err
	}
	if err := a.conn.CloseWrite(); err != nil {
		return a.log("shut down", err)
	}
	if err := b.drain(); err != nil {
		return err
	}
	for range 1 + s.IntN(4) {
		s.between(0, 2*time.Second)
		if err := b.write(1 + s.IntN(5000)); err != nil {
			return err
		}
	}
	b.close()
	err = a.drain()
	a.close()
	return err
}

// thrownAway: a program closes with SO_LINGER of zero.
func thrownAway(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, s.IntN(3)); err != nil {
		return err
	}
	if s.oneIn(2) {
		a, b = b, a
	}
	a.reset()
	return s.hear(b)
}

// hear has an end hear of its peer's end, within some seconds. A reset may be lost:
// what the end sends then is answered by another.
func (s *scene) hear(e *end) error {
	if s.oneIn(2) {
		s.between(0, 3*time.Second)
		if err := e.write(100); err != nil {
			return err
		}
	}
	limit := time.AfterFunc(5*time.Second, func() { e.conn.CloseRead() })
	defer limit.Stop()
	return e.drain()
}

// unread: a program closes with data that it has not read.
func unread(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.ask(a, b, 300, 2000); err != nil {
		return err
	}
	if s.oneIn(2) {
		a, b = b, a
	}
	if err := b.write(1000); err != nil {
		return err
	}
	s.between(0, time.Second)
	a.close()
	return s.hear(b)
}

func refused(s *scene) error { return s.dial(s.prepare(closedPort, false)) }

// void: nobody answers the SYN.
func void(s *scene) error {
	c := s.prepare(0, true)
	if s.oneIn(2) {
		return s.dial(c, lab.SynCount(1))
	}
	return s.dial(c)
}

// cutAndHealed: some time without a wire, with something on the way.
func cutAndHealed(s *scene) error {
	c, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1+s.IntN(2)); err != nil {
		return err
	}
	for range 1 + s.IntN(2) {
		s.wire.cutOff(c, true)
		if err := a.write(1 + s.IntN(3000)); err != nil {
			return err
		}
		if s.oneIn(2) {
			if err := b.write(1 + s.IntN(3000)); err != nil {
				return err
			}
		}
		s.between(200*time.Millisecond, 8*time.Second)
		s.wire.cutOff(c, false)
		for _, e := range []*end{a, b} {
			if err := e.recovered(); err != nil {
				return err
			}
		}
		s.between(1300*time.Millisecond, 3*time.Second)
	}
	go a.drain()
	go b.drain()
	s.between(0, 100*time.Millisecond)
	a.close()
	s.between(0, 100*time.Millisecond)
	b.close()
	return nil
}

// cutForGood: the client waits for an answer until its kernel gives up. What the
// server learns of it differs.
func cutForGood(s *scene) error {
	c, a, b, err := s.connect(lab.UserTimeout(time.Second + time.Duration(s.IntN(7000))*time.Millisecond))
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	s.wire.cutOff(c, true)
	if err := a.write(1 + s.IntN(3000)); err != nil {
		return err
	}
	died := a.drain()
	switch s.IntN(3) {
	case 0: // the server, silent, never knows; it closes into the void
		s.between(0, 3*time.Second)
	case 1: // it speaks once the wire is whole, and hears that nobody is there
		s.wire.cutOff(c, false)
		s.between(0, time.Second)
		if err := b.write(10); err == nil {
			_ = b.drain()
		}
	case 2: // it is reset by what the client's host answers to its FIN
		s.wire.cutOff(c, false)
		b.close()
	}
	return died
}

// cutServer: the server's answer is never acknowledged. Its host tries by
// tcp_retries2, which is low there.
func cutServer(s *scene) error {
	local, remote := s.pair(0, 0)
	c := s.register(0, local, remote, false)
	a, b, err := s.establish(c)
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	s.wire.cutOff(c, true)
	if err := b.write(1 + s.IntN(3000)); err != nil {
		return err
	}
	return b.drain()
}

// orphan: a program closes with data on the way that is never acknowledged, or
// late.
func orphan(s *scene) error {
	c, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	s.wire.cutOff(c, true)
	if err := a.write(1 + s.IntN(3000)); err != nil {
		return err
	}
	s.between(0, 2*time.Second)
	a.close()
	if s.oneIn(2) {
		s.between(0, 4*time.Second)
		s.wire.cutOff(c, false)
		return s.hear(b)
	}
	s.between(14*time.Second, 16*time.Second)
	return nil
}

// lonelyFin: nothing but the FIN is on the way when the wire is cut.
func lonelyFin(s *scene) error {
	c, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	if s.oneIn(2) {
		a, b = b, a
	}
	if s.oneIn(2) {
		a.close()
		if err := b.drain(); err != nil {
			return err
		}
		a, b = b, a
	}
	s.wire.cutOff(c, true)
	a.close()
	s.between(time.Second, 12*time.Second)
	s.wire.cutOff(c, false)
	s.between(500*time.Millisecond, time.Second)
	return nil
}

// finWait2: the client closes, the server does not, for longer than the client's
// host waits.
func finWait2(s *scene) error {
	_, a, b, err := s.connect(lab.Linger2(2 * time.Second))
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	a.close()
	if err := b.drain(); err != nil {
		return err
	}
	s.between(0, 6*time.Second)
	if s.oneIn(2) {
		if err := b.write(10); err != nil {
			return err
		}
		s.between(0, time.Second)
	}
	return nil
}

// keepalive: it is answered.
func keepalive(s *scene) error {
	_, a, b, err := s.connect(lab.Keepalive(time.Second, time.Second, 4))
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	s.between(4*time.Second, 12*time.Second)
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	return s.part(a, b)
}

// keepaliveDeath: it is not.
func keepaliveDeath(s *scene) error {
	c, a, b, err := s.connect(lab.Keepalive(time.Second, time.Second, 3))
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	s.wire.cutOff(c, true)
	return a.drain()
}

func destroyed(s *scene) error {
	c, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	s.between(0, 2*time.Second)
	side := s.IntN(2)
	if err := s.destroy(c, side); err != nil {
		return err
	}
	return s.hear([2]*end{a, b}[1-side])
}

// exit: another program holds the end, and is killed.
func exit(s *scene) error {
	_, a, b, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	f, err := a.file()
	if err != nil {
		return err
	}
	defer f.Close()
	holder := exec.Command("cat")
	holder.Stdin = f
	alive, err := holder.StdoutPipe()
	if err != nil {
		return err
	}
	if err := holder.Start(); err != nil {
		return err
	}
	f.Close()
	if err := b.write(1); err != nil {
		return err
	}
	_, err = alive.Read(make([]byte, 1))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.between(0, 2*time.Second)
	if err := holder.Process.Kill(); err != nil {
		return err
	}
	_ = holder.Wait()
	a.close()
	return b.drain()
}

// windowShut: the server reads late.
func windowShut(s *scene) error {
	_, a, b, err := s.connect(lab.SendBuffer(50_000))
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	const n = 400_000
	sent := make(chan error, 1)
	go func() { sent <- a.write(n) }()
	s.between(2*time.Second, 8*time.Second)
	if err := b.read(n); err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	if err := a.recovered(); err != nil {
		return err
	}
	s.between(1300*time.Millisecond, 2*time.Second)
	return s.part(a, b)
}

// windowShutForGood: the server never reads, and the client's user timeout ends it.
func windowShutForGood(s *scene) error {
	_, a, b, err := s.connect(lab.SendBuffer(50_000), lab.UserTimeout(4*time.Second))
	if err != nil {
		return err
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	for {
		if err := a.write(100_000); err != nil {
			return err
		}
	}
}

// addressAgain: a client takes the port of the connection before.
func addressAgain(s *scene) error {
	c, a, b, err := s.connect()
	if err != nil {
		return err
	}
	for range 2 {
		if err := s.talk(a, b, 1); err != nil {
			return err
		}
		b.close()
		err := a.drain()
		a.close()
		if err != nil {
			return err
		}
		s.between(500*time.Millisecond, 3*time.Second)
		next := s.register(c.hosts[client], a.local, a.remote, false)
		if a, b, err = s.establish(next); err != nil {
			return err
		}
	}
	if err := s.talk(a, b, 1); err != nil {
		return err
	}
	return s.part(a, b)
}
