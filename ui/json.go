package ui

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tcpwatch/tcpwatch/track"
)

// AppendJSON appends an event as a JSON object and a newline. Times are RFC
// 3339 with nanoseconds in UTC, durations numbers in milliseconds, and what is
// not known is left out.
func AppendJSON(dst []byte, e track.Event, clock track.ClockPair) []byte {
	o := object{dst, clock}
	switch e := e.(type) {
	case *track.SocketSeen:
		o.open("socket", e.At)
		o.socket(&e.Socket, e.Owner)
	case *track.Retransmitted:
		o.open("retransmit", e.At)
		o.path(e.Src, e.Dst)
		o.uint("seq", uint64(e.Seq))
		o.uint("len", uint64(e.Len))
		o.word("flags", e.Flags.String())
		o.word("kind", e.Finding.Kind.String())
		o.known("nth", uint64(e.Finding.Nth))
		o.knownMS("interval_ms", e.Finding.Interval)
		o.knownMS("since_first_ms", e.Finding.SinceFirst)
		if e.Finding.Ratio > 0 {
			o.key("ratio")
			o.b = strconv.AppendFloat(o.b, e.Finding.Ratio, 'g', 4, 64)
		}
		o.known("frame", e.Frame)
	case *track.Probed:
		o.open("probe", e.At)
		o.word("kind", e.Kind.String())
		o.path(e.Src, e.Dst)
		o.known("nth", uint64(e.Nth))
		o.knownMS("interval_ms", e.Interval)
		o.known("frame", e.Frame)
	case *track.OutOfOrdered:
		o.open("out-of-order", e.At)
		o.odd(e.Src, e.Dst, e.Seq, e.Len, e.Frame)
	case *track.Duplicated:
		o.open("duplicate", e.At)
		o.odd(e.Src, e.Dst, e.Seq, e.Len, e.Frame)
	case *track.DeadlineSet:
		o.open("deadline", e.At)
		o.ends(e.Local, e.Remote)
		o.state(e.State)
		o.forecast(&e.Forecast, e.At)
	case *track.VerdictGiven:
		o.open("verdict", e.At)
		o.ends(e.Local, e.Remote)
		o.coverage(&e.Coverage)
		o.word("verdict", e.Verdict.Kind.String())
		o.moment("since", e.Verdict.Since)
		o.text("text", e.Verdict.Text)
	case *track.Ended:
		c := &e.Certificate
		o.open("gone", c.At)
		o.ends(e.Local, e.Remote)
		o.state(c.State)
		o.word("reason", c.Reason.String())
		o.moment("first_predicted_at", c.FirstPredicted)
		o.moment("predicted_at", c.Predicted)
		if c.Predicted != 0 {
			o.ms("error_ms", c.Error)
			o.word("cause", c.Cause.String())
		}
	default:
		return dst
	}
	return o.close()
}

// AppendStart appends the event that opens a stream of JSON. Limits are nil where
// no kernel was asked.
func AppendStart(dst []byte, version string, s *track.Source, l *track.Limits, clock track.ClockPair) []byte {
	o := object{dst, clock}
	o.open("start", s.At)
	o.text("source", s.Name)
	o.text("filter", s.Filter)
	o.text("netns", s.Netns)
	if l != nil {
		o.known("hz", uint64(max(l.HZ, 0)))
		o.limits(l)
	}
	o.text("version", version)
	return o.close()
}

// AppendNote appends the event of a note.
func AppendNote(dst []byte, n *Note, clock track.ClockPair) []byte {
	o := object{dst, clock}
	o.open("note", n.Made)
	o.text("text", n.Text)
	o.moment("at", n.At)
	o.ends(n.Local, n.Remote)
	o.known("frame", n.Frame)
	return o.close()
}

// AppendStats appends the event that ends a stream of JSON.
func AppendStats(dst []byte, s track.Stats, at track.Instant, clock track.ClockPair) []byte {
	o := object{dst, clock}
	o.open("stats", at)
	o.uint("packets", s.Packets)
	o.uint("tcp", s.TCP)
	o.uint("undecodable", s.Undecodable)
	o.uint("dropped_kernel", s.DroppedKernel)
	o.uint("dropped_here", s.DroppedHere)
	o.uint("dumps", s.Dumps)
	o.uint("dumps_failed", s.DumpsFailed)
	return o.close()
}

// object writes the fields of one JSON object.
type object struct {
	b     []byte
	clock track.ClockPair
}

func (o *object) open(event string, at track.Instant) {
	o.b = append(o.b, `{"event":"`...)
	o.b = append(o.b, event...)
	o.b = append(o.b, `","time":`...)
	o.instant(at)
}

func (o *object) close() []byte { return append(o.b, '}', '\n') }

func (o *object) key(k string) {
	if c := o.b[len(o.b)-1]; c != '{' && c != '[' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

func (o *object) instant(i track.Instant) {
	o.b = append(o.b, '"')
	o.b = appendRFC3339(o.b, o.clock.Time(i))
	o.b = append(o.b, '"')
}

// appendRFC3339 appends t, which is in UTC, with all nine digits of its
// nanoseconds, so that lines align and sort as text.
func appendRFC3339(b []byte, t time.Time) []byte {
	return t.AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
}

// moment writes a time, if it is known.
func (o *object) moment(k string, i track.Instant) {
	if i != 0 {
		o.key(k)
		o.instant(i)
	}
}

func (o *object) uint(k string, v uint64) {
	o.key(k)
	o.b = strconv.AppendUint(o.b, v, 10)
}

// known writes a number of which zero means that it is not known.
func (o *object) known(k string, v uint64) {
	if v != 0 {
		o.uint(k, v)
	}
}

func (o *object) int(k string, v int) {
	o.key(k)
	o.b = strconv.AppendInt(o.b, int64(v), 10)
}

func (o *object) flag(k string, v bool) {
	o.key(k)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) ms(k string, d time.Duration) {
	o.key(k)
	o.b = appendMS(o.b, d)
}

func (o *object) knownMS(k string, d time.Duration) {
	if d != 0 {
		o.ms(k, d)
	}
}

// appendMS appends d in milliseconds, with no more decimals than it has.
func appendMS(b []byte, d time.Duration) []byte {
	ns := int64(d)
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1e6, 10)
	rest := u % 1e6
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for p := uint64(1e5); rest > 0; p /= 10 {
		b = append(b, byte('0'+rest/p))
		rest %= p
	}
	return b
}

// word writes a string that needs no escapes.
func (o *object) word(k, v string) {
	o.key(k)
	o.b = append(o.b, '"')
	o.b = append(o.b, v...)
	o.b = append(o.b, '"')
}

// text writes a string from anywhere, if there is one.
func (o *object) text(k, v string) {
	if v != "" {
		o.key(k)
		o.b = appendJSONString(o.b, v)
	}
}

// appendJSONString appends s in quotes. What a terminal must not see is escaped,
// and bytes that are no UTF-8 become U+FFFD.
func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	escape := func(b []byte, u rune) []byte {
		return append(b, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r > '~' && (r == utf8.RuneError || safe(r)):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			r -= 0x10000
			b = escape(b, 0xd800|r>>10)
			b = escape(b, 0xdc00|r&0x3ff)
		default:
			b = escape(b, r)
		}
	}
	return append(b, '"')
}

func (o *object) addr(k string, a netip.AddrPort) {
	if !a.IsValid() {
		return
	}
	o.key(k)
	o.b = append(o.b, '"')
	o.b = a.AppendTo(o.b)
	o.b = append(o.b, '"')
}

func (o *object) ends(local, remote netip.AddrPort) {
	o.addr("local", local)
	o.addr("remote", remote)
}

func (o *object) path(src, dst netip.AddrPort) {
	o.addr("src", src)
	o.addr("dst", dst)
}

func (o *object) odd(src, dst netip.AddrPort, seq, length uint32, frame uint64) {
	o.path(src, dst)
	o.uint("seq", uint64(seq))
	o.uint("len", uint64(length))
	o.known("frame", frame)
}

func (o *object) state(s track.State) {
	if s != track.StateUnknown {
		o.word("state", s.String())
	}
}

// socket writes a row of the kernel's table. Sockets without an inode (orphans,
// time-wait and request sockets) have no user that the kernel would tell.
func (o *object) socket(s *track.Socket, owner track.Owner) {
	o.ends(s.Local, s.Remote)
	o.state(s.State)
	o.uint("recv_q", uint64(s.RecvQ))
	o.uint("send_q", uint64(s.SendQ))
	o.known("pid", uint64(max(owner.PID, 0)))
	o.text("program", owner.Program)
	if s.Inode != 0 {
		o.uint("uid", uint64(s.UID))
		o.uint("inode", uint64(s.Inode))
	}
	o.known("cookie", s.Cookie)
	o.word("timer", s.Timer.String())
	if s.Timer != track.TimerOff {
		o.ms("timer_ms", s.Expires)
	}
	o.uint("retransmits", uint64(s.Retransmits))
	i := &s.Info
	if i.Size == 0 {
		return
	}
	o.uint("backoff", uint64(i.Backoff))
	o.uint("probes", uint64(i.Probes))
	o.knownMS("rto_ms", i.RTO)
	o.knownMS("rtt_ms", i.RTT)
	o.uint("unacked", uint64(i.Unacked))
	if i.Has(track.InfoSndWnd) {
		o.uint("snd_wnd", uint64(i.SndWnd))
	}
}

func (o *object) forecast(f *track.Forecast, now track.Instant) {
	if f.At != 0 {
		o.moment("at", f.At)
		o.moment("earliest", f.Earliest)
		o.moment("latest", f.Latest)
		o.ms("in_ms", f.At.Sub(now))
	}
	o.word("cause", f.Cause.String())
	o.word("exactness", f.Exactness.String())
	o.text("errno", f.Errno)
	if f.RST {
		o.flag("rst", true)
	}
	o.moment("other", f.Other)
	o.text("assumes", f.Assumes)
	if len(f.Schedule) == 0 {
		return
	}
	o.key("schedule")
	o.b = append(o.b, '[')
	for i, fire := range f.Schedule {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(o.b, '{')
		o.moment("at", fire.At)
		o.word("kind", fire.Kind.String())
		o.b = append(o.b, '}')
	}
	o.b = append(o.b, ']')
}

func (o *object) coverage(c *track.Coverage) {
	o.key("coverage")
	o.b = append(o.b, '{')
	o.flag("out", c.Out)
	o.flag("in", c.In)
	o.moment("since", c.Since)
	o.flag("from_start", c.FromStart)
	o.uint("lost", c.Lost)
	o.text("doubt", c.Doubt)
	o.b = append(o.b, '}')
}

// limits writes the sysctls that were read, by their names and in their units.
func (o *object) limits(l *track.Limits) {
	has := func(name string) bool { return !slices.Contains(l.Missing, name) }
	count := func(name string, v int) {
		if has(name) {
			o.int(name, v)
		}
	}
	o.key("limits")
	o.b = append(o.b, '{')
	count("tcp_retries1", l.Retries1)
	count("tcp_retries2", l.Retries2)
	count("tcp_orphan_retries", l.OrphanRetries)
	count("tcp_syn_retries", l.SynRetries)
	count("tcp_syn_linear_timeouts", l.SynLinearTimeouts)
	count("tcp_synack_retries", l.SynackRetries)
	count("tcp_keepalive_time", int(l.KeepaliveTime/time.Second))
	count("tcp_keepalive_intvl", int(l.KeepaliveIntvl/time.Second))
	count("tcp_keepalive_probes", l.KeepaliveProbes)
	count("tcp_fin_timeout", int(l.FinTimeout/time.Second))
	if l.HasRTOMax {
		count("tcp_rto_max_ms", int(l.RTOMax/time.Millisecond))
	}
	if l.HasRTOMin {
		count("tcp_rto_min_us", int(l.RTOMin/time.Microsecond))
	}
	if has("tcp_thin_linear_timeouts") {
		thin := 0
		if l.ThinLinearTimeouts {
			thin = 1
		}
		o.int("tcp_thin_linear_timeouts", thin)
	}
	o.b = append(o.b, '}')
}
