package diag

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

const (
	phaseTicks = 3                     // that have to be seen as they go by
	phaseTime  = 50 * time.Millisecond // at most
	ahead      = 0.7                   // jiffies: how long to rest after a tick
	closely    = 0.1                   // jiffies between two readings that see a tick go by
)

// ReadPhase finds where the timer wheel stands, from /proc/timer_list, which
// takes root. It takes some milliseconds, and its answer holds until reboot.
func ReadPhase() (track.Phase, error) {
	perSecond := hz()
	if perSecond == 0 {
		return track.Phase{}, fmt.Errorf("read wheel phase: %w: the kernel does not tell its tick", ErrUnsupported)
	}
	file, err := os.Open("/proc/timer_list")
	if errors.Is(err, fs.ErrPermission) {
		return track.Phase{}, &PermissionError{Op: "read wheel phase", Capability: "CAP_DAC_READ_SEARCH"}
	}
	if err != nil {
		return track.Phase{}, fmt.Errorf("read wheel phase: %w", err)
	}
	defer file.Close()

	p := phase{perNano: float64(perSecond) / 1e9, whole: ticksAreWhole(release(), perSecond)}
	buf := make([]byte, 256<<10)
	for began := Now(); p.ticks < phaseTicks && Now().Sub(began) < phaseTime; {
		jiffies, after, err := readJiffies(file, buf)
		if err != nil {
			return track.Phase{}, fmt.Errorf("read wheel phase: %w", err)
		}
		if p.add(jiffies, after) {
			// The next tick is a whole one away.
			time.Sleep(time.Duration(float64(ahead) / p.perNano))
		}
	}
	if p.ticks == 0 && !p.whole {
		return track.Phase{}, fmt.Errorf("read wheel phase: no tick in %v", phaseTime)
	}
	return track.Phase{Known: true, Offset: p.offset()}, nil
}

// seekPhase reads the phase several times, ever more rarely, and calls found with
// each that is surer than those before. A busy machine lets ticks go by unseen, or
// tells them late; no reading errs to the other side. It ends with ctx, or where
// the phase can't be read at all.
func seekPhase(ctx context.Context, found func(track.Phase)) {
	var surest track.Phase
	for pause := time.Second / 10; pause < time.Minute; pause *= 2 {
		p, err := ReadPhase()
		switch {
		case errors.Is(err, fs.ErrPermission), errors.Is(err, ErrUnsupported):
			return
		case err == nil && (!surest.Known || p.Offset > surest.Offset):
			surest = p
			found(p)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// phase gathers readings of the tick counter. The counter never runs ahead of
// the clock, so that each reading bounds the offset from below, the tighter the
// sooner after a tick it was made.
type phase struct {
	perNano float64 // jiffies
	whole   bool    // the offset is known to be a whole number
	lowest  float64 // the tightest bound so far
	last    uint64  // the highest reading, 0: none
	lastAt  track.Instant
	ticks   int // seen as they went by
}

// add takes the counter as it was read shortly before the given moment, and
// tells whether a tick was seen to go by.
func (p *phase) add(jiffies uint64, before track.Instant) bool {
	bound := float64(jiffies) - float64(before)*p.perNano
	if p.last == 0 || bound > p.lowest {
		p.lowest = bound
	}
	seen := p.last != 0 && jiffies > p.last && float64(before-p.lastAt)*p.perNano < closely
	if seen {
		p.ticks++
	}
	p.last, p.lastAt = max(p.last, jiffies), before
	return seen
}

// offset returns the offset that the readings tell: a whole number where it is
// known to be one, or where the bound is just short of one.
func (p *phase) offset() float64 {
	const short = 0.15 // jiffies; 0.6 ms at HZ=250
	if next := math.Ceil(p.lowest); p.whole || next-p.lowest < short {
		return next
	}
	return p.lowest
}

// ticksAreWhole reports whether ticks fall on whole multiples of their length
// (kernel/time/tick-sched.c, tick_init_jiffy_update, Linux 6.3), which makes the
// offset a whole number if the length is one of nanoseconds.
func ticksAreWhole(r track.Release, perSecond int) bool {
	return r != (track.Release{}) && r.AtLeast(6, 3) && 1e9%perSecond == 0
}

// readJiffies reads the tick counter from the start of /proc/timer_list, no
// further than the first processor's, and the moment after that.
func readJiffies(file *os.File, buf []byte) (jiffies uint64, after track.Instant, err error) {
	for n := 0; n < len(buf); {
		got, err := unix.Pread(int(file.Fd()), buf[n:min(n+4096, len(buf))], int64(n))
		after = Now()
		if err != nil {
			return 0, 0, err
		}
		if got <= 0 {
			break
		}
		n += got
		const label = "\njiffies: "
		if _, rest, ok := bytes.Cut(buf[:n], []byte(label)); ok {
			if digits, _, ok := bytes.Cut(rest, []byte("\n")); ok {
				jiffies, err = strconv.ParseUint(string(digits), 10, 64)
				return jiffies, after, err
			}
		}
	}
	return 0, 0, fmt.Errorf("%w: /proc/timer_list tells no jiffies", ErrUnsupported)
}
