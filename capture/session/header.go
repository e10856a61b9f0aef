package session

import (
	"fmt"

	"github.com/tcpwatch/tcpwatch/capture"
)

// version is the newest layout of records that this package reads, and the one
// it writes.
const version = 1

// Header is what a session file says of itself, once, at its start.
type Header struct {
	Version int    // of the layout; set by the writer
	Program string // which wrote it: "tcpwatch 1.0"

	// The interface that frames come from. A file with a link type is a valid
	// capture even while it has no frames.
	Name  string           // "eth1", "any"
	Link  capture.LinkType // of its frames
	Index uint32           // Iface of its frames
}

// Header returns the header that a record holds.
func (r Record) Header() (*Header, error) {
	h := new(Header)
	if err := r.decode(KindHeader, h); err != nil {
		return nil, err
	}
	if h.Version < 1 || h.Version > version {
		return nil, fmt.Errorf("session of version %d, and this program reads those up to %d", h.Version, version)
	}
	return h, nil
}

// fileInterface is the data of KindInterface: frames of the file's interface
// Number have this interface index.
type fileInterface struct {
	Number, Index uint32
}
