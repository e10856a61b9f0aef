package track

import (
	"testing"
	"time"
)

// stalled applies some seconds of a socket in vain: 17 bytes that are sent again by
// RTOs, a row for each tenth of a second.
func (b *bench) stalled(retransmits int) *bench {
	rto := 204 * time.Millisecond
	sent := b.at
	for n := range retransmits + 1 {
		due := b.at.Add(rto)
		for ; b.at < due; b.at += Instant(100 * time.Millisecond) {
			r := b.row(7)
			r.SendQ, r.Timer, r.Expires = 17, TimerOn, due.Sub(b.at)
			r.Retransmits, r.Info.Retransmits, r.Info.Backoff = uint8(n), uint8(n), uint8(n)
			r.Info.RTO, r.Info.Unacked, r.Info.TotalRetrans, r.Info.TotalRTO = rto, 1, uint32(n), uint16(n)
			r.Info.LastDataSent = b.at.Sub(due.Add(-rto))
			if n > 0 {
				r.Info.CAState, r.Info.TotalRTORecoveries = CALoss, 1
				r.Info.TotalRTOTime = b.at.Sub(sent.Add(204 * time.Millisecond))
			}
			b.dump(r)
		}
		b.at = due
		rto *= 2
	}
	return b
}

// TestWhatIf holds what is foretold for other limits and options against what a
// tracker foretells that goes by them.
func TestWhatIf(t *testing.T) {
	b := newBench(t)
	b.stalled(4)
	b.Apply(&OptionsRead{At: b.at, Options: []Options{{Cookie: 7}}})
	c := b.one()
	if c.Forecast.At == 0 || c.Options == nil {
		t.Fatalf("no deadline, or no options: %+v", c)
	}
	if same := c.WhatIf(&b.limits, c.Options, b.now); differ(&same, &c.Forecast) {
		t.Errorf("if nothing were different: %+v, want %+v", same, c.Forecast)
	}
	for _, tt := range []struct {
		name  string
		turn  func(*Limits, *Options)
		cause Cause
	}{
		{"tcp_retries2 = 8", func(l *Limits, _ *Options) { l.Retries2 = 8 }, CauseRetries2},
		{"tcp_retries2 = 3", func(l *Limits, _ *Options) { l.Retries2 = 3 }, CauseRetries2},
		{"TCP_USER_TIMEOUT = 30 s", func(_ *Limits, o *Options) { o.UserTimeout = 30 * time.Second }, CauseUserTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, o := b.limits, Options{Cookie: 7}
			tt.turn(&l, &o)
			other := newBench(t)
			other.Apply(&l)
			other.stalled(4)
			other.Apply(&OptionsRead{At: other.at, Options: []Options{o}})
			want := other.one().Forecast
			got := c.WhatIf(&l, &o, b.now)
			if differ(&got, &want) || got.Cause != tt.cause {
				t.Errorf("%+v, want %+v", got, want)
			}
			if got.At >= c.Forecast.At {
				t.Errorf("death at %d is no sooner than at %d", got.At, c.Forecast.At)
			}
		})
	}
}

// TestWhatIfStands asks a picture that the session has long left behind.
func TestWhatIfStands(t *testing.T) {
	b := newBench(t)
	c := b.stalled(4).one()
	now, l := b.now, b.limits
	l.Retries2 = 8
	before := c.WhatIf(&l, c.Options, now)
	b.wait(time.Second).dump(b.row(7))
	if after := c.WhatIf(&l, c.Options, now); after.At != before.At || before.At == 0 {
		t.Errorf("%d, was %d before the tracker went on", after.At, before.At)
	}
}

// TestWhatIfCalm asks of connections for which no last clock runs.
func TestWhatIfCalm(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.wait(100 * time.Millisecond)
	r := b.row(7) // the kernel has sent a loss probe, which no packet shows
	r.Timer, r.Expires, r.SendQ, r.Info.Unacked, r.Info.TotalRetrans = TimerOn, 200*time.Millisecond, 17, 1, 1
	r.Info.LastDataSent = 4 * time.Millisecond
	b.dump(r)
	c := b.one()
	l := b.limits
	l.Retries2 = 8
	if f := c.WhatIf(&l, &Options{}, b.now); f.Exactness != Conditional || f.At == 0 {
		t.Errorf("of data in flight: %+v, want a deadline on condition", f)
	}
	for name, c := range map[string]*Conn{"from packets alone": {State: Established}, "gone": {Socket: &r, Gone: &Certificate{}}} {
		if f := c.WhatIf(&l, nil, b.now); f.At != 0 || f.Exactness != ExactnessUnknown {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
