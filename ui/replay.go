package ui

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"charm.land/bubbles/v2/key"

	"github.com/tcpwatch/tcpwatch/track"
)

// Player plays a file as time passes. It begins at its start, at its own pace. Its
// methods only say what is wanted, and never block.
type Player interface {
	Play(bool)       // or pause
	Speed(times int) // of the file's own pace
	Seek(to track.Instant)
	// Step goes on to the next packet between two ends, or without ends to the
	// next of all.
	Step(local, remote netip.AddrPort)
}

// Playback tells how far a [Player] has got.
type Playback struct {
	Begin, End track.Instant // of the file; zero: not known yet
	Moves      int           // seeks and steps that were made
	Ended      bool          // all of the file has been played
	Err        error         // why it ends where it does; nil: it is whole
}

// maxSpeed is how many times faster than its own pace a replay may be.
const maxSpeed = 64

// replay is the dashboard's hand on a player.
type replay struct {
	Playback
	player  Player
	playing bool
	speed   int
	asked   int           // seeks and steps
	target  track.Instant // of the last of them; 0: not known, of a step
}

func newReplay(p Player) *replay {
	if p == nil {
		return nil
	}
	return &replay{player: p, playing: true, speed: 1}
}

// moving reports whether a seek or a step is under way.
func (r *replay) moving() bool { return r.asked > r.Moves }

// play plays or pauses. At the end it begins again.
func (r *replay) play(on bool) {
	if on && r.Ended && !r.moving() {
		r.seek(r.Begin)
	}
	r.playing = on
	r.player.Play(on)
}

func (r *replay) seek(to track.Instant) {
	r.asked++
	r.target = to
	r.player.Seek(to)
}

// faster doubles the speed, or halves it.
func (r *replay) faster(yes bool) {
	if yes {
		r.speed = min(2*r.speed, maxSpeed)
	} else {
		r.speed = max(r.speed/2, 1)
	}
	r.player.Speed(r.speed)
}

// leap returns how far the arrow keys seek: far enough to cross any file with a
// few dozen of them.
func (r *replay) leap() time.Duration {
	return max(r.End.Sub(r.Begin)/40, time.Second).Truncate(time.Second)
}

// pressReplay acts on a key that means something else in a replay than live, or
// nothing there, and reports whether it was one.
func (d *dashboard) pressReplay(is func(key.Binding) bool) bool {
	switch k, r := &d.keys, d.replay; {
	case is(k.Freeze):
		r.play(!r.playing || r.Ended)
	case is(k.Left):
		d.seek(-1)
	case is(k.Right):
		d.seek(1)
	case is(k.Slower):
		r.faster(false)
	case is(k.Faster):
		r.faster(true)
	case is(k.StepBack):
		d.step(-1)
	case is(k.StepOn):
		d.step(1)
	default:
		return false
	}
	return true
}

// seek seeks along the timeline of the file.
func (d *dashboard) seek(by int) {
	r := d.replay
	if d.live == nil || r.Begin == 0 {
		return
	}
	from := d.live.At
	if r.moving() && r.target != 0 {
		from = r.target
	}
	to := from.Add(time.Duration(by) * r.leap())
	if r.End != 0 {
		to = min(to, r.End)
	}
	r.seek(max(to, r.Begin))
}

// step pauses, and goes to the next packet of the selected connection or the one
// before.
func (d *dashboard) step(by int) {
	r, c := d.replay, d.roster.conn()
	if d.live == nil || r.Begin == 0 {
		return
	}
	r.play(false)
	if by > 0 {
		r.asked++
		r.target = 0
		if c == nil {
			r.player.Step(netip.AddrPort{}, netip.AddrPort{})
		} else {
			r.player.Step(c.Local, c.Remote)
		}
		return
	}
	from := d.live.At
	if r.moving() && r.target != 0 {
		from = r.target
	}
	to := r.Begin
	if c != nil {
		events := d.eventsOf(c)
		if i, _ := slices.BinarySearch(events, from); i > 0 {
			to = max(to, events[i-1])
		}
	}
	r.seek(to)
}

// status writes how a replay goes: whether it plays, and where it is.
func (r *replay) status(at track.Instant) []part {
	parts := []part{{9, []span{{accent, "▸ "}, {normal, "replay"}}}}
	switch {
	case r.moving():
		parts[0].spans = []span{{accent, "▸ "}, {warn, "seeking"}}
	case r.Ended:
		parts[0].spans = []span{{accent, "■ "}, {normal, "end of the file"}}
	case !r.playing:
		parts[0].spans = []span{{warnStrong, "⏸ "}, {warn, "paused"}}
	}
	if r.speed > 1 && !r.Ended {
		parts[0].spans = append(parts[0].spans, span{accentStrong, " " + strconv.Itoa(r.speed) + "×"})
	}
	if r.Begin == 0 {
		return parts
	}
	place := appendPosition(nil, at.Sub(r.Begin))
	if r.End != 0 {
		place = appendPosition(append(place, " of "...), r.End.Sub(r.Begin))
	}
	return append(parts, part{8, []span{{normal, string(place)}}})
}

// notice says what there is to know of a replay's end.
func (r *replay) notice() []span {
	if !r.Ended || r.moving() {
		return nil
	}
	if r.Err != nil {
		return []span{{alarm, r.Err.Error()}}
	}
	return []span{{quiet, "this is the end: ← goes back, space plays it again"}}
}

// hints returns the keys that matter most in a replay, the first first.
func (r *replay) hints(ascii bool) [][2]string {
	play, sides := "pause", "← →"
	if !r.playing || r.Ended {
		play = "play"
	}
	if ascii {
		sides = "h l"
	}
	return [][2]string{{"space", play}, {sides, "seek"}, {", .", "step"}, {"[ ]", "speed"}, {"?", "help"}, {"enter", "zoom"},
		{"a", "note"}, {"/", "filter"}, {"s", "sort"}, {"w", "save"}}
}

// appendPosition appends a place in a file: "0:07", "15:39", "2:00:00".
func appendPosition(b []byte, d time.Duration) []byte {
	s := int64(max(d, 0) / time.Second)
	if s >= 3600 {
		b = append(strconv.AppendInt(b, s/3600, 10), ':')
		b = appendTwo(b, s/60%60)
	} else {
		b = strconv.AppendInt(b, s/60, 10)
	}
	return appendTwo(append(b, ':'), s%60)
}
