package track

import "net/netip"

// Recap returns what tells another tracker all that this one has learned of its
// sockets beside their rows: before the rows whose they are, and after them the
// rest. To this tracker it tells nothing new.
func (t *Tracker) Recap() (before, after []Record) {
	owners := &OwnersRead{At: t.now, Owners: make(map[uint32]Owner)}
	options := &OptionsRead{At: t.now}
	neighbours := &NeighbourRead{At: t.now, Neighbours: make(map[netip.Addr]Neighbour)}
	for _, e := range t.sockets {
		if e.owner != (Owner{}) {
			owners.Owners[e.row.Inode] = e.owner
		}
		if e.options != nil {
			options.Options = append(options.Options, *e.options)
		}
		if e.neighbour != NeighbourUnknown {
			neighbours.Neighbours[e.remote.Addr()] = e.neighbour
		}
	}
	return []Record{owners}, []Record{options, neighbours}
}

// Knows reports whether a socket is in the table as it is known.
func (t *Tracker) Knows(cookie uint64) bool { return t.sockets[cookie] != nil }

// Between returns the ID of the connection that has these ends, the local one
// first, or else of the one that had them last and is still shown; 0: none.
func (t *Tracker) Between(local, remote netip.AddrPort) uint64 {
	if l, _, side := t.links.find(local, remote); l != nil && l.ends[side] != nil {
		return l.ends[side].id
	}
	for i := len(t.ended) - 1; i >= 0; i-- {
		if e := t.ended[i]; e.local == local && e.remote == remote {
			return e.id
		}
	}
	return 0
}
