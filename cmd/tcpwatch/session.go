package main

import (
	"errors"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// errEnough ends a session that has seen as many packets as it was to.
var errEnough = errors.New("enough packets")

// session owns a tracker and applies frames and records to it, in their order.
// Live sessions and replays are one from here on.
type session struct {
	tracker *track.Tracker
	view    view
	clock   track.ClockPair
	enough  uint64 // frames to see; 0: no end

	frames, undecodable uint64 // since they were last told to the tracker
	seen                uint64
	admits              func(*track.Segment) bool // what the kernel's filter could not rule; nil: all
	quoted              func(*track.ICMP) bool    // whether the expression admits a quoted segment; nil: all
	segments            [64]track.Segment         // decoded, not yet applied
	waiting             int                       // how many of them
	icmp                track.ICMP
}

// begin tells where the records come from. Limits are nil where no kernel is asked.
func (s *session) begin(source *track.Source, limits *track.Limits, clock track.ClockPair) error {
	s.clock = clock
	s.tracker.Apply(&clock)
	if limits != nil {
		s.tracker.Apply(limits)
	}
	s.tracker.Apply(source)
	return s.view.start(source, limits, clock)
}

// frame decodes a frame and applies what it holds, now or together with the next
// few: before any other record at the latest.
func (s *session) frame(f *capture.Frame) error {
	s.frames++
	s.seen++
	segment := &s.segments[s.waiting]
	switch capture.Decode(f, segment, &s.icmp) {
	case capture.TCP:
		if s.admits == nil || s.admits(segment) {
			s.waiting++
		}
	case capture.ICMPError:
		if s.quoted == nil || s.quoted(&s.icmp) {
			if err := s.record(&s.icmp); err != nil {
				return err
			}
		}
	case capture.Undecodable:
		s.undecodable++
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
	s.tracker.Segments(s.segments[:s.waiting])
	s.waiting = 0
	return s.tell()
}

// record applies any other record.
func (s *session) record(r track.Record) error {
	if err := s.apply(); err != nil {
		return err
	}
	if c, ok := r.(*track.ClockPair); ok {
		s.clock = *c
	}
	s.tracker.Apply(r)
	return s.tell()
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
