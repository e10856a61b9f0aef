package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/tcpwatch/tcpwatch/track"
)

// session is an Actions that remembers what it was asked.
type session struct {
	asked  []string
	notes  map[uint64]Note
	conn   *track.Conn
	report []byte
	err    error
	watch  func(selected uint64)
}

func (s *session) say(format string, args ...any) error {
	s.asked = append(s.asked, fmt.Sprintf(format, args...))
	return s.err
}

func (s *session) Watch(selected uint64, onScreen []uint64) {
	if s.watch != nil {
		s.watch(selected)
	}
	s.say("watch %d of %d", selected, onScreen)
}
func (s *session) Note(n Note) error {
	if s.notes == nil {
		s.notes = make(map[uint64]Note)
	}
	s.notes[n.ID] = n
	return s.say("note %d", n.ID)
}
func (s *session) DeleteNote(id uint64) error { return s.say("delete note %d", id) }
func (s *session) Destroy(c *track.Conn) error {
	s.conn = c
	return s.say("destroy %d", c.ID)
}
func (s *session) Shorten(c *track.Conn, d time.Duration) error {
	return s.say("shorten %d to %v", c.ID, d)
}
func (s *session) Save(path string) error { return s.say("save %s", path) }
func (s *session) Report(path string, text []byte) error {
	s.report = text
	return s.say("report to %s", path)
}

// bench drives a dashboard by messages, commands included.
type bench struct {
	*dashboard
	t       *testing.T
	session *session
	quit    bool
}

func newBench(t *testing.T, width, height int) *bench {
	s := &session{}
	b := &bench{newDashboard(s, Options{Location: time.UTC}), t, s, false}
	b.send(tea.WindowSizeMsg{Width: width, Height: height})
	return b
}

func (b *bench) send(msgs ...tea.Msg) {
	for _, m := range msgs {
		_, cmd := b.Update(m)
		b.run(cmd)
	}
}

func (b *bench) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range m {
			b.run(c)
		}
	case tea.QuitMsg:
		b.quit = true
	default:
		b.send(m)
	}
}

var keyCodes = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
	"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "space": {Code: tea.KeySpace, Text: " "}, "backspace": {Code: tea.KeyBackspace},
	"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl}, "home": {Code: tea.KeyHome}, "pgdown": {Code: tea.KeyPgDown},
}

// press sends keys by name; what is no name is typed letter by letter.
func (b *bench) press(keys ...string) {
	for _, k := range keys {
		if m, ok := keyCodes[k]; ok {
			b.send(m)
			continue
		}
		for _, r := range k {
			b.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// lines returns the screen without its styles, having checked that it fits.
func (b *bench) lines() []string {
	b.t.Helper()
	content := b.View().Content
	lines := strings.Split(ansi.Strip(content), "\n")
	if len(lines) > b.height {
		b.t.Errorf("%d×%d: %d lines", b.width, b.height, len(lines))
	}
	for _, l := range strings.Split(content, "\n") {
		if w := ansi.StringWidth(l); w > b.width {
			b.t.Errorf("%d×%d: %d cells in %q", b.width, b.height, w, ansi.Strip(l))
		}
	}
	if strings.ContainsRune(ansi.Strip(content), 0x1b) {
		b.t.Errorf("%d×%d: an escape that is not ours", b.width, b.height)
	}
	return lines
}

func (b *bench) screen() string { return strings.Join(b.lines(), "\n") }

func (b *bench) has(texts ...string) {
	b.t.Helper()
	s := b.screen()
	for _, text := range texts {
		if !strings.Contains(s, text) {
			b.t.Errorf("%q is not on screen:\n%s", text, s)
		}
	}
}

func (b *bench) hasNot(texts ...string) {
	b.t.Helper()
	s := b.screen()
	for _, text := range texts {
		if strings.Contains(s, text) {
			b.t.Errorf("%q is on screen:\n%s", text, s)
		}
	}
}

func (b *bench) show(conns ...*track.Conn) { b.send(snapshotMsg{snapshotOf(storyNow, conns...)}) }

// states are the screens that must all hold on every terminal.
var states = []struct {
	name string
	set  func(*bench)
}{
	{"starting", func(b *bench) {}},
	{"story", func(b *bench) { b.show(cast(storyNow)...) }},
	{"many", func(b *bench) { b.show(append(cast(storyNow), busy(60)...)...) }},
	{"hostile", func(b *bench) {
		b.show(busy(10)...)
		b.press("jjj")
	}},
	{"ended", func(b *bench) { b.show(buried(storyNow), unguarded(storyNow)) }},
	{"zoomed", func(b *bench) { b.show(cast(storyNow)...); b.press("enter") }},
	{"frozen", func(b *bench) {
		b.show(cast(storyNow)...)
		b.press("space")
		later := snapshotOf(storyNow.Add(12*time.Second), cast(storyNow)...)
		later.Stats.Packets += 340
		b.send(snapshotMsg{later})
	}},
	{"cursor", func(b *bench) {
		b.show(cast(storyNow)...)
		b.press("space", "left", "left", "left", "a", "the switch was rebooted", "enter")
	}},
	{"not-kept", func(b *bench) { b.show(guarded(storyNow), unguarded(storyNow)); b.press("space", "left") }},
	{"waiting", func(b *bench) {
		s := snapshotOf(storyNow)
		s.Stats = track.Stats{}
		b.send(snapshotMsg{s})
	}},
	{"rights", func(b *bench) {
		s := snapshotOf(storyNow, cast(storyNow)...)
		s.Source.Packets = false
		s.Source.Rights = "Packets can't be captured: CAP_NET_RAW is missing.\n\nGrant it to the binary:\n  sudo setcap cap_net_raw+ep /usr/local/bin/tcpwatch\n\nThe socket table works without it."
		b.send(snapshotMsg{s})
	}},
	{"down", func(b *bench) {
		s := snapshotOf(storyNow, cast(storyNow)...)
		s.Source.Down = "eth1: the interface is down"
		s.Source.Undecided = "addresses alone can't decide \"greater 100\""
		s.Source.OwnSSH = "192.168.33.1:51514"
		s.Stats.DroppedKernel, s.Stats.DroppedHere = 1234, 5
		b.send(snapshotMsg{s})
	}},
	{"replayed", func(b *bench) {
		s := snapshotOf(storyNow, cast(storyNow)...)
		s.Source.Live, s.Source.Ended, s.Source.Name = false, true, "stall.pcapng"
		b.send(snapshotMsg{s})
	}},
	{"nothing-matches", func(b *bench) { b.show(cast(storyNow)...); b.press("/", "nosuch") }},
	{"filter-error", func(b *bench) { b.show(cast(storyNow)...); b.press("/", "443/x") }},
	{"sorting", func(b *bench) { b.show(cast(storyNow)...); b.press("s") }},
	{"dialled", func(b *bench) { b.send(snapshotMsg{lived(nil)}); b.press("enter", "------") }},
	{"shortening", func(b *bench) { b.send(snapshotMsg{lived(nil)}); b.press("T") }},
	{"killing", func(b *bench) { b.show(cast(storyNow)...); b.press("K") }},
	{"help", func(b *bench) { b.show(cast(storyNow)...); b.press("?") }},
}

func TestScreens(t *testing.T) {
	sizes := [][2]int{{66, 16}, {80, 24}, {115, 36}, {200, 50}}
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			var out strings.Builder
			for _, size := range sizes {
				b := newBench(t, size[0], size[1])
				state.set(b)
				fmt.Fprintf(&out, "%d×%d\n", size[0], size[1])
				for _, l := range b.lines() {
					out.WriteString(strings.TrimRight("│"+l, " ") + "\n")
				}
			}
			golden(t, "screen-"+state.name, []byte(out.String()))
		})
	}
}

// colours are the sequences that set a colour.
var colours = regexp.MustCompile(`\x1b\[([0-9;]*;)?([34][0-8]|9[0-7]|10[0-7])[;m]`)

// TestEverySize asserts that nothing passes an edge and that the words are the
// same in every colour, on terminals of any size.
func TestEverySize(t *testing.T) {
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			for width := 1; width <= 220; width += 7 {
				height := 1 + width*53%60
				b := newBench(t, width, height)
				state.set(b)
				want := b.screen()
				for _, p := range []colorprofile.Profile{colorprofile.ASCII, colorprofile.ANSI, colorprofile.ANSI256, colorprofile.TrueColor} {
					b.send(tea.ColorProfileMsg{Profile: p})
					if b.screen() != want {
						t.Errorf("%d×%d: %v has other words", width, height, p)
					}
					if coloured := colours.MatchString(b.View().Content); p == colorprofile.ASCII && coloured {
						t.Errorf("%d×%d: colours in %v", width, height, p)
					}
				}
			}
			b := newBench(t, 120, 40)
			state.set(b)
			b.ascii = true
			b.screen()
			if i := strings.IndexFunc(b.View().Content, func(r rune) bool { return r > '~' }); i >= 0 {
				t.Errorf("not ASCII: %q", b.View().Content[i:])
			}
		})
	}
}

func TestColoursAreSignals(t *testing.T) {
	b := newBench(t, 115, 36)
	b.show(cast(storyNow)...)
	if !colours.MatchString(b.View().Content) {
		t.Error("no colour at all")
	}
	b.send(tea.ColorProfileMsg{Profile: colorprofile.TrueColor})
	dark := b.View().Content
	b.dark = false
	b.retheme()
	if light := b.View().Content; light == dark {
		t.Error("a light background looks like a dark one")
	}
}

// BenchmarkView draws 200×50 over 100,000 connections.
func BenchmarkView(b *testing.B) {
	d := newDashboard(&session{}, Options{Location: time.UTC})
	d.Update(tea.WindowSizeMsg{Width: 200, Height: 50})
	d.Update(snapshotMsg{snapshotOf(storyNow, append(cast(storyNow), busy(100_000)...)...)})
	b.ReportAllocs()
	for b.Loop() {
		d.View()
	}
}

// BenchmarkSnapshot takes in a snapshot of 100,000 connections that is sorted.
func BenchmarkSnapshot(b *testing.B) {
	d := newDashboard(&session{}, Options{Location: time.UTC})
	d.Update(tea.WindowSizeMsg{Width: 200, Height: 50})
	s := snapshotOf(storyNow, append(cast(storyNow), busy(100_000)...)...)
	for b.Loop() {
		d.roster.kept = nil
		d.Update(snapshotMsg{s})
	}
}

// TestQuestionsAreSeen asserts that what is asked stands on the last line of the
// lowest screen, whatever is said above it.
func TestQuestionsAreSeen(t *testing.T) {
	for key, question := range map[string]string{"K": "destroy this socket? y/N", "T": "give up after 30s", "a": "note at", "/": "/", "w": "save to", "x": "report to", "s": "sort by"} {
		for _, zoom := range []string{"", "enter"} {
			b := newBench(t, leastWidth, leastHeight)
			b.show(story(storyNow), unanswered(storyNow), guarded(storyNow))
			b.press(zoom, key)
			lines := b.lines()
			if last := lines[len(lines)-1]; len(lines) != leastHeight || !strings.HasPrefix(last, " "+question) {
				t.Errorf("%s %s: %d lines, the last %q", zoom, key, len(lines), last)
			}
		}
	}
}

// TestHelpIsWhole asserts that no help loses its words, on any screen.
func TestHelpIsWhole(t *testing.T) {
	for _, replayed := range []bool{false, true} {
		for width := leastWidth; width <= 220; width += 11 {
			for height := leastHeight; height <= 60; height++ {
				b := newBench(t, width, height)
				if replayed {
					b, _ = newReplayBench(t)
					b.send(tea.WindowSizeMsg{Width: width, Height: height})
				}
				b.press("?")
				words := []string{"any key goes back"}
				for _, g := range b.keys.groups() {
					for _, k := range g.keys {
						if k.Enabled() {
							words = append(words, k.Help().Desc)
						}
					}
				}
				b.has(words...)
			}
		}
	}
}
