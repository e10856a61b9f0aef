package main

import (
	"net/netip"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// rows admits sockets: those that the expression and the flags let through. The
// others are as if they were not there.
type rows struct {
	filters    []*capture.Filter // all of them have to admit it
	ipv4, ipv6 bool              // that family alone
	pid        int               // this process's alone; 0: all
	undecided  string            // why an expression could not decide on some socket

	kept   []bool
	owners map[uint32]track.Owner
	pairs  map[[2]netip.AddrPort]struct{} // of the process's sockets
}

// newRows returns what admits the sockets that the flags and the filters let
// through; nil filters let all through.
func newRows(f *flags, filters ...*capture.Filter) rows {
	r := rows{ipv4: f.ipv4, ipv6: f.ipv6, pid: f.pid}
	for _, filter := range filters {
		if filter != nil {
			r.filters = append(r.filters, filter)
		}
	}
	return r
}

// admit drops from a dump what is not admitted, says of the rest what the capture
// can show of it, and returns which rows it kept. That is valid until the next call.
func (r *rows) admit(d *track.Dump) (kept []bool) {
	if r.pid != 0 && d.Full {
		r.pairs = make(map[[2]netip.AddrPort]struct{})
	}
	r.kept = r.kept[:0]
	left := 0
	for i := range d.Sockets {
		s := &d.Sockets[i]
		admitted := r.admits(s)
		r.kept = append(r.kept, admitted)
		if admitted {
			d.Sockets[left] = *s
			left++
		}
	}
	d.Sockets = d.Sockets[:left]
	return r.kept
}

// admits reports whether a socket is admitted, and sets its sight.
func (r *rows) admits(s *track.Socket) bool {
	four := s.Local.Addr().Is4()
	if r.ipv4 && !four || r.ipv6 && four || r.pid != 0 && r.owners[s.Inode].PID != r.pid {
		return false
	}
	s.Sight.Out, s.Sight.In, s.Sight.Undecided = true, true, false
	for _, f := range r.filters {
		out, in, decided := f.Match(s.Local, s.Remote)
		s.Sight.Out, s.Sight.In = s.Sight.Out && out, s.Sight.In && in
		s.Sight.Undecided = s.Sight.Undecided || !decided
		if !decided && r.undecided == "" {
			r.undecided = f.Undecided(s.Local, s.Remote)
		}
	}
	if !s.Sight.Out && !s.Sight.In {
		return false
	}
	if r.pid != 0 {
		r.pairs[[2]netip.AddrPort{s.Local, s.Remote}] = struct{}{}
	}
	return true
}

// own learns who holds which socket.
func (r *rows) own(o *track.OwnersRead) {
	if r.pid == 0 {
		return
	}
	if r.owners == nil {
		r.owners = make(map[uint32]track.Owner)
	}
	for inode, owner := range o.Owners {
		r.owners[inode] = owner
	}
}

// segments returns what admits segments where the kernel's filter can't; nil: all.
func (r *rows) segments() func(*track.Segment) bool {
	if r.pid == 0 {
		return nil
	}
	return func(s *track.Segment) bool {
		_, sent := r.pairs[[2]netip.AddrPort{s.Src, s.Dst}]
		_, got := r.pairs[[2]netip.AddrPort{s.Dst, s.Src}]
		return sent || got
	}
}
