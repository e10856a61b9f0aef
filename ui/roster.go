package ui

import (
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// roster is the list of connections as it is shown: filtered, sorted and
// scrolled. The selection is a connection's, never a row's.
type roster struct {
	rows     []row
	order    order
	reverse  bool
	filter   filter
	selected uint64 // Conn.ID; 0: none
	index    int    // of the selected row
	top      int    // first row on screen
	picked   bool   // the user chose the selection; else it follows urgency

	sorted track.Instant
	total  int               // connections of the snapshot
	counts [rankOver + 1]int // by rank, unfiltered
	kept   *track.Snapshot   // what rows was made from
}

// stale reports whether the order is due to be made anew.
func (r *roster) stale(s *track.Snapshot) bool {
	every := 500 * time.Millisecond
	if s.Len() > 10_000 {
		every = 2 * every
	}
	age := s.At.Sub(r.sorted)
	return r.kept == nil || age >= every || age < 0 || r.kept.Len() != s.Len() && s.Len() < 100
}

// rebuild filters and sorts all connections of s.
func (r *roster) rebuild(s *track.Snapshot) {
	r.rows, r.counts, r.total = r.rows[:0], [rankOver + 1]int{}, 0
	for i := range s.Len() {
		c := s.Conn(i)
		if c == nil {
			continue
		}
		u := urgencyOf(c)
		r.total++
		r.counts[u.rank]++
		if r.filter.match(c) {
			r.rows = append(r.rows, row{c, i, u})
		}
	}
	sortRows(r.rows, r.order, r.reverse)
	r.sorted, r.kept = s.At, s
	r.reselect()
}

// reselect finds the selected connection again. Until the user has chosen one,
// the most urgent is it, but never in place of one that is as urgent.
func (r *roster) reselect() {
	for i := range r.rows {
		if r.rows[i].conn.ID == r.selected {
			if !r.picked && r.order == byUrgency && r.rows[i].urgency.rank > r.rows[0].urgency.rank && r.rows[0].urgency.rank < rankBuried {
				break
			}
			r.index = i
			return
		}
	}
	if !r.picked {
		r.index = 0
	}
	r.choose(r.index)
}

// choose selects the i-th row, or the nearest there is.
func (r *roster) choose(i int) {
	r.index = max(min(i, len(r.rows)-1), 0)
	r.selected = 0
	if len(r.rows) > 0 {
		r.selected = r.rows[r.index].conn.ID
	}
}

// refresh brings the rows on screen, and the selected one, up to s without
// sorting anew.
func (r *roster) refresh(s *track.Snapshot, height int) {
	renew := func(w *row) {
		if w.place < s.Len() {
			if c := s.Conn(w.place); c != nil && c.ID == w.conn.ID {
				w.conn = c
			}
		}
	}
	for i := range r.window(height) {
		renew(&r.window(height)[i])
	}
	if r.index < len(r.rows) {
		renew(&r.rows[r.index])
	}
}

// scroll moves the window so that the selected row is in it.
func (r *roster) scroll(height int) {
	height = max(height, 1)
	r.top = min(r.top, r.index, max(len(r.rows)-height, 0))
	r.top = max(r.top, r.index-height+1, 0)
}

// window returns the rows on screen.
func (r *roster) window(height int) []row {
	top := min(r.top, len(r.rows))
	return r.rows[top:min(top+max(height, 0), len(r.rows))]
}

// conn returns the selected connection; nil: none.
func (r *roster) conn() *track.Conn {
	if r.index < len(r.rows) {
		return r.rows[r.index].conn
	}
	return nil
}
