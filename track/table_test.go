package track

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// changes applies a whole walk that is told by what changed.
func (b *bench) changes(missed []uint64, rows ...Socket) {
	for i := range rows {
		rows[i].At = b.at
	}
	b.Apply(&Dump{Began: b.at - 1, Ended: b.at + 1, Changes: true, Sockets: rows, Missed: missed})
	b.at += 2
}

// TestLeftOutIsAlive leaves sockets out of walks because they are as before, and
// has one of them vanish.
func TestLeftOutIsAlive(t *testing.T) {
	b := newBench(t)
	b.changes(nil, b.row(7))
	for range 100 {
		b.wait(250 * time.Millisecond).changes(nil)
	}
	last := b.at
	b.wait(250 * time.Millisecond).changes([]uint64{7})
	if c := b.one(); c.Gone != nil {
		t.Fatalf("gone after one walk without it: %+v", c.Gone)
	}
	b.wait(250 * time.Millisecond).changes([]uint64{7})
	c := b.one()
	if c.Gone == nil || c.Gone.Alive < last-4 || c.Gone.Alive > last {
		t.Errorf("certificate %+v, want one that says it was alive at %d", c.Gone, last)
	}
}

// TestMissedInBetween has a socket missed twice, but not by two walks in a row.
func TestMissedInBetween(t *testing.T) {
	b := newBench(t)
	b.changes(nil, b.row(7))
	for range 3 {
		b.wait(250 * time.Millisecond).changes([]uint64{7})
		b.wait(250 * time.Millisecond).changes(nil)
	}
	if c := b.one(); c.Gone != nil {
		t.Errorf("gone: %+v", c.Gone)
	}
}

// TestEndsInOrder has many sockets vanish at once: it is told in one order.
func TestEndsInOrder(t *testing.T) {
	b := newBench(t)
	var rows []Socket
	for i := range 100 {
		s := b.row(uint64(1000 - i))
		s.Local = netip.AddrPortFrom(here.Addr(), uint16(1000+i))
		rows = append(rows, s)
	}
	b.dump(rows...)
	b.wait(time.Second).dump()
	b.Events()
	b.wait(time.Second).dump()
	port := uint16(999)
	for _, e := range b.Events() {
		if e, ok := e.(*Ended); ok {
			if port++; e.Local.Port() != port {
				t.Fatalf("%v ends where port %d should", e.Local, port)
			}
		}
	}
	if port != 1099 {
		t.Errorf("the last end is that of port %d", port)
	}
}

// TestMomentsAreChanges has a timer run on for longer than there are moments to
// keep, then fire: what was before it is still known.
func TestMomentsAreChanges(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.Apply(&Watched{At: b.at, IDs: []uint64{b.conns()[0].ID}})
	row := b.row(7)
	row.SendQ, row.Timer, row.Info.Unacked = 17, TimerOn, 1
	fires := b.at.Add(26 * time.Second)
	first := b.at.Add(time.Second)
	for range 200 {
		row.Expires = fires.Sub(b.wait(100 * time.Millisecond).at)
		b.dump(row)
	}
	row.Retransmits, row.Info.Backoff, row.Expires = 1, 1, 52*time.Second
	b.wait(6 * time.Second).dump(row)
	row.Expires -= time.Second
	b.wait(time.Second).dump(row)
	m := b.conns()[0].Moments
	if len(m) < 2 || len(m) > 6 || m[0].At > first || m[len(m)-1].Retransmits != 1 {
		t.Errorf("%d moments: %+v", len(m), m)
	}
}

// TestWatched looks at what is kept of connections on screen, one of which has
// no socket yet.
func TestWatched(t *testing.T) {
	b := newBench(t)
	b.dump(b.row(7))
	b.wait(time.Second).send(there, netip.AddrPortFrom(here.Addr(), 41000), SYN, 1, 0, 0)
	var ids []uint64
	for _, c := range b.conns() {
		ids = append(ids, c.ID)
	}
	b.Apply(&Watched{At: b.at, IDs: ids})
	other := b.row(8)
	other.Local, other.Remote = there, netip.AddrPortFrom(here.Addr(), 41000)
	third := b.row(9)
	third.Remote = netip.AddrPortFrom(there.Addr(), 444)
	for i := range 5 {
		row := b.row(7)
		row.Info.RTT += time.Duration(i) * time.Microsecond
		other.Info.RTT, third.Info.RTT = row.Info.RTT, row.Info.RTT
		b.wait(time.Second).dump(row, other, third)
	}
	for _, c := range b.conns() {
		want := 5
		if c.Socket.Cookie == 9 {
			want = 0
		}
		if len(c.Moments) != want || want > 0 && c.Socket.At != b.at-2 {
			t.Errorf("socket %d: %d moments, want %d; its row is of %d", c.Socket.Cookie, len(c.Moments), want, c.Socket.At)
		}
	}
	b.Apply(&Watched{At: b.at})
	b.wait(time.Second).dump(b.row(7), other, third)
	for _, c := range b.conns() {
		if c.Socket.At == b.at-2 {
			t.Errorf("socket %d is still watched", c.Socket.Cookie)
		}
	}
}

// TestRecap has another tracker learn what the first one knows.
func TestRecap(t *testing.T) {
	b := newBench(t)
	b.Apply(&OwnersRead{At: b.at, Owners: map[uint32]Owner{7: {PID: 70, Program: "nc"}}})
	b.dump(b.row(7))
	b.Apply(&OptionsRead{At: b.at, Options: []Options{{Cookie: 7, UserTimeout: time.Second}}})
	seen := b.at - 2
	want := b.one()
	if want.Owner.PID == 0 || want.Options == nil {
		t.Fatalf("%+v", want)
	}
	other := newBench(t)
	other.at = seen
	before, after := b.Recap()
	for _, r := range before {
		other.Apply(r)
	}
	other.dump(other.row(7))
	for _, r := range after {
		other.Apply(r)
	}
	same := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	if diff := cmp.Diff(want, other.one(), same, cmp.AllowUnexported(Conn{}, Memory{}, pending{}, arming{}), cmpopts.IgnoreFields(Conn{}, "Last")); diff != "" {
		t.Error(diff)
	}
}

// TestBetween finds connections by their ends.
func TestBetween(t *testing.T) {
	b := newBench(t)
	if id := b.Between(here, there); id != 0 {
		t.Errorf("%d before there is one", id)
	}
	b.dump(b.row(7))
	id := b.one().ID
	if got := b.Between(here, there); got != id || !b.Knows(7) {
		t.Errorf("%d, want %d", got, id)
	}
	if got := b.Between(there, here); got != 0 {
		t.Errorf("%d for the peer, who is not here", got)
	}
	b.Apply(&Destroyed{At: b.at, Socket: Socket{Cookie: 7}})
	b.Apply(&Dump{Began: b.at, Ended: b.at + 1, Absent: []uint64{7}})
	if got := b.Between(here, there); got != id || b.Knows(7) {
		t.Errorf("%d after its end, want %d", got, id)
	}
}

// TestNeighbourOfTheClosed tells of a neighbour while a connection that is known
// from its packets only is ending.
func TestNeighbourOfTheClosed(t *testing.T) {
	b := newBench(t)
	b.send(here, there, SYN, 1, 0, 0)
	b.wait(time.Millisecond).send(there, here, RST|ACK, 1, 2, 0)
	b.Apply(&NeighbourRead{At: b.at, Neighbours: map[netip.Addr]Neighbour{there.Addr(): NeighbourFailed}})
	if c := b.one(); c.Socket != nil {
		t.Errorf("%+v", c)
	}
}
