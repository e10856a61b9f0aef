package diag

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// aside does what takes longer than asking for sockets may take: it finds
// owners, reads options and looks up neighbours.
type aside struct {
	jobs   chan job // the latest one
	owners *Owners
	routes *Routes
	send   func(News) error

	inodes     []uint32
	nextFind   track.Instant
	options    map[uint64]track.Options // as sent last, by cookie
	ways       map[netip.Addr]way
	neighbours map[netip.Addr]track.Neighbour // as sent last, by peer
}

// job is what to look at: all inodes, and the sockets that matter now. What is
// nil has not changed.
type job struct {
	inodes   []uint32
	subjects []subject
}

// subject is a socket whose options and next hop are wanted.
type subject struct {
	ID
	inode uint32
}

// way is a route, and until when it is taken for granted.
type way struct {
	Route
	until track.Instant
}

const (
	optionsAge   = time.Second // after which options are read again
	optionsBatch = 64          // sockets at most, in one job
	routeAge     = 5 * time.Second
)

func subjectsOf(d *track.Dump) []subject {
	subjects := make([]subject, len(d.Sockets))
	for i := range d.Sockets {
		subjects[i] = subject{IDOf(&d.Sockets[i]), d.Sockets[i].Inode}
	}
	return subjects
}

func (a *aside) run(ctx context.Context) error {
	a.options = map[uint64]track.Options{}
	a.ways = map[netip.Addr]way{}
	a.neighbours = map[netip.Addr]track.Neighbour{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case j := <-a.jobs:
			if j.inodes != nil {
				a.inodes = j.inodes
			}
			if err := a.findOwners(); err != nil {
				return err
			}
			if err := a.readOptions(j.subjects); err != nil {
				return err
			}
			if err := a.lookUpNeighbours(j.subjects); err != nil {
				return err
			}
		}
	}
}

// findOwners looks for owners, within its share of the time.
func (a *aside) findOwners() error {
	began := Now()
	if began < a.nextFind {
		return nil
	}
	found := a.owners.Find(a.inodes, began)
	a.nextFind = began.Add(share * Now().Sub(began))
	if len(found) == 0 {
		return nil
	}
	read := &track.OwnersRead{At: Now(), Owners: make(map[uint32]track.Owner, len(found))}
	for inode, h := range found {
		read.Owners[inode] = track.Owner{PID: h.PID, Program: h.Program}
	}
	return a.send(News{Record: read})
}

// readOptions reads the options of the subjects, those never read first, and
// sends those that changed.
func (a *aside) readOptions(subjects []subject) error {
	read := &track.OptionsRead{}
	left := optionsBatch
	for _, again := range [...]bool{false, true} {
		for _, s := range subjects {
			before, known := a.options[s.Cookie]
			h, held := a.owners.Holder(s.inode)
			if !held || known != again || known && Now().Sub(before.At) < optionsAge {
				continue
			}
			if left--; left < 0 {
				break
			}
			now, err := ReadOptions(h, s.Cookie)
			if errors.Is(err, ErrGone) {
				a.owners.Lost(s.inode)
				continue
			}
			a.options[s.Cookie] = now
			if before.At = now.At; before != now {
				read.Options = append(read.Options, now)
			}
		}
	}
	a.forgetOptions(subjects)
	if len(read.Options) == 0 {
		return nil
	}
	read.At = Now()
	return a.send(News{Record: read})
}

// forgetOptions lets go of the options of others than the subjects, once they
// are many.
func (a *aside) forgetOptions(subjects []subject) {
	if len(a.options) < 4*len(subjects)+1024 {
		return
	}
	kept := make(map[uint64]track.Options, len(subjects))
	for _, s := range subjects {
		if o, ok := a.options[s.Cookie]; ok {
			kept[s.Cookie] = o
		}
	}
	a.options = kept
}

// lookUpNeighbours looks up the next hops to the subjects' peers, and sends
// those that changed.
func (a *aside) lookUpNeighbours(subjects []subject) error {
	changed := map[netip.Addr]track.Neighbour{}
	looked := map[netip.Addr]struct{}{}
	for _, s := range subjects {
		peer := s.Remote.Addr()
		if _, twice := looked[peer]; twice || peer.IsLoopback() {
			continue
		}
		looked[peer] = struct{}{}
		now := a.neighbourOf(s)
		if before, known := a.neighbours[peer]; !known || before != now {
			a.neighbours[peer] = now
			changed[peer] = now
		}
	}
	if len(a.neighbours) > 4*len(subjects)+1024 {
		clear(a.neighbours)
		clear(a.ways)
	}
	if len(changed) == 0 {
		return nil
	}
	return a.send(News{Record: &track.NeighbourRead{At: Now(), Neighbours: changed}})
}

// neighbourOf returns the state of the next hop to the subject's peer; unknown
// where there is no route, or none that can be asked for.
func (a *aside) neighbourOf(s subject) track.Neighbour {
	peer, now := s.Remote.Addr(), Now()
	w, known := a.ways[peer]
	if !known || now > w.until {
		route, err := a.routes.To(s.Local.Addr(), peer, s.Bound)
		if err != nil {
			return track.NeighbourUnknown
		}
		w = way{route, now.Add(routeAge)}
		a.ways[peer] = w
	}
	state, err := a.routes.Neighbour(w.Route)
	if err != nil {
		return track.NeighbourUnknown
	}
	return state
}
