package ui

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// find returns the first line that holds text.
func (b *bench) find(text string) string {
	b.t.Helper()
	for _, l := range b.lines() {
		if strings.Contains(l, text) {
			return l
		}
	}
	b.t.Fatalf("%q is not on screen:\n%s", text, b.screen())
	return ""
}

func TestSelectionFollowsTheConnection(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("jj")
	chosen := b.roster.selected
	if got := b.find("▌    812"); !strings.Contains(got, "CLOSE_WAIT") {
		t.Fatalf("selected %q", got)
	}
	for _, order := range []string{"sl", "sd", "S", "sa"} {
		b.press(order)
		if b.roster.selected != chosen || b.roster.conn().ID != chosen {
			t.Errorf("after %s connection %d is selected, not %d", order, b.roster.selected, chosen)
		}
	}
	// It stays while others come and go, and gives way to its neighbour when it goes itself.
	b.send(snapshotMsg{snapshotOf(storyNow.Add(time.Second), append(busy(30), cast(storyNow)...)...)})
	if b.roster.selected != chosen {
		t.Errorf("connection %d is selected, not %d", b.roster.selected, chosen)
	}
	b.send(snapshotMsg{snapshotOf(storyNow.Add(2*time.Second), busy(3)...)})
	if b.roster.conn() == nil {
		t.Error("no connection is selected")
	}
}

func TestUrgentIsSelectedUntilTheUserChooses(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(guarded(storyNow))
	b.send(snapshotMsg{snapshotOf(storyNow.Add(time.Second), guarded(storyNow), story(storyNow))})
	if b.roster.selected != 1 {
		t.Errorf("connection %d is selected, not the dying one", b.roster.selected)
	}
	b.press("j")
	other := story(storyNow)
	other.ID, other.Forecast.At = 9, storyNow.Add(time.Second)
	b.send(snapshotMsg{snapshotOf(storyNow.Add(2*time.Second), guarded(storyNow), story(storyNow), other)})
	if b.roster.selected != 3 {
		t.Errorf("connection %d is selected, not the user's", b.roster.selected)
	}
}

func TestCountdownRunsWithTheSnapshots(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.has("15:00 ▇")
	b.send(snapshotMsg{snapshotOf(storyNow.Add(300*time.Millisecond), cast(storyNow)...)})
	b.send(snapshotMsg{snapshotOf(storyNow.Add(800*time.Second), cast(storyNow)...)})
	b.has("1:40 ▇▁▁▁▁▁▁▁")
	b.send(snapshotMsg{snapshotOf(storyNow.Add(899*time.Second), cast(storyNow)...)})
	b.has("1.6 s ▁")
}

func TestFreeze(t *testing.T) {
	b := newBench(t, 140, 36)
	b.show(cast(storyNow)...)
	b.press("space")
	before := b.lines()[2:]
	for i := 1; i <= 3; i++ {
		s := snapshotOf(storyNow.Add(time.Duration(i)*4*time.Second), append(cast(storyNow), busy(i)...)...)
		s.Stats.Packets += uint64(100 * i)
		b.send(snapshotMsg{s})
	}
	b.has("FROZEN 14:53:49", "12 s ago", "300 packets since")
	if after := b.lines()[2:]; !slices.Equal(before, after) {
		t.Errorf("the frozen picture moved:\n%s", strings.Join(after, "\n"))
	}
	b.press("/", "curl", "enter")
	b.has("1 of 5 match")
	b.press("esc", "sl")
	b.has("by local")
	b.press("K")
	b.has("not in a frozen picture")
	b.press("space")
	b.has("live", "8 watched")
	b.hasNot("FROZEN")
}

func TestCursorShowsThePast(t *testing.T) {
	b := newBench(t, 140, 40)
	b.show(cast(storyNow)...)
	b.press("left")
	b.has("space freezes the picture")
	b.press("space", "left", "left")
	b.has("at 14:53:23.464", "7 times by then", "not kept")
	if row := b.find("192.168.33.11:60739  192"); !strings.Contains(row, "15:26") || !strings.Contains(row, "6.5 s") {
		t.Errorf("the row stands at another moment: %q", row)
	}
	for range 8 {
		b.press("left")
	}
	if row := b.find("192.168.33.11:60739  192"); !strings.Contains(row, " 0       0 ") {
		t.Errorf("bytes in Send-Q before they were sent: %q", row)
	}
	for range 20 {
		b.press("left")
	}
	if got, want := b.cursor, b.roster.conn().Timeline[0].At; got != want {
		t.Errorf("the cursor stands at %d, not at the first packet, %d", got, want)
	}
	b.press("esc")
	b.hasNot("not kept")
	b.has("FROZEN")
}

func TestNotes(t *testing.T) {
	b := newBench(t, 140, 40)
	b.show(cast(storyNow)...)
	b.press("space", "left", "a", "the switch\x1b[2J rebooted", "enter")
	n := b.session.notes[1]
	entry := b.roster.conn().Timeline[15]
	if n.At != entry.At || n.Frame != entry.Frame || n.Conn != 1 || n.Local != b.roster.conn().Local || n.Made != storyNow {
		t.Errorf("note %+v, want it at %+v", n, entry)
	}
	if got := strings.Count(b.screen(), "▴"); got != 2 {
		t.Errorf("%d marks of the note on screen, want one on the ladder and one among the packets:\n%s", got, b.screen())
	}
	b.press("esc", "e", "ctrl+u", "the router", "enter")
	b.has("▴ the router", "the router")
	b.hasNot("switch")
	b.press("left", "left", "left", "a", "earlier", "enter", "esc", "N")
	if b.cursor != n.At {
		t.Errorf("N went to %d, want the last note, %d", b.cursor, n.At)
	}
	b.press("N")
	if b.cursor >= n.At {
		t.Errorf("N N went to %d, want the note before", b.cursor)
	}
	b.press("n")
	if b.cursor != n.At {
		t.Errorf("n went to %d, want %d", b.cursor, n.At)
	}
	b.press("X")
	b.hasNot("▴ the router")
	b.has("earlier")
	if want := []string{"note 1", "note 1", "note 2", "delete note 1"}; !slices.Equal(b.doings(), want) {
		t.Errorf("asked %q, want %q", b.doings(), want)
	}
	b.press("a", "no", "esc")
	if len(b.notes) != 1 {
		t.Errorf("%d notes, want 1", len(b.notes))
	}
}

// doings returns what the session was asked, but for Watch.
func (b *bench) doings() []string {
	return slices.DeleteFunc(slices.Clone(b.session.asked), func(s string) bool { return strings.HasPrefix(s, "watch") })
}

func TestFilterAsItIsTyped(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("/", "443")
	b.has("1 of 5 match", "203.0.113.7:443")
	b.hasNot("2060/nc ")
	b.press("/x")
	b.has("443/x is no network", "1 of 5 match") // the last that did
	b.press("enter")
	if b.prompt == nil {
		t.Error("a filter that does not parse was taken")
	}
	b.press("esc")
	b.has("5 watched")
	b.press("/", "dying", "enter")
	b.has("2 of 5 match")
	b.press("esc")
	b.has("5 watched")
}

func TestSorting(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("sr")
	b.has("by Recv-Q ▾")
	if first := b.lines()[4]; !strings.Contains(first, "812") {
		t.Errorf("first by Recv-Q: %q", first)
	}
	b.press("S")
	b.has("by Recv-Q ▴")
	if last := b.lines()[8]; !strings.Contains(last, "812") {
		t.Errorf("last by Recv-Q, reversed: %q", last)
	}
	x := strings.Index(b.lines()[3], "Foreign") // before it all is ASCII
	b.send(tea.MouseClickMsg{X: x + 2, Y: 3, Button: tea.MouseLeft})
	b.has("by foreign ▾")
	b.send(tea.MouseClickMsg{X: x + 2, Y: 3, Button: tea.MouseLeft})
	b.has("by foreign ▴")
}

func TestKill(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("K")
	b.has("192.168.33.11:60739 → 192.168.33.10:12345, ESTABLISHED, Send-Q 17, of 2060/nc", "destroy this socket? y/N")
	b.press("n")
	if got := b.doings(); len(got) > 0 {
		t.Fatalf("asked %q after n", got)
	}
	b.press("K", "y")
	if got := b.doings(); !slices.Equal(got, []string{"destroy 1"}) || b.session.conn.Local != addr("192.168.33.11:60739") {
		t.Fatalf("asked %q", got)
	}
	b.has("destroyed 192.168.33.11:60739")
	b.session.err = errors.New("destroy: operation not permitted: CAP_NET_ADMIN is missing")
	b.press("K", "y")
	b.has("CAP_NET_ADMIN is missing")

	s := snapshotOf(storyNow.Add(time.Second), cast(storyNow)...)
	s.Source.Live = false
	b.send(snapshotMsg{s})
	b.press("K")
	b.has("not in a replay")
	b.show(buried(storyNow))
	b.send(snapshotMsg{snapshotOf(storyNow.Add(2*time.Second), buried(storyNow))})
	b.press("T")
	b.has("it is gone already")
}

func TestShorten(t *testing.T) {
	b := newBench(t, 140, 36)
	b.show(cast(storyNow)...)
	b.press("T", "ctrl+u", "soon", "enter")
	b.has("a time like 30s")
	b.press("ctrl+u", "1m30s", "enter")
	if got := b.doings(); !slices.Equal(got, []string{"shorten 1 to 1m30s"}) {
		t.Errorf("asked %q", got)
	}
	b.has("TCP_USER_TIMEOUT = 90 s is set; it acts when the timer next fires, in 13 s")
	for _, text := range []string{"", "0s", "-1s", "600h", "1us"} {
		if _, err := parseTimeout(text); err == nil {
			t.Errorf("%q was taken for a user timeout", text)
		}
	}
}

func TestSaveAndReport(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("w", "ctrl+u", "a b.pcapng", "enter", "x", "enter")
	if got := b.doings(); !slices.Equal(got, []string{"save a b.pcapng", "report to tcpwatch-60739-20260304-145349.md"}) {
		t.Errorf("asked %q", got)
	}
}

func TestEscClosesTheInnermost(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("enter", "enter")
	if b.zoomed {
		t.Error("enter does not go back")
	}
	b.press("enter", "space", "left", "/", "nc", "enter", "s")
	depth := func() [4]bool {
		return [4]bool{b.prompt != nil, b.roster.filter.text != "", b.cursor != 0, b.zoomed}
	}
	for i, want := range [][4]bool{{true, true, true, true}, {false, true, true, true}, {false, false, true, true}, {false, false, false, true}, {}} {
		if i > 0 {
			b.press("esc")
		}
		if depth() != want {
			t.Errorf("after %d esc: %v, want %v", i, depth(), want)
		}
	}
}

func TestQuit(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"ctrl+c"}, {"/", "ctrl+c"}, {"?", "q"}, {"space", "q"}, {"K", "ctrl+c"}} {
		b := newBench(t, 80, 24)
		b.show(cast(storyNow)...)
		b.press(keys...)
		if !b.quit {
			t.Errorf("%q did not quit", keys)
		}
	}
	b := newBench(t, 80, 24)
	b.show(cast(storyNow)...)
	b.press("a", "q")
	if b.quit {
		t.Error("a q in a note quit")
	}
}

func TestWatch(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.press("j")
	b.press("t") // nothing on screen changes
	want := []string{"watch 1 of [1 2 5 3 4]", "watch 2 of [1 2 5 3 4]"}
	if !slices.Equal(b.session.asked, want) {
		t.Errorf("asked %q, want %q", b.session.asked, want)
	}
}

func TestPacketPane(t *testing.T) {
	b := newBench(t, 80, 24)
	b.show(cast(storyNow)...)
	b.has("14:53:36.535794", "following")
	b.press("3", "g")
	b.has("14:53:08.084563")
	b.hasNot("following")
	b.press("t")
	b.has("+0.000000")
	b.press("t", "G")
	b.has("+13.071791")
	b.press("t", "f")
	b.hasNot("following")
	b.press("f")
	b.has("following")
	b.send(tea.MouseWheelMsg{X: 5, Y: 20, Button: tea.MouseWheelUp})
	b.hasNot("following")
	b.send(tea.MouseClickMsg{X: 20, Y: b.layout().packets.top + 2, Button: tea.MouseLeft})
	if want := b.roster.conn().Timeline; b.packets.at < want[8].At {
		t.Errorf("a click selected the packet of %d", b.packets.at)
	}
}

func TestClickSelects(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	b.send(tea.MouseClickMsg{X: 20, Y: 6, Button: tea.MouseLeft})
	if b.roster.selected != 5 {
		t.Errorf("connection %d is selected, want the third row's, 5", b.roster.selected)
	}
	b.send(tea.MouseClickMsg{X: 20, Y: 7, Button: tea.MouseLeft})
	if b.roster.selected != 3 {
		t.Errorf("connection %d is selected, want the fourth row's, 3", b.roster.selected)
	}
	b.send(tea.MouseWheelMsg{X: 20, Y: 6, Button: tea.MouseWheelUp})
	if b.roster.selected != 5 {
		t.Errorf("connection %d is selected, want the third row's, 5", b.roster.selected)
	}
}

// TestNewWords asserts that rows on screen follow every snapshot, though the
// order is made anew only now and then.
func TestRowsFollowEverySnapshot(t *testing.T) {
	b := newBench(t, 115, 36)
	conns := append(cast(storyNow), busy(200)...)
	b.show(conns...)
	next := slices.Clone(conns)
	c := *next[1]
	socket(&c, func(s *track.Socket) { s.SendQ = 4711 })
	next[1] = &c
	b.send(snapshotMsg{snapshotOf(storyNow.Add(100*time.Millisecond), next...)})
	b.has("4711")
	if b.roster.sorted != storyNow {
		t.Error("sorted after a tenth of a second")
	}
}

func TestPace(t *testing.T) {
	var r rate
	for i := range 50 {
		s := snapshotOf(storySent.Add(time.Duration(i) * 100 * time.Millisecond))
		s.Stats.Packets = uint64(i * 120)
		r.add(s)
	}
	if got, ok := r.perSecond(); !ok || got != 1200 {
		t.Errorf("%d packets a second, want 1200", got)
	}
	if len(r.marks) > 16 {
		t.Errorf("%d marks are kept", len(r.marks))
	}
}

func TestNames(t *testing.T) {
	b := newBench(t, 140, 36)
	b.show(cast(storyNow)...)
	b.press("d")
	b.has("names cannot be asked for here", "203.0.113.7:443")
	var asked []netip.Addr
	b.names.ask = func(a []netip.Addr) map[netip.Addr]string {
		asked = append(asked, a...)
		return map[netip.Addr]string{addr("203.0.113.7:1").Addr(): "www.example.net", addr("10.0.0.5:1").Addr(): "evil\x1b[2J"}
	}
	b.press("d")
	b.has("www.example.net:443", "10.0.0.5:5432")
	b.press("jk") // nothing new is on screen
	if len(asked) != 6 {
		t.Errorf("asked for %v, want each address once", asked)
	}
	b.press("d")
	b.has("203.0.113.7:443")
}

// TestDataInFlightIsNoAlarm asserts that a deadline alone, which any healthy
// connection has while it waits for an acknowledgement, is not called dying.
func TestDataInFlightIsNoAlarm(t *testing.T) {
	c := story(storyNow)
	c.Verdict = track.Verdict{Text: "nothing waits for an answer longer than it should"}
	b := newBench(t, 115, 36)
	b.show(c)
	b.has("if silent 15:00", "Nothing waits for an answer longer than it should. ")
	b.hasNot("dying")
}

func TestNothingToZoom(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show()
	b.press("enter", "enter", "enter")
	if b.zoomed {
		t.Error("zoomed on nothing")
	}
}

// TestSessionNotes asserts that a note of the session as a whole stands on the
// timeline of every connection, and one of a connection that is not known on none.
func TestSessionNotes(t *testing.T) {
	b := newBench(t, 115, 40)
	b.show(cast(storyNow)...)
	b.send(newsMsg{Note{ID: 1, At: storySent.Add(-500 * time.Millisecond), Text: "before the stall"}},
		newsMsg{Note{ID: 2, At: storySent.Add(5 * time.Second), Text: "the wire is cut"}},
		newsMsg{Note{ID: 3, At: storySent.Add(7 * time.Second), Local: addr("10.9.9.9:1"), Remote: addr("10.9.9.8:1"), Text: "of a stranger"}})
	b.has("▴ 14:53:09.884563  before the stall", "▴ 14:53:15.384563  the wire is cut")
	b.hasNot("of a stranger")
	if s := b.screen(); strings.Count(s, "before the stall") != 1 || strings.Count(s, "the wire is cut") != 2 {
		t.Errorf("the ladder does not show its own time alone:\n%s", s)
	}
	b.press("e")
	b.has("this connection has no note")
	b.press("jjj")
	b.has("the wire is cut")
	b.press("space", "left", "left", "left")
	if b.cursor != storySent.Add(5*time.Second) {
		t.Errorf("three events back is %v, want the note", b.cursor)
	}
	b.send(newsMsg{Note{ID: 2}})
	b.hasNot("the wire is cut")
}

// TestTimerRunsOnInThePast asserts that a moment's timer is shown as it stood at the
// cursor, not as it was when the moment began.
func TestTimerRunsOnInThePast(t *testing.T) {
	c := story(storyNow)
	c.Moments = []track.Moment{{At: storySent, Timer: track.TimerOn, Expires: 10 * time.Second}}
	for after, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 4 * time.Second: 6 * time.Second, 11 * time.Second: 0} {
		if past, kept := asOf(c, storySent.Add(after)); !kept || past.Socket.Expires != want {
			t.Errorf("%v on: %v left, kept %t", after, past.Socket.Expires, kept)
		}
	}
}

// TestPacketsNotThere asserts that the pane says why it is empty.
func TestPacketsNotThere(t *testing.T) {
	b := newBench(t, 115, 36)
	c := buried(storyNow)
	c.Timeline = nil
	b.show(c)
	b.has("none of this connection was captured")
	b.press("/", "nosuch")
	b.has("none: no connection is selected")
	b.hasNot("waiting for the first packet")
}

// TestLongSource asserts that a file's name that is cut says so, and that the
// interface that is down is named once.
func TestLongSource(t *testing.T) {
	b := newBench(t, 80, 24)
	s := snapshotOf(storyNow, story(storyNow))
	s.Source.Name, s.Source.Filter = "/var/tmp/"+strings.Repeat("captures/", 9)+"stall.pcapng", ""
	b.send(snapshotMsg{s})
	if head := b.lines()[0]; !strings.Contains(head, "…") || !strings.Contains(head, "live") {
		t.Errorf("%q", head)
	}
	s = snapshotOf(storyNow)
	s.Source.Down = "eth1: the interface is down"
	b.send(snapshotMsg{s})
	b.has(" eth1: the interface is down; tcpwatch takes it up again")
	b.hasNot("eth1: eth1")
}
