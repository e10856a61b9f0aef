package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// TraceKind says which tracepoint an event comes from.
type TraceKind uint8

// The tracepoints (include/trace/events/tcp.h, sock.h).
const (
	TraceRetransmit TraceKind = iota // tcp_retransmit_skb: loss probes and SYNs included
	TraceSynack                      // tcp_retransmit_synack
	TraceState                       // inet_sock_set_state
)

var tracepoints = [...]struct{ group, name string }{
	TraceRetransmit: {"tcp", "tcp_retransmit_skb"},
	TraceSynack:     {"tcp", "tcp_retransmit_synack"},
	TraceState:      {"sock", "inet_sock_set_state"},
}

// TraceEvent is what a tracepoint told.
type TraceEvent struct {
	At            track.Instant // to the microsecond
	Kind          TraceKind
	Local, Remote netip.AddrPort
	State         track.State // of TraceState the new one: a connection dies as it becomes track.Close
	Old           track.State // of TraceState
}

// Trace hears the kernel's tracepoints of TCP, in all network namespaces: labs
// share addresses, so tell connections by their ports, too. It reads an instance
// of its own in a tracefs that is mounted nowhere. Of all that the package makes
// this alone outlives a killed process; the next OpenTrace removes it.
type Trace struct {
	tracefs  int
	instance string // its path below the tracefs
	pipe     *os.File
	lines    *bufio.Reader
}

// instances is the folder and the beginning of the names of what OpenTrace makes.
const instances = "instances/tcpwatch-lab-"

// OpenTrace begins to hear. It needs CAP_SYS_ADMIN.
func OpenTrace() (*Trace, error) {
	t := &Trace{tracefs: -1}
	if err := t.open(); err != nil {
		t.Close()
		return nil, fmt.Errorf("open a trace: %w", err)
	}
	return t, nil
}

func (t *Trace) open() (err error) {
	if t.tracefs, err = mountTracefs(); err != nil {
		return err
	}
	t.sweep()
	name := fmt.Sprintf("%s%d-%d", instances, os.Getpid(), t.tracefs)
	if err := unix.Mkdirat(t.tracefs, name, 0o700); err != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: err}
	}
	t.instance = name
	if err := t.set("trace_clock", "mono"); err != nil {
		return err
	}
	for _, p := range tracepoints {
		if err := t.set("events/"+p.group+"/"+p.name+"/enable", "1"); err != nil {
			return err
		}
	}
	pipe, err := os.OpenFile(t.path("trace_pipe"), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	t.pipe, t.lines = pipe, bufio.NewReader(pipe)
	return nil
}

// mountTracefs returns a descriptor of a tracefs that is mounted for it alone.
func mountTracefs() (int, error) {
	ctx, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("open tracefs: %w", err)
	}
	defer unix.Close(ctx)
	if err := unix.FsconfigCreate(ctx); err != nil {
		return -1, fmt.Errorf("make tracefs: %w", err)
	}
	mount, err := unix.Fsmount(ctx, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("mount tracefs: %w", err)
	}
	return mount, nil
}

// sweep removes instances of processes that are no more.
func (t *Trace) sweep() {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/self/fd/%d/instances", t.tracefs))
	if err != nil {
		return // no such instance was ever made
	}
	for _, e := range entries {
		path := "instances/" + e.Name()
		rest, ours := strings.CutPrefix(path, instances)
		pid, err := strconv.Atoi(strings.SplitN(rest, "-", 2)[0])
		if ours && err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			_ = unix.Unlinkat(t.tracefs, path, unix.AT_REMOVEDIR)
		}
	}
}

// path returns the path of a file of the instance.
func (t *Trace) path(name string) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s/%s", t.tracefs, t.instance, name)
}

func (t *Trace) set(name, value string) error {
	return os.WriteFile(t.path(name), []byte(value), 0)
}

// Next returns the next event, in order. When ctx ends no more events come.
func (t *Trace) Next(ctx context.Context) (TraceEvent, error) {
	stop := context.AfterFunc(ctx, func() { t.pipe.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		line, err := t.lines.ReadString('\n')
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
			return TraceEvent{}, ctx.Err()
		}
		if err != nil {
			return TraceEvent{}, fmt.Errorf("read the trace: %w", err)
		}
		if strings.Contains(line, "LOST") { // "CPU:1 [LOST 23 EVENTS]"
			return TraceEvent{}, fmt.Errorf("read the trace: %s", strings.TrimSpace(line))
		}
		if e, ok := parseTrace(line); ok {
			return e, nil
		}
	}
}

// Await lets go of events until one matches, and returns that.
func (t *Trace) Await(ctx context.Context, match func(TraceEvent) bool) (TraceEvent, error) {
	for {
		e, err := t.Next(ctx)
		if err != nil || match(e) {
			return e, err
		}
	}
}

// Close ends hearing and removes the instance.
func (t *Trace) Close() error {
	var errs []error
	if t.pipe != nil {
		errs = append(errs, t.pipe.Close())
	}
	if t.instance != "" {
		errs = append(errs, unix.Unlinkat(t.tracefs, t.instance, unix.AT_REMOVEDIR))
	}
	if t.tracefs >= 0 {
		errs = append(errs, unix.Close(t.tracefs))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the trace: %w", err)
	}
	return nil
}

// parseTrace reads a line of a trace: "task-pid [cpu] flags seconds: tracepoint:
// name=value …"; false: it is none of our tracepoints, or not of TCP.
func parseTrace(line string) (e TraceEvent, ok bool) {
	for kind, p := range tracepoints {
		head, values, found := strings.Cut(line, ": "+p.name+": ")
		if !found {
			continue
		}
		at, ok := parseSeconds(head[strings.LastIndexByte(head, ' ')+1:])
		if !ok {
			return TraceEvent{}, false
		}
		v := make(map[string]string)
		for _, word := range strings.Fields(values) {
			name, value, _ := strings.Cut(word, "=")
			v[name] = value
		}
		if protocol, has := v["protocol"]; has && protocol != "IPPROTO_TCP" {
			return TraceEvent{}, false
		}
		e = TraceEvent{At: at, Kind: TraceKind(kind), State: traceStates[v["state"]]}
		if e.Kind == TraceState {
			e.State, e.Old = traceStates[v["newstate"]], traceStates[v["oldstate"]]
		}
		var okLocal, okRemote bool
		e.Local, okLocal = parseEnd(v["saddrv6"], v["sport"])
		e.Remote, okRemote = parseEnd(v["daddrv6"], v["dport"])
		return e, okLocal && okRemote
	}
	return TraceEvent{}, false
}

// parseSeconds reads "2819.586806".
func parseSeconds(text string) (track.Instant, bool) {
	seconds, micros, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(micros) != 6 {
		return 0, false
	}
	us, err := strconv.ParseInt(micros, 10, 64)
	return track.Instant(s*int64(time.Second) + us*int64(time.Microsecond)), err == nil
}

// parseEnd reads an address, IPv4 as IPv4-mapped, and a port.
func parseEnd(address, port string) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.AddrPort{}, false
	}
	p, err := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(a.Unmap(), uint16(p)), err == nil
}

// traceStates are the states by the names that tracepoints give them.
var traceStates = map[string]track.State{
	"TCP_ESTABLISHED":  track.Established,
	"TCP_SYN_SENT":     track.SynSent,
	"TCP_SYN_RECV":     track.SynRecv,
	"TCP_FIN_WAIT1":    track.FinWait1,
	"TCP_FIN_WAIT2":    track.FinWait2,
	"TCP_TIME_WAIT":    track.TimeWait,
	"TCP_CLOSE":        track.Close,
	"TCP_CLOSE_WAIT":   track.CloseWait,
	"TCP_LAST_ACK":     track.LastAck,
	"TCP_LISTEN":       track.Listen,
	"TCP_CLOSING":      track.Closing,
	"TCP_NEW_SYN_RECV": track.NewSynRecv,
}
