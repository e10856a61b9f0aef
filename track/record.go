package track

import "net/netip"

// Record is one input of a [Tracker]. The set is closed: *Segment, *ICMP,
// *Dump, *OptionsRead, *OwnersRead, *Limits, *Destroyed, *NeighbourRead, *Loss,
// *ClockPair, *Source, *Tick, *Frames, *Killed, *Watched.
type Record interface{ when() Instant }

// Dump is one answer of the kernel's socket table: all of it, or the sockets
// that were asked for by name.
type Dump struct {
	Began, Ended Instant
	Full         bool     // a whole walk: a socket that is not in it was not there
	Changes      bool     // a whole walk, told by what changed: a socket that is not in it was as before, or is in Missed
	Sockets      []Socket // At of each is between Began and Ended
	Absent       []uint64 // cookies asked for by name, and no longer there
	Missed       []uint64 // of Changes: cookies of sockets that the walk did not meet, in ascending order
}

// OptionsRead brings options of sockets.
type OptionsRead struct {
	At      Instant
	Options []Options
}

// OwnersRead brings owners, by the socket's inode.
type OwnersRead struct {
	At     Instant
	Owners map[uint32]Owner
}

// Destroyed tells that the kernel has let go of a socket (SKNLGRP_INET_TCP_DESTROY):
// at its death for an orphan, at close(2) for one that a program still held.
type Destroyed struct {
	At     Instant
	Socket Socket
}

// NeighbourRead brings the state of next hops, by the peer's address.
type NeighbourRead struct {
	At         Instant
	Neighbours map[netip.Addr]Neighbour
}

// Loss tells that something was not seen. Counts are since the Loss before.
type Loss struct {
	At     Instant
	Kernel uint64 // frames dropped by the kernel's capture buffer, or by the interface
	Here   uint64 // frames and replies that did not fit into tcpwatch's own queues
	Dumps  uint64 // dumps of the socket table that failed or were interrupted, and were tried again
}

// Source describes where the records come from, and its present condition.
type Source struct {
	At        Instant
	Name      string // interface or file
	Filter    string // the expression, as typed
	Netns     string
	Live      bool
	Packets   bool   // packets are being captured (or read)
	Table     bool   // sockets are being dumped
	Down      string // why there are no packets for now, the interface named; it went away
	Rights    string // which rights are missing, and the commands that grant them
	Undecided string // why the expression could not rule the socket table
	OwnSSH    string // the ssh session that is left out of the capture
	Ended     bool   // a file was read to its end
}

// Tick is the passing of time without any other news.
type Tick struct{ At Instant }

func (s *Segment) when() Instant       { return s.At }
func (r *ICMP) when() Instant          { return r.At }
func (d *Dump) when() Instant          { return d.Ended }
func (r *OptionsRead) when() Instant   { return r.At }
func (r *OwnersRead) when() Instant    { return r.At }
func (l *Limits) when() Instant        { return l.At }
func (d *Destroyed) when() Instant     { return d.At }
func (r *NeighbourRead) when() Instant { return r.At }
func (l *Loss) when() Instant          { return l.At }
func (c *ClockPair) when() Instant     { return c.At }
func (s *Source) when() Instant        { return s.At }
func (t *Tick) when() Instant          { return t.At }

// Frames counts what a source has read since the count before: all frames, and
// those that could not be decoded.
type Frames struct {
	At                Instant
	Seen, Undecodable uint64
}

// Killed tells that the user has had a socket destroyed.
type Killed struct {
	At     Instant
	Cookie uint64
}

// Watched names the connections that are on screen from now on, by [Conn].ID:
// their moments are kept, and their views are renewed with each row.
type Watched struct {
	At  Instant
	IDs []uint64
}

func (f *Frames) when() Instant  { return f.At }
func (k *Killed) when() Instant  { return k.At }
func (w *Watched) when() Instant { return w.At }

// MomentOf returns the moment of a record: where it stands in the order of a
// session.
func MomentOf(r Record) Instant { return r.when() }
