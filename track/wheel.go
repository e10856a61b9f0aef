package track

import "math"

// wheel is the kernel's timer wheel (kernel/time/timer.c, since Linux 4.8) on
// the session clock. A timer never fires early: it fires at the end of its slot,
// and the longer it runs, the longer its slot.
type wheel struct {
	hz    int64
	whole int64   // of Phase.Offset
	part  float64 // of it, in [0, 1)
	known bool    // the phase is
	shift int64   // a jiffy at which slots of all lengths begin
}

// defaultHZ is what the kernels of most distributions tick at.
const defaultHZ = 250

// newWheel returns the wheel that the limits tell of.
func newWheel(l *Limits) wheel {
	w := wheel{hz: int64(l.HZ), known: l.Phase.Known && l.HZ > 0}
	if w.hz <= 0 {
		w.hz = defaultHZ
	}
	if w.known {
		floor := math.Floor(l.Phase.Offset)
		w.whole, w.part = int64(floor), l.Phase.Offset-floor
	}
	return w
}

// at returns the jiffy that i falls into.
func (w wheel) at(i Instant) int64 {
	sec, ns := int64(i)/1e9, int64(i)%1e9
	return sec*w.hz + w.whole + int64(math.Floor(float64(ns*w.hz)/1e9+w.part))
}

// instant returns the moment at which jiffy j begins.
func (w wheel) instant(j int64) Instant {
	j -= w.whole
	sec, rest := j/w.hz, j%w.hz
	return Instant(sec*1e9 + int64(math.Ceil((float64(rest)-w.part)*1e9/float64(w.hz))))
}

// granule returns how long the slots are, in jiffies, for a timer that has
// delta jiffies to run when it is queued.
func granule(delta int64) int64 {
	g := int64(1)
	for delta >= 63*g && g < 1<<24 {
		g <<= 3
	}
	return g
}

// fires returns the jiffy at which a timer for expires fires, if it was queued
// when it had delta jiffies left to run.
func (w wheel) fires(expires, delta int64) int64 {
	g := granule(delta)
	return w.slot(expires, g) + g
}

// slot returns the start of the slot of g jiffies that holds a jiffy.
func (w wheel) slot(jiffy, g int64) int64 {
	into := (jiffy - w.shift) % g
	if into < 0 {
		into += g
	}
	return jiffy - into
}

// phases is how many of the places are tried in which the wheel may stand, for all
// that is known. They lie so far apart that short slots, middling and long ones all
// come in many places, those of 512 jiffies each nine.
const (
	phases  = 64
	apart   = 521
	between = apart % 512
)

// phase returns the wheel in one of the places, where all that is known is that
// slots of g jiffies begin at the given fire.
func (w wheel) phase(n int, fire, g int64) wheel {
	if !w.known {
		g = max(g, 1)
		w.shift = fire + int64(n)*apart/g*g
	}
	return w
}
