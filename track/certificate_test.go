package track

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// retransmitting returns a socket with a segment in flight that was sent again four
// times. With so low a tcp_retries2 the next timeout is the last.
func (b *bench) retransmitting(cookie uint64) Socket {
	l := b.limits
	l.At, l.Retries2, l.OrphanRetries = b.at, 3, 3
	b.Apply(&l)
	r := b.row(cookie)
	r.Timer, r.Expires, r.Retransmits, r.SendQ = TimerOn, 100*time.Millisecond, 4, 17
	r.Info.Retransmits, r.Info.Backoff, r.Info.Unacked, r.Info.CAState = 4, 4, 1, CALoss
	r.Info.RTO = 204 * time.Millisecond << 4
	r.Info.LastDataSent = r.Info.RTO - r.Expires
	r.Info.TotalRTO, r.Info.TotalRTORecoveries = 4, 1
	r.Info.TotalRTOTime = 204*time.Millisecond<<3*2 - 204*time.Millisecond + r.Info.LastDataSent
	return r
}

// orphaned returns a socket that its program has closed, with its FIN in flight.
func (b *bench) orphaned(cookie uint64) Socket {
	r := b.row(cookie)
	r.State, r.Inode, r.Timer, r.Expires, r.SendQ, r.Info.Unacked = FinWait1, 0, TimerOn, 100*time.Millisecond, 1, 1
	r.Info.LastDataSent = 104 * time.Millisecond
	return r
}

// minisock returns what is left of a socket that was closed.
func (b *bench) minisock(cookie uint64, state State, left time.Duration) Socket {
	r := b.row(cookie)
	r.State, r.Inode, r.Timer, r.Expires, r.Info = state, 0, TimerTimewait, left, Info{}
	return r
}

// absent tells that a socket was asked for by name twice, and is no longer there.
func (b *bench) absent(cookie uint64) {
	for range 2 {
		b.Apply(&Dump{Began: b.at, Ended: b.at + 1, Absent: []uint64{cookie}})
		b.at += 2
	}
}

// due lets time pass until the present forecast comes true.
func (b *bench) due() {
	b.t.Helper()
	f := b.one().Forecast
	if f.At <= b.at {
		b.t.Fatalf("no death is foretold: %+v", f)
	}
	b.at = f.At
}

// segment numbers of the two ends in these tests.
const (
	ourSeq   = 1000
	theirSeq = 5000
)

// goodbyes exchanges FINs, ours first, and their acknowledgements.
func (b *bench) goodbyes() {
	b.send(here, there, FIN|ACK, ourSeq, theirSeq, 0)
	b.wait(time.Millisecond).send(there, here, FIN|ACK, theirSeq, ourSeq+1, 0)
	b.wait(time.Millisecond).send(here, there, ACK, ourSeq+1, theirSeq+1, 0)
}

func TestReasons(t *testing.T) {
	const cookie = 7
	for _, c := range []struct {
		name string
		ends func(*bench)
		want Reason
	}{
		{"the kernel gave up", func(b *bench) {
			b.dump(b.retransmitting(cookie))
			b.due()
			b.wait(10 * time.Millisecond).absent(cookie)
		}, TimedOut},
		{"the kernel gave up, and what the program did next reset the peer", func(b *bench) {
			b.dump(b.retransmitting(cookie))
			b.due()
			b.Apply(&Destroyed{At: b.at + 1, Socket: Socket{Cookie: cookie}})
			b.wait(time.Millisecond).send(there, here, RST|ACK, theirSeq, ourSeq, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, TimedOut},
		{"the kernel gave up as the answer came", func(b *bench) {
			b.send(here, there, PSH|ACK, ourSeq-17, theirSeq, 17)
			b.dump(b.retransmitting(cookie))
			b.Apply(&OptionsRead{At: b.at, Options: []Options{{Cookie: cookie}}})
			b.due()
			b.wait(200*time.Microsecond).send(there, here, ACK, theirSeq, ourSeq, 0)
			b.Apply(&Tick{At: b.at})
			b.send(here, there, RST, ourSeq, 0, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, TimedOut},
		{"the kernel gave up by options that are not known", func(b *bench) {
			r := b.retransmitting(cookie)
			b.Apply(&Limits{At: b.at, Retries2: 15, RTOMax: 2 * time.Minute, HZ: 250})
			b.dump(r)
			b.wait(r.Expires + time.Millisecond)
			b.send(there, here, FIN|ACK, theirSeq, ourSeq, 0)
			b.send(here, there, RST, ourSeq, 0, 0)
			b.wait(time.Millisecond).absent(cookie)
		}, TimedOut},
		{"a retransmission was answered by a reset", func(b *bench) {
			r := b.retransmitting(cookie)
			b.Apply(&Limits{At: b.at, Retries2: 15, RTOMax: 2 * time.Minute, HZ: 250})
			b.dump(r)
			b.wait(r.Expires + time.Millisecond)
			b.send(there, here, RST, ourSeq, 0, 0)
			b.wait(time.Millisecond).absent(cookie)
		}, Reset},
		{"thrown away long before the timer fires", func(b *bench) {
			r := b.retransmitting(cookie)
			b.Apply(&Limits{At: b.at, Retries2: 15, RTOMax: 2 * time.Minute, HZ: 250})
			b.dump(r)
			b.wait(r.Expires - 50*time.Millisecond)
			b.send(here, there, RST|ACK, ourSeq, theirSeq, 0)
			b.wait(100 * time.Millisecond).absent(cookie)
		}, Reset},
		{"a request was answered, and thrown away, as its timer fired", func(b *bench) {
			r := b.row(cookie)
			b.Apply(&Limits{At: b.at, SynackRetries: 5, RTOMax: 2 * time.Minute, HZ: 250})
			r.State, r.Inode, r.Timer, r.Expires, r.Info = NewSynRecv, 0, TimerOn, 100*time.Millisecond, Info{}
			b.dump(r)
			b.wait(r.Expires)
			b.send(there, here, ACK, theirSeq, ourSeq, 0)
			b.send(here, there, RST|ACK, ourSeq, theirSeq, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Reset},
		{"a retransmission was answered, and the connection thrown away", func(b *bench) {
			r := b.retransmitting(cookie)
			b.Apply(&Limits{At: b.at, Retries2: 15, RTOMax: 2 * time.Minute, HZ: 250})
			b.send(here, there, PSH|ACK, ourSeq-17, theirSeq, 17)
			b.dump(r)
			b.wait(r.Expires + time.Millisecond)
			b.send(there, here, ACK, theirSeq, ourSeq, 0)
			b.send(here, there, RST|ACK, ourSeq, theirSeq, 0)
			b.wait(time.Millisecond).absent(cookie)
		}, Reset},
		{"its options are known, and no fire was to be the last", func(b *bench) {
			r := b.retransmitting(cookie)
			b.Apply(&Limits{At: b.at, Retries2: 15, RTOMax: 2 * time.Minute, HZ: 250})
			b.dump(r)
			b.Apply(&OptionsRead{At: b.at, Options: []Options{{Cookie: cookie}}})
			b.wait(r.Expires + time.Millisecond).absent(cookie)
		}, ReasonUnknown},
		{"reset before the death that the next row would have missed", func(b *bench) {
			b.dump(b.retransmitting(cookie))
			b.wait(30*time.Millisecond).send(there, here, RST|ACK, theirSeq, ourSeq, 0)
			b.wait(time.Second).absent(cookie)
		}, Reset},
		{"reset at the very moment of a death that was averted", func(b *bench) {
			b.send(here, there, PSH|ACK, ourSeq-17, theirSeq, 17)
			b.dump(b.retransmitting(cookie))
			doom := b.one().Forecast.At
			b.wait(time.Millisecond).send(there, here, ACK, theirSeq, ourSeq, 0)
			b.dump(b.row(cookie))
			b.at = doom
			b.send(there, here, RST|ACK, theirSeq, ourSeq, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Reset},
		{"an orphan given up", func(b *bench) {
			r := b.retransmitting(cookie)
			r.State, r.Inode = FinWait1, 0
			b.dump(r)
			b.due()
			b.Apply(&Destroyed{At: b.at, Socket: Socket{Cookie: cookie}})
			b.wait(10 * time.Millisecond).absent(cookie)
		}, TimedOut},
		{"FIN_WAIT2 was too long", func(b *bench) {
			b.dump(b.orphaned(cookie))
			b.wait(10 * time.Millisecond).dump(b.minisock(cookie, FinWait2, 100*time.Millisecond))
			b.due()
			b.wait(10 * time.Millisecond).absent(cookie)
		}, TimedOut},
		{"the peer reset it in mid-stall", func(b *bench) {
			b.dump(b.retransmitting(cookie))
			b.wait(time.Millisecond).send(there, here, RST|ACK, theirSeq, ourSeq, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Reset},
		{"the peer reset it", func(b *bench) {
			b.dump(b.row(cookie))
			b.wait(time.Millisecond).send(there, here, RST|ACK, theirSeq, ourSeq, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Reset},
		{"the program threw it away", func(b *bench) {
			b.dump(b.row(cookie))
			b.wait(time.Millisecond).send(here, there, RST|ACK, ourSeq, theirSeq, 0)
			b.Apply(&Destroyed{At: b.at + 1, Socket: Socket{Cookie: cookie}})
		}, Reset},
		{"data came when nobody was left to read it", func(b *bench) {
			b.dump(b.orphaned(cookie))
			b.send(here, there, FIN|ACK, ourSeq, theirSeq, 0)
			b.wait(time.Millisecond).send(there, here, ACK, theirSeq, ourSeq+1, 0)
			b.Apply(&Destroyed{At: b.at, Socket: Socket{Cookie: cookie}})
			b.wait(time.Millisecond).send(there, here, PSH|ACK, theirSeq, ourSeq+1, 10)
			b.wait(time.Millisecond).send(here, there, RST, ourSeq+1, 0, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Reset},
		{"both closed", func(b *bench) {
			b.dump(b.row(cookie))
			b.goodbyes()
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Closed},
		{"both closed, and a late segment was answered by a reset", func(b *bench) {
			b.dump(b.row(cookie))
			b.goodbyes()
			b.wait(time.Millisecond).send(here, there, RST, ourSeq+1, 0, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Closed},
		{"TIME_WAIT was over", func(b *bench) {
			b.dump(b.minisock(cookie, TimeWait, 100*time.Millisecond))
			b.due()
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Closed},
		{"the last acknowledgement came, unseen", func(b *bench) {
			r := b.orphaned(cookie)
			r.State = LastAck
			b.dump(r)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, Closed},
		{"the user destroyed it", func(b *bench) {
			b.dump(b.row(cookie))
			b.Apply(&Killed{At: b.at, Cookie: cookie})
			b.wait(time.Millisecond).send(here, there, RST|ACK, ourSeq, theirSeq, 0)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, DestroyedByHand},
		{"it was there, and then it was not", func(b *bench) {
			b.dump(b.row(cookie))
			b.wait(10 * time.Millisecond).absent(cookie)
		}, ReasonUnknown},
		{"gone from FIN_WAIT1 long before its time", func(b *bench) {
			b.dump(b.orphaned(cookie))
			b.wait(10 * time.Millisecond).absent(cookie)
		}, ReasonUnknown},
		{"gone in mid-stall long before its time", func(b *bench) {
			r := b.retransmitting(cookie)
			r.Expires = 2 * time.Second
			b.dump(r)
			b.wait(10 * time.Millisecond).absent(cookie)
		}, ReasonUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			c.ends(b)
			gone := b.one().Gone
			if gone == nil {
				t.Fatal("not gone")
			}
			if gone.Reason != c.want {
				t.Errorf("%v, want %v: %+v", gone.Reason, c.want, *gone)
			}
		})
	}
}

func TestMomentOfEnd(t *testing.T) {
	const cookie = 7
	for _, c := range []struct {
		name string
		ends func(*bench) Instant
	}{
		{"a reset", func(b *bench) Instant {
			b.wait(3*time.Millisecond).send(there, here, RST|ACK, theirSeq, ourSeq, 0)
			return b.at
		}},
		{"the kernel's word", func(b *bench) Instant {
			b.wait(90 * time.Millisecond)
			b.Apply(&Destroyed{At: b.at, Socket: Socket{Cookie: cookie}})
			return b.at
		}},
		{"nothing but its absence", func(b *bench) Instant { return b.at.Add(50 * time.Millisecond) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.dump(b.row(cookie))
			began := b.at
			want := c.ends(b)
			b.at = began.Add(100 * time.Millisecond)
			b.absent(cookie)
			gone := b.one().Gone
			if gone == nil || gone.At.Sub(want).Abs() > 10 {
				t.Errorf("%+v, want %d", gone, want)
			}
		})
	}
}

// TestWhoReset has either end reset the connection, and the other answer in kind.
func TestWhoReset(t *testing.T) {
	for want, ends := range map[Sender][2]netip.AddrPort{SenderLocal: {here, there}, SenderRemote: {there, here}} {
		b := newBench(t)
		b.dump(b.row(7))
		b.wait(time.Millisecond).send(ends[0], ends[1], RST|ACK, 1000, 1, 0)
		b.wait(time.Millisecond).send(ends[1], ends[0], RST, 1, 0, 0)
		b.wait(10 * time.Millisecond).absent(7)
		if gone := b.one().Gone; gone == nil || gone.Reason != Reset || gone.ResetBy != want {
			t.Errorf("a reset by the %v end: %+v", want, gone)
		}
	}
}

// TestMinisockGoesOn lets the kernel put a minisock in a socket's place: nothing
// has ended.
func TestMinisockGoesOn(t *testing.T) {
	for _, first := range []string{"word", "row"} {
		b := newBench(t)
		b.dump(b.orphaned(7))
		steps := []func(){
			func() { b.Apply(&Destroyed{At: b.wait(time.Millisecond).at, Socket: Socket{Cookie: 7}}) },
			func() {
				r := b.minisock(7, TimeWait, time.Minute)
				r.At = b.wait(time.Millisecond).at
				b.Apply(&Dump{Began: b.at, Ended: b.at, Sockets: []Socket{r}})
			},
		}
		if first == "row" {
			steps[0], steps[1] = steps[1], steps[0]
		}
		for _, step := range steps {
			step()
		}
		if c := b.one(); c.Gone != nil || c.State != TimeWait || b.sockets[7].missed > 0 {
			t.Errorf("%s first: %v, missed %d times, gone %+v", first, c.State, b.sockets[7].missed, c.Gone)
		}
	}
}

// TestLateRow reads a row that the kernel wrote before it let go of the socket, and
// that comes after its word.
func TestLateRow(t *testing.T) {
	b := newBench(t)
	r := b.row(7)
	b.dump(r)
	b.wait(time.Millisecond).send(here, there, RST|ACK, ourSeq, theirSeq, 0)
	began := b.at
	b.Apply(&Destroyed{At: b.wait(time.Millisecond).at, Socket: Socket{Cookie: 7}})
	r.At = b.wait(time.Millisecond).at
	b.Apply(&Dump{Began: began, Ended: b.at, Full: true, Sockets: []Socket{r}})
	if c := b.one(); c.Gone == nil || b.Knows(7) {
		t.Errorf("it lives again: %+v", c)
	}
	b.wait(time.Second).dump()
	if len(b.buried) > 0 {
		t.Errorf("%v are remembered, and can't come any more", b.buried)
	}
}

// TestPromotedUnseen asks for a request as the kernel puts a socket in its place.
func TestPromotedUnseen(t *testing.T) {
	b := newBench(t)
	r := b.row(7)
	r.State, r.Inode, r.Timer, r.Expires, r.Retransmits, r.Info = NewSynRecv, 0, TimerOn, time.Second, 1, Info{}
	b.dump(r)
	b.Apply(&Dump{Began: b.at, Ended: b.at + 1, Absent: []uint64{7}})
	b.wait(time.Millisecond).dump(b.row(7))
	if c := b.one(); c.Gone != nil || c.State != Established {
		t.Errorf("%v, gone %+v", c.State, c.Gone)
	}
	b.Apply(&Dump{Began: b.at, Ended: b.at + 1, Absent: []uint64{7}})
	if c := b.one(); c.Gone != nil {
		t.Errorf("gone when it was missed once more: %+v", c.Gone)
	}
}

// TestAddressesTakenAgain has a connection open, and close, on the addresses of
// one that ended before any row tells of it.
func TestAddressesTakenAgain(t *testing.T) {
	for _, c := range []struct {
		name string
		ends func(*bench)
		want Reason
	}{
		{"in TIME_WAIT", func(b *bench) {
			b.goodbyes()
			b.dump(b.minisock(7, TimeWait, time.Minute))
		}, Closed},
		{"reset", func(b *bench) { b.send(there, here, RST|ACK, theirSeq, ourSeq, 0) }, Reset},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.dump(b.row(7))
			b.send(here, there, PSH|ACK, ourSeq-10, theirSeq, 10)
			c.ends(b)
			b.wait(time.Second).send(here, there, SYN, 90000, 0, 0)
			b.wait(time.Millisecond).send(there, here, SYN|ACK, 80000, 90001, 0)
			b.wait(time.Millisecond).send(there, here, FIN|ACK, 80001, 90001, 0)
			next := b.row(9)
			next.State = CloseWait
			b.dump(next)
			b.wait(time.Millisecond).send(here, there, FIN|ACK, 90001, 80002, 0)
			b.wait(time.Millisecond).send(there, here, ACK, 80002, 90002, 0)
			b.absent(9)
			for _, conn := range b.conns() {
				want := c.want
				if conn.Socket.Cookie == 9 {
					want = Closed
				}
				if conn.Gone == nil || conn.Gone.Reason != want {
					t.Errorf("%d: gone %+v, want %v", conn.Socket.Cookie, conn.Gone, want)
				}
			}
		})
	}
}

// TestDeadlineIsTakenBack recovers a stall on a connection that stays busy.
func TestDeadlineIsTakenBack(t *testing.T) {
	b := newBench(t)
	last := func() (f Forecast) {
		for _, e := range b.Events() {
			if d, ok := e.(*DeadlineSet); ok {
				f = d.Forecast
			}
		}
		return f
	}
	b.dump(b.retransmitting(7))
	if f := last(); f.At == 0 || f.Exactness <= Conditional {
		t.Fatalf("the stall is announced as %+v", f)
	}
	b.wait(time.Millisecond).send(there, here, ACK, theirSeq, ourSeq, 0)
	r := b.row(7)
	r.Timer, r.Expires = TimerKeepalive, 2*time.Hour
	b.dump(r)
	seq := uint32(ourSeq)
	for range 9 {
		b.wait(100*time.Millisecond).send(here, there, ACK|PSH, seq, theirSeq, 10)
		seq += 10
		b.send(there, here, ACK, theirSeq, seq, 0)
		b.Apply(&Tick{At: b.at})
	}
	if f := last(); f.Exactness != Conditional {
		t.Errorf("0.9 s after its recovery it stands as %+v", f)
	}
}

// TestDeadlineDoesNotFlicker loses one segment after another of a transfer: a death
// foretold anew must have lasted, one that is off is taken back at once.
func TestDeadlineDoesNotFlicker(t *testing.T) {
	b := newBench(t)
	seq := uint32(ourSeq)
	lose := func() {
		b.send(here, there, ACK|PSH, seq, theirSeq, 10)
		b.wait(3*time.Millisecond).send(here, there, ACK|PSH, seq, theirSeq, 10)
		r := b.row(7)
		r.SendQ, r.Timer, r.Expires, r.Info.Unacked, r.Info.LastDataSent = 10, TimerOn, 204*time.Millisecond, 1, 0
		r.Info.BytesAcked = uint64(seq - ourSeq)
		b.dump(r)
	}
	for range 6 {
		lose()
		seq += 10
		b.wait(3*time.Millisecond).send(there, here, ACK, theirSeq, seq, 0)
		r := b.row(7)
		r.Info.BytesAcked = uint64(seq - ourSeq)
		b.dump(r)
	}
	lose()
	b.wait(brief).Apply(&Tick{At: b.at})
	var got []Cause
	for _, e := range b.Events() {
		if d, ok := e.(*DeadlineSet); ok {
			got = append(got, d.Forecast.Cause)
		}
	}
	if want := []Cause{CauseRetries2, CauseNone, CauseRetries2}; !slices.Equal(got, want) {
		t.Errorf("announced are %v, want %v", got, want)
	}
}

// TestNoCertaintyBetweenErrorAndRow answers retransmissions with ICMP errors, which may
// set the timer anew: until a row tells, nothing is certain.
func TestNoCertaintyBetweenErrorAndRow(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.send(here, there, ACK|PSH, ourSeq, theirSeq, 17)
	b.Apply(&ICMP{At: b.at, Src: here, Dst: there, From: there.Addr(), Seq: ourSeq, Type: 3, Code: 3})
	show := func(retransmits uint8, rto time.Duration) {
		r := b.row(7)
		r.SendQ, r.Timer, r.Expires, r.Retransmits = 17, TimerOn, rto, retransmits
		r.Info.Retransmits, r.Info.Backoff, r.Info.RTO = retransmits, retransmits, rto
		r.Info.Unacked, r.Info.LastDataSent, r.Info.BytesSent = 1, 0, 17
		b.dump(r)
	}
	show(0, 204*time.Millisecond)
	b.wait(208*time.Millisecond).send(here, there, ACK|PSH, ourSeq, theirSeq, 17)
	b.wait(208*time.Millisecond).send(here, there, ACK|PSH, ourSeq, theirSeq, 17)
	if f := b.one().Forecast; f.Exactness != Unstable {
		t.Errorf("before the row it is %v: %+v", f.Exactness, f)
	}
	show(1, 408*time.Millisecond)
	if f := b.one().Forecast; f.Exactness <= Unstable {
		t.Errorf("after the row it is %v: %+v", f.Exactness, f)
	}
}

// TestAnsweredSynIsNotUnanswered answers a SYN that was sent again, while the last
// row still has the socket in SYN_SENT.
func TestAnsweredSynIsNotUnanswered(t *testing.T) {
	b := newBench(t)
	b.send(here, there, SYN, ourSeq, 0, 0)
	r := b.row(7)
	r.State, r.Timer, r.Expires, r.Retransmits = SynSent, TimerOn, time.Second, 1
	b.wait(time.Second).send(here, there, SYN, ourSeq, 0, 0)
	b.dump(r)
	if v := b.one().Verdict.Kind; v != UnansweredSyn {
		t.Fatalf("%v, want %v", v, UnansweredSyn)
	}
	b.wait(time.Millisecond).send(there, here, SYN|ACK, theirSeq, ourSeq+1, 0)
	if v := b.one().Verdict.Kind; v != Healthy {
		t.Errorf("%v when it is answered", v)
	}
}

// TestReachableAgain has the next hop fail, and answer again, while data waits.
func TestReachableAgain(t *testing.T) {
	b := newBench(t)
	r := b.retransmitting(7)
	r.Retransmits, r.Info.Retransmits, r.Info.Backoff, r.Info.RTO = 1, 1, 1, 408*time.Millisecond
	b.dump(r)
	for _, c := range []struct {
		hop  Neighbour
		want VerdictKind
	}{{NeighbourFailed, Unreachable}, {NeighbourReachable, Healthy}} {
		b.Apply(&NeighbourRead{At: b.at, Neighbours: map[netip.Addr]Neighbour{there.Addr(): c.hop}})
		if v := b.one().Verdict.Kind; v != c.want {
			t.Errorf("%v, want %v", v, c.want)
		}
	}
}

// TestSynacksSeenAreNotDropped sends a SYN-ACK again and again, in sight.
func TestSynacksSeenAreNotDropped(t *testing.T) {
	b := newBench(t)
	b.send(there, here, SYN, theirSeq, 0, 0)
	b.send(here, there, SYN|ACK, ourSeq, theirSeq+1, 0)
	r := b.row(7)
	r.State, r.Inode, r.Timer, r.Expires, r.Info = NewSynRecv, 0, TimerOn, time.Second, Info{}
	for range 2 {
		r.Retransmits++
		b.wait(time.Second).send(here, there, SYN|ACK, ourSeq, theirSeq+1, 0)
		b.dump(r)
	}
	if v := b.one().Verdict.Kind; v == LocalDrop {
		t.Errorf("%v", v)
	}
}
