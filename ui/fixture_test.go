package ui

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// The story of the fixtures: 17 bytes sent at 14:53:10.384563 UTC that nobody
// acknowledged, seen 39 seconds later.
var (
	storyWall  = time.Date(2026, time.March, 4, 14, 53, 10, 384_563_000, time.UTC)
	storySent  = track.Instant(5_000 * time.Second)
	storyNow   = storySent.Add(38_700 * time.Millisecond)
	storyClock = track.ClockPair{At: storySent, Wall: storyWall.UnixNano()}
	utc        = Wall{Clock: storyClock, Location: time.UTC}
)

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// snapshotOf returns a live snapshot of conns.
func snapshotOf(at track.Instant, conns ...*track.Conn) *track.Snapshot {
	s := track.SnapshotOf(at, conns...)
	s.Clock = storyClock
	s.Source = track.Source{At: storySent.Add(-10 * time.Second), Name: "eth1", Filter: "port 12345", Live: true, Packets: true, Table: true}
	s.Limits = limits()
	s.Stats = track.Stats{Packets: 46_801, TCP: 46_790, Dumps: 40}
	return s
}

func limits() track.Limits {
	return track.Limits{Retries1: 3, Retries2: 15, SynRetries: 6, SynLinearTimeouts: 4, SynackRetries: 5,
		KeepaliveProbes: 9, KeepaliveTime: 7200 * time.Second, KeepaliveIntvl: 75 * time.Second,
		FinTimeout: 60 * time.Second, RTOMax: 120 * time.Second, HasRTOMax: true, HZ: 250}
}

func socket(c *track.Conn, edit func(*track.Socket)) {
	s := &track.Socket{At: storyNow, Cookie: c.ID + 4000, Local: c.Local, Remote: c.Remote, State: c.State, UID: 1000, Inode: 88_000 + uint32(c.ID)}
	s.CongestionControl = "cubic"
	s.Info = track.Info{Size: 280, RTO: 204 * time.Millisecond, RTT: 612 * time.Microsecond, RTTVar: 300 * time.Microsecond,
		SndMSS: 1448, SndCwnd: 10, SndWnd: 58_496, RcvWnd: 64_256}
	if edit != nil {
		edit(s)
	}
	c.Socket = s
}

// story returns the connection that is given up, as it stands at now.
func story(now track.Instant) *track.Conn {
	c := &track.Conn{
		ID: 1, Local: addr("192.168.33.11:60739"), Remote: addr("192.168.33.10:12345"), State: track.Established,
		Owner: track.Owner{PID: 2060, Program: "nc"}, First: storySent.Add(-2300 * time.Millisecond), Last: now,
		Coverage: track.Coverage{Out: true, In: true, Since: storySent.Add(-10 * time.Second), FromStart: true},
		Packets:  21, Bytes: 62,
	}
	in := func(ms int, e track.Entry) {
		e.At = storySent.Add(time.Duration(ms) * time.Millisecond)
		e.Frame = uint64(len(c.Timeline) + 1)
		c.Timeline = append(c.Timeline, e)
	}
	in(-2300, track.Entry{Out: true, Flags: track.SYN, Window: 64240})
	in(-2299, track.Entry{Flags: track.SYN | track.ACK, Ack: 1, Window: 65160})
	in(-2299, track.Entry{Out: true, Flags: track.ACK, Seq: 1, Ack: 1, Window: 457})
	in(-2281, track.Entry{Out: true, Flags: track.PSH | track.ACK, Seq: 1, Ack: 1, Len: 21, Window: 457})
	in(-2280, track.Entry{Flags: track.ACK, Seq: 1, Ack: 22, Window: 453})
	in(-2274, track.Entry{Flags: track.PSH | track.ACK, Seq: 3, Ack: 22, Len: 3, Window: 453})
	in(-2273, track.Entry{Out: true, Flags: track.ACK, Seq: 22, Ack: 6, Window: 457})
	in(0, track.Entry{Out: true, Flags: track.PSH | track.ACK, Seq: 22, Ack: 6, Len: 17, Window: 457})
	stall := &track.Stall{Since: storySent, LastHeard: storySent.Add(-2274 * time.Millisecond), Bytes: 17, OnWire: true}
	last, gap := storySent, time.Duration(0)
	for i, us := range []int64{204_442, 407_709, 816_966, 1_631_278, 3_268_829, 6_537_456, 13_079_440, 26_151_231} {
		at := storySent.Add(time.Duration(us) * time.Microsecond)
		if at > now {
			break
		}
		kind, resent, nth, ratio := track.FireRTO, track.KindRTO, i, 0.0
		if i == 0 {
			kind, resent, nth = track.FireTLP, track.KindTLP, 1
		}
		if i > 1 {
			ratio = float64(at.Sub(last)) / float64(gap)
		}
		gap = at.Sub(last)
		last = at
		stall.Rungs = append(stall.Rungs, track.Rung{At: at, Kind: kind, Resent: resent, Nth: nth, Interval: gap, Ratio: ratio})
		c.Timeline = append(c.Timeline, track.Entry{At: at, Frame: uint64(len(c.Timeline) + 1), Out: true,
			Flags: track.PSH | track.ACK, Seq: 22, Ack: 6, Len: 17, Window: 457,
			Finding: track.Finding{Class: track.ClassRetransmission, Kind: resent, Nth: i + 1, Interval: gap, SinceFirst: at.Sub(storySent), Ratio: ratio}})
	}
	c.Stall = stall
	c.Retransmissions = len(stall.Rungs)
	rto := 204 * time.Millisecond << max(len(stall.Rungs)-1, 0)
	death := storySent.Add(939_315 * time.Millisecond)
	c.Forecast = track.Forecast{Cause: track.CauseRetries2, Exactness: track.Exact, At: death,
		Earliest: death.Add(-2 * time.Millisecond), Latest: death.Add(2 * time.Millisecond),
		Errno: "ETIMEDOUT", Retries: 15, Threshold: 924_600 * time.Millisecond, Margin: 14 * time.Second}
	for at, step := last, rto; ; step = min(2*step, 120*time.Second) {
		if at = at.Add(step); at >= death {
			break
		}
		c.Forecast.Schedule = append(c.Forecast.Schedule, track.Fire{At: at, Kind: track.FireRTO})
	}
	c.Forecast.Schedule = append(c.Forecast.Schedule, track.Fire{At: death, Kind: track.FireDeath})
	c.Verdict = track.Verdict{Kind: track.PeerSilent, Since: stall.Since,
		Text: fmt.Sprintf("nothing from the peer for %.1f s; 17 bytes unacknowledged, %d retransmissions seen on the wire, the last gap 13.1 s (x2.0)", now.Sub(stall.Since).Seconds(), len(stall.Rungs))}
	socket(c, func(s *track.Socket) {
		s.SendQ, s.Timer, s.Retransmits = 17, track.TimerOn, 7
		s.Expires = 13_600 * time.Millisecond
		s.Info.Backoff, s.Info.Retransmits, s.Info.RTO, s.Info.Unacked = 7, 7, 26_112*time.Millisecond, 1
	})
	for at := storySent.Add(-2300 * time.Millisecond); at <= now; at = at.Add(500 * time.Millisecond) {
		m := track.Moment{At: at, State: track.Established, RTO: 204 * time.Millisecond, RTT: 612 * time.Microsecond, Cwnd: 10, SndWnd: 58_496, RcvWnd: 64_256}
		for i := range stall.Rungs {
			if stall.Rungs[i].At <= at && i > 0 {
				m.RTO *= 2
				m.Backoff, m.Retransmits, m.Cwnd = uint8(i), uint8(i), 1
			}
		}
		if at >= storySent {
			m.SendQ, m.Unacked, m.Timer = 17, 1, track.TimerOn
			m.Forecast = c.Forecast
		}
		c.Moments = append(c.Moments, m)
	}
	return c
}

// unanswered is a SYN to a host that is not there.
func unanswered(now track.Instant) *track.Conn {
	c := &track.Conn{ID: 2, Local: addr("192.168.33.11:39110"), Remote: addr("203.0.113.7:443"), State: track.SynSent,
		Owner: track.Owner{PID: 977, Program: "curl"}, First: now.Add(-3300 * time.Millisecond), Last: now,
		Coverage: track.Coverage{Out: true, In: true, Since: storySent, FromStart: true}, Retransmissions: 3}
	since := c.First
	c.Stall = &track.Stall{Since: since, Bytes: 0, OnWire: true}
	c.Timeline = []track.Entry{{At: since, Frame: 30, Out: true, Flags: track.SYN, Window: 64240}}
	for i := 1; i <= 3; i++ {
		at := since.Add(time.Duration(i) * 1024 * time.Millisecond)
		c.Stall.Rungs = append(c.Stall.Rungs, track.Rung{At: at, Kind: track.FireSyn, Resent: track.KindRTO, Nth: i, Interval: 1024 * time.Millisecond, Ratio: 1})
		c.Timeline = append(c.Timeline, track.Entry{At: at, Frame: uint64(30 + i), Out: true, Flags: track.SYN, Window: 64240,
			Finding: track.Finding{Class: track.ClassRetransmission, Kind: track.KindRTO, Nth: i, Interval: 1024 * time.Millisecond, SinceFirst: at.Sub(since), Ratio: 1}})
	}
	death := since.Add(134_306 * time.Millisecond)
	c.Forecast = track.Forecast{Cause: track.CauseSynRetries, Exactness: track.Bounded, At: death, Earliest: death.Add(-time.Second), Latest: death.Add(time.Second),
		Errno: "ETIMEDOUT", Retries: 6}
	for _, s := range []int{4, 5, 7, 11, 19, 35, 67} {
		c.Forecast.Schedule = append(c.Forecast.Schedule, track.Fire{At: since.Add(time.Duration(s) * time.Second), Kind: track.FireSyn})
	}
	c.Forecast.Schedule = append(c.Forecast.Schedule, track.Fire{At: death, Kind: track.FireDeath})
	c.Verdict = track.Verdict{Kind: track.UnansweredSyn, Since: since, Text: "nothing has answered the SYN for 3.3 s; 3 retransmissions seen on the wire, the last gap 1.0 s (x1.0)"}
	socket(c, func(s *track.Socket) {
		s.SendQ, s.Timer, s.Expires, s.Retransmits = 1, track.TimerOn, 700*time.Millisecond, 3
		s.Info.RTO, s.Info.Unacked, s.Info.Retransmits, s.Info.RTT = time.Second, 1, 3, 0
	})
	return c
}

// guarded is a healthy connection that keepalive watches over.
func guarded(now track.Instant) *track.Conn {
	c := &track.Conn{ID: 3, Local: addr("192.168.33.11:22"), Remote: addr("192.168.33.1:51514"), State: track.Established,
		Owner: track.Owner{PID: 811, Program: "sshd"}, First: now.Add(-time.Hour), Last: now, Coverage: track.Coverage{Out: true, In: true, Since: storySent}}
	death := now.Add(2*time.Hour + 11*time.Minute + 15*time.Second)
	c.Forecast = track.Forecast{Cause: track.CauseKeepalive, Exactness: track.Conditional, At: death, Errno: "ETIMEDOUT", RST: true, Retries: 9, Assumes: "the peer stays silent"}
	socket(c, func(s *track.Socket) { s.Timer, s.Expires = track.TimerKeepalive, 7_199*time.Second })
	c.Timeline = []track.Entry{{At: now.Add(-400 * time.Millisecond), Frame: 7, Out: true, Flags: track.PSH | track.ACK, Seq: 100, Len: 36, Ack: 44, Window: 501},
		{At: now.Add(-399 * time.Millisecond), Frame: 8, Flags: track.ACK, Seq: 44, Ack: 136, Window: 2048}}
	return c
}

// unguarded is idle, and nothing would ever tell that its peer is gone.
func unguarded(track.Instant) *track.Conn {
	c := &track.Conn{ID: 4, Local: addr("192.168.33.11:41822"), Remote: addr("10.0.0.5:5432"), State: track.Established,
		Owner: track.Owner{PID: 1403, Program: "api"}}
	c.Forecast = track.Forecast{Cause: track.CauseNone, Exactness: track.Exact}
	c.Verdict = track.Verdict{Kind: track.IdleUnguarded, Text: "idle for 1 h 2 min without keepalive: if the peer is dead, no one will ever know"}
	socket(c, func(s *track.Socket) { s.Info.RTO = 208 * time.Millisecond })
	return c
}

// unclosed waits for its own program to close it.
func unclosed(now track.Instant) *track.Conn {
	c := &track.Conn{ID: 5, Local: addr("192.168.33.11:8080"), Remote: addr("10.0.0.9:40112"), State: track.CloseWait,
		Owner: track.Owner{PID: 1403, Program: "api"}}
	c.Forecast = track.Forecast{Cause: track.CauseNone, Exactness: track.Exact}
	c.Verdict = track.Verdict{Kind: track.NotClosedByApp, Since: now.Add(-4*time.Minute - 9*time.Second), Text: "the peer closed 4 min 9 s ago, the program here has not"}
	socket(c, func(s *track.Socket) { s.RecvQ = 812 })
	return c
}

// buried is what is left of a connection that timed out.
func buried(now track.Instant) *track.Conn {
	c := story(storySent.Add(20 * time.Second))
	c.ID = 6
	c.Local = addr("192.168.33.11:60700")
	c.Socket.Local = c.Local
	c.Gone = &track.Certificate{At: now.Add(-8 * time.Second), State: track.Established, Reason: track.TimedOut,
		FirstPredicted: now.Add(-8 * time.Second), Predicted: now.Add(-8*time.Second - 3*time.Millisecond), Error: 3 * time.Millisecond, Cause: track.CauseRetries2}
	return c
}

// busy returns n healthy connections with hostile and wide names among them.
func busy(n int) []*track.Conn {
	names := []string{"nginx", "postgres", "日本語のプログラム", "evil\x1b[2J\x1b]0;x\a", "rtl\u202egnp.exe", "zero\u200bwidth", "bad\xff\xfe", "e\u0301tude", "👩‍👩‍👧", "שלום"}
	conns := make([]*track.Conn, n)
	for i := range conns {
		local := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 443)
		remote := netip.AddrPortFrom(netip.MustParseAddr(fmt.Sprintf("2001:db8:1234:5678:9abc:def0:%x:%x", i>>16, i&0xffff)), uint16(1024+i))
		if i%3 == 0 {
			remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)}), uint16(1024+i))
		} else {
			local = netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), 443)
		}
		c := &track.Conn{ID: uint64(1000 + i), Local: local, Remote: remote, State: track.Established,
			Owner: track.Owner{PID: 300 + i, Program: names[i%len(names)]}, Forecast: track.Forecast{Cause: track.CauseNone, Exactness: track.Exact}}
		socket(c, func(s *track.Socket) { s.SendQ = uint32(i % 7 * 1000) })
		conns[i] = c
	}
	return conns
}

// cast is everyone, at now.
func cast(now track.Instant) []*track.Conn {
	return []*track.Conn{unguarded(now), story(now), guarded(now), unclosed(now), unanswered(now)}
}
