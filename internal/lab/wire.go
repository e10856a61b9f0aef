package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mdlayher/socket"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Wire decides the fate of each frame that goes between the hosts, ARP included,
// frame by frame, in the order in which they come. It is never called twice at
// once, and must not block.
type Wire func(Frame) Fate

// Frame is an Ethernet frame on the wire. Its data must not be kept or changed.
type Frame struct {
	Data     []byte
	From, To *Host
	Segment  *track.Segment // what it carries; nil: no TCP. Its moment and number are not set
}

// Fate is what becomes of a frame. The zero value lets it pass at once.
type Fate struct {
	Drop   bool
	Delay  time.Duration // others may overtake it meanwhile
	Copies int           // sent as well, at the same moment
}

// Losing is a wire that loses some of the segments from one host ("A", "B") that
// match: the nth of them, counted from 1, each transmission for itself.
func Losing(from string, match func(*track.Segment) bool, nth ...int) Wire {
	seen := 0
	return func(f Frame) Fate {
		if f.From.Name != from || f.Segment == nil || !match(f.Segment) {
			return Fate{}
		}
		seen++
		for _, n := range nth {
			if n == seen {
				return Fate{Drop: true}
			}
		}
		return Fate{}
	}
}

// WithData tells segments that carry data.
func WithData(s *track.Segment) bool { return s.Len > 0 }

// pump carries frames between the two ports of the wire.
type pump struct {
	decide sync.Mutex // serialises wire
	wire   Wire

	mu     sync.Mutex // guards what follows, and sending
	closed bool
	timers map[*time.Timer]struct{} // of delayed frames
	ends   [2]*socket.Conn
	done   sync.WaitGroup
}

// newPump starts to carry frames between the first and second port of middle,
// behind which the hosts a and b are.
func newPump(middle *Host, wire Wire, a, b *Host) (*pump, error) {
	p := &pump{wire: wire, timers: make(map[*time.Timer]struct{})}
	for i := range p.ends {
		end, err := tap(middle.ports[i])
		if err != nil {
			p.close()
			return nil, err
		}
		p.ends[i] = end
	}
	p.done.Add(2)
	go p.run(p.ends[0], p.ends[1], a, b)
	go p.run(p.ends[1], p.ends[0], b, a)
	return p, nil
}

// tap opens a packet socket that hears all that a port receives and sends what
// it is given.
func tap(port port) (*socket.Conn, error) {
	c, err := socket.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0, "packet", &socket.Config{NetNS: int(port.host.ns)})
	if err != nil {
		return nil, fmt.Errorf("open packet socket: %w", err)
	}
	err = c.SetsockoptInt(unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	if err == nil {
		err = c.SetReadBuffer(8 << 20)
	}
	if err == nil {
		// Binding begins to hear.
		const everyProtocol = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xff00
		err = c.Bind(&unix.SockaddrLinklayer{Protocol: everyProtocol, Ifindex: int(port.index)})
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("open packet socket: %w", err)
	}
	return c, nil
}

// run carries frames one way until its socket is closed.
func (p *pump) run(in, out *socket.Conn, from, to *Host) {
	defer p.done.Done()
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := in.Recvfrom(context.Background(), buffer, 0)
		if errors.Is(err, unix.ENETDOWN) { // told once, when the link goes down
			continue
		}
		if err != nil {
			return
		}
		data := buffer[:n]
		p.decide.Lock()
		fate := p.wire(Frame{Data: data, From: from, To: to, Segment: decode(data)})
		p.decide.Unlock()
		switch {
		case fate.Drop:
		case fate.Delay > 0:
			p.later(out, append([]byte(nil), data...), fate)
		default:
			p.send(out, data, 1+fate.Copies)
		}
	}
}

// later sends a frame after its delay, unless the wire is closed before.
func (p *pump) later(out *socket.Conn, data []byte, fate Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(fate.Delay, func() {
		p.mu.Lock()
		delete(p.timers, t)
		p.mu.Unlock()
		p.send(out, data, 1+fate.Copies)
	})
	p.timers[t] = struct{}{}
}

// send puts a frame on the wire; one that the far interface does not take is lost
// as it would be on any wire.
func (p *pump) send(out *socket.Conn, data []byte, times int) {
	for range times {
		// A packet socket that is bound needs no address, so write is send.
		_, _ = out.Write(data)
	}
}

// close stops the wire; what it still delays is lost.
func (p *pump) close() {
	p.mu.Lock()
	p.closed = true
	for t := range p.timers {
		t.Stop()
	}
	p.mu.Unlock()
	for _, e := range p.ends {
		if e != nil {
			e.Close()
		}
	}
	p.done.Wait()
}
