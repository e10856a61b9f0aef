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
	segment             track.Segment
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

// frame decodes a frame and applies what it holds.
func (s *session) frame(f *capture.Frame) error {
	s.frames++
	s.seen++
	switch capture.Decode(f, &s.segment, &s.icmp) {
	case capture.TCP:
		if s.admits == nil || s.admits(&s.segment) {
			s.tracker.Apply(&s.segment)
		}
	case capture.ICMPError:
		if s.quoted == nil || s.quoted(&s.icmp) {
			s.tracker.Apply(&s.icmp)
		}
	case capture.Undecodable:
		s.undecodable++
	}
	if err := s.tell(); err != nil {
		return err
	}
	if s.enough > 0 && s.seen >= s.enough {
		return errEnough
	}
	return nil
}

// record applies any other record.
func (s *session) record(r track.Record) error {
	if c, ok := r.(*track.ClockPair); ok {
		s.clock = *c
	}
	s.tracker.Apply(r)
	return s.tell()
}

// tick lets time pass.
func (s *session) tick(now track.Instant) error {
	s.count(now)
	if err := s.record(&track.Tick{At: now}); err != nil {
		return err
	}
	return s.view.flush()
}

// count tells the tracker how many frames there were.
func (s *session) count(now track.Instant) {
	if s.frames > 0 {
		s.tracker.Apply(&track.Frames{At: now, Seen: s.frames, Undecodable: s.undecodable})
		s.frames, s.undecodable = 0, 0
	}
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
	now := s.tracker.Now()
	s.count(now)
	return s.view.end(s.tracker.Stats(), now, s.clock)
}
