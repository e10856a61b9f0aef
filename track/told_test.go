package track

import (
	"testing"
	"time"
)

// TestKernelTellsWhy begins in the middle: a row shows what is pending, and the first
// segment that is seen is what the timer sends.
func TestKernelTellsWhy(t *testing.T) {
	const ms = time.Millisecond
	pending := func(change func(*Socket)) func(*bench) Socket {
		return func(b *bench) Socket {
			s := b.row(7)
			s.Timer, s.Expires, s.SendQ = TimerOn, 150*ms, 17
			s.Info.Unacked, s.Info.LastDataSent, s.Info.Options = 1, 54*ms, 2
			change(&s)
			return s
		}
	}
	first := pending(func(*Socket) {})
	for _, c := range []struct {
		name  string
		row   func(*bench) Socket
		after time.Duration // of the row
		n     uint32
		want  Kind
		plain bool // it is no retransmission, for all that can be told
	}{
		{"the first timer of its life", first, 150 * ms, 17, KindTLP, false},
		{"a little late", first, 165 * ms, 17, KindTLP, false},
		{"before it is due", first, 130 * ms, 17, 0, true},
		{"long after", first, 230 * ms, 17, 0, true},
		{"more than was in flight", first, 150 * ms, 18, 0, true},
		{"the queue is not in flight", pending(func(s *Socket) { s.Info.NotsentBytes = 7 }), 150 * ms, 17, 0, true},
		{"after timeouts", pending(func(s *Socket) {
			s.Retransmits, s.Info.Retransmits, s.Info.Backoff, s.Info.CAState, s.Info.TotalRetrans = 1, 1, 1, CALoss, 2
		}), 150 * ms, 17, KindRTO, false},
		{"of several, a timeout sends the first", pending(func(s *Socket) {
			s.Retransmits, s.Info.Retransmits, s.Info.Backoff, s.Info.CAState, s.Info.TotalRetrans = 1, 1, 1, CALoss, 2
			s.Info.Unacked, s.SendQ = 10, 14480
		}), 150 * ms, 1448, KindRTO, false},
		{"a loss probe may have been sent before", pending(func(s *Socket) { s.Info.TotalRetrans = 1 }), 150 * ms, 17, KindUnknown, false},
		{"no SACK, no loss probe", pending(func(s *Socket) { s.Info.Options = 0 }), 150 * ms, 17, KindRTO, false},
		{"the reordering timer", pending(func(s *Socket) {
			s.Expires, s.Info.LastDataSent, s.Info.CAState = 20*ms, 1*ms, CADisorder
		}), 20 * ms, 17, KindFast, false},
		{"the reordering timer after a timeout", pending(func(s *Socket) {
			s.Expires, s.Info.LastDataSent, s.Info.CAState = 20*ms, 1*ms, CALoss
		}), 20 * ms, 17, KindSlowStart, false},
		{"a timeout of a recovery", pending(func(s *Socket) { s.Info.CAState, s.Info.TotalRetrans = CARecovery, 1 }), 150 * ms, 17, KindRTO, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.dump(c.row(b))
			b.Events()
			b.wait(c.after).send(here, there, ACK|PSH, 1000, 1, c.n)
			var got *Retransmitted
			for _, e := range b.Events() {
				if r, ok := e.(*Retransmitted); ok {
					got = r
				}
			}
			switch {
			case (got == nil) != c.plain:
				t.Errorf("a retransmission is found: %t", got != nil)
			case got != nil && got.Finding.Kind != c.want:
				t.Errorf("it is %v, want %v", got.Finding.Kind, c.want)
			}
		})
	}
}

// TestKernelTellsNoMore has the peer answer between the row and what is sent again:
// what was pending is so no longer.
func TestKernelTellsNoMore(t *testing.T) {
	b := newBench(t)
	s := b.row(7)
	s.Timer, s.Expires, s.SendQ = TimerOn, 150*time.Millisecond, 17
	s.Info.Unacked, s.Info.Options = 1, 2
	b.dump(s)
	b.wait(100*time.Millisecond).send(there, here, ACK, 1, 1000, 0)
	b.Events()
	b.wait(50*time.Millisecond).send(here, there, ACK|PSH, 1000, 1, 17)
	for _, e := range b.Events() {
		if r, ok := e.(*Retransmitted); ok {
			t.Errorf("told as a retransmission: %+v", r)
		}
	}
}
