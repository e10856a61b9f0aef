package track

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

var (
	here  = netip.MustParseAddrPort("10.0.0.1:40000")
	there = netip.MustParseAddrPort("10.0.0.2:443")
)

// bench is a tracker with a table and a capture, and a hand to feed it.
type bench struct {
	*Tracker
	t  *testing.T
	at Instant
}

func newBench(t *testing.T) *bench {
	b := &bench{Tracker: New(Config{Timeline: 64, Moments: 64, Views: true}), t: t, at: Instant(time.Hour)}
	b.Apply(&ClockPair{At: b.at, Wall: 1_700_000_000e9})
	b.Apply(&Limits{At: b.at, Retries2: 15, SynRetries: 6, HZ: 250, RTOMax: 120 * time.Second, KeepaliveTime: 2 * time.Hour,
		KeepaliveIntvl: 75 * time.Second, KeepaliveProbes: 9, FinTimeout: time.Minute})
	b.Apply(&Source{At: b.at, Name: "eth0", Live: true, Packets: true, Table: true})
	return b
}

func (b *bench) wait(d time.Duration) *bench { b.at = b.at.Add(d); return b }

// row returns an established, idle socket.
func (b *bench) row(cookie uint64) Socket {
	return Socket{At: b.at, Cookie: cookie, Local: here, Remote: there, State: Established, Inode: uint32(cookie),
		Sight: Sight{Out: true, In: true},
		Info: Info{Size: InfoTotalRTO, RTO: 204 * time.Millisecond, RTT: time.Millisecond, SndMSS: 1448, SndWnd: 64000,
			SndCwnd: 10, LastDataSent: time.Minute, LastDataRecv: time.Minute, LastAckRecv: time.Minute}}
}

// dump applies a full dump of the given rows.
func (b *bench) dump(rows ...Socket) {
	for i := range rows {
		rows[i].At = b.at
	}
	b.Apply(&Dump{Began: b.at - 1, Ended: b.at + 1, Full: true, Sockets: rows})
	b.at += 2
}

func (b *bench) send(src, dst netip.AddrPort, flags Flags, seq, ack, n uint32) {
	b.Apply(&Segment{At: b.at, Src: src, Dst: dst, Flags: flags, Seq: seq, Ack: ack, Len: n, Window: 500, IPID: uint16(b.at / 1000)})
}

// conns returns the connections of a fresh snapshot.
func (b *bench) conns() []*Conn {
	b.Apply(&Tick{At: b.at})
	s := b.Snapshot()
	var conns []*Conn
	for i := range s.Len() {
		conns = append(conns, s.Conn(i))
	}
	return conns
}

// one returns the only connection.
func (b *bench) one() *Conn {
	b.t.Helper()
	conns := b.conns()
	if len(conns) != 1 {
		b.t.Fatalf("%d connections, want one: %+v", len(conns), conns)
	}
	return conns[0]
}

func TestSocketAndPacketsAreOneConnection(t *testing.T) {
	for _, first := range []string{"row", "packet"} {
		t.Run(first+" first", func(t *testing.T) {
			b := newBench(t)
			steps := []func(){
				func() { b.dump(b.row(7)) },
				func() { b.wait(time.Millisecond).send(there, here, ACK|PSH, 1000, 1, 10) },
			}
			if first == "packet" {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for _, step := range steps {
				step()
			}
			c := b.one()
			if c.Local != here || c.Socket == nil || c.Packets != 1 || len(c.Timeline) != 1 || c.Timeline[0].Out {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestLoopbackHasTwoEnds(t *testing.T) {
	b := newBench(t)
	other := b.row(8)
	other.Local, other.Remote = there, here
	b.dump(b.row(7), other)
	b.wait(time.Millisecond).send(here, there, ACK|PSH, 1, 1, 10)
	conns := b.conns()
	if len(conns) != 2 {
		t.Fatalf("%d connections, want 2", len(conns))
	}
	for _, c := range conns {
		if len(c.Timeline) != 1 || c.Timeline[0].Out != (c.Local == here) {
			t.Errorf("%v: %+v", c.Local, c.Timeline)
		}
	}
}

// TestLoopbackSeenBeforeItsRows shows packets first, and then both sockets.
func TestLoopbackSeenBeforeItsRows(t *testing.T) {
	b := newBench(t)
	b.send(here, there, ACK|PSH, 1, 1, 10)
	b.wait(300*time.Millisecond).send(here, there, ACK|PSH, 1, 1, 10)
	other := b.row(8)
	other.Local, other.Remote = there, here
	b.dump(other, b.row(7))
	for _, c := range b.conns() {
		if len(c.Timeline) != 2 || c.Packets != 2 || c.Timeline[0].Out != (c.Local == here) {
			t.Errorf("%v: %d packets, %+v", c.Local, c.Packets, c.Timeline)
		}
		if sent := c.Local == here; (c.Retransmissions == 1) != sent {
			t.Errorf("%v: %d retransmissions", c.Local, c.Retransmissions)
		}
	}
}

func TestMissedOnceIsNotGone(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.wait(250 * time.Millisecond).dump()
	if c := b.one(); c.Gone != nil {
		t.Fatalf("gone after one dump without it: %+v", c.Gone)
	}
	asked := 0
	b.Urgent(func(*Socket) { asked++ })
	if asked != 1 {
		t.Errorf("a missed socket is asked for %d times, want once", asked)
	}
	b.wait(250 * time.Millisecond).dump()
	if c := b.one(); c.Gone == nil {
		t.Error("alive after two dumps without it")
	}
}

// Of many sockets those in trouble are asked for, of few all.
func TestUrgent(t *testing.T) {
	for _, test := range []struct{ sockets, urgent int }{{few, few}, {few + 1, 1}} {
		b := newBench(t)
		var rows []Socket
		for i := range test.sockets {
			s := b.row(uint64(i + 1))
			s.Local = netip.AddrPortFrom(here.Addr(), uint16(i+1))
			rows = append(rows, s)
		}
		rows[0].Timer, rows[0].Retransmits = TimerOn, 1
		b.dump(rows...)
		asked := map[uint64]int{}
		b.Urgent(func(s *Socket) { asked[s.Cookie]++ })
		if len(asked) != test.urgent || asked[1] != 1 {
			t.Errorf("of %d sockets %v are asked for, want %d", test.sockets, asked, test.urgent)
		}
	}
}

func TestAbsentIsGone(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	seen := b.at
	b.wait(100 * time.Millisecond)
	b.Apply(&Dump{Began: b.at, Ended: b.at + 1, Absent: []uint64{7}})
	first := b.at
	if c := b.one(); c.Gone != nil {
		t.Fatalf("gone when the kernel may just be putting another in its place: %+v", c.Gone)
	}
	b.wait(time.Second)
	b.Apply(&Dump{Began: b.at, Ended: b.at + 1, Absent: []uint64{7}})
	c := b.one()
	if c.Gone == nil || c.Gone.Alive > seen || c.Gone.At <= seen || c.Gone.At >= first {
		t.Errorf("certificate %+v, want one between %d and %d", c.Gone, seen, b.at)
	}
}

func TestPromotionIsNoDeath(t *testing.T) {
	b := newBench(t)
	request := b.row(7)
	request.State, request.Timer, request.Inode = NewSynRecv, TimerOn, 0
	b.dump(request)
	b.wait(250 * time.Millisecond).dump(b.row(9))
	c := b.one()
	if c.Gone != nil || c.State != Established || c.Socket.Cookie != 9 {
		t.Errorf("%+v", c)
	}
	for _, e := range b.Events() {
		if _, ok := e.(*Ended); ok {
			t.Errorf("an end was told: %+v", e)
		}
	}
}

// TestPromotionAskedByName asks for the request twice before a walk shows its child.
func TestPromotionAskedByName(t *testing.T) {
	b := newBench(t)
	request := b.row(7)
	request.State, request.Timer, request.Inode = NewSynRecv, TimerOn, 0
	b.dump(request)
	b.absent(7)
	b.wait(250 * time.Millisecond).dump(b.row(9))
	if c := b.one(); c.Gone != nil || c.Socket.Cookie != 9 {
		t.Errorf("%+v", c)
	}
	// Of a request that has no child the first absence was the end.
	request.Cookie = 11
	request.Local = netip.AddrPortFrom(here.Addr(), here.Port()+1)
	b.dump(b.row(9), request)
	first := b.at
	b.absent(11)
	b.wait(250 * time.Millisecond).dump(b.row(9))
	for _, c := range b.conns() {
		if c.Local == request.Local && (c.Gone == nil || c.Gone.At > first+1) {
			t.Errorf("certificate %+v, want one of %d", c.Gone, first)
		}
	}
}

// TestOwnerIsTold finds the program of an idle connection after its first row.
func TestOwnerIsTold(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.Events()
	for range 2 { // the second tells nothing new
		b.Apply(&OwnersRead{At: b.at, Owners: map[uint32]Owner{7: {PID: 70, Program: "nc"}}})
	}
	var told []Owner
	for _, e := range b.Events() {
		if s, ok := e.(*SocketSeen); ok && s.Socket.Cookie == 7 {
			told = append(told, s.Owner)
		}
	}
	if len(told) != 1 || told[0].PID != 70 {
		t.Errorf("told %v, want nc once", told)
	}
}

// TestDyingSocketIsNoRow reads a socket whose SYN, FIN or data is not acknowledged while
// the kernel takes it down: what was foretold stands.
func TestDyingSocketIsNoRow(t *testing.T) {
	for _, state := range []State{SynSent, Established, FinWait1, Closing, LastAck} {
		b := newBench(t)
		r := b.row(7)
		r.State, r.Timer, r.Expires, r.SendQ, r.Info.Unacked, r.Info.RTO = state, TimerOn, time.Second, 1, 1, time.Second
		b.dump(r)
		want := b.one().Forecast.At
		r.Timer, r.Expires, r.Info.Unacked = TimerOff, 0, 0
		b.wait(time.Second).dump(r)
		if got := b.one().Forecast.At; want == 0 || got != want {
			t.Errorf("%v: foretold for %d, then for %d", state, want, got)
		}
	}
}

func TestNewCookieIsNewConnection(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.wait(250 * time.Millisecond).dump(b.row(9))
	conns := b.conns()
	if len(conns) != 2 || (conns[0].Gone == nil) == (conns[1].Gone == nil) {
		t.Errorf("%+v", conns)
	}
}

func TestSnapshotIsImmutable(t *testing.T) {
	b := newBench(t)
	var rows []Socket
	for i := range 3 * pageLen {
		r := b.row(uint64(i + 1))
		r.Local = netip.AddrPortFrom(here.Addr(), uint16(i+1))
		rows = append(rows, r)
	}
	b.dump(rows...)
	b.Apply(&Tick{At: b.at})
	s := b.Snapshot()
	before := make([]string, s.Len())
	for i := range before {
		before[i] = fmt.Sprint(*s.Conn(i))
	}
	for range 4 {
		b.wait(time.Second)
		for i := range rows {
			rows[i].SendQ++
		}
		rows = rows[:len(rows)-50]
		b.dump(rows...)
		b.send(rows[0].Local, there, ACK|PSH, uint32(b.at), 1, 10)
		b.Apply(&Tick{At: b.at})
		b.Snapshot()
	}
	for i := range before {
		if after := fmt.Sprint(*s.Conn(i)); after != before[i] {
			t.Fatalf("connection %d of an old snapshot changed:\n%s\n%s", i, before[i], after)
		}
	}
}

func TestStrangersAreBounded(t *testing.T) {
	b := newBench(t)
	for i := range 3 * crowd {
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(i>>16+1))
		b.wait(time.Microsecond).send(src, there, SYN, 1, 0, 0)
	}
	if n := len(b.strangers.ends); n != crowd {
		t.Errorf("%d strangers, want %d", n, crowd)
	}
	if n := b.links.v4.n; n != crowd {
		t.Errorf("%d links, want %d", n, crowd)
	}
	b.wait(time.Minute)
	if n := len(b.conns()); n > crowd {
		t.Errorf("%d connections in the picture, want at most %d", n, crowd)
	}
}

func TestDroppedSocketsLeaveNothing(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.wait(time.Second).dump()
	b.wait(time.Second).dump()
	b.wait(time.Minute)
	if n := len(b.conns()); n != 0 {
		t.Errorf("%d connections a minute after the end, want none", n)
	}
	if len(b.sockets)+b.links.v4.n+len(b.hot)+len(b.ended) > 0 {
		t.Errorf("%d sockets, %d links, %d hot, %d ended are kept", len(b.sockets), b.links.v4.n, len(b.hot), len(b.ended))
	}
}

func TestKernelsCountsWithoutPacketsAreDoubt(t *testing.T) {
	b := newBench(t)
	r := b.row(7)
	b.dump(r)
	if c := b.one(); !c.Coverage.Out || !c.Coverage.In || c.Coverage.Doubt != "" {
		t.Errorf("coverage of a quiet connection: %+v", c.Coverage)
	}
	r.Info.SegsOut, r.SendQ, r.Info.NotsentBytes = 3, 1, 1
	b.wait(time.Second).dump(r)
	if c := b.one(); c.Coverage.Out || c.Coverage.Doubt == "" {
		t.Errorf("coverage of a connection whose packets are not seen: %+v", c.Coverage)
	}
	b.send(here, there, ACK|PSH, 1, 1, 10)
	if c := b.one(); !c.Coverage.Out {
		t.Errorf("coverage of a connection whose packets are seen: %+v", c.Coverage)
	}
}

// TestSegmentsIsApplyOneByOne feeds the same segments both ways.
func TestSegmentsIsApplyOneByOne(t *testing.T) {
	var segments []Segment
	for i := range 500 {
		src := netip.AddrPortFrom(here.Addr(), uint16(1000+i%70))
		s := Segment{At: Instant(i+1) * Instant(time.Millisecond), Src: src, Dst: there, Flags: ACK | PSH, Ack: 1, Window: 100,
			Seq: uint32(i / 70 / 2 * 10), Len: 10, IPID: uint16(i)}
		if i%70 == 3 {
			s.Flags = RST // ends its link, now and then
		}
		segments = append(segments, s)
	}
	story := func(feed func(*Tracker)) (told []string) {
		tr := New(Config{})
		feed(tr)
		for _, e := range tr.Events() {
			told = append(told, fmt.Sprintf("%T %+v", e, e))
		}
		return append(told, fmt.Sprint(tr.Stats(), tr.links.v4.n))
	}
	one := story(func(tr *Tracker) {
		for i := range segments {
			tr.Apply(&segments[i])
		}
	})
	batch := story(func(tr *Tracker) { tr.Segments(segments) })
	if fmt.Sprint(one) != fmt.Sprint(batch) {
		t.Errorf("one by one:\n%v\nin a batch:\n%v", one, batch)
	}
	if len(one) < 100 {
		t.Errorf("only %d events: this test feeds the wrong segments", len(one))
	}
}

// TestQuietFlowsGiveRoomBack fills two flows, a stranger's and a socket's, and
// leaves them alone.
func TestQuietFlowsGiveRoomBack(t *testing.T) {
	b := newBench(t)
	strange := netip.MustParseAddrPort("10.0.0.3:1234")
	b.dump(b.row(7))
	for _, from := range []netip.AddrPort{here, strange} {
		for i := range uint32(100) {
			b.send(from, there, ACK, 1+10*i, 1, 10)
		}
		b.send(there, from, ACK, 1, 1001, 0)
	}
	room := func() (n int) {
		for _, s := range b.links.v4.slots {
			if s.link == nil {
				continue
			}
			for _, h := range s.link.flow.halves {
				n += len(h.sends.ring)
			}
		}
		return n
	}
	if room() < 200 {
		t.Fatalf("the flows have room for %d, want 200", room())
	}
	b.wait(quiet + time.Second).dump(b.row(7))
	b.Apply(&Tick{At: b.at})
	if room() > 0 {
		t.Errorf("quiet flows keep room for %d", room())
	}
}
