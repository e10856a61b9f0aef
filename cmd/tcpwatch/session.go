package main

import (
	"errors"

	"github.com/tcpwatch/tcpwatch/capture"
	tape "github.com/tcpwatch/tcpwatch/capture/session"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// errEnough ends a session that has seen as many packets as it was to.
var errEnough = errors.New("enough packets")

// keeper keeps what a session applies, in its order: a [tape.Async] or a [tape.Ring].
type keeper interface {
	Frame(*capture.Frame)
	Record(tape.Record)
}

// together is how many segments are applied together: their memory is fetched together.
const together = 64

// session owns a tracker and applies frames and records to it, in their order.
// Live sessions and replays are one from here on.
type session struct {
	tracker *track.Tracker
	view    view
	version string // of the program that the records are from
	clock   track.ClockPair
	limits  *track.Limits // nil: no kernel was asked
	begun   bool          // a source is known
	enough  uint64        // frames to see; 0: no end

	keepers []keeper
	numbers bool   // frames are numbered as they are kept, not as they came
	kept    uint64 // frames

	frames, undecodable uint64 // since they were last told to the tracker
	seen                uint64
	admits              func(*track.Segment) bool // what the kernel's filter could not rule; nil: all
	quoted              func(*track.ICMP) bool    // whether the expression admits a quoted segment; nil: all
	segments            []track.Segment           // decoded, not yet applied
	waiting             int                       // how many of them
	last                *track.Segment            // of the last frame; nil: it held none
	icmp                track.ICMP
}

// frame decodes a frame and applies what it holds, now or together with the next
// few: before any other record at the latest.
func (s *session) frame(f *capture.Frame) error {
	s.frames++
	s.seen++
	if s.numbers {
		f.Number = s.kept + 1
	}
	s.last = nil
	segment := &s.segments[s.waiting]
	switch capture.Decode(f, segment, &s.icmp) {
	case capture.TCP:
		if s.admits == nil || s.admits(segment) {
			s.keep(f)
			s.last = segment
			s.waiting++
		}
	case capture.ICMPError:
		if s.quoted == nil || s.quoted(&s.icmp) {
			s.keep(f)
			if err := s.put(&s.icmp); err != nil {
				return err
			}
		}
	case capture.Undecodable:
		s.keep(f)
		s.undecodable++
	default:
		s.keep(f)
	}
	if s.enough > 0 && s.seen >= s.enough {
		return errors.Join(s.apply(), errEnough)
	}
	if s.waiting == len(s.segments) {
		return s.apply()
	}
	return nil
}

// apply applies the segments that wait.
func (s *session) apply() error {
	if s.waiting == 0 {
		return nil
	}
	s.tracker.Segments(s.segments[:s.waiting])
	s.waiting = 0
	return s.tell()
}

// keep keeps a frame.
func (s *session) keep(f *capture.Frame) {
	s.kept++
	for _, k := range s.keepers {
		k.Frame(f)
	}
}

// record keeps and applies any other record.
func (s *session) record(r track.Record) error {
	if len(s.keepers) > 0 {
		kept, err := tape.Encode(r)
		if err != nil {
			return err
		}
		s.keepRecord(kept)
	}
	return s.put(r)
}

func (s *session) keepRecord(r tape.Record) {
	for _, k := range s.keepers {
		k.Record(r)
	}
}

// put applies a record. The first source begins the session, and finds clock and
// limits known.
func (s *session) put(r track.Record) error {
	if err := s.apply(); err != nil {
		return err
	}
	switch r := r.(type) {
	case *track.ClockPair:
		s.clock = *r
	case *track.Limits:
		s.limits = r
	}
	s.tracker.Apply(r)
	if source, ok := r.(*track.Source); ok && !s.begun {
		s.begun = true
		if err := s.view.start(opening{s.version, source, s.limits, s.clock}); err != nil {
			return err
		}
	}
	return s.tell()
}

// note shows and keeps what the user wrote.
func (s *session) note(n *ui.Note) error {
	if len(s.keepers) > 0 {
		kept, err := (&tape.Note{ID: n.ID, At: n.At, Made: n.Made, Frame: n.Frame, Local: n.Local, Remote: n.Remote, Text: n.Text}).Record()
		if err != nil {
			return err
		}
		s.keepRecord(kept)
	}
	return s.showNote(n)
}

func (s *session) showNote(n *ui.Note) error {
	if err := s.apply(); err != nil {
		return err
	}
	return s.view.note(n, s.clock)
}

// tick lets time pass.
func (s *session) tick(now track.Instant) error {
	if err := s.count(now); err != nil {
		return err
	}
	if err := s.record(&track.Tick{At: now}); err != nil {
		return err
	}
	return s.view.flush()
}

// count tells the tracker how many frames there were.
func (s *session) count(now track.Instant) error {
	if s.frames == 0 {
		return s.apply()
	}
	seen := &track.Frames{At: now, Seen: s.frames, Undecodable: s.undecodable}
	s.frames, s.undecodable = 0, 0
	return s.record(seen)
}

// tell shows what has become known.
func (s *session) tell() error {
	if events := s.tracker.Events(); len(events) > 0 {
		return s.view.events(events, s.clock)
	}
	return nil
}

// end closes the view with the last counts.
func (s *session) end() error {
	err := s.apply()
	now := s.tracker.Now()
	return errors.Join(err, s.count(now), s.view.end(s.tracker.Stats(), now, s.clock))
}
