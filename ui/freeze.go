package ui

import (
	"cmp"
	"slices"

	"github.com/tcpwatch/tcpwatch/track"
)

// The picture is frozen by drawing a snapshot that is kept, while newer ones
// still arrive. In a frozen picture a cursor may go back along the selected
// connection's timeline, and everything on screen then stands as of that moment.

// picture returns the snapshot that is drawn; nil before the first.
func (d *dashboard) picture() *track.Snapshot {
	if d.frozen != nil {
		return d.frozen
	}
	return d.live
}

// now returns the moment that is shown.
func (d *dashboard) now() track.Instant {
	switch s := d.picture(); {
	case d.cursor != 0:
		return d.cursor
	case s != nil:
		return s.At
	}
	return 0
}

// toggleFreeze stops the picture, or lets it go on.
func (d *dashboard) toggleFreeze() {
	switch {
	case d.live == nil:
	case d.frozen == nil:
		d.frozen = d.live
	default:
		d.frozen, d.cursor = nil, 0
		d.roster.rebuild(d.live)
	}
}

// shown returns c as of the moment that is shown, and whether its state then is
// known.
func (d *dashboard) shown(c *track.Conn) (*track.Conn, bool) {
	if d.cursor == 0 || c == nil {
		return c, true
	}
	return asOf(c, d.cursor)
}

// moveCursor goes to the next event of the selected connection, or the one
// before. Past the last it comes back to the picture's own moment.
func (d *dashboard) moveCursor(by int) {
	c := d.roster.conn()
	if d.frozen == nil || c == nil {
		d.flash = "space freezes the picture; then ← → go along its timeline"
		return
	}
	events := d.eventsOf(c)
	i, on := slices.BinarySearch(events, d.now())
	switch {
	case by < 0:
		i--
	case on:
		i++
	}
	switch {
	case i < 0:
	case i >= len(events):
		d.cursor = 0
	default:
		d.cursor = events[i]
	}
	d.packets.follow = false
	d.packets.at = d.cursor
}

// eventsOf returns the moments of c at which something can be seen: its packets
// and its notes, in order.
func (d *dashboard) eventsOf(c *track.Conn) []track.Instant {
	var at []track.Instant
	for i := range c.Timeline {
		at = append(at, c.Timeline[i].At)
	}
	for i := range d.notes {
		if d.notes[i].on(c.ID) {
			at = append(at, d.notes[i].At)
		}
	}
	at = slices.DeleteFunc(at, func(i track.Instant) bool { return i > d.picture().At })
	slices.SortFunc(at, cmp.Compare)
	return slices.Compact(at)
}
