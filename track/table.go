package track

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// dump takes in an answer of the socket table.
func (t *Tracker) dump(d *Dump) {
	t.stats.Dumps++
	whole := d.Full || d.Changes
	if whole {
		t.dumps++
	}
	for i := range d.Sockets {
		if s := &d.Sockets[i]; s.State != Listen && t.buried[s.Cookie] == 0 {
			t.socket(s)
		}
	}
	for _, cookie := range d.Absent {
		if e := t.sockets[cookie]; e != nil && e.seen <= d.Began {
			t.absent(e, d.Ended)
		}
	}
	if whole {
		t.missing(d)
		maps.DeleteFunc(t.buried, func(_ uint64, at Instant) bool { return at < d.Began })
	}
}

// absent takes in that a socket was asked for by name and not found. The kernel
// misses one that it is just putting in the place of another, a child for its
// request, a minisock for its socket. So where nothing else speaks for an end, it is
// asked for again.
func (t *Tracker) absent(e *end, at Instant) {
	request := e.row.State == NewSynRecv // whose child only a walk can show: it goes by another name
	replaced := request || !waiting(e.row) && e.row.Timer != TimerTimewait
	if replaced && e.farewell == 0 && e.parting().reset() == 0 && (request || e.absent == 0) {
		if e.absent == 0 {
			e.absent = at
			e.missed = max(e.missed, 1)
			t.heat(e)
		}
		return
	}
	if e.absent != 0 {
		at = e.absent
	}
	t.end(e, at, ReasonUnknown)
}

// missing looks for the sockets that a whole walk had not. A socket that moves
// between the kernel's tables while they are walked is missed once, so only the
// second walk in a row is believed; until then it is asked for by name.
func (t *Tracker) missing(d *Dump) {
	for _, e := range t.unmet(d) {
		if d.Began < e.absent {
			continue // it may have passed by before there was another in its place
		}
		if e.missed++; e.missed > 1 {
			at := d.Ended
			if e.absent != 0 {
				at = e.absent
			}
			t.end(e, at, ReasonUnknown)
		} else {
			t.heat(e)
		}
	}
}

// unmet returns those that a whole walk had not, in the order of their IDs. Those
// that it left out because they were as before it had.
func (t *Tracker) unmet(d *Dump) []*end {
	var unmet []*end
	for cookie, e := range t.sockets {
		_, missed := slices.BinarySearch(d.Missed, cookie)
		switch {
		case e.dump == t.dumps || e.seen > d.Began:
		case d.Changes && !missed:
			e.seen, e.dump, e.missed, e.absent = d.Began, t.dumps, 0, 0
			e.memory.Same(d.Began)
		default:
			unmet = append(unmet, e)
		}
	}
	slices.SortFunc(unmet, func(a, b *end) int { return cmp.Compare(a.id, b.id) })
	return unmet
}

// socket takes in one row.
func (t *Tracker) socket(s *Socket) {
	e := t.sockets[s.Cookie]
	if e == nil {
		e = t.adopt(s)
	}
	if s.At > e.farewell {
		e.farewell = 0 // what was let go has left a minisock in its place
	}
	firing := e.row != nil && s.firing(e.row.Timer) && e.memory.row == e.seen // never two rows in a row
	e.seen, e.dump, e.missed, e.absent = s.At, t.dumps, 0, 0
	if firing {
		return // what it was still stands, and what comes of it the next row tells
	}
	e.memory.Row(s, &t.limits)
	e.window.row(s, e.link, e.side, t)
	e.queue.row(s)
	e.calm(s.At)

	news := e.row == nil || newsworthy(e.row, s)
	if !news && !e.urgent() && t.watched[e.id] == nil && !rearmed(e.row, s) && e.row.Info.CAState == s.Info.CAState {
		return
	}
	row := *s
	e.row = &row
	if news {
		e.last = max(e.last, s.At)
		t.emit(&SocketSeen{At: s.At, Socket: row, Owner: e.owner})
	}
	e.doom = 0
	t.stallByRow(e)
	t.remember(e)
	t.touch(e)
	if t.review(e) {
		t.heat(e)
	}
}

// newsworthy reports whether a row says anything that its predecessor did not,
// but for clocks and estimates, which always move.
func newsworthy(a, b *Socket) bool {
	return a.State != b.State || a.RecvQ != b.RecvQ || a.SendQ != b.SendQ || a.Timer != b.Timer ||
		a.Retransmits != b.Retransmits || a.Inode != b.Inode || a.Sight != b.Sight ||
		a.Info.Backoff != b.Info.Backoff || a.Info.Probes != b.Info.Probes || a.Info.Unacked != b.Info.Unacked ||
		a.Info.TotalRetrans != b.Info.TotalRetrans || (a.Info.SndWnd == 0) != (b.Info.SndWnd == 0)
}

// rearmed reports whether a keepalive timer has been set anew between two rows:
// the peer has answered, and the deadline of an idle connection has moved.
func rearmed(a, b *Socket) bool {
	return b.Timer == TimerKeepalive && b.At.Add(b.Expires).Sub(a.At.Add(a.Expires)).Abs() > time.Second
}

// adopt finds the end that a new cookie belongs to, or makes one.
func (t *Tracker) adopt(s *Socket) *end {
	l, side := t.links.of(s.Local, s.Remote)
	e := l.ends[side]
	switch other := l.ends[1-side]; {
	case e != nil && e.row != nil && promotes(e.row, s):
		delete(t.sockets, e.row.Cookie)
		e.memory = Memory{}
	case e != nil && e.row != nil:
		old := e
		e = t.newEnd(l, side) // first, so that the link stays, with what it knows
		t.end(old, s.At, ReasonUnknown)
	case e != nil: // known from packets, and now by its socket
	case other != nil && other.row == nil:
		other.turn()
		e = other
	default:
		e = t.newEnd(l, side)
		if other != nil { // the other end of a loopback: what it saw, this one did
			e.out, e.in, e.bytes, e.dropped = other.in, other.out, other.bytes, other.dropped
			e.see(other.timeline)
		}
	}
	t.strangers.remove(e)
	e.owner = t.owners[s.Inode]
	e.first = min(e.first, s.At)
	t.sockets[s.Cookie] = e
	if _, ok := t.watched[e.id]; ok {
		t.watched[e.id] = e
	}
	return e
}

// promotes reports whether b is the socket that the request a became: its row
// vanishes, and nothing died.
func promotes(a, b *Socket) bool {
	return a.State == NewSynRecv && b.State != NewSynRecv
}

// destroyed takes in the kernel's own word that it has let go of a socket. What
// is left of it may go on as a minisock in FIN_WAIT2 or TIME_WAIT, by the same
// name, so it is asked for once more; only after a reset is nothing left.
func (t *Tracker) destroyed(d *Destroyed) {
	e := t.sockets[d.Socket.Cookie]
	if e == nil || e.row.Timer == TimerTimewait || e.seen > d.At {
		return // it goes on already: a minisock itself ends without a word
	}
	e.farewell = d.At
	if e.parting().reset() != 0 {
		t.end(e, d.At, ReasonUnknown)
		t.buried[d.Socket.Cookie] = d.At
		return
	}
	e.missed = max(e.missed, 1)
	t.heat(e)
}
