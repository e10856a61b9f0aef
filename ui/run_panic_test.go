//go:build !race

// Bubble Tea closes its reader under a running read when it dies of a panic,
// which the race detector reports.

package ui

import (
	"errors"
	"io"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestRunRestoresAfterAPanic(t *testing.T) {
	snapshots := make(chan *track.Snapshot, 1)
	snapshots <- snapshotOf(storyNow, cast(storyNow)...)
	tm := openTerminal(t, t.Context(), &session{watch: func(selected uint64) {
		if selected == 2 {
			panic("of a session")
		}
	}}, snapshots)
	tm.wait("PEER SILENT")
	io.WriteString(tm.master, "j")
	if err := tm.restored(); !errors.Is(err, tea.ErrProgramPanic) || !strings.HasPrefix(err.Error(), "dashboard: ") {
		t.Errorf("ended with %v", err)
	}
}
