package ui

import (
	"slices"
	"strconv"
	"time"

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
	case *track.Needless:
		o.open("spurious", e.At)
		o.path(e.Src, e.Dst)
		o.uint("seq", uint64(e.Seq))
		o.word("kind", e.Kind.String())
		o.known("frame", e.Frame)
		o.known("by_frame", e.By)
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
		if c.ResetBy != track.SenderUnknown {
			o.word("reset_by", c.ResetBy.String())
		}
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
