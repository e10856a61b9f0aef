package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/track"
)

// resting returns an idle socket as a row says it at a moment.
func resting(at track.Instant, cookie uint64) track.Socket {
	return track.Socket{At: at, Cookie: cookie, State: track.Established, Inode: uint32(cookie), Timer: track.TimerKeepalive,
		Expires: time.Hour - time.Duration(at), Sight: track.Sight{Out: true, In: true},
		Local:  netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(cookie)),
		Remote: netip.MustParseAddrPort("10.0.0.2:80"),
		Info:   track.Info{Size: track.InfoTotalRTO, SegsIn: 5, SegsOut: 7, RTO: 200 * time.Millisecond, LastDataSent: time.Duration(at)}}
}

// TestChanges leaves out what is as before, and nothing else.
func TestChanges(t *testing.T) {
	var c changes
	at := track.Instant(time.Second)
	walk := func(wanted bool, rows ...track.Socket) (told []uint64, d *track.Dump) {
		at += track.Instant(time.Second)
		kept := make([]bool, len(rows))
		for i := range rows {
			kept[i] = true
		}
		d = &track.Dump{Began: at - 1, Ended: at, Full: true, Sockets: slices.Clone(rows)}
		if keyframe := c.leaveOut(d, kept, wanted); keyframe && len(d.Sockets) < len(rows) {
			t.Errorf("a keyframe of %d rows out of %d", len(d.Sockets), len(rows))
		}
		n := 0
		for i := range rows {
			if kept[i] {
				n++
			}
		}
		if n != len(d.Sockets) || d.Full || !d.Changes {
			t.Errorf("%d rows are kept, and the dump is %+v", n, d)
		}
		for i := range d.Sockets {
			told = append(told, d.Sockets[i].Cookie)
		}
		return told, d
	}
	expect := func(what string, got []uint64, want ...uint64) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d is told, want %d", what, got, want)
		}
	}
	row := func(cookie uint64, edit func(*track.Socket)) track.Socket {
		s := resting(at+track.Instant(time.Second), cookie)
		if edit != nil {
			edit(&s)
		}
		return s
	}
	told, _ := walk(false, row(1, nil), row(2, nil))
	expect("first", told, 1, 2)
	told, _ = walk(false, row(1, nil), row(2, nil))
	expect("as before", told)
	for name, edit := range map[string]func(*track.Socket){
		"segment":        func(s *track.Socket) { s.Info.SegsIn++ },
		"state":          func(s *track.Socket) { s.State = track.CloseWait },
		"orphan":         func(s *track.Socket) { s.Inode = 0 },
		"sight":          func(s *track.Socket) { s.Sight.In = false },
		"timer":          func(s *track.Socket) { s.Timer = track.TimerOff },
		"timer put off":  func(s *track.Socket) { s.Expires += time.Second },
		"RTO":            func(s *track.Socket) { s.Info.RTO++ },
		"not at rest":    func(s *track.Socket) { s.SendQ = 1 },
		"unread":         func(s *track.Socket) { s.RecvQ = 1 },
		"in flight":      func(s *track.Socket) { s.Info.Unacked = 1 },
		"probed":         func(s *track.Socket) { s.Info.Probes = 1 },
		"short tcp_info": func(s *track.Socket) { s.Info.Size = 104 },
		"just firing":    func(s *track.Socket) { s.Expires = 0 },
	} {
		told, _ = walk(false, row(1, nil), row(2, edit))
		expect(name, told, 2)
		told, _ = walk(false, row(1, nil), row(2, edit))
		if s := row(2, edit); len(told) == 0 == (restOf(&s) == rest{}) {
			t.Errorf("%s, again: %d is told", name, told)
		}
		walk(false, row(1, nil), row(2, nil))
	}
	asked := &track.Dump{Sockets: []track.Socket{row(1, func(s *track.Socket) { s.Info.SegsIn++ })}}
	c.see(asked)
	told, _ = walk(false, row(1, func(s *track.Socket) { s.Info.SegsIn++ }), row(2, nil))
	expect("as asked for", told)

	for i := range 3 {
		if _, d := walk(false, row(2, nil)); !slices.Equal(d.Missed, []uint64{1}) {
			t.Errorf("missed %d times: %d", i+1, d.Missed)
		}
	}
	if _, d := walk(false, row(2, nil)); len(d.Missed) > 0 {
		t.Errorf("missed for ever: %d", d.Missed)
	}
	c.see(&track.Dump{Absent: []uint64{2}})
	if _, d := walk(false); !slices.Equal(d.Missed, []uint64{2}) {
		t.Errorf("absent, and missed: %d", d.Missed)
	}

	walk(false, row(1, nil), row(2, nil))
	told, _ = walk(true, row(1, nil), row(2, nil))
	expect("wanted in full", told, 1, 2)
	at += track.Instant(keyframeInterval - 3*time.Second)
	told, _ = walk(false, row(1, nil), row(2, nil))
	expect("not yet in full", told)
	at += track.Instant(2 * time.Second)
	told, _ = walk(false, row(1, nil), row(2, nil))
	expect("in full again", told, 1, 2)
}

// TestChangesTellAll shows walks in full to one tracker, and what changed to
// another: both tell the same of the sockets.
func TestChangesTellAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	var c changes
	trackers := [2]*track.Tracker{track.New(track.Config{}), track.New(track.Config{})}
	var heard [2][]string
	apply := func(i int, r track.Record) {
		trackers[i].Apply(r)
		for _, e := range trackers[i].Events() {
			switch e := e.(type) {
			case *track.SocketSeen:
				heard[i] = append(heard[i], fmt.Sprint(e.Socket.At, " ", e.Socket.Cookie, " ", e.Socket.State, e.Socket.RecvQ))
			case *track.Ended:
				heard[i] = append(heard[i], fmt.Sprint(e.Local, " ", e.Certificate.State, " ", e.Certificate.At, " ", e.Certificate.Reason))
			}
		}
	}
	sockets := make(map[uint64]*track.Socket)
	for at := track.Instant(time.Second); at < track.Instant(10*time.Minute); at += track.Instant(250 * time.Millisecond) {
		var rows []track.Socket
		for cookie := range uint64(30) {
			s := sockets[cookie]
			switch chance := rng.IntN(200); {
			case s == nil && chance < 4:
				row := resting(at, cookie+1)
				sockets[cookie] = &row
			case s == nil:
			case chance == 0:
				delete(sockets, cookie)
			case chance == 1:
				continue // as if it moved while the table was walked
			case chance < 5:
				s.RecvQ, s.Info.SegsIn = uint32(rng.IntN(2)), s.Info.SegsIn+1
			case chance < 7:
				s.State = track.CloseWait
				s.Info.SegsIn++
			}
			if s := sockets[cookie]; s != nil {
				s.At, s.Expires = at, resting(at, 1).Expires
				rows = append(rows, *s)
			}
		}
		kept := make([]bool, len(rows))
		for i := range kept {
			kept[i] = true
		}
		// When a socket that was left out was last seen is the walk's beginning.
		apply(0, &track.Dump{Began: at, Ended: at + 1, Full: true, Sockets: slices.Clone(rows)})
		d := &track.Dump{Began: at, Ended: at + 1, Full: true, Sockets: rows}
		c.leaveOut(d, kept, false)
		apply(1, d)
	}
	if diff := cmp.Diff(heard[0], heard[1]); diff != "" || len(heard[0]) < 100 {
		t.Errorf("of %d: %s", len(heard[0]), diff)
	}
}
