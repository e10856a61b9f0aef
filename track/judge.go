package track

import (
	"fmt"
	"strings"
	"time"
)

// How long a state that is normal for a while must last before it is a verdict:
// silence and a closed window are, for a moment; unread data, a connection not
// closed, an idle one may be for longer.
const (
	lull     = time.Second
	patience = 5 * time.Second
)

// queueWatch remembers since when a queue or a window has not moved.
type queueWatch struct {
	unread     Instant // Recv-Q above zero and never smaller since
	recvQ      uint32
	closeWait  Instant
	zeroWindow Instant
	unsent     Instant // the kernel counts more retransmissions than the wire has shown
	idle       Instant // nothing received or sent since
}

func (q *queueWatch) row(s *Socket) {
	switch {
	case s.RecvQ == 0:
		q.unread = 0
	case q.unread == 0 || s.RecvQ < q.recvQ:
		q.unread = s.At
	}
	q.recvQ = s.RecvQ
	since(&q.closeWait, s.State == CloseWait, s.At)
	since(&q.zeroWindow, s.Info.Has(InfoSndWnd) && s.Info.SndWnd == 0 && s.State != SynSent && s.SendQ > 0, s.At)
	if i := &s.Info; i.Size > 0 {
		q.idle = s.At.Add(-min(i.LastDataSent, i.LastDataRecv))
	}
}

// since keeps the moment from which on a condition has held.
func since(at *Instant, holds bool, now Instant) {
	switch {
	case !holds:
		*at = 0
	case *at == 0:
		*at = now
	}
}

// judge forms the verdict on an end, and says when time alone could change it
// (zero: never).
func (t *Tracker) judge(e *end, c *Coverage) (v Verdict, next Instant) {
	kind, from := t.verdictOf(e, c)
	switch kind {
	case Healthy:
		next = t.nextVerdict(e)
	case AppNotReading, NotClosedByApp, IdleUnguarded:
	default:
		next = t.now
	}
	if kind == e.verdict.Kind && e.verdict.Since != 0 && kind != Healthy {
		from = e.verdict.Since
	}
	v = Verdict{Kind: kind, Since: from, Text: e.verdict.Text}
	if !e.judged || kind != e.verdict.Kind || kind.Trouble() || t.watched[e.id] != nil {
		v.Text = t.sentence(e, &v, c)
	}
	return v, next
}

// nextVerdict returns when a healthy end may stop to be called so.
func (t *Tracker) nextVerdict(e *end) Instant {
	q := &e.queue
	switch {
	case e.row == nil:
		return 0
	case q.closeWait != 0:
		return q.closeWait.Add(patience)
	case q.unread != 0:
		return q.unread.Add(patience)
	case e.row.State == Established && e.row.Timer == TimerOff:
		return q.idle.Add(patience)
	}
	return 0
}

func (t *Tracker) verdictOf(e *end, c *Coverage) (VerdictKind, Instant) {
	st, q := e.stall, &e.queue
	var silent Instant
	if st != nil {
		silent = e.silentSince()
	}
	if e.urgent() {
		if t.unreachable(e) {
			return Unreachable, t.now
		}
		switch {
		case e.state() == SynSent:
			if st != nil && len(st.rungs) > 0 {
				return UnansweredSyn, e.asked()
			}
		case t.localDrop(e, c):
			return LocalDrop, t.now
		case e.row != nil && e.row.Timer == TimerPersist && e.row.Info.Probes > 2 && (st == nil || t.now.Sub(st.last()) >= rtoBase):
			return PeerSilent, silent
		case q.zeroWindow != 0 && e.row.answersProbes():
			if t.now.Sub(q.zeroWindow) >= lull {
				return PeerNotReading, q.zeroWindow
			}
		case e.needless > 2:
			return OneWay, silent
		case st != nil && e.blackhole():
			return MTUBlackhole, st.since
		case st != nil && t.silence(e, silent):
			return PeerSilent, max(silent, st.since)
		}
		if st == nil {
			return Healthy, 0
		}
		return e.verdict.Kind.standing(), e.verdict.Since
	}
	if e.needless > 2 {
		return OneWay, t.now
	}
	switch {
	case e.row == nil:
	case q.closeWait != 0:
		// The FIN counts as a byte of Recv-Q: what is unread is not the matter here.
		if t.now.Sub(q.closeWait) >= patience {
			return NotClosedByApp, q.closeWait
		}
	case q.unread != 0 && t.now.Sub(q.unread) >= patience:
		return AppNotReading, q.unread
	case e.row.State == Established && e.row.Timer == TimerOff && e.forecast.Never() &&
		q.idle != 0 && t.now.Sub(q.idle) >= patience:
		return IdleUnguarded, q.idle
	}
	return Healthy, 0
}

// answersProbes reports whether the peer has answered the last probe of its closed
// window, or has but one to answer. Probes of a window that was shrunk over data in
// flight are retransmissions.
func (s *Socket) answersProbes() bool {
	if i := &s.Info; s.Timer == TimerOn {
		return i.Backoff == 0 || i.LastAckRecv <= i.LastDataSent
	}
	return s.Info.Probes <= 1
}

// asked returns when the first SYN was sent, as far as it is known.
func (e *end) asked() Instant {
	if first := e.memory.stamp(); first != 0 {
		return min(e.first, first)
	}
	return e.first
}

// standing returns the verdict that stays while an end in trouble shows nothing
// clear: one on the trouble itself, none on what was before or has passed.
func (k VerdictKind) standing() VerdictKind {
	switch k {
	case AppNotReading, NotClosedByApp, IdleUnguarded, Unreachable:
		return Healthy
	}
	return k
}

// unreachable reports whether the network itself has said no since the stall began.
func (t *Tracker) unreachable(e *end) bool {
	if e.neighbour == NeighbourFailed || e.neighbour == NeighbourIncomplete {
		return true
	}
	if e.icmp == nil || e.icmp.fragNeeded() {
		return false
	}
	return e.stall == nil || e.icmp.At >= e.stall.since
}

func (r *ICMP) fragNeeded() bool { return !r.V6 && r.Type == 3 && r.Code == 4 || r.V6 && r.Type == 2 }

// localDrop reports whether what the kernel counts as sent never reached the wire:
// not by one row alone, for a row that was long in the reading tells of what the
// wire has left behind.
func (t *Tracker) localDrop(e *end, c *Coverage) bool {
	if e.row == nil {
		return false
	}
	q := &e.queue
	since(&q.unsent, e.unsent(c) >= 2, t.now)
	return e.row.failed() || q.unsent != 0 && t.now.Sub(q.unsent) >= lull/4
}

// unsent returns how many retransmissions the kernel has counted since packets are
// captured that the wire did not show, where it would have shown them.
func (e *end) unsent(c *Coverage) int {
	if !c.Out || e.out == 0 || c.Lost > 0 || e.row.Timer != TimerOn || e.memory.cleared.Add(readingLag) > e.row.At {
		return 0
	}
	seen := 0
	if e.stall != nil && e.stall.onWire {
		seen = e.stall.count[FireRTO] + e.stall.count[FireSyn] + e.stall.count[FireSynack]
	}
	return int(e.row.Retransmits) - int(e.window.before) - seen
}

// enough is how often a full-sized segment must be lost to rule out chance.
const enough = 4

// blackhole reports whether only full-sized segments are lost: one is sent again
// and again while the peer answers smaller ones, and none has passed since the
// stall began.
func (e *end) blackhole() bool { return e.oversized() >= enough }

// oversized returns how often one full-sized segment was sent again in vain since
// the peer has answered others.
func (e *end) oversized() int {
	st := e.stall
	if st.answers == 0 && e.somePassed < st.since || e.fullPassed >= st.since {
		return 0
	}
	return st.worst - st.deaf
}

// silence reports whether the peer has been silent for long enough to say so:
// one loss or two are the life of any connection.
func (t *Tracker) silence(e *end, heard Instant) bool {
	st := e.stall
	vain := st.vain
	if e.row != nil && (!st.onWire || st.asking()) {
		vain = max(int(e.row.Retransmits), int(e.row.Info.Probes))
		if e.queue.zeroWindow != 0 && e.row.Timer == TimerOn {
			vain = int(e.row.Info.Backoff) // the kernel counts no retransmissions here
		}
	}
	switch {
	case e.row != nil && e.row.Timer == TimerPersist:
		return false // the kernel's own count tells, and what the window says meanwhile
	// Where nobody waits for the answer, patience costs nothing.
	case st.asking():
		return vain > 2 && t.now.Sub(st.last()) >= lull
	case e.state() == SynRecv || e.state() == NewSynRecv:
		return vain > 2
	case e.oversized() > 0:
		return vain > enough // it may yet prove to be deaf to these alone
	}
	return vain > 1 && t.now.Sub(max(heard, st.since)) >= lull
}

// sentence words a verdict with its evidence.
func (t *Tracker) sentence(e *end, v *Verdict, c *Coverage) string {
	var b strings.Builder
	st := e.stall
	ago := func(at Instant) string { return spell(t.now.Sub(at)) }
	switch v.Kind {
	case Healthy:
		return "nothing waits for an answer longer than it should"
	case PeerSilent:
		b.WriteString("nothing from the peer")
		if v.Since != 0 {
			fmt.Fprintf(&b, " for %s", ago(v.Since))
		}
		fmt.Fprintf(&b, "; %s", t.evidence(e))
	case LocalDrop:
		b.WriteString("this host drops its own packets: ")
		if e.row.Timer == TimerPersist {
			fmt.Fprintf(&b, "%d bytes could not be sent even once, the window is open", e.row.SendQ)
		} else {
			fmt.Fprintf(&b, "the kernel counts %d retransmissions that the wire did not show", e.unsent(c))
		}
	case PeerNotReading:
		fmt.Fprintf(&b, "the peer has closed its window for %s: it answers, and reads nothing; Send-Q holds %s", ago(v.Since), octets(e.queued()))
	case AppNotReading:
		fmt.Fprintf(&b, "the program here does not read: Recv-Q has held data for %s, now %s", ago(v.Since), octets(e.queue.recvQ))
	case NotClosedByApp:
		fmt.Fprintf(&b, "the peer closed %s ago, the program here has not", ago(v.Since))
	case UnansweredSyn:
		fmt.Fprintf(&b, "nothing has answered the SYN for %s; it was sent %d times", ago(v.Since), 1+max(len(st.rungs), e.retransmits()))
	case Unreachable:
		switch {
		case e.neighbour == NeighbourFailed || e.neighbour == NeighbourIncomplete:
			b.WriteString("the next hop does not answer ARP or NDP: nothing leaves this host")
		default:
			fmt.Fprintf(&b, "%s answered with ICMP: %s", e.icmp.From, e.icmp.reason())
		}
	case OneWay:
		fmt.Fprintf(&b, "the peer sends again what was acknowledged, %d times: what leaves here does not arrive there", e.needless)
	case MTUBlackhole:
		fmt.Fprintf(&b, "only full-sized segments are lost, one of them %d times: a smaller MTU on the path, and its ICMP filtered", st.worst+1)
	case IdleUnguarded:
		fmt.Fprintf(&b, "idle for %s without keepalive: if the peer is dead, no one will ever know", ago(v.Since))
	}
	if c.Doubt != "" && v.Kind != Healthy {
		fmt.Fprintf(&b, " (from the kernel's own fields: %s)", c.Doubt)
	}
	return b.String()
}

// queued returns how many bytes wait to be sent or acknowledged.
func (e *end) queued() uint32 {
	if e.row != nil {
		return e.row.SendQ
	}
	if e.stall != nil {
		return e.stall.bytes
	}
	return 0
}

// retransmits returns the kernel's own count.
func (e *end) retransmits() int {
	if e.row == nil {
		return 0
	}
	return int(e.row.Retransmits)
}

// evidence words what was sent in vain.
func (t *Tracker) evidence(e *end) string {
	st := e.stall
	if st == nil || len(st.rungs) == 0 {
		if e.row != nil {
			return fmt.Sprintf("%s unacknowledged, %d retransmissions by the kernel's count", octets(e.row.SendQ), e.row.Retransmits)
		}
		return "nothing was answered"
	}
	n := len(st.rungs)
	what, seen := "retransmissions", "seen on the wire"
	if k := st.rungs[n-1].Kind; k == FireProbe || k == FireKeepalive {
		what = "probes"
	}
	if n == 1 {
		what = strings.TrimSuffix(what, "s")
	}
	if !st.onWire {
		seen = "by the kernel's count"
	}
	text := fmt.Sprintf("%d %s %s", n, what, seen)
	if q := e.queued(); q > 0 && e.state() != SynSent {
		text = octets(q) + " unacknowledged, " + text
	}
	if r := &st.rungs[n-1]; r.Interval > 0 {
		text += ", the last gap " + spell(r.Interval)
		if r.Ratio > 0 && n > 1 && r.Resent == KindRTO && st.rungs[n-2].Resent == KindRTO {
			text += fmt.Sprintf(" (x%.1f)", r.Ratio)
		}
	}
	return text
}

// reason words an ICMP error.
func (r *ICMP) reason() string {
	if r.V6 {
		switch {
		case r.Type == 1 && r.Code == 0:
			return "no route"
		case r.Type == 1 && r.Code == 1:
			return "administratively prohibited"
		case r.Type == 1 && r.Code == 4:
			return "port unreachable"
		case r.Type == 1:
			return "address unreachable"
		case r.Type == 3:
			return "hop limit exceeded"
		}
	} else {
		switch {
		case r.Type == 3 && r.Code == 0:
			return "net unreachable"
		case r.Type == 3 && r.Code == 3:
			return "port unreachable"
		case r.Type == 3 && (r.Code == 9 || r.Code == 10 || r.Code == 13):
			return "administratively prohibited"
		case r.Type == 3:
			return "host unreachable"
		case r.Type == 11:
			return "time exceeded"
		}
	}
	return fmt.Sprintf("type %d code %d", r.Type, r.Code)
}

func octets(n uint32) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// spell words a duration for a sentence: "204 ms", "13.1 s", "4 min 20 s", "2 h 11 min".
func spell(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}
