package ui

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// tape is a player that remembers what it was told.
type tape []string

func (p *tape) Play(on bool)          { *p = append(*p, fmt.Sprint("play ", on)) }
func (p *tape) Speed(times int)       { *p = append(*p, fmt.Sprint("speed ", times)) }
func (p *tape) Seek(to track.Instant) { *p = append(*p, fmt.Sprint("seek ", to.Sub(tapeBegin))) }
func (p *tape) Step(local, remote netip.AddrPort) {
	*p = append(*p, fmt.Sprint("step ", local, " ", remote))
}

// The tape begins before the story, and goes on for a while after it.
var (
	tapeBegin = storySent.Add(-10 * time.Second)
	tapeEnd   = tapeBegin.Add(400 * time.Second)
)

// newReplayBench returns a dashboard over a replay that has come to the story.
func newReplayBench(t *testing.T) (*bench, *tape) {
	played := new(tape)
	s := &session{}
	b := &bench{newDashboard(s, Options{Location: time.UTC, Player: played}), t, s, false}
	b.send(tea.WindowSizeMsg{Width: 110, Height: 34})
	pic := snapshotOf(storyNow, cast(storyNow)...)
	pic.Source.Live = false
	b.send(snapshotMsg{pic}, newsMsg{Playback{Begin: tapeBegin}})
	return b, played
}

// expect looks at what the player was told since the last time.
func (p *tape) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(*p, want) {
		t.Errorf("the player was told %q, want %q", *p, want)
	}
	*p = nil
}

func TestReplayKeys(t *testing.T) {
	b, p := newReplayBench(t)
	b.has("▸ replay", "0:48", "space pause", "seek", "step", "speed")
	b.send(newsMsg{Playback{Begin: tapeBegin, End: tapeEnd}})
	b.has("0:48 of 6:40")

	b.press("space")
	p.expect(t, "play false")
	b.has("⏸ paused", "space play")
	b.press("]", "]", "[")
	p.expect(t, "speed 2", "speed 4", "speed 2")
	b.has("2×")
	for range 9 {
		b.press("]")
	}
	if b.replay.speed != 64 {
		t.Errorf("%d×", b.replay.speed)
	}
	for range 9 {
		b.press("[")
	}
	if b.replay.speed != 1 {
		t.Errorf("%d×", b.replay.speed)
	}
	*p = nil

	b.press("right", "right", "left") // a fortieth of the file each
	p.expect(t, "seek 58.7s", "seek 1m8.7s", "seek 58.7s")
	b.has("seeking")
	for range 9 {
		b.press("left")
	}
	if last := (*p)[len(*p)-1]; last != "seek 0s" {
		t.Errorf("before the beginning: %s", last)
	}
	for range 50 {
		b.press("right")
	}
	if last := (*p)[len(*p)-1]; last != "seek 6m40s" {
		t.Errorf("past the end: %s", last)
	}
	*p = nil
	b.send(newsMsg{Playback{Begin: tapeBegin, End: tapeEnd, Moves: 62}})
	b.has("⏸ paused")

	c := story(storyNow)
	b.press(".")
	p.expect(t, "play false", fmt.Sprint("step ", c.Local, " ", c.Remote))
	b.send(newsMsg{Playback{Begin: tapeBegin, End: tapeEnd, Moves: 63}})
	last := c.Timeline[len(c.Timeline)-1].At
	b.press(",", ",")
	before := c.Timeline[len(c.Timeline)-2].At
	p.expect(t, "play false", fmt.Sprint("seek ", last.Sub(tapeBegin)), "play false", fmt.Sprint("seek ", before.Sub(tapeBegin)))

	b.press("space")
	p.expect(t, "play true")
	b.press("K")
	b.has("not in a replay")
	b.press("?")
	b.has("pause, and play", "seek along the file", "one packet back, on", "slower, faster")
}

func TestReplayEnds(t *testing.T) {
	b, p := newReplayBench(t)
	b.send(newsMsg{Playback{Begin: tapeBegin, End: tapeEnd, Ended: true}})
	b.has("■ end of the file", "this is the end", "plays it again")
	b.press("space")
	p.expect(t, "seek 0s", "play true")
	b.send(newsMsg{Playback{Begin: tapeBegin, End: tapeEnd, Ended: true, Err: errors.New("cut off at byte 7"), Moves: 1}})
	b.has("cut off at byte 7")
	if strings.Contains(b.screen(), "this is the end") {
		t.Error("a file that is cut off ends like any other")
	}
	b.press("left")
	b.has("seeking")
}

// TestReplayBeforeItBegins presses keys while nothing is known yet.
func TestReplayBeforeItBegins(t *testing.T) {
	p := new(tape)
	b := &bench{newDashboard(&session{}, Options{Location: time.UTC, Player: p}), t, &session{}, false}
	b.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	b.press("left", "right", ",", ".", "n")
	b.send(newsMsg{Playback{Begin: tapeBegin}})
	b.press("left", "right", ",", ".", "n")
	p.expect(t)
}

// TestReplayKeysLive presses the keys of a replay where there is none.
func TestReplayKeysLive(t *testing.T) {
	b := newBench(t, 110, 34)
	b.send(snapshotMsg{snapshotOf(storyNow, cast(storyNow)...)})
	before := b.screen()
	b.press("[", "]", ",", ".")
	if b.screen() != before {
		t.Errorf("the screen has changed to\n%s", b.screen())
	}
	b.press("?")
	if s := b.screen(); strings.Contains(s, "slower") || strings.Contains(s, "one packet back") {
		t.Errorf("help tells of keys that do nothing:\n%s", s)
	}
}

// TestNews shows what a session tells beside its snapshots.
func TestNews(t *testing.T) {
	b, p := newReplayBench(t)
	c := story(storyNow)
	n := Note{ID: 5, At: storySent, Conn: c.ID, Local: c.Local, Remote: c.Remote, Text: "the switch died"}
	b.send(newsMsg{n})
	b.has("the switch died")
	b.press("n")
	p.expect(t, "play false", fmt.Sprint("seek ", storySent.Sub(tapeBegin)))
	n.Text = ""
	b.send(newsMsg{n})
	if len(b.notes) > 0 {
		t.Errorf("notes that were taken back: %+v", b.notes)
	}
	b.send(newsMsg{Remark("a recording of the demo")})
	b.has("a recording of the demo")
	b.send(newsMsg{Recording{Name: "s.pcapng"}})
	b.has("● rec")
	b.send(newsMsg{Recording{Name: "s.pcapng", Err: errors.New("disk full after 1.5 MiB")}})
	b.has("✗ rec", "recording to s.pcapng has stopped: disk full after 1.5 MiB; watching goes on")
	b.press("down")
	b.has("recording to s.pcapng has stopped")
}
