package ui

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// Options say how the dashboard runs. The zero value runs it on the terminal of
// the process, in local time.
type Options struct {
	Location *time.Location // nil: the machine's own
	ASCII    bool           // the terminal knows ASCII alone; see [ASCIIOnly]
	Player   Player         // of a file that is replayed; nil: the session goes its own way
	News     <-chan News    // nil: none will come
	Resolver Resolver       // asks for names of addresses; nil: there are none
	Names    bool           // show names from the start

	Input  io.Reader // nil: standard input
	Output io.Writer // nil: standard output
	Env    []string  // nil: the process's own
}

// Run shows snapshots until the user quits, the context ends, or SIGINT, SIGTERM
// or SIGHUP comes, and leaves the terminal as it was. Where snapshots is closed
// the last one stays on screen. The error is nil unless the terminal failed.
func Run(ctx context.Context, snapshots <-chan *track.Snapshot, a Actions, o Options) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Input == nil {
		o.Input = os.Stdin
	}
	if f, ok := o.Input.(*os.File); ok {
		o.Input = keyboard{f, cancel}
	}
	options := []tea.ProgramOption{tea.WithoutSignalHandler(), tea.WithInput(o.Input)}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	if o.Env != nil {
		options = append(options, tea.WithEnvironment(o.Env))
	}
	p := tea.NewProgram(newDashboard(a, o), options...)

	context.AfterFunc(ctx, p.Quit)
	go feed(ctx, p, snapshots, o.News)

	if _, err := p.Run(); err != nil {
		return fmt.Errorf("dashboard: %w", err)
	}
	return nil
}

// feed hands snapshots and news to the program one at a time, as fast as it takes
// them.
func feed(ctx context.Context, p *tea.Program, snapshots <-chan *track.Snapshot, news <-chan News) {
	for {
		select {
		case <-ctx.Done():
			return
		case s, ok := <-snapshots:
			if !ok {
				p.Send(overMsg{})
				snapshots = nil
				continue
			}
			if s != nil {
				p.Send(snapshotMsg{s})
			}
		case n := <-news:
			p.Send(newsMsg{n})
		}
	}
}

// ASCIIOnly reports whether a process's environment names a locale without
// UTF-8. Where it names none, the terminal is taken for one of today.
func ASCIIOnly(env []string) bool {
	for _, name := range [...]string{"LC_ALL=", "LC_CTYPE=", "LANG="} {
		for _, e := range env {
			if value, ok := strings.CutPrefix(e, name); ok && value != "" {
				value = strings.ToLower(strings.ReplaceAll(value, "-", ""))
				return !strings.Contains(value, "utf8")
			}
		}
	}
	return false
}
