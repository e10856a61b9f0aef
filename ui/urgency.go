package ui

import (
	"cmp"

	"github.com/tcpwatch/tcpwatch/track"
)

// rank orders connections by how much they call for attention, the most first.
type rank uint8

const (
	rankDying      rank = iota // Linux is about to give up on it
	rankUnanswered             // so it is, but the connection was never made
	rankTrouble                // in trouble, with no end set
	rankBuried                 // it died, was reset or destroyed
	rankGuarded                // healthy, and its end is known if it should fall silent
	rankHealthy
	rankOver // closed, or waiting out its time
)

// urgency is the key of the order by urgency.
type urgency struct {
	rank rank
	at   track.Instant // sooner first, within a rank
}

func urgencyOf(c *track.Conn) urgency {
	const last = 1<<63 - 1
	switch {
	case c.Gone != nil && c.Gone.Reason == track.Closed:
		return urgency{rankOver, -c.Gone.At}
	case c.Gone != nil:
		return urgency{rankBuried, -c.Gone.At}
	case c.State == track.TimeWait || c.State == track.Listen || c.State == track.Close:
		return urgency{rankOver, last}
	case dying(c) && (c.State == track.SynSent || c.State == track.SynRecv || c.State == track.NewSynRecv):
		return urgency{rankUnanswered, c.Forecast.At}
	case dying(c):
		return urgency{rankDying, c.Forecast.At}
	case c.Verdict.Kind.Trouble():
		return urgency{rankTrouble, c.Verdict.Since}
	case c.Forecast.At != 0:
		return urgency{rankGuarded, c.Forecast.At}
	}
	return urgency{rankHealthy, last}
}

// dying reports whether the kernel's last clock is running for c: it is in
// trouble, and its end does not hang on anything that may yet be said.
func dying(c *track.Conn) bool {
	return c.Trouble() && c.Forecast.At != 0 && c.Forecast.Exactness != track.Conditional
}

// compareUrgency orders a before b if it is the more urgent.
func compareUrgency(x, y urgency, a, b *track.Conn) int {
	return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.at, y.at), cmp.Compare(a.ID, b.ID))
}
