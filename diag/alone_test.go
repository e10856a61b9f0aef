package diag

import (
	"slices"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestTroubled(t *testing.T) {
	const rtt = 20 * time.Millisecond
	for _, test := range []struct {
		name   string
		socket track.Socket
		want   bool
	}{
		{"idle", track.Socket{State: track.Established}, false},
		{"keepalive in good order", track.Socket{State: track.Established, Timer: track.TimerKeepalive}, false},
		{"keepalive unanswered", track.Socket{State: track.Established, Timer: track.TimerKeepalive, Info: track.Info{Probes: 1}}, true},
		{"data just sent", track.Socket{State: track.Established, Timer: track.TimerOn,
			Info: track.Info{Unacked: 1, RTT: rtt, LastDataSent: rtt, LastAckRecv: time.Hour}}, false},
		{"data being acknowledged", track.Socket{State: track.Established, Timer: track.TimerOn,
			Info: track.Info{Unacked: 9, RTT: rtt, LastDataSent: time.Second, LastAckRecv: rtt}}, false},
		{"data unanswered", track.Socket{State: track.CloseWait, Timer: track.TimerOn,
			Info: track.Info{Unacked: 1, RTT: rtt, LastDataSent: 3 * rtt, LastAckRecv: time.Hour}}, true},
		{"retransmitted", track.Socket{State: track.Established, Timer: track.TimerOn, Retransmits: 1}, true},
		{"backed off", track.Socket{State: track.Established, Timer: track.TimerOn, Info: track.Info{Backoff: 1}}, true},
		{"window closed", track.Socket{State: track.Established, Timer: track.TimerPersist}, true},
		{"connecting", track.Socket{State: track.SynSent, Timer: track.TimerOn}, true},
		{"being connected to", track.Socket{State: track.NewSynRecv, Timer: track.TimerOn}, true},
		{"closing", track.Socket{State: track.LastAck, Timer: track.TimerOn}, true},
		{"half closed for good", track.Socket{State: track.FinWait2}, false},
		{"half closed for a while", track.Socket{State: track.FinWait2, Timer: track.TimerTimewait, Expires: time.Minute}, true},
		{"timewait", track.Socket{State: track.TimeWait, Timer: track.TimerTimewait, Expires: time.Second}, false},
		{"timewait overdue", track.Socket{State: track.TimeWait, Timer: track.TimerTimewait}, true},
	} {
		if got := troubled(&test.socket); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// table makes a dump of sockets in trouble, or not.
func tableOf(troubled bool, cookies ...uint64) *track.Dump {
	d := &track.Dump{}
	for _, c := range cookies {
		s := track.Socket{Cookie: c, State: track.Established}
		if troubled {
			s.Retransmits = 1
		}
		d.Sockets = append(d.Sockets, s)
	}
	return d
}

func cookies(ids []ID) (cs []uint64) {
	for _, id := range ids {
		cs = append(cs, id.Cookie)
	}
	slices.Sort(cs)
	return cs
}

func TestAlone(t *testing.T) {
	var a alone
	if a.any() || len(a.next()) != 0 {
		t.Error("asks for something at first")
	}
	a.all(tableOf(false, 1, 2, 3))
	if a.any() {
		t.Error("asks for healthy sockets")
	}
	a.watched = []ID{{Cookie: 3}, {Cookie: 4}}
	if got := cookies(a.next()); !slices.Equal(got, []uint64{3, 4}) || a.pause() != askWatched {
		t.Errorf("watched: asks for %v in %v", got, a.pause())
	}
	a.all(tableOf(true, 2, 3))
	if a.pause() != askTrouble {
		t.Errorf("in trouble: asks in %v", a.pause())
	}
	// Those in trouble each time, those watched now and then, no one twice.
	rounds := map[string]int{}
	for range 8 {
		switch got := cookies(a.next()); {
		case slices.Equal(got, []uint64{2, 3}):
			rounds["trouble"]++
		case slices.Equal(got, []uint64{2, 3, 4}):
			rounds["both"]++
		default:
			t.Errorf("asks for %v", got)
		}
	}
	if rounds["trouble"] != 6 || rounds["both"] != 2 {
		t.Errorf("rounds: %v", rounds)
	}
	// One recovers, one is gone, a watched one falls into trouble.
	watched := a.watched
	answer := tableOf(false, 2)
	answer.Sockets = append(answer.Sockets, tableOf(true, 4).Sockets...)
	answer.Absent = []uint64{3}
	a.some(answer)
	if got := cookies(a.trouble); !slices.Equal(got, []uint64{4}) {
		t.Errorf("in trouble then: %v", got)
	}
	if got := cookies(a.watched); !slices.Equal(got, []uint64{4}) || !slices.Equal(cookies(watched), []uint64{3, 4}) {
		t.Errorf("watched then: %v; the caller's: %v", got, watched)
	}
}

// More than can be asked for at once take turns.
func TestAloneTurns(t *testing.T) {
	var all []uint64
	for c := range uint64(2*askAtOnce + 10) {
		all = append(all, c+1)
	}
	var a alone
	a.all(tableOf(true, all...))
	asked := map[uint64]int{}
	for range 3 {
		ids := a.next()
		if len(ids) != askAtOnce {
			t.Fatalf("asks for %d", len(ids))
		}
		for _, id := range ids {
			asked[id.Cookie]++
		}
		a.some(tableOf(true, cookies(ids)...))
	}
	if len(asked) != len(all) {
		t.Errorf("%d of %d had a turn", len(asked), len(all))
	}
}

// A socket that the kernel shows but does not find is asked for once.
func TestAloneUnfindable(t *testing.T) {
	var a alone
	a.all(tableOf(true, 1, 2))
	a.watched = []ID{{Cookie: 1}}
	a.next()
	a.some(&track.Dump{Sockets: tableOf(true, 2).Sockets, Absent: []uint64{1}})
	for range 2 {
		a.all(tableOf(true, 1, 2))
		a.watched = []ID{{Cookie: 1}}
		for range 4 {
			if got := cookies(a.next()); !slices.Equal(got, []uint64{2}) {
				t.Errorf("asks for %v", got)
			}
		}
	}
}
