package main

import (
	"net/netip"
	"slices"
	"sync"
)

// checker holds what the witnesses say against the log.
type checker struct {
	wire *wire

	mu    sync.Mutex // guards what follows
	said  map[*connection]*[2][]word
	pairs map[[2]netip.AddrPort][]*connection // by client and server, the latest last
	tally
}

// tally is what came of it.
type tally struct {
	strange   int                       // words on connections that nobody made
	words     map[string]int            // by event
	ends      map[string]map[string]int // by what happened, then by what was told
	silent    map[string]int            // ends that went untold, by script
	unknown   map[string]int            // ends told without a reason, by script and state
	deaths    int                       // of which the kernel gave up on
	foretold  []float64                 // ms by which a death differed from its forecast
	deadlines int                       // announced
	firm      int                       // of which said that it will die
	retracted []float64                 // ms from a recovery to the word that takes the deadline back
	clean     int                       // moments at which all was acknowledged and a firm deadline stood
	verdicts  map[string]int            // on ends that were never cut off
	breaches  map[string]int            // by kind
	shown     map[string]int            // ends, by what was to be shown of them
	told      []string                  // the first of each kind, in full
}

func newChecker(w *wire) *checker {
	return &checker{wire: w, said: make(map[*connection]*[2][]word), pairs: make(map[[2]netip.AddrPort][]*connection),
		tally: tally{words: make(map[string]int), ends: make(map[string]map[string]int), silent: make(map[string]int),
			unknown: make(map[string]int), verdicts: make(map[string]int), breaches: make(map[string]int), shown: make(map[string]int)}}
}

// begin expects words on a connection.
func (k *checker) begin(c *connection) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.said[c] = new([2][]word)
	p := [2]netip.AddrPort{c.ends[client].local, c.ends[server].local}
	k.pairs[p] = append(k.pairs[p], c)
}

// hear takes in a word.
func (k *checker) hear(host int, w word) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.words[w.Event]++
	c, side := k.find(host, &w)
	if c == nil {
		k.strange++
		return
	}
	k.said[c][side] = append(k.said[c][side], w)
}

// find returns the connection that a word is on. Of those that had the same
// addresses one after the other it is the latest that had begun; what is left of
// the one before, in TIME_WAIT, ends with the beginning of the next.
func (k *checker) find(host int, w *word) (*connection, int) {
	side, all := client, k.pairs[[2]netip.AddrPort{w.Local, w.Remote}]
	if all == nil {
		side, all = server, k.pairs[[2]netip.AddrPort{w.Remote, w.Local}]
	}
	for i, c := range slices.Backward(all) {
		at := w.Time
		if i > 0 && w.Event == "gone" && w.State == "TIME_WAIT" {
			at = at.Add(-slack)
		}
		if c.hosts[side] == host && !c.ends[client].opened.After(at) && !c.ends[client].unmade() {
			return c, side
		}
	}
	return nil, 0
}

// end judges what was said of a connection, and lets go of it.
func (k *checker) end(c *connection) {
	paths, losses, cut := k.wire.paths(c)
	k.wire.remove(c)
	k.mu.Lock()
	defer k.mu.Unlock()
	for side, e := range c.ends {
		t := trial{checker: k, c: c, side: side, log: e.snapshot(), out: paths[side], in: paths[1-side], losses: losses, cut: cut,
			said: k.said[c][side]}
		t.hold()
	}
	delete(k.said, c)
	p := [2]netip.AddrPort{c.ends[client].local, c.ends[server].local}
	if k.pairs[p] = slices.DeleteFunc(k.pairs[p], func(o *connection) bool { return o == c }); len(k.pairs[p]) == 0 {
		delete(k.pairs, p)
	}
}
