package ui

import (
	"strings"
	"testing"

	"github.com/tcpwatch/tcpwatch/track"
)

// TestReport writes reports of a connection in trouble, of one that ended, and of
// one at a moment of its past.
func TestReport(t *testing.T) {
	for name, set := range map[string]func(*bench){
		"dying": func(b *bench) {
			b.send(snapshotMsg{lived(func(l *track.Limits, _ *track.Options) { l.Kernel = track.Release{Major: 6, Minor: 18} })})
		},
		"ended": func(b *bench) { b.show(buried(storyNow)) },
		"past": func(b *bench) {
			b.show(story(storyNow))
			b.press("space", "left", "left", "left", "a", "a note", "enter")
		},
		"unseen": func(b *bench) { b.show(unguarded(storyNow)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 115, 36)
			set(b)
			b.press("x", "enter")
			golden(t, "report-"+name, b.session.report)
		})
	}
}

// TestReportIsClean puts into a report what may come from outside.
func TestReportIsClean(t *testing.T) {
	c := story(storyNow)
	c.Owner.Program = "a|b\x1b[2J\n# c"
	b := newBench(t, 115, 36)
	b.show(c)
	b.press("a", "no\x1b", "enter", "x", "enter")
	text := string(b.session.report)
	if !strings.Contains(text, `| program | 2060/a\|b␛[2J␊# c, uid 1000 |`) {
		t.Errorf("the program is not cleaned in\n%s", text)
	}
	if strings.ContainsRune(text, 0x1b) {
		t.Error("an escape passed")
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "# 192.") {
			t.Errorf("a heading from outside: %q", line)
		}
	}
}

// TestReportEverything asserts that nothing that can be shown can't be reported.
func TestReportEverything(t *testing.T) {
	for _, c := range append(append(cast(storyNow), busy(12)...), bare()...) {
		b := newBench(t, 115, 36)
		b.show(c)
		b.press("x", "enter")
		if len(b.session.report) == 0 {
			t.Errorf("%v: no report", c.Local)
		}
	}
}
