package track

import (
	"fmt"
	"testing"
	"time"
)

// TestFiresAlike holds the end that is reckoned by passing over fires that are alike
// against the end that they come to one by one.
func TestFiresAlike(t *testing.T) {
	r := rules{retries2: 15, rtoMax: 2 * time.Minute, keepIdle: 10 * time.Second, keepIntvl: time.Second, keepCnt: 9}
	timed := r
	timed.userTimeout = 20 * time.Minute
	short := timed
	short.rtoMax = time.Second
	for _, hz := range []int64{100, 250, 300, 1000} {
		w := wheel{hz: hz, known: true}
		for _, lean := range []lean{early, likely, late} {
			for name, first := range map[string]func() (countdown, stepper){
				"an ICMP error takes each backoff back": func() (countdown, stepper) {
					rto := w.ceil(204 * time.Millisecond)
					return countdown{expires: 1234, delta: rto}, &rtoFires{w: w, rules: &r, steady: true, rto: rto, base: rto, stamp: stopwatch{unit: time.Millisecond, lean: lean}}
				},
				"the queue drops": func() (countdown, stepper) {
					rto := w.ceil(408 * time.Millisecond)
					return countdown{expires: 1234, delta: rto}, &rtoFires{w: w, rules: &timed, local: true, retransmits: 1, rto: rto, base: rto / 2,
						stamp: stopwatch{start: w.instant(1100), unit: time.Millisecond, lean: lean}}
				},
				"an answered window of zero under a user timeout": func() (countdown, stepper) {
					return countdown{expires: 1234, delta: w.ceil(time.Second)}, &probeFires{w: w, rules: &short, answered: true, backoff: 5,
						base: w.ceil(rtoBase), rto: w.ceil(rtoBase), rtt: 2, first: stopwatch{start: w.instant(1000), unit: w.duration(1), lean: lean}}
				},
				"a thin stream's shrunk window": func() (countdown, stepper) {
					rto := w.ceil(204 * time.Millisecond)
					return countdown{expires: 1234, delta: rto, callback: true}, &shrunkFires{w: w, rules: &r, thin: true, rto: rto, base: rto,
						sent: w.instant(1000), heard: 900, stamp: stopwatch{unit: time.Millisecond, lean: lean}}
				},
				"keepalive under a user timeout": func() (countdown, stepper) {
					return countdown{expires: 1234, delta: w.ceil(time.Second), callback: true}, &keepaliveFires{w: w, rules: &timed, probes: 2, heard: -20}
				},
			} {
				t.Run(fmt.Sprint(hz, lean, name), func(t *testing.T) {
					c, s := first()
					var want Instant
					fires := 0
					for want == 0 {
						delta := c.delta
						if c.callback {
							delta--
						}
						jiffy := w.fires(c.expires, delta)
						did := s.fire(fired{expires: c.expires, jiffy: jiffy, at: w.instant(jiffy)})
						if did.dead {
							want = w.instant(jiffy)
						}
						c = countdown{expires: jiffy + did.pause + did.next, delta: did.next, callback: did.pause == 0}
						fires++
					}
					c, s = first()
					var told schedule
					got := w.run(c, s, told.add)
					if got.end != want || fires < 2*maxFires {
						t.Errorf("the end is %v, want %v after %d fires", time.Duration(got.end), time.Duration(want), fires)
					}
					if n := len(told.fires); n != maxSchedule || told.fires[n-1].Kind != FireDeath {
						t.Errorf("%d fires are told", n)
					}
				})
			}
		}
	}
}

// TestModelTimeout: a count below zero, which only a damaged session file can hold,
// is none.
func TestModelTimeout(t *testing.T) {
	for n, want := range map[int]time.Duration{-9: 200 * time.Millisecond, 0: 200 * time.Millisecond, 3: 3 * time.Second, 8: 102200 * time.Millisecond, 15: 924600 * time.Millisecond} {
		if got := modelTimeout(n, rtoBase, 2*time.Minute); got != want {
			t.Errorf("%d retransmissions stand for %v, want %v", n, got, want)
		}
	}
}
