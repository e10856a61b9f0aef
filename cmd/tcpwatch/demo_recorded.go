package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/ui"
)

// demoSession is the demo as it was recorded once: make recording.
//
//go:embed demo.pcapng.gz
var demoSession []byte

// demoRecorded shows the recording of the demo where its hosts can't be made, and
// says why it does: on a screen as time passed then, else at once.
func demoRecorded(ctx context.Context, f *flags, why *lab.RightsError) error {
	fmt.Fprintf(os.Stderr, "tcpwatch: this is a recording of the demo: %v\n", why)
	open := func(context.Context) (*capture.Reader, error) {
		return capture.NewReader(bytes.NewReader(demoSession), "demo")
	}
	if !dashboard(f) {
		return replayLines(ctx, f, open)
	}
	p := newPlayer(f, open)
	remark := "a recording of the demo: its hosts can't be made here"
	if len(why.Missing) > 0 {
		remark += ", for want of " + strings.Join(why.Missing, " and ")
	}
	p.screen.tell(ui.Remark(remark))
	return p.dashboard(ctx)
}
