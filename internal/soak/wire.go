package main

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

// wire carries the frames between the hosts: it loses some, holds some up, and
// all those of connections that are cut off. It notes which FIN and which reset
// got through.
type wire struct {
	lose   float64 // share of the frames that is lost
	detain float64 // share that is held up, for up to detention
	rand   *rand.Rand

	mu    sync.Mutex // guards what follows, and the paths of all connections
	conns map[netip.AddrPort]map[netip.AddrPort]*connection
	count struct{ frames, lost, cut uint64 }
}

const detention = 4 * time.Millisecond

func newWire(lose, detain float64, seed uint64) *wire {
	return &wire{lose: lose, detain: detain, rand: rand.New(rand.NewPCG(seed, 1)),
		conns: make(map[netip.AddrPort]map[netip.AddrPort]*connection)}
}

// carry is the lab's wire.
func (w *wire) carry(f lab.Frame) (fate lab.Fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count.frames++
	s := f.Segment
	if s == nil {
		return fate
	}
	c, side := w.find(s.Src, s.Dst)
	switch {
	case c != nil && c.cut:
		fate.Drop = true
		w.count.cut++
	case w.rand.Float64() < w.lose:
		fate.Drop = true
		w.count.lost++
	case w.rand.Float64() < w.detain:
		fate.Delay = time.Duration(w.rand.Int64N(int64(detention)))
	}
	if c != nil {
		c.note(s, side, time.Now().Add(fate.Delay), !fate.Drop)
	}
	return fate
}

// find returns the latest connection on a pair of addresses, and which of its
// ends is src.
func (w *wire) find(src, dst netip.AddrPort) (*connection, int) {
	if c := w.conns[src][dst]; c != nil {
		return c, client
	}
	return w.conns[dst][src], server
}

// add registers a connection, before its first packet.
func (w *wire) add(c *connection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from, to := c.ends[client].local, c.ends[server].local
	if w.conns[from] == nil {
		w.conns[from] = make(map[netip.AddrPort]*connection)
	}
	w.conns[from][to] = c
}

// remove forgets a connection, unless a later one has its addresses.
func (w *wire) remove(c *connection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from, to := c.ends[client].local, c.ends[server].local
	if w.conns[from][to] == c {
		delete(w.conns[from], to)
		if len(w.conns[from]) == 0 {
			delete(w.conns, from)
		}
	}
}

// cutOff has a connection's frames lost, or carried again.
func (w *wire) cutOff(c *connection, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.cut = cut
	c.wasCut = c.wasCut || cut
}

// paths returns what was carried each way, when something was lost, and whether the
// connection was ever cut off.
func (w *wire) paths(c *connection) (paths [2]path, losses []time.Time, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return c.paths, c.losses, c.wasCut
}
