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
	phaseTicks = 4                      // that have to be seen as they come
	phaseTime  = 50 * time.Millisecond  // at most
	ahead      = 0.7                    // jiffies: how long to rest after a tick
	inTick     = 0.8                    // jiffies: how old a tick may be when its count has been read
	closely    = 100 * time.Microsecond // between two looks at the clock that see a tick come
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
		tick, stands, seen := awaitTick()
		jiffies, after, err := readJiffies(file, buf)
		if err != nil {
			return track.Phase{}, fmt.Errorf("read wheel phase: %w", err)
		}
		if seen = seen && coarse() == stands && float64(after-tick)*p.perNano < inTick; !seen {
			tick = after // another may have come meanwhile
		}
		p.add(jiffies, tick, seen)
		time.Sleep(time.Duration(ahead / p.perNano))
	}
	if p.ticks == 0 {
		return track.Phase{}, fmt.Errorf("read wheel phase: no tick seen in %v", phaseTime)
	}
	return track.Phase{Known: true, Offset: p.offset()}, nil
}

// seekPhase reads the phase several times, ever more rarely, and calls found with
// each that is surer than those before. On a busy machine ticks are seen late,
// or not at all; no reading errs to the other side. It ends with ctx, or where
// the phase can't be read at all.
func seekPhase(ctx context.Context, found func(track.Phase)) {
	var surest track.Phase
	for pause := time.Second / 40; pause < time.Minute; pause *= 2 {
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

// phase gathers readings. The counter never runs ahead of the clock, so that each
// reading bounds the offset from below, the tighter the sooner after its tick.
type phase struct {
	perNano float64 // jiffies
	whole   bool    // the offset is known to be a whole number
	lowest  float64 // the tightest bound so far
	read    bool    // there is one
	ticks   int     // seen as they came
}

// add takes the counter as a tick has left it that had come by the given moment;
// seen: just then.
func (p *phase) add(jiffies uint64, by track.Instant, seen bool) {
	bound := float64(jiffies) - float64(by)*p.perNano
	if !p.read || bound > p.lowest {
		p.lowest, p.read = bound, true
	}
	if seen {
		p.ticks++
	}
}

// awaitTick waits for a tick, which moves the coarse clock on, and returns a moment
// soon after it, and where the clock stands since. Seen: the moment is just after it.
func awaitTick() (by track.Instant, stands int64, seen bool) {
	for stood, before := coarse(), Now(); ; before = by {
		stands = coarse()
		by = Now()
		if stands != stood {
			return by, stands, by.Sub(before) < closely
		}
	}
}

// coarse returns the clock that moves on with each tick.
func coarse() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC_COARSE, &ts)
	return ts.Nano()
}

// offset returns the offset that the readings tell: a whole number where it is
// known to be one, or where the bound is just short of one.
func (p *phase) offset() float64 {
	const (
		short    = 0.15  // jiffies; 0.6 ms at HZ=250
		rounding = 0.001 // of the reckoning
	)
	if next := math.Ceil(p.lowest - rounding); p.whole || next-p.lowest < short {
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
