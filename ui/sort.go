package ui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tcpwatch/tcpwatch/track"
)

// order is what connections are sorted by.
type order uint8

const (
	byUrgency order = iota
	byRecvQ
	bySendQ
	byLocal
	byForeign
	byState
	byProgram
	byRetr
	byRTO
	byDeadline
	byAge
	orders
)

var orderNames = [orders]string{"urgency", "Recv-Q", "Send-Q", "local", "foreign", "state", "program", "Retr", "RTO", "deadline", "age"}

// orderKeys are the letters of the sort picker, each out of its order's name.
var orderKeys = [orders]string{"u", "r", "s", "l", "f", "t", "p", "e", "o", "d", "a"}

// String returns the order's name, for titles.
func (o order) String() string { return orderNames[o] }

// row is a connection's place in the table.
type row struct {
	conn    *track.Conn
	place   int // in the snapshot
	urgency urgency
}

// sortRows orders rows; equals go by urgency.
func sortRows(rows []row, o order, reverse bool) {
	compare := o.compare()
	slices.SortFunc(rows, func(a, b row) int {
		n := 0
		if compare != nil {
			n = compare(a.conn, b.conn)
		}
		if n == 0 {
			n = compareUrgency(a.urgency, b.urgency, a.conn, b.conn)
		}
		if reverse {
			return -n
		}
		return n
	})
}

// compare returns the order's own comparison; queues, counts and times go from
// the largest down. nil: urgency alone.
func (o order) compare() func(a, b *track.Conn) int {
	down := func(key func(*track.Conn) int64) func(a, b *track.Conn) int {
		return func(a, b *track.Conn) int { return cmp.Compare(key(b), key(a)) }
	}
	socket := func(key func(*track.Socket) int64) func(a, b *track.Conn) int {
		return down(func(c *track.Conn) int64 {
			if c.Socket == nil {
				return -1
			}
			return key(c.Socket)
		})
	}
	switch o {
	case byRecvQ:
		return socket(func(s *track.Socket) int64 { return int64(s.RecvQ) })
	case bySendQ:
		return socket(func(s *track.Socket) int64 { return int64(s.SendQ) })
	case byRTO:
		return socket(func(s *track.Socket) int64 { return int64(s.Info.RTO) })
	case byRetr:
		return down(func(c *track.Conn) int64 { return int64(resent(c)) })
	case byAge:
		return func(a, b *track.Conn) int { return cmp.Compare(a.First, b.First) }
	case byLocal:
		return func(a, b *track.Conn) int { return a.Local.Compare(b.Local) }
	case byForeign:
		return func(a, b *track.Conn) int { return a.Remote.Compare(b.Remote) }
	case byState:
		return func(a, b *track.Conn) int { return cmp.Compare(a.State, b.State) }
	case byProgram:
		return func(a, b *track.Conn) int {
			return cmp.Or(strings.Compare(a.Owner.Program, b.Owner.Program), cmp.Compare(a.Owner.PID, b.Owner.PID))
		}
	case byDeadline:
		return func(a, b *track.Conn) int {
			// An unknown deadline, 0, wraps round to the last of all.
			return cmp.Compare(uint64(a.Forecast.At)-1, uint64(b.Forecast.At)-1)
		}
	}
	return nil
}
