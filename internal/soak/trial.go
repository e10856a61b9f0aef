package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	slack    = 500 * time.Millisecond  // between a deed and the moment that tcpwatch gives it: two dumps
	patience = 1500 * time.Millisecond // the least that a kernel here waits for the peer of an orphan
	grace    = time.Second             // within which a deadline is to be taken back
	worth    = 2 * time.Second         // an end that lived so long must not go untold
	enough   = 30                      // ends that are shown in full, of each kind
)

// trial holds what was said of one end against the log of it.
type trial struct {
	*checker
	c       *connection
	side    int
	log     end
	out, in path // what it sent, and received
	losses  []time.Time
	cut     bool
	said    []word
}

// hold judges all that was said of the end.
func (t *trial) hold() {
	if t.log.opened.IsZero() {
		return // never accepted: it was no more than the kernel's half of a handshake
	}
	fate := t.fate()
	told := t.reasons()
	if fate == "timed-out" {
		t.deaths++
	}
	if len(told) == 0 {
		told = []string{"nothing"}
		if t.lived() > worth && time.Since(t.c.finished) > t.lingers() {
			t.silent[t.c.script]++
			t.breach("end untold", "%s after %v", fate, t.lived())
		}
	} else if fate == "timed-out" && !slices.Contains(told, fate) && t.lived() > worth {
		t.breach("death missed", "told %v", told)
	}
	if t.ends[fate] == nil {
		t.ends[fate] = make(map[string]int)
	}
	t.ends[fate][strings.Join(told, ", ")]++
	t.deadlinesOf()
	for i := range t.said {
		w := &t.said[i]
		if w.Event != "verdict" {
			continue
		}
		if !t.cut {
			t.verdicts[w.Verdict]++
		}
		switch w.Verdict {
		case "local-drop", "one-way", "mtu-blackhole", "unreachable":
			t.breach("verdict "+w.Verdict, "the wire does nothing of the kind")
		case "peer-silent":
			if !t.cut {
				t.breach("verdict "+w.Verdict, "of a connection that was never cut off")
			}
		}
	}
}

// fate returns what became of the end, by the moment at which it was first told.
func (t *trial) fate() string {
	at := time.Now()
	if i := slices.IndexFunc(t.said, func(w word) bool { return w.Event == "gone" }); i >= 0 {
		at = t.said[i].Time
	}
	if dead, ok := t.dead(); ok && at.Before(dead) {
		at = dead
	}
	may := t.may(at)
	return strings.Join(slices.Sorted(maps.Keys(may)), " or ")
}

// may returns the ways in which the end can have ended by a moment.
func (t *trial) may(at time.Time) map[string]bool {
	switch t.log.errno {
	case 0:
	case syscall.ETIMEDOUT, syscall.EHOSTUNREACH:
		return map[string]bool{"timed-out": true}
	case syscall.ECONNABORTED:
		return map[string]bool{"destroyed": true, "reset": true} // destroyed, with a reset to the peer
	default:
		return map[string]bool{"reset": true}
	}
	by := func(event, at time.Time) bool { return !event.IsZero() && event.Before(at) }
	early, late := at.Add(-slack), at.Add(slack)
	if by(t.in.finHeard, late) && by(t.out.finAcked, late) {
		may := map[string]bool{"closed": true}
		if by(t.in.resetCame, late) || t.log.manner == threw {
			may["reset"] = true
		}
		return may
	}
	may := make(map[string]bool)
	if by(t.in.resetCame, late) || by(t.out.resetSent, late) {
		may["reset"] = true
	}
	// What came after a long wait may have come too late.
	waited := t.log.manner == parted && t.log.closed.Before(at.Add(-patience))
	if len(may) == 0 || waited && !by(t.in.resetCame, early) && !by(t.out.resetSent, early) {
		may["timed-out"] = true
	}
	return may
}

// dead returns when the end was dead or let go of at the earliest; false: never.
func (t *trial) dead() (at time.Time, ok bool) {
	for _, m := range []time.Time{t.log.failed, t.log.closed, t.log.killed, t.in.resetCame, t.out.resetSent} {
		if !m.IsZero() && (!ok || m.Before(at)) {
			at, ok = m, true
		}
	}
	return at, ok
}

// lived returns how long the end was in its program's hands.
func (t *trial) lived() time.Duration {
	if at, ok := t.dead(); ok {
		return at.Sub(t.log.opened)
	}
	return 0
}

// lingers returns how long the end may still be in the socket table after its
// program has let go of it.
func (t *trial) lingers() time.Duration {
	heard := t.in.finCame
	passive := !heard.IsZero() && heard.Add(slack/10).Before(t.log.closed) && !t.out.finAcked.IsZero()
	if t.log.errno != 0 || t.log.manner == threw || passive {
		return worth
	}
	return 65 * time.Second // TIME_WAIT, or an orphan's patience
}

// reasons judges the ends that were told, and returns their reasons.
func (t *trial) reasons() []string {
	var told []string
	for i := range t.said {
		w := &t.said[i]
		if w.Event != "gone" {
			continue
		}
		told = append(told, w.Reason)
		if w.Reason == "unknown" {
			t.unknown[t.c.script+" "+w.State]++
			t.tell("no reason", "at %s", clock(w.Time))
		} else if may := t.may(w.Time); !may[w.Reason] {
			t.breach("false reason", "%s at %s, it was %s", w.Reason, clock(w.Time),
				strings.Join(slices.Sorted(maps.Keys(may)), " or "))
		}
		if dead, ok := t.dead(); !t.log.late && (!ok || w.Time.Before(dead.Add(-slack))) {
			t.breach("false death", "%s at %s, it lived until %s", w.Reason, clock(w.Time), clock(dead))
		}
		if w.Reason == "timed-out" && w.ErrorMS != nil {
			t.foretold = append(t.foretold, *w.ErrorMS)
			if *w.ErrorMS < -300 || *w.ErrorMS > 300 {
				t.tell("foretold badly", "by %v ms", *w.ErrorMS)
			}
		}
	}
	return told
}

// deadlinesOf judges the deadlines that were announced: none may stand a second
// after all was acknowledged, or a second after its own moment.
func (t *trial) deadlinesOf() {
	dead, ok := t.dead()
	if !ok {
		return
	}
	var words []*word
	for i := range t.said {
		if w := &t.said[i]; w.Event == "deadline" || w.Event == "gone" {
			words = append(words, w)
		}
	}
	slices.SortStableFunc(words, func(a, b *word) int { return a.Time.Compare(b.Time) }) // ends are told late
	next := func(i int) time.Time {                                                      // when the word after words[i] came
		if i+1 < len(words) {
			return words[i+1].Time
		}
		return time.Now()
	}
	for i, w := range words {
		if w.Event != "deadline" {
			continue
		}
		t.deadlines++
		if !w.firm() {
			continue
		}
		t.firm++
		latest := w.At
		if w.Latest.After(latest) {
			latest = w.Latest
		}
		if passed := latest.Add(grace); next(i).After(passed) && dead.After(passed) {
			t.breach("deadline outlived", "that of %s, announced at %s, stood at %s", clock(w.At), clock(w.Time), clock(passed))
		}
	}
	for _, clean := range t.log.clean {
		i, found := slices.BinarySearchFunc(words, clean, func(w *word, at time.Time) int { return w.Time.Compare(at) })
		if !found {
			i--
		}
		if i < 0 || words[i].Event != "deadline" || !words[i].firm() {
			continue
		}
		over := clean.Add(grace)
		trouble := func(lost time.Time) bool { return lost.After(clean) && lost.Before(over) }
		if !dead.After(over) || slices.ContainsFunc(t.losses, trouble) {
			continue // it died, or the next trouble may have the same deadline
		}
		t.clean++
		if next(i).After(over) {
			t.breach("deadline left standing", "that of %s, announced at %s, all was acknowledged at %s",
				clock(words[i].At), clock(words[i].Time), clock(clean))
		} else {
			t.retracted = append(t.retracted, next(i).Sub(clean).Seconds()*1000)
		}
	}
}

// breach notes a breach.
func (t *trial) breach(kind, format string, args ...any) {
	t.breaches[kind]++
	t.tell(kind, format, args...)
}

// tell shows all that is known of the end, unless there was much of this kind.
func (t *trial) tell(kind, format string, args ...any) {
	if t.shown[kind]++; t.shown[kind] > enough {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s: ", kind, t.c.script, [2]string{"client", "server"}[t.side])
	fmt.Fprintf(&b, format, args...)
	l := &t.log
	fmt.Fprintf(&b, "\n  %v > %v on host %c, begun %s", l.local, l.remote, 'A'+rune(t.c.hosts[t.side]), clock(l.opened))
	for _, m := range []struct {
		what string
		at   time.Time
	}{{"destroyed", l.killed}, {fmt.Sprintf("errno %q", l.errno), l.failed}, {[...]string{"", "closed", "closed with a reset"}[l.manner], l.closed},
		{"FIN sent", t.out.finSent}, {"FIN arrived there", t.out.finCame}, {"FIN acknowledged", t.out.finAcked},
		{"FIN came", t.in.finCame}, {"reset sent", t.out.resetSent}, {"reset arrived there", t.out.resetCame}, {"reset came", t.in.resetCame}} {
		if !m.at.IsZero() {
			fmt.Fprintf(&b, "; %s %s", m.what, clock(m.at))
		}
	}
	for i := range t.said {
		fmt.Fprintf(&b, "\n    %s", t.said[i].line)
	}
	t.told = append(t.told, b.String())
}

// clock spells a moment as the lines of tcpwatch have it, without the date.
func clock(at time.Time) string { return at.UTC().Format("15:04:05.000") }
