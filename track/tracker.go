package track

import (
	"cmp"
	"slices"
)

// Config says how much a tracker keeps. The zero value keeps nothing for show,
// which suits a stream of events over a large file.
type Config struct {
	Timeline int  // entries kept of each connection's packets; 0: none
	Moments  int  // states kept of connections that are watched or in trouble; 0: none
	Views    bool // whether Snapshot is going to be called
	Packets  bool // whether each packet is an event; takes a Timeline
}

// Tracker joins records to connections. It belongs to one goroutine.
type Tracker struct {
	cfg Config
	now Instant

	clock  ClockPair
	source Source
	limits Limits
	stats  Stats

	links    linkTable
	sockets  map[uint64]*end    // by cookie
	buried   map[uint64]Instant // when sockets were let go of whose rows may still come, by cookie
	owners   map[uint32]Owner
	hot      []*end          // those that time alone can change
	ended    []*end          // kept for show, the oldest first
	watched  map[uint64]*end // on screen, by id; nil: without a socket
	captured Instant         // since when packets have been captured; zero: they are not
	lost     uint64          // frames lost so far, by anyone
	dumps    uint64          // number of the full dump being applied
	lastID   uint64
	fetched  uint64 // see link.fetch

	strangers strangers
	shown     []*end // in the order of the snapshot's pages
	pages     []*page
	dirty     []*end
	events    []Event
}

// New returns a tracker that has seen nothing.
func New(cfg Config) *Tracker {
	return &Tracker{
		cfg:     cfg,
		links:   newLinkTable(),
		sockets: make(map[uint64]*end),
		buried:  make(map[uint64]Instant),
		owners:  make(map[uint32]Owner),
		watched: make(map[uint64]*end),
	}
}

// Apply takes in one record. Records come in the order of the session; time
// never goes back by more than the sources' own disorder. What the record points
// to is not kept, but for Dump.Sockets, whose rows may be.
func (t *Tracker) Apply(r Record) {
	if at := r.when(); at > t.now {
		t.now = at
	}
	switch r := r.(type) {
	case *Segment:
		l, side := t.links.of(r.Src, r.Dst)
		t.segment(r, l, side)
	case *Dump:
		t.dump(r)
	case *Tick:
		t.tick()
	case *ICMP:
		t.icmp(r)
	case *OptionsRead:
		t.options(r)
	case *OwnersRead:
		t.own(r)
	case *Limits:
		t.setLimits(r)
	case *Destroyed:
		t.destroyed(r)
	case *NeighbourRead:
		t.neighbours(r)
	case *Loss:
		t.loss(r)
	case *ClockPair:
		t.clock = *r
	case *Source:
		t.setSource(r)
	case *Frames:
		t.stats.Packets += r.Seen
		t.stats.Undecodable += r.Undecodable
	case *Killed:
		if e := t.sockets[r.Cookie]; e != nil {
			e.killed = true
		}
	case *Watched:
		t.watch(r.IDs)
	}
}

// watch remembers who is on screen.
func (t *Tracker) watch(ids []uint64) {
	clear(t.watched)
	for _, id := range ids {
		t.watched[id] = nil
	}
	for _, e := range t.sockets {
		if _, ok := t.watched[e.id]; ok {
			t.watched[e.id] = e
		}
	}
}

// few sockets are no more to ask for than those in trouble may be, and who knows
// their options beforehand foretells their deaths from the beginning.
const few = 32

// Urgent calls f with the sockets that are worth asking for often: all where they
// are few, else those in trouble, those that a dump has missed, those on screen.
func (t *Tracker) Urgent(f func(*Socket)) {
	if len(t.sockets) <= few {
		for _, e := range t.sockets {
			f(e.row)
		}
		return
	}
	for _, e := range t.hot {
		if e.gone == nil && e.row != nil && (e.missed > 0 || e.urgent()) && t.watched[e.id] == nil {
			f(e.row)
		}
	}
	for _, e := range t.watched {
		if e != nil && e.gone == nil {
			f(e.row)
		}
	}
}

// Now returns the moment of the latest record.
func (t *Tracker) Now() Instant { return t.now }

// Stats returns the counts so far.
func (t *Tracker) Stats() Stats { return t.stats }

// Events returns what has become known since the last call. The slice is valid
// until the next record is applied.
func (t *Tracker) Events() []Event {
	ev := t.events
	t.events = t.events[:0]
	return ev
}

func (t *Tracker) emit(e Event) { t.events = append(t.events, e) }

// tick lets time pass for those that time alone can change.
func (t *Tracker) tick() {
	kept := t.hot[:0]
	for _, e := range t.hot {
		switch {
		case e.gone != nil:
		case e.row == nil && e.parting().over() && t.now.Sub(e.last) > goodbye:
			t.end(e, t.now, ReasonUnknown)
		case e.due > t.now || t.review(e):
			kept = append(kept, e)
			continue
		}
		e.hot = false
	}
	clear(t.hot[len(kept):])
	t.hot = kept
	t.strangers.calm(t.now)
	t.letGo()
}

// heat has tick look at e from now on.
func (t *Tracker) heat(e *end) {
	if !e.hot {
		e.hot = true
		t.hot = append(t.hot, e)
	}
}

func (t *Tracker) setLimits(l *Limits) {
	t.limits = *l
	for _, e := range t.hot {
		if e.gone == nil {
			t.review(e)
		}
	}
}

func (t *Tracker) setSource(s *Source) {
	switch {
	case !s.Packets || s.Down != "":
		t.captured = 0
	case t.captured == 0:
		t.captured = s.At
	}
	t.source = *s
}

func (t *Tracker) loss(l *Loss) {
	t.stats.DroppedKernel += l.Kernel
	t.stats.DroppedHere += l.Here
	t.stats.DumpsFailed += l.Dumps
	t.lost += l.Kernel + l.Here
}

func (t *Tracker) own(r *OwnersRead) {
	for inode, o := range r.Owners {
		t.owners[inode] = o
	}
	var owned []*end
	for _, e := range t.sockets {
		if o, ok := r.Owners[e.row.Inode]; ok && e.row.Inode != 0 && o != e.owner {
			e.owner = o
			owned = append(owned, e)
		}
	}
	slices.SortFunc(owned, func(a, b *end) int { return cmp.Compare(a.id, b.id) })
	for _, e := range owned {
		t.emit(&SocketSeen{At: r.At, Socket: *e.row, Owner: e.owner})
		t.touch(e)
	}
}

func (t *Tracker) options(r *OptionsRead) {
	for i := range r.Options {
		o := r.Options[i]
		if e := t.sockets[o.Cookie]; e != nil {
			o.At = r.At
			e.options = &o
			t.review(e)
		}
	}
}

func (t *Tracker) neighbours(r *NeighbourRead) {
	for _, e := range t.hot {
		if n, ok := r.Neighbours[e.remote.Addr()]; ok {
			e.neighbour = n
			e.memory.Neighbour(n)
			t.review(e)
		}
	}
}
