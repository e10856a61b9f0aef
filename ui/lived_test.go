package ui

import (
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// lived returns a snapshot of a tracker that has seen 17 bytes go unanswered for
// some ten seconds: unlike the other fixtures its connection can be asked what if.
func lived(edit func(*track.Limits, *track.Options)) *track.Snapshot {
	local, remote := addr("192.168.33.11:60739"), addr("192.168.33.10:12345")
	t := track.New(track.Config{Timeline: 100, Moments: 100, Views: true})
	l, o := limits(), track.Options{Cookie: 7, SynCnt: 6}
	l.Phase.Known = true
	if edit != nil {
		edit(&l, &o)
	}
	at := storySent.Add(-time.Second)
	t.Apply(&storyClock)
	t.Apply(&l)
	t.Apply(&track.Source{At: at, Name: "eth1", Filter: "port 12345", Live: true, Packets: true, Table: true})
	row := func(edit func(*track.Socket)) {
		s := track.Socket{At: at, Cookie: 7, Local: local, Remote: remote, State: track.Established, Inode: 88_001,
			Sight: track.Sight{Out: true, In: true}, Info: track.Info{Size: track.InfoTotalRTO, RTO: 204 * time.Millisecond,
				RTT: time.Millisecond, SndMSS: 1448, SndCwnd: 10, SndWnd: 58_496, LastDataSent: time.Minute, LastDataRecv: time.Minute, LastAckRecv: time.Minute}}
		if edit != nil {
			edit(&s)
		}
		t.Apply(&track.Dump{Began: at, Ended: at, Full: true, Sockets: []track.Socket{s}})
	}
	send := func() {
		t.Apply(&track.Segment{At: at, Src: local, Dst: remote, Seq: 22, Ack: 6, Flags: track.PSH | track.ACK, Len: 17, Window: 457, IPID: uint16(at / 1000)})
	}
	row(nil)
	t.Apply(&track.OwnersRead{At: at, Owners: map[uint32]track.Owner{88_001: {PID: 2060, Program: "nc"}}})
	t.Apply(&track.OptionsRead{At: at, Options: []track.Options{o}})
	at = storySent
	rto := 204 * time.Millisecond
	for n := range 6 {
		send()
		fired := at
		for due := at.Add(rto); at < due; at = min(at.Add(100*time.Millisecond), due) {
			row(func(s *track.Socket) {
				s.SendQ, s.Timer, s.Expires = 17, track.TimerOn, due.Sub(at)
				s.Retransmits, s.Info.Retransmits, s.Info.Backoff = uint8(n), uint8(n), uint8(n)
				s.Info.RTO, s.Info.Unacked, s.Info.TotalRetrans, s.Info.TotalRTO = rto, 1, uint32(n), uint16(n)
				s.Info.LastDataSent = at.Sub(fired)
				if n > 0 {
					s.Info.CAState, s.Info.TotalRTORecoveries = track.CALoss, 1
					s.Info.TotalRTOTime = at.Sub(storySent.Add(204 * time.Millisecond))
				}
			})
			t.Apply(&track.Tick{At: at})
		}
		rto *= 2
	}
	t.Apply(&track.Tick{At: at.Add(-50 * time.Millisecond)})
	return t.Snapshot()
}
