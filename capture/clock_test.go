package capture

import (
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestClock(t *testing.T) {
	const second, ms = int64(time.Second), int64(time.Millisecond)
	const epoch = 1_700_000_000 * second
	steps := []struct {
		name      string
		mono      int64 // when both clocks are read, and
		offset    int64 // the true offset then
		moment    int64 // of a frame, and
		stamped   int64 // the true offset when it was stamped
		new       bool
		tolerance int64 // what the frame's moment may be off by
	}{
		{"first reading", 10 * second, epoch, 9*second + 990*ms, epoch, true, 0},
		{"noise", 11 * second, epoch + ms/2, 11*second - 3*ms, epoch, false, 0},
		{"a frame stamped by noise after the reading", 12 * second, epoch, 12*second + ms/10, epoch, false, ms},
		{"forward an hour, stamped before", 13 * second, epoch + 3600*second, 12*second + 990*ms, epoch, true, 0},
		{"stamped after", 14 * second, epoch + 3600*second, 13*second + 990*ms, epoch + 3600*second, false, 0},
		{"back two, stamped before", 15 * second, epoch - 3600*second, 14*second + 990*ms, epoch + 3600*second, true, 0},
		{"waited long, stamped before", 18 * second, epoch - 3600*second, 14*second + 991*ms, epoch + 3600*second, false, 0},
		{"stamped after the step back", 18 * second, epoch - 3600*second, 17*second + 990*ms, epoch - 3600*second, false, 0},
		{"forward 80 ms, stamped after", 19 * second, epoch - 3600*second + 80*ms, 18*second + 995*ms, epoch - 3600*second + 80*ms, true, 0},
	}
	var c clock
	for _, s := range steps {
		if changed := c.set(s.mono, s.mono+s.offset); changed != s.new {
			t.Errorf("%s: new offset %v, want %v", s.name, changed, s.new)
		}
		now, want := track.Instant(s.mono), track.Instant(s.moment)
		got := c.at(s.moment+s.stamped, now)
		if off := int64(got - want); off > s.tolerance || -off > s.tolerance {
			t.Errorf("%s: a frame of %v is taken for one of %v", s.name, time.Duration(want), time.Duration(got))
		}
		if got > now {
			t.Errorf("%s: a frame comes %v after it was read", s.name, got.Sub(now))
		}
	}
}
