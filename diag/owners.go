package diag

import (
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Owners knows which processes hold which sockets. It looks through /proc only
// for sockets that it does not know yet. It is not safe for concurrent use.
type Owners struct {
	holders   map[uint32]Holder // by inode
	processes map[int]process   // by id
	unfound   map[uint32]search // by inode
	buf       []byte
}

// process is what was seen of a process when it was last looked through.
type process struct {
	start       uint64
	descriptors int64
	program     string // "" where it held nothing of interest
}

// search is a look for a socket that came to nothing.
type search struct {
	again track.Instant
	pause time.Duration
}

const (
	// How long a socket that no process seems to hold (the kernel's own, or one
	// of a process that may not be looked into) is left alone, at first and at most.
	firstPause = 250 * time.Millisecond
	mostPause  = 30 * time.Second
	// sampleLen is how many known holders are looked at again by each Find:
	// descriptors are passed on and closed.
	sampleLen = 128
)

// NewOwners returns an Owners that knows nothing yet.
func NewOwners() *Owners {
	return &Owners{
		holders:   map[uint32]Holder{},
		processes: map[int]process{},
		unfound:   map[uint32]search{},
		buf:       make([]byte, 64<<10),
	}
}

// Holder returns who holds the socket, as of the last Find.
func (o *Owners) Holder(inode uint32) (Holder, bool) {
	h, ok := o.holders[inode]
	return h, ok
}

// Lost says that the holder of a socket turned out not to hold it any more. The
// next Find looks for another.
func (o *Owners) Lost(inode uint32) { delete(o.holders, inode) }

// Find looks for the holders of the given sockets, which are all that there
// are, and returns what changed since the last time: holders found, and an
// empty Holder for a socket that lost its own. now is the present moment.
func (o *Owners) Find(inodes []uint32, now track.Instant) map[uint32]Holder {
	news := map[uint32]Holder{}
	o.review(news)
	wanted := map[uint32]struct{}{}
	for _, inode := range inodes {
		if _, known := o.holders[inode]; known || inode == 0 {
			continue
		}
		if s, tried := o.unfound[inode]; !tried || now >= s.again {
			wanted[inode] = struct{}{}
		}
	}
	if len(wanted) > 0 {
		o.search(wanted, news, now)
	}
	o.forget(inodes)
	return news
}

// review looks at what is known: at the holding processes, which may have ended
// or have become another program, and at a sample of the descriptors.
func (o *Owners) review(news map[uint32]Holder) {
	changed := false
	for pid, p := range o.processes {
		if p.program == "" {
			continue
		}
		if startTime(pid) != p.start {
			delete(o.processes, pid)
			changed = true
		} else if name := program(pid); name != p.program && name != "" {
			p.program = name
			o.processes[pid] = p
			changed = true
		}
	}
	if changed {
		for inode, h := range o.holders {
			if p, lives := o.processes[h.PID]; !lives {
				o.drop(inode, news)
			} else if p.program != h.Program {
				h.Program = p.program
				o.holders[inode], news[inode] = h, h
			}
		}
	}
	left := sampleLen
	for inode, h := range o.holders { // in random order
		if left--; left < 0 {
			break
		}
		if !h.holds(inode) {
			o.drop(inode, news)
		}
	}
}

func (o *Owners) drop(inode uint32, news map[uint32]Holder) {
	delete(o.holders, inode)
	news[inode] = Holder{}
}

// search looks for the wanted sockets, first in processes that opened or closed
// something since they were last looked through, and no longer than needed.
func (o *Owners) search(wanted map[uint32]struct{}, news map[uint32]Holder, now track.Instant) {
	if len(o.holders) == 0 {
		o.holders = make(map[uint32]Holder, len(wanted))
	}
	counts := map[int]int64{}
	var changed, same []int
	// A /proc that can't be listed shows no process, and nothing is found.
	_ = processes(func(pid int) {
		count, err := descriptorCount(pid)
		if err != nil {
			return
		}
		counts[pid] = count
		if p, known := o.processes[pid]; known && count != 0 && count == p.descriptors {
			same = append(same, pid)
		} else {
			changed = append(changed, pid)
		}
	})
	for pid := range o.processes {
		if _, lives := counts[pid]; !lives {
			delete(o.processes, pid)
		}
	}
	for _, pid := range slices.Concat(changed, same) {
		if len(wanted) == 0 {
			break
		}
		o.lookThrough(pid, counts[pid], wanted, news)
	}
	for inode := range wanted {
		pause := min(max(2*o.unfound[inode].pause, firstPause), mostPause)
		o.unfound[inode] = search{now.Add(pause), pause}
	}
}

// lookThrough looks for the wanted sockets in one process, and takes those
// found off the list.
func (o *Owners) lookThrough(pid int, count int64, wanted map[uint32]struct{}, news map[uint32]Holder) {
	p := process{start: startTime(pid), descriptors: count, program: o.processes[pid].program}
	err := descriptors(pid, o.buf, func(fd int, inode uint32) {
		if _, ok := wanted[inode]; !ok {
			return
		}
		if p.program == "" {
			p.program = program(pid)
		}
		h := Holder{PID: pid, FD: fd, Program: p.program}
		o.holders[inode], news[inode] = h, h
		delete(wanted, inode)
		delete(o.unfound, inode)
	})
	if err == nil {
		o.processes[pid] = p
	}
}

// forget lets go of sockets that are no longer there, once they are many.
func (o *Owners) forget(inodes []uint32) {
	if len(o.holders)+len(o.unfound) < 2*len(inodes)+1024 {
		return
	}
	live := make(map[uint32]struct{}, len(inodes))
	for _, inode := range inodes {
		live[inode] = struct{}{}
	}
	for inode := range o.holders {
		if _, ok := live[inode]; !ok {
			delete(o.holders, inode)
		}
	}
	for inode := range o.unfound {
		if _, ok := live[inode]; !ok {
			delete(o.unfound, inode)
		}
	}
}

// holds reports whether the descriptor still is the socket.
func (h Holder) holds(inode uint32) bool {
	var target [64]byte
	n, err := unix.Readlink("/proc/"+strconv.Itoa(h.PID)+"/fd/"+strconv.Itoa(h.FD), target[:])
	if err != nil {
		return false
	}
	got, ok := socketInode(target[:n])
	return ok && got == inode
}
