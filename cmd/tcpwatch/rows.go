package main

import (
	"net/netip"
	"slices"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// rows admits sockets: those that the expression and the flags let through. The
// others are as if they were not there.
type rows struct {
	filter     *capture.Filter // nil: all
	ipv4, ipv6 bool            // that family alone
	pid        int             // this process's alone; 0: all
	undecided  string          // why the expression could not decide on some socket

	owners map[uint32]track.Owner
	pairs  map[[2]netip.AddrPort]struct{} // of the process's sockets
}

// admit drops from a dump what is not admitted, and says of the rest what the
// capture can show of it.
func (r *rows) admit(d *track.Dump) {
	if r.pid != 0 && d.Full {
		r.pairs = make(map[[2]netip.AddrPort]struct{})
	}
	d.Sockets = slices.DeleteFunc(d.Sockets, func(s track.Socket) bool {
		four := s.Local.Addr().Is4()
		return r.ipv4 && !four || r.ipv6 && four || r.pid != 0 && r.owners[s.Inode].PID != r.pid
	})
	kept := d.Sockets[:0]
	for i := range d.Sockets {
		s := &d.Sockets[i]
		s.Sight = track.Sight{Out: true, In: true}
		if r.filter != nil {
			out, in, decided := r.filter.Match(s.Local, s.Remote)
			s.Sight = track.Sight{Out: out, In: in, Undecided: !decided}
			if !decided && r.undecided == "" {
				r.undecided = r.filter.Undecided(s.Local, s.Remote)
			}
		}
		if !s.Sight.Out && !s.Sight.In {
			continue
		}
		if r.pid != 0 {
			r.pairs[[2]netip.AddrPort{s.Local, s.Remote}] = struct{}{}
		}
		kept = append(kept, *s)
	}
	d.Sockets = kept
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
