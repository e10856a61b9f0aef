package ui

import (
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// Actions is what the dashboard asks of the session. Each may block: it is
// called from a goroutine of its own, several at once. What a session cannot do
// it answers with errors.ErrUnsupported.
type Actions interface {
	// Watch names the connections on screen, the selected one (0: none) among
	// them: their options and moments are worth keeping.
	Watch(selected uint64, onScreen []uint64)
	// Note keeps a note, or keeps it anew if one of the same ID is there.
	Note(Note) error
	DeleteNote(id uint64) error
	// Destroy closes the connection's socket (SOCK_DESTROY).
	Destroy(*track.Conn) error
	// Shorten sets TCP_USER_TIMEOUT on the connection's socket.
	Shorten(*track.Conn, time.Duration) error
	// Save writes what is in memory of the session to a file.
	Save(path string) error
	// Report writes a report to a file that is not there yet.
	Report(path string, text []byte) error
}
