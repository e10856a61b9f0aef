package capture

import "github.com/tcpwatch/tcpwatch/track"

// Frame is captured bytes, and what the source says of them.
type Frame struct {
	At     track.Instant // session clock; of a plain capture file, nanoseconds since 1970
	Number uint64        // in its source, from 1
	Link   LinkType
	Iface  uint32 // interface index of a live source, interface number of a file
	Len    uint32 // bytes on the wire; Data may be shorter
	Data   []byte // valid until the source is read again
}

// LinkType is what the bytes of a frame begin with, by its LINKTYPE_ number as
// files have it (which for some types differs from libpcap's DLT_).
type LinkType uint32
