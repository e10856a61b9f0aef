package diag

import (
	"slices"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

const (
	askTrouble = 25 * time.Millisecond  // between two questions for a socket in trouble
	askWatched = 100 * time.Millisecond // for one under the user's eyes
	askAtOnce  = 1024                   // sockets in trouble, at most; more take turns
	nearEnd    = 500 * time.Millisecond // left of a timewait socket's timer
)

// alone says which sockets are asked for alone, between dumps.
type alone struct {
	watched []ID
	trouble []ID
	turn    int // into trouble: who is next
	round   int
	ids     []ID

	// A socket that was absent when it was asked for, but is in the table
	// after that, is one that the kernel does not find by its ID. It is not
	// asked for again.
	absent, unfindable map[uint64]struct{}
}

func (a *alone) any() bool { return len(a.trouble)+len(a.watched) > 0 }

// pause returns the time to the next question.
func (a *alone) pause() time.Duration {
	if len(a.trouble) > 0 {
		return askTrouble
	}
	return askWatched
}

// next returns whom to ask for now. It is valid until next is called again.
func (a *alone) next() []ID {
	a.ids = a.ids[:0]
	asked := map[uint64]struct{}{}
	for range min(len(a.trouble), askAtOnce) {
		a.turn++
		if a.turn >= len(a.trouble) {
			a.turn = 0
		}
		id := a.trouble[a.turn]
		asked[id.Cookie] = struct{}{}
		a.ids = append(a.ids, id)
	}
	if a.round++; len(a.trouble) == 0 || a.round%int(askWatched/askTrouble) == 0 {
		for _, id := range a.watched {
			_, twice := asked[id.Cookie]
			if _, vain := a.unfindable[id.Cookie]; !twice && !vain {
				asked[id.Cookie] = struct{}{}
				a.ids = append(a.ids, id)
			}
		}
	}
	return a.ids
}

// all takes a full dump.
func (a *alone) all(d *track.Dump) {
	a.trouble = a.trouble[:0]
	unfindable := map[uint64]struct{}{}
	for i := range d.Sockets {
		cookie := d.Sockets[i].Cookie
		_, absent := a.absent[cookie]
		if _, before := a.unfindable[cookie]; absent || before {
			unfindable[cookie] = struct{}{}
			continue
		}
		if troubled(&d.Sockets[i]) {
			a.trouble = append(a.trouble, IDOf(&d.Sockets[i]))
		}
	}
	a.absent, a.unfindable = map[uint64]struct{}{}, unfindable
}

// some takes the answer to a question for single sockets.
func (a *alone) some(d *track.Dump) {
	answered := make(map[uint64]bool, len(d.Sockets)+len(d.Absent)) // in trouble, by cookie
	for _, cookie := range d.Absent {
		answered[cookie] = false
		a.absent[cookie] = struct{}{}
	}
	for i := range d.Sockets {
		answered[d.Sockets[i].Cookie] = troubled(&d.Sockets[i])
	}
	kept := a.trouble[:0]
	for _, id := range a.trouble {
		still, asked := answered[id.Cookie]
		if still || !asked {
			kept = append(kept, id)
		}
		delete(answered, id.Cookie)
	}
	a.trouble = kept
	for i := range d.Sockets {
		if answered[d.Sockets[i].Cookie] {
			a.trouble = append(a.trouble, IDOf(&d.Sockets[i]))
		}
	}
	if len(d.Absent) > 0 {
		// A new slice: the caller of Watch keeps his.
		a.watched = slices.DeleteFunc(slices.Clone(a.watched), func(id ID) bool {
			return slices.Contains(d.Absent, id.Cookie)
		})
	}
}

// troubled reports whether the socket waits for something that may not come, or
// is near an end that no program sees.
func troubled(s *track.Socket) bool {
	i := &s.Info
	switch s.State {
	case track.SynSent, track.SynRecv, track.NewSynRecv, track.FinWait2:
		return s.Timer != track.TimerOff
	case track.FinWait1, track.Closing, track.LastAck:
		return true
	case track.TimeWait:
		return s.Expires < nearEnd
	}
	if s.Retransmits > 0 || i.Retransmits > 0 || i.Backoff > 0 || i.Probes > 0 || s.Timer == track.TimerPersist {
		return true
	}
	// Data in flight is the ordinary state of a busy socket; that nothing was
	// heard and nothing new was sent for two round trips is not.
	return s.Timer == track.TimerOn && i.Unacked > 0 && min(i.LastDataSent, i.LastAckRecv) > 2*i.RTT
}
