package session

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tcpwatch/tcpwatch/track"
)

// ErrKind is a record or an input of a kind that is not stored as the tracker
// takes it: replies and destroy events are kept raw, segments as frames.
var ErrKind = errors.New("not a record of the tracker's")

// Encode makes a record of one of the tracker's inputs.
func Encode(t track.Record) (Record, error) {
	switch t := t.(type) {
	case *track.OptionsRead:
		return encode(KindOptions, t.At, t)
	case *track.OwnersRead:
		return encode(KindOwners, t.At, newOwners(t))
	case *track.Limits:
		return encode(KindLimits, t.At, t)
	case *track.NeighbourRead:
		return encode(KindNeighbours, t.At, t)
	case *track.Loss:
		return encode(KindLoss, t.At, t)
	case *track.ClockPair:
		return encode(KindClock, t.At, t)
	case *track.Source:
		return encode(KindSource, t.At, t)
	case *track.Tick:
		return encode(KindTick, t.At, t)
	case *track.Frames:
		return encode(KindFrames, t.At, t)
	case *track.Killed:
		return encode(KindKilled, t.At, t)
	case *track.Watched:
		return encode(KindWatched, t.At, t)
	}
	return Record{}, fmt.Errorf("encode %T: %w", t, ErrKind)
}

// Decode returns the tracker's input that Encode made the record of.
func (r Record) Decode() (track.Record, error) {
	var t track.Record
	switch r.Kind {
	case KindOptions:
		t = new(track.OptionsRead)
	case KindOwners:
		var o owners
		err := r.decode(r.Kind, &o)
		return o.read(), err
	case KindLimits:
		t = new(track.Limits)
	case KindNeighbours:
		t = new(track.NeighbourRead)
	case KindLoss:
		t = new(track.Loss)
	case KindClock:
		t = new(track.ClockPair)
	case KindSource:
		t = new(track.Source)
	case KindTick:
		t = new(track.Tick)
	case KindFrames:
		t = new(track.Frames)
	case KindKilled:
		t = new(track.Killed)
	case KindWatched:
		t = new(track.Watched)
	default:
		return nil, fmt.Errorf("decode record of kind %d: %w", r.Kind, ErrKind)
	}
	return t, r.decode(r.Kind, t)
}

// owners is track.OwnersRead in JSON, whose strings can't hold every name that
// a program may have.
type owners struct {
	At     track.Instant
	Owners map[uint32]owner
}

type owner struct {
	track.Owner
	Raw []byte `json:",omitempty"` // Program, where that is no UTF-8
}

func newOwners(t *track.OwnersRead) *owners {
	o := &owners{At: t.At, Owners: make(map[uint32]owner, len(t.Owners))}
	for inode, who := range t.Owners {
		w := owner{Owner: who}
		if !utf8.ValidString(who.Program) {
			w.Raw = []byte(who.Program)
		}
		o.Owners[inode] = w
	}
	return o
}

func (o *owners) read() *track.OwnersRead {
	t := &track.OwnersRead{At: o.At, Owners: make(map[uint32]track.Owner, len(o.Owners))}
	for inode, w := range o.Owners {
		if w.Raw != nil {
			w.Program = string(w.Raw)
		}
		t.Owners[inode] = w.Owner
	}
	return t
}
