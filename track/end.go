package track

import "net/netip"

// end is one end of a connection, as the tracker works on it: what the views
// called Conn are made from.
type end struct {
	// What every segment needs stands together, as in link, in two lines.
	link           *link
	row            *Socket // the last that differed; never changed; nil: known from packets only
	stall          *stall
	last           Instant // of any news
	out, in, bytes uint64  // segments seen each way, and their payload
	place          int     // in Tracker.shown; -1: none
	memory         Memory
	window         window

	id            uint64
	strange       int // in Tracker.strangers; -1: it has a socket
	side          int // local is link.addrs[side]
	local, remote netip.AddrPort

	seen     Instant // when a row of it was last read
	dump     uint64  // number of the last full dump that had it
	missed   int     // full dumps in a row that had it not
	absent   Instant // when it was asked for by name in vain, since its last row; zero: it was not
	owner    Owner
	options  *Options
	killed   bool     // the user had it destroyed
	farewell Instant  // when the kernel let go of the socket, since its last row; zero: it has not
	past     *parting // how it parted, where another connection has taken its addresses since; nil: none has

	first           Instant
	retransmissions int
	icmp            *ICMP // the last error that quoted it

	acked      uint32  // the last acknowledgement number from the peer
	fullPassed Instant // when a full-sized segment was last acknowledged
	somePassed Instant // when a smaller one was, out of order
	needless   int     // times in a row that the peer sent again what was acknowledged
	again      Instant // the last of them
	neighbour  Neighbour
	queue      queueWatch
	timeline   []Entry
	dropped    uint64
	moments    []Moment
	forecast   Forecast
	doom       Instant // the firm deadline of the trouble that the last row showed; zero: it showed none
	announced  announcements
	verdict    Verdict
	judged     bool // a verdict has been given
	gone       *Certificate

	hot, soiled bool
	due         Instant // when tick is to look at it next; zero: at each
}

// newEnd makes an end at one side of a link.
func (t *Tracker) newEnd(l *link, side int) *end {
	t.lastID++
	e := &end{
		id:      t.lastID,
		link:    l,
		side:    side,
		local:   l.addrs[side],
		remote:  l.addrs[1-side],
		first:   t.now,
		last:    t.now,
		place:   -1,
		strange: -1,
	}
	l.ends[side] = e
	t.show(e)
	return e
}

// turn moves an end that is known from packets only to the other side of its
// link: the socket table has shown whose it is.
func (e *end) turn() {
	l := e.link
	l.ends[e.side] = nil
	e.side = 1 - e.side
	l.ends[e.side] = e
	e.local, e.remote = e.remote, e.local
	e.see(e.timeline)
	e.stall = nil
	e.memory = Memory{}
}

// parting returns what the packets have shown of the connection's end.
func (e *end) parting() *parting {
	if e.past != nil {
		return e.past
	}
	return &e.link.parting
}

// see takes over a timeline that was seen from the other side.
func (e *end) see(theirs []Entry) {
	e.timeline, e.retransmissions = make([]Entry, len(theirs)), 0
	for i, p := range theirs {
		p.Out = !p.Out
		if p.Out && p.Finding.Class == ClassRetransmission {
			e.retransmissions++
		}
		e.timeline[i] = p
	}
}

// state returns the TCP state: the kernel's where it is known, else what the
// packets make of it.
func (e *end) state() State {
	if e.row != nil {
		return e.row.State
	}
	l := e.link
	p := e.parting()
	ours, theirs := p.closing[e.side], p.closing[1-e.side]
	switch {
	case p.reset() != 0:
		return Close
	case ours && theirs:
		return TimeWait
	case ours:
		return FinWait1
	case theirs:
		return CloseWait
	case l.fromStart && l.from[1-e.side] == 0:
		return SynSent
	case l.fromStart && l.from[e.side] == 0:
		return SynRecv
	}
	return Established
}

// silentSince returns when the peer was last heard; zero: unknown. Of what was
// received up to its last row the kernel knows best: what the wire shows may
// have been dropped on the way to TCP.
func (e *end) silentSince() Instant {
	heard := e.link.from[1-e.side]
	if e.row == nil || heard > e.row.At || e.row.Info.Size == 0 || e.row.State == SynSent {
		return heard
	}
	return e.row.At.Add(-min(e.row.Info.LastAckRecv, e.row.Info.LastDataRecv))
}
