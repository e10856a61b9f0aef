package track

import "time"

const (
	mourning = 5 * time.Second // how long an ordinary end stays on show
	graves   = 200             // how many certificates are kept
)

// Snapshot publishes the present picture. It costs what has changed since the
// last one, and a page of pointers for each hundred connections.
func (t *Tracker) Snapshot() *Snapshot {
	n := len(t.shown)
	shared := make([]*page, (n+pageLen-1)/pageLen)
	copy(shared, t.pages)
	fresh := make([]bool, len(shared))
	for _, e := range t.dirty {
		e.soiled = false
		if e.place < 0 {
			continue
		}
		p := e.place / pageLen
		if !fresh[p] {
			own := new(page)
			if shared[p] != nil {
				*own = *shared[p]
			}
			shared[p], fresh[p] = own, true
		}
		shared[p][e.place%pageLen] = t.conn(e)
	}
	t.dirty = t.dirty[:0]
	t.pages = shared
	return &Snapshot{At: t.now, Clock: t.clock, Source: t.source, Limits: t.limits, Stats: t.stats,
		conns: pages{n: n, p: shared}}
}

// conn makes the view of an end.
func (t *Tracker) conn(e *end) *Conn {
	c := t.coverage(e)
	return &Conn{ID: e.id, Local: e.local, Remote: e.remote, State: e.state(), Socket: e.row, Owner: e.owner,
		Options: e.options, Coverage: c, First: e.first, Last: e.last, Packets: e.out + e.in, Bytes: e.bytes,
		Retransmissions: e.retransmissions, Stall: e.stall.view(e.silentSince()), Forecast: e.forecast,
		Verdict: e.verdict, Gone: e.gone, Timeline: e.timeline[:len(e.timeline):len(e.timeline)], Dropped: e.dropped,
		Moments: e.moments[:len(e.moments):len(e.moments)], memory: e.memory}
}

// show gives an end a place in the picture.
func (t *Tracker) show(e *end) {
	if !t.cfg.Views {
		return
	}
	e.place = len(t.shown)
	t.shown = append(t.shown, e)
	t.touch(e)
}

// hide takes an end out of the picture; the last one moves to its place.
func (t *Tracker) hide(e *end) {
	if e.place < 0 {
		return
	}
	n := len(t.shown) - 1
	last := t.shown[n]
	t.shown[e.place], last.place = last, e.place
	t.shown[n] = nil
	t.shown = t.shown[:n]
	t.touch(last)
	e.place = -1
}

// touch has the next snapshot renew the view of an end.
func (t *Tracker) touch(e *end) {
	if e.place >= 0 && !e.soiled {
		e.soiled = true
		t.dirty = append(t.dirty, e)
	}
}

// letGo hides what ended a while ago. Deaths are kept longer than partings.
func (t *Tracker) letGo() {
	deaths := 0
	for _, e := range t.ended {
		if e.gone.Reason == TimedOut {
			deaths++
		}
	}
	kept := t.ended[:0]
	for _, e := range t.ended {
		var stays bool
		if e.gone.Reason == TimedOut {
			stays = deaths <= graves
			deaths--
		} else {
			stays = t.now.Sub(e.gone.At) <= mourning
		}
		if stays {
			kept = append(kept, e)
		} else {
			t.hide(e)
		}
	}
	clear(t.ended[len(kept):])
	t.ended = kept
}
