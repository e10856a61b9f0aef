package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// run does what the command line asks for.
func run(f *flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	// The expression is checked before anything is opened.
	filter, err := compile(f.expression)
	if err != nil {
		return err
	}
	if f.pid != 0 && f.read == "" {
		if err := checkProcess(f.pid); err != nil {
			return err
		}
	}
	switch {
	case f.read != "":
		return watchFile(ctx, f)
	case f.demo:
		return demo(ctx, f)
	}
	ns, err := openNamespace(f.netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	switch {
	case f.list:
		return listInterfaces(ns)
	case f.once:
		return once(f, ns, filter)
	}
	return watch(ctx, f, ns, filter)
}

func compile(expression string) (*capture.Filter, error) {
	if expression == "" {
		return nil, nil
	}
	filter, err := capture.Compile(expression, capture.LinkEthernet, 0)
	if err != nil {
		return nil, misuse{err}
	}
	return filter, nil
}

// checkProcess reports why the sockets of a process could not be told from others'.
func checkProcess(pid int) error {
	proc := fmt.Sprintf("/proc/%d/", pid)
	_, err := os.Readlink(proc + "cwd") // takes what reading descriptors takes
	if err == nil {
		_, err = os.ReadDir(proc + "fd")
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("--pid %d: another user's process, whose sockets take CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH to find; run as root", pid)
	case err != nil:
		return fmt.Errorf("--pid %d: there is no such process", pid)
	}
	return nil
}

func openNamespace(name string) (*diag.Namespace, error) {
	if name == "" {
		return nil, nil
	}
	return diag.OpenNamespace(name)
}

// watch shows what a live capture and the socket table tell.
func watch(ctx context.Context, f *flags, ns *diag.Namespace, filter *capture.Filter) error {
	l, err := newLive(f, ns, filter)
	if err != nil {
		return err
	}
	if dashboard(f) {
		return l.recorded(func() error { return l.dashboard(ctx) })
	}
	complain(nil, l.source)
	if f.write == "-" {
		return l.recorded(func() error { return l.run(ctx) })
	}
	out := newOutlet(os.Stdout)
	l.view, l.outlet = plainView(f, out), out
	return errors.Join(l.recorded(func() error { return l.run(ctx) }), out.Close())
}

// newLive opens the sources of a live session. It fails where there is nothing
// to show at all.
func newLive(f *flags, ns *diag.Namespace, filter *capture.Filter) (*live, error) {
	l := &live{
		session:   &session{view: noView{}, version: version, enough: f.count, numbers: true, segments: make([]track.Segment, together)},
		flags:     f,
		namespace: ns,
		poller:    diag.NewPoller(ns, f.interval),
		news:      make(chan diag.News, 64),
		rows:      newRows(f, filter),
		source:    &track.Source{Name: f.iface, Filter: f.expression, Netns: f.netns, Live: true, Table: true},
		asks:      make(chan func(*live)),
	}
	l.admits = l.rows.segments()
	if filter != nil {
		l.quoted = filter.AdmitsQuoted
	}
	expression := f.expression
	switch {
	case f.ipv4:
		expression = both(expression, "ip")
	case f.ipv6:
		expression = both(expression, "ip6")
	}
	if a, b, ok := ownSSH(); ok && f.iface == capture.AnyInterface && !f.ownSSH && ns == nil {
		expression = capture.WithoutConnection(expression, a, b)
		l.source.OwnSSH = fmt.Sprintf("%v > %v", a, b)
	}
	frames, err := openFrames(ns, capture.LiveOptions{Interface: f.iface, Snaplen: f.snaplen, Buffer: f.bufferKiB,
		Promiscuous: f.promiscuous, Expression: expression})
	switch {
	case errors.Is(err, capture.ErrPermission):
		l.source.Rights = err.Error()
	case errors.As(err, new(*capture.ExpressionError)):
		return nil, misuse{err}
	case err != nil:
		return nil, err
	default:
		l.frames = frames
		l.source.Packets = true
	}
	return l, nil
}

func both(expression, family string) string {
	if expression == "" {
		return family
	}
	return fmt.Sprintf("(%s) and %s", expression, family)
}

// ownSSH returns the ends of the ssh connection that this program is used over.
func ownSSH() (client, server netip.AddrPort, ok bool) {
	part := strings.Fields(os.Getenv("SSH_CONNECTION"))
	if len(part) != 4 {
		return client, server, false
	}
	client, err1 := netip.ParseAddrPort(joinPort(part[0], part[1]))
	server, err2 := netip.ParseAddrPort(joinPort(part[2], part[3]))
	return client, server, err1 == nil && err2 == nil
}

func joinPort(addr, port string) string {
	if strings.Contains(addr, ":") {
		return "[" + addr + "]:" + port
	}
	return addr + ":" + port
}

// dashboard reports whether there is a screen to show things on.
func dashboard(f *flags) bool {
	return !f.json && f.write != "-" && term.IsTerminal(int(os.Stdout.Fd()))
}

// plainView returns the view for a stdout that is no screen.
func plainView(f *flags, w io.Writer) view {
	if f.json {
		return newJSONView(w)
	}
	return newLineView(w, ui.LineOptions{Wall: ui.Wall{Location: location(f)}})
}

func location(f *flags) *time.Location {
	if f.utc {
		return time.UTC
	}
	return time.Local
}

// watchFile replays a capture or a recorded session.
func watchFile(ctx context.Context, f *flags) error {
	open, again := openerOf(f.read)
	switch {
	case !dashboard(f):
		return replayLines(ctx, f, open)
	case again:
		p := newPlayer(f, open)
		return p.dashboard(ctx)
	}
	return newStream(f, open).dashboard(ctx)
}
