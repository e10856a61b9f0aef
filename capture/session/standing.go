package session

import (
	"bytes"
	"maps"
	"slices"
)

// standing remembers what a file needs that begins in the middle of a session:
// the last clock pair, source and limits, and all notes.
type standing struct {
	last  map[Kind]Record
	notes map[uint64]Record
}

func newStanding() standing {
	return standing{last: make(map[Kind]Record), notes: make(map[uint64]Record)}
}

// take remembers r, if it is of that kind.
func (s *standing) take(r Record) {
	switch {
	case r.Kind.standing():
		r.Data = bytes.Clone(r.Data)
		s.last[r.Kind] = r
	case r.Kind == KindNote:
		if n, err := r.Note(); err == nil {
			r.Data = bytes.Clone(r.Data)
			s.notes[n.ID] = r
		}
	}
}

// records returns what is remembered, in a fixed order.
func (s *standing) records() []Record {
	var all []Record
	for _, kind := range slices.Sorted(maps.Keys(s.last)) {
		all = append(all, s.last[kind])
	}
	for _, id := range slices.Sorted(maps.Keys(s.notes)) {
		all = append(all, s.notes[id])
	}
	return all
}
