package track

import (
	"strings"
	"testing"
	"time"
)

// resent applies a row of a stall: so many retransmissions, the last one just now.
func (b *bench) resent(retransmits int) {
	r := b.row(7)
	r.SendQ, r.Timer, r.Expires = 17, TimerOn, 204*time.Millisecond<<retransmits
	r.Retransmits, r.Info.Retransmits, r.Info.Backoff = uint8(retransmits), uint8(retransmits), uint8(retransmits)
	r.Info.RTO, r.Info.Unacked, r.Info.TotalRetrans, r.Info.CAState = r.Expires, 1, uint32(retransmits), CALoss
	r.Info.LastDataSent, r.Info.SegsOut = 0, uint32(1+retransmits)
	b.dump(r)
}

// verdicts returns those that were given of late.
func (b *bench) verdicts() (given []Verdict) {
	for _, e := range b.Events() {
		if v, ok := e.(*VerdictGiven); ok {
			given = append(given, v.Verdict)
		}
	}
	return given
}

// TestUnsentIsLocalDrop has the kernel count retransmissions that do not come by: of
// a stall that was seen from its beginning, and of others.
func TestUnsentIsLocalDrop(t *testing.T) {
	for _, tt := range []struct {
		name    string
		late    bool // the first row is of mid-stall
		loss    bool // the capture loses frames on the way
		dropped bool
	}{
		{"seen from the beginning", false, false, true},
		{"of before the first row", true, false, false},
		{"the capture loses frames", false, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			first := 0
			if tt.late {
				first = 3
			}
			b.resent(first)
			b.wait(time.Second).send(here, there, ACK|PSH, 1, 1, 17)
			if tt.loss {
				b.Apply(&Loss{At: b.at, Kernel: 9})
			}
			for n := first; n <= 3; n++ {
				b.wait(time.Second).resent(n)
				b.wait(lull / 4).Apply(&Tick{At: b.at})
			}
			var told []string
			for _, v := range b.verdicts() {
				if v.Kind == LocalDrop {
					told = append(told, v.Text)
				}
			}
			if (len(told) > 0) != tt.dropped || tt.dropped && !strings.Contains(told[0], "counts 2 retransmissions") {
				t.Errorf("local drops were told: %q, want any: %v", told, tt.dropped)
			}
		})
	}
}

// TestStaleRowIsNoLocalDrop has a row that was long in the reading come after the
// acknowledgement that ended its stall.
func TestStaleRowIsNoLocalDrop(t *testing.T) {
	b := newBench(t)
	b.resent(0)
	b.wait(time.Second).send(here, there, ACK|PSH, 1, 1, 17)
	b.wait(time.Second).send(there, here, ACK, 1, 18, 0)
	b.wait(50 * time.Millisecond).resent(4)
	b.wait(100 * time.Millisecond).Apply(&Tick{At: b.at})
	b.dump(b.row(7))
	b.wait(time.Second).Apply(&Tick{At: b.at})
	for _, v := range b.verdicts() {
		if v.Kind == LocalDrop {
			t.Errorf("told: %s", v.Text)
		}
	}
}

// TestFreshProbeIsNoSilence: an answer to the probe of a closed window that was sent
// just now may be on its way, and a peer leaves some that come close together
// unanswered (tcp_invalid_ratelimit).
func TestFreshProbeIsNoSilence(t *testing.T) {
	b := newBench(t)
	probing := func(n uint8) {
		r := b.row(7)
		r.Timer, r.Expires, r.SendQ = TimerPersist, time.Second, 500
		r.Retransmits, r.Info.Probes, r.Info.Backoff, r.Info.SndWnd, r.Info.NotsentBytes = n, n, 2+n, 0, 500
		b.dump(r)
	}
	b.send(here, there, ACK|PSH, 1, 1, 17)
	shut := func() { b.Apply(&Segment{At: b.at, Src: there, Dst: here, Flags: ACK, Seq: 1, Ack: 18}) }
	shut()
	probing(0)
	b.wait(200*time.Millisecond).send(here, there, ACK, 17, 1, 0)
	shut()
	for n := range uint8(2) {
		b.wait(time.Second).send(here, there, ACK, 17, 1, 0)
		probing(n + 1)
	}
	for _, v := range b.verdicts() {
		if v.Kind == PeerSilent {
			t.Errorf("told: %s", v.Text)
		}
	}
	b.wait(time.Second).send(here, there, ACK, 17, 1, 0)
	probing(3)
	b.wait(rtoBase).Apply(&Tick{At: b.at})
	if v := b.verdicts(); len(v) == 0 || v[len(v)-1].Kind != PeerSilent {
		t.Errorf("three probes without an answer: %v", v)
	}
}

// TestProbesAreCountedOnce: inet_diag tells the number of probes in two places.
func TestProbesAreCountedOnce(t *testing.T) {
	b := newBench(t)
	for n := range uint8(3) {
		r := b.wait(time.Second).row(7)
		r.Timer, r.Expires, r.Retransmits, r.Info.Probes = TimerKeepalive, time.Second, n, n
		b.dump(r)
	}
	if c := b.one(); c.Stall == nil || len(c.Stall.Rungs) != 2 {
		t.Errorf("two keepalive probes make the stall %+v", c.Stall)
	}
}

// TestRowOfAFiringTimer reads a row while a timer fires, when the kernel tells of no
// timer, or of one that is over and of what came of it: what was said stands. The next
// row is believed, whatever it says.
func TestRowOfAFiringTimer(t *testing.T) {
	for name, edit := range map[string]func(*Socket){
		"no timer":         func(s *Socket) { s.Timer, s.Retransmits = TimerOff, 0 },
		"keepalive's":      func(s *Socket) { s.Timer, s.Expires, s.Retransmits = TimerKeepalive, time.Hour, 0 },
		"one that is over": func(s *Socket) { s.Info.Retransmits, s.Info.Backoff, s.Info.RTO = 4, 4, 3264*time.Millisecond },
		"sent just now":    func(s *Socket) { s.Info.LastDataSent = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			before := b.stalled(3).one()
			b.Events()
			read := func() *Conn {
				r := b.wait(time.Millisecond).row(7)
				r.SendQ, r.Timer, r.Retransmits, r.Info.Retransmits, r.Info.Backoff = 17, TimerOn, 3, 3, 3
				r.Info.Unacked, r.Info.RTO, r.Info.LastDataSent, r.Info.TotalRetrans, r.Info.CAState = 1, 1632*time.Millisecond, 1632*time.Millisecond, 3, CALoss
				edit(&r)
				b.dump(r)
				return b.one()
			}
			after := read()
			if after.Forecast.At != before.Forecast.At || before.Forecast.At == 0 || after.Socket.At != before.Socket.At {
				t.Errorf("the deadline is %d, was %d; the row is of %d", after.Forecast.At, before.Forecast.At, after.Socket.At)
			}
			for _, e := range b.Events() {
				t.Errorf("told: %+v", e)
			}
			if c := read(); c.Socket.At == before.Socket.At {
				t.Error("a second time it is passed over, too")
			}
		})
	}
}

// TestClosedWindow holds back data from a peer whose window is closed: it answers
// probes, or is silent. Of the silent it must not be said that they answer.
func TestClosedWindow(t *testing.T) {
	for _, tt := range []struct {
		name   string
		shrunk bool // over data in flight
		silent bool
		want   VerdictKind
	}{
		{"answered", false, false, PeerNotReading},
		{"silent", false, true, PeerSilent},
		{"shrunk, answered", true, false, PeerNotReading},
		{"shrunk, silent", true, true, PeerSilent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			rto := 204 * time.Millisecond
			var deaf time.Duration
			for n := range uint8(6) {
				for _, later := range []time.Duration{rto / 20, rto / 2} {
					r := b.row(7)
					r.SendQ, r.Timer, r.Expires, r.Info.SndWnd, r.Info.Backoff, r.Info.RTO = 1<<16, TimerPersist, rto-later, 0, n, 204*time.Millisecond
					r.Info.NotsentBytes, r.Info.LastAckRecv = 1<<16, later
					if tt.silent {
						r.Info.LastAckRecv, r.Retransmits, r.Info.Probes = deaf+later, n, n
					}
					if tt.shrunk {
						r.Timer, r.Info.Unacked, r.Info.RTO, r.Info.CAState = TimerOn, 1, rto, CALoss
						r.Info.LastDataSent, r.Retransmits, r.Info.Probes = later, 0, 0
					}
					b.at += Instant(later)
					b.dump(r)
					b.at -= Instant(later)
				}
				b.wait(rto)
				deaf += rto
				rto *= 2
			}
			var last VerdictKind
			for _, v := range b.verdicts() {
				if last = v.Kind; last != Healthy && last != tt.want {
					t.Errorf("told: %s", v.Text)
				}
			}
			if last != tt.want {
				t.Errorf("the verdict is %v, want %v", last, tt.want)
			}
		})
	}
}

// TestUnheardIsSilent has the wire show words of the peer's that a filter of this
// host's keeps from the kernel: its keepalive probes stay unanswered.
func TestUnheardIsSilent(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.send(here, there, ACK|PSH, 1, 1, 10)
	b.send(there, here, ACK, 1, 11, 0)
	for n := uint8(1); n < 6; n++ {
		b.wait(time.Second).send(here, there, ACK, 10, 1, 0)
		b.wait(time.Millisecond).send(there, here, ACK, 0, 11, 0)
		r := b.wait(20 * time.Millisecond).row(7)
		r.Timer, r.Expires, r.Retransmits, r.Info.Probes = TimerKeepalive, time.Second, n, n
		r.Info.LastDataRecv += time.Duration(n) * time.Second
		r.Info.LastAckRecv = r.Info.LastDataRecv
		b.dump(r)
		b.wait(1100 * time.Millisecond).one()
	}
	if c := b.one(); c.Verdict.Kind != PeerSilent || !strings.Contains(c.Verdict.Text, "the last gap 2.1 s") {
		t.Errorf("the verdict is %v: %s", c.Verdict.Kind, c.Verdict.Text)
	}
}
