package ui

import (
	"net/netip"

	"github.com/tcpwatch/tcpwatch/track"
)

// Note is what the user wrote beside a moment. It belongs to the session, not
// to the kernel's story: it is drawn over snapshots and never changes them.
type Note struct {
	ID            uint64        // of this session, from 1
	At            track.Instant // the moment that it marks
	Made          track.Instant // when it was written
	Conn          uint64        // [track.Conn].ID, 0: none
	Local, Remote netip.AddrPort
	Frame         uint64 // the packet that it marks, 0: none
	Text          string
}
