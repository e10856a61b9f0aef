package lab

import (
	"io"
	"net"
	"net/netip"
	"sync"
)

// Server is a program that listens on a host.
type Server struct {
	listener *net.TCPListener

	mu     sync.Mutex // guards what follows
	closed bool
	conns  map[*net.TCPConn]struct{}
	done   sync.WaitGroup
}

// Serve listens on the host and calls handle for each connection, in a goroutine
// of its own. The connection is closed when handle returns.
func (h *Host) Serve(at netip.AddrPort, handle func(*net.TCPConn), opts ...SocketOption) (*Server, error) {
	l, err := h.Listen(at, opts...)
	if err != nil {
		return nil, err
	}
	s := &Server{listener: l, conns: make(map[*net.TCPConn]struct{})}
	s.done.Go(func() {
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			if !s.keep(c) {
				c.Close()
				return
			}
			s.done.Go(func() {
				handle(c)
				s.drop(c)
			})
		}
	})
	return s, nil
}

// Addr returns the address at which the server listens.
func (s *Server) Addr() netip.AddrPort { return s.listener.Addr().(*net.TCPAddr).AddrPort() }

// Close stops the server, closes its connections and waits for their handlers.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
	return err
}

// keep remembers a connection; false: the server is closed.
func (s *Server) keep(c *net.TCPConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[c] = struct{}{}
	}
	return !s.closed
}

func (s *Server) drop(c *net.TCPConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	c.Close()
}

// Echo is a handler that sends back what it receives.
func Echo(c *net.TCPConn) { io.Copy(c, c) }

// Hold returns a handler that reads nothing and holds its end until done is
// closed: the window fills.
func Hold(done <-chan struct{}) func(*net.TCPConn) {
	return func(*net.TCPConn) { <-done }
}
