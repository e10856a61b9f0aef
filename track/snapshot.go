package track

import "time"

// Snapshot is the whole picture at one moment. It is immutable and shares what
// did not change with the snapshots before it.
type Snapshot struct {
	At     Instant
	Clock  ClockPair
	Source Source
	Limits Limits
	Stats  Stats
	conns  pages
}

// SnapshotOf returns a snapshot of the given connections, for views that are
// shown without a tracker.
func SnapshotOf(at Instant, conns ...*Conn) *Snapshot {
	s := &Snapshot{At: at}
	for _, c := range conns {
		s.conns.push(c)
	}
	return s
}

// Time returns the wall time of i.
func (s *Snapshot) Time(i Instant) time.Time { return s.Clock.Time(i) }

// Len returns how many connections there are, those that ended included.
func (s *Snapshot) Len() int { return s.conns.n }

// Conn returns the i-th connection, in no particular order.
func (s *Snapshot) Conn(i int) *Conn { return s.conns.at(i) }

// Stats counts what a session has seen.
type Stats struct {
	Packets       uint64 // frames
	TCP           uint64 // of which TCP segments
	Undecodable   uint64
	DroppedKernel uint64 // lost before tcpwatch could read them
	DroppedHere   uint64 // lost in tcpwatch's own queues
	Dumps         uint64
	DumpsFailed   uint64
}

// pages is an array of connections, cut into pages so that one that changes
// costs a page and not the whole.
type pages struct {
	n int
	p []*page
}

const pageLen = 128

type page [pageLen]*Conn

func (p *pages) push(c *Conn) {
	if p.n%pageLen == 0 {
		p.p = append(p.p, new(page))
	}
	p.p[p.n/pageLen][p.n%pageLen] = c
	p.n++
}

func (p *pages) at(i int) *Conn { return p.p[i/pageLen][i%pageLen] }
