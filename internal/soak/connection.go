package main

import (
	"net"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// The sides of a connection.
const (
	client = iota
	server
)

// connection is one connection, and the log of what became of it.
type connection struct {
	script string
	ends   [2]*end
	hosts  [2]int // of the ends: 0 is A, 1 is B

	accepted chan *net.TCPConn // the server's end, as it comes
	finished time.Time         // the script is over

	// Of the wire, guarded by its lock.
	cut, wasCut bool
	paths       [2]path // by sender
	losses      []time.Time
}

// path is what the wire has carried from one end of a connection to the other.
type path struct {
	fin       uint32    // the sequence number after its FIN
	finSent   time.Time // zero: none
	finCame   time.Time // at the other end
	finHeard  time.Time // the other end has acknowledged it
	finAcked  time.Time // and that acknowledgement has come back
	resetSent time.Time
	resetCame time.Time
}

// note takes in a segment from one side, lost or not.
func (c *connection) note(s *track.Segment, side int, at time.Time, came bool) {
	if !came {
		c.losses = append(c.losses, at)
	}
	p, back := &c.paths[side], &c.paths[1-side]
	first := func(t *time.Time) {
		if t.IsZero() {
			*t = at
		}
	}
	if s.Flags.Has(track.FIN) {
		p.fin = s.End()
		first(&p.finSent)
		if came {
			first(&p.finCame)
		}
	}
	if s.Flags.Has(track.RST) {
		first(&p.resetSent)
		if came {
			first(&p.resetCame)
		}
	} else if s.Flags.Has(track.ACK) && !back.finSent.IsZero() && int32(s.Ack-back.fin) >= 0 {
		first(&back.finHeard)
		if came {
			first(&back.finAcked)
		}
	}
}
