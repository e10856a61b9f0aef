package ui

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/tcpwatch/tcpwatch/track"
)

// Note is what the user wrote beside a moment. It belongs to the session, not
// to the kernel's story: it is drawn over snapshots and never changes them.
type Note struct {
	ID            uint64         // of this session, from 1
	At            track.Instant  // the moment that it marks
	Made          track.Instant  // when it was written
	Conn          uint64         // [track.Conn].ID, 0: none
	Local, Remote netip.AddrPort // of the connection; invalid: it is of the session as a whole
	Frame         uint64         // the packet that it marks, 0: none
	Text          string
}

// on reports whether the note stands on a connection's timeline: it is the
// connection's, or that of all.
func (n *Note) on(conn uint64) bool { return n.Conn == conn || n.Conn == 0 && !n.Local.IsValid() }

// place returns a new note for where the user is: the cursor, the selected
// packet, or now.
func (d *dashboard) place() (Note, bool) {
	s := d.picture()
	if s == nil {
		return Note{}, false
	}
	n := Note{At: d.now(), Made: d.live.At}
	if c := d.roster.conn(); c != nil {
		n.Conn, n.Local, n.Remote = c.ID, c.Local, c.Remote
		if e := d.packets.chosen(c); e != nil && (d.pane == panePackets || d.cursor == e.At) {
			n.At, n.Frame = e.At, e.Frame
		}
	}
	for i := range d.notes {
		n.ID = max(n.ID, d.notes[i].ID)
	}
	n.ID++
	return n, true
}

// keep puts a note among the others, in order of time.
func (d *dashboard) keep(n Note) {
	d.drop(n.ID)
	i, _ := slices.BinarySearchFunc(d.notes, n, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	d.notes = slices.Insert(d.notes, i, n)
}

func (d *dashboard) drop(id uint64) {
	d.notes = slices.DeleteFunc(d.notes, func(n Note) bool { return n.ID == id })
}

// noteHere returns the selected connection's note that is nearest to where the
// user is; nil: it has none.
func (d *dashboard) noteHere() *Note {
	here, ok := d.place()
	if !ok {
		return nil
	}
	var best *Note
	far := func(n *Note) track.Instant { return max(n.At-here.At, here.At-n.At) }
	for i := range d.notes {
		if n := &d.notes[i]; n.Conn == here.Conn && (best == nil || far(n) < far(best)) {
			best = n
		}
	}
	return best
}

// jump goes to the next note in time, or the one before, freezing the picture.
func (d *dashboard) jump(by int) {
	if len(d.notes) == 0 || d.live == nil {
		d.flash = "no notes yet: a writes one"
		return
	}
	now := d.now()
	i, on := slices.BinarySearchFunc(d.notes, now, func(n Note, at track.Instant) int { return cmp.Compare(n.At, at) })
	switch {
	case by < 0:
		i--
	case on:
		i++
	}
	n := d.notes[(i+len(d.notes))%len(d.notes)]
	if d.replay == nil && d.frozen == nil {
		d.toggleFreeze()
	}
	for i := range d.roster.rows {
		if d.roster.rows[i].conn.ID == n.Conn {
			d.roster.choose(i)
			d.roster.picked = true
		}
	}
	if d.replay != nil {
		d.replay.play(false)
		d.replay.seek(n.At)
		return
	}
	d.cursor = min(n.At, d.frozen.At)
	d.packets.follow, d.packets.at = false, d.cursor
}

// notesOf returns the notes on a connection's timeline up to a moment, in order of time.
func (d *dashboard) notesOf(conn uint64, upTo track.Instant) []Note {
	var out []Note
	for i := range d.notes {
		if n := &d.notes[i]; n.on(conn) && n.At <= upTo {
			out = append(out, *n)
		}
	}
	return out
}
