package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/diag"
	"github.com/tcpwatch/tcpwatch/track"
	"github.com/tcpwatch/tcpwatch/ui"
)

// once prints the socket table with its deadlines, by one look at the kernel.
// It needs no rights; with them it names other users' programs, too.
func once(f *flags, ns *diag.Namespace, filter *capture.Filter) error {
	// What a single look needs stays until the end: collecting garbage finds none.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	s := &session{tracker: track.New(track.Config{Views: true}), view: noView{}}
	r := newRows(f, filter)
	if err := look(s, &r, ns); err != nil {
		return err
	}
	complain(nil, &track.Source{Undecided: r.undecided})
	out := bufio.NewWriterSize(os.Stdout, page)
	wall := ui.Wall{Clock: s.clock, Location: location(f)}
	if err := ui.WriteTable(out, s.tracker.Snapshot(), ui.TableOptions{Wall: wall}); err != nil {
		return err
	}
	return out.Flush()
}

// look asks the kernel for everything once, and applies it.
func look(s *session, r *rows, ns *diag.Namespace) error {
	limits, err := diag.OpenLimits(ns)
	if err != nil {
		return err
	}
	defer limits.Close()
	table, err := diag.OpenTable(ns)
	if err != nil {
		return err
	}
	defer table.Close()
	known := limits.Read()
	if phase, err := diag.ReadPhase(); err == nil {
		known.Phase = phase
	}
	clock := track.ClockPair{At: diag.Now(), Wall: time.Now().UnixNano()}
	for _, known := range []track.Record{&clock, known, &track.Source{At: clock.At, Table: true}} {
		if err := s.put(known); err != nil {
			return err
		}
	}
	var reply diag.Reply
	var dump track.Dump
	if err := table.Dump(&reply); err != nil {
		return err
	}
	if err := reply.Parse(&dump); err != nil {
		return err
	}
	inodes := make([]uint32, len(dump.Sockets))
	for i := range dump.Sockets {
		inodes[i] = dump.Sockets[i].Inode
	}
	owners := &track.OwnersRead{At: clock.At, Owners: make(map[uint32]track.Owner)}
	holders := diag.NewOwners().Find(inodes, clock.At)
	for inode, h := range holders {
		owners.Owners[inode] = track.Owner{PID: h.PID, Program: h.Program}
	}
	r.own(owners)
	s.tracker.Apply(owners)
	r.admit(&dump)
	s.tracker.Apply(&dump)
	options := &track.OptionsRead{At: diag.Now()}
	s.tracker.Urgent(func(socket *track.Socket) {
		if h, ok := holders[socket.Inode]; ok {
			o, _ := diag.ReadOptions(h, socket.Cookie) // an error is told in o
			options.Options = append(options.Options, o)
		}
	})
	s.tracker.Apply(options)
	return s.tick(diag.Now())
}

// listInterfaces prints what -i can name.
func listInterfaces(ns *diag.Namespace) error {
	var list []capture.Interface
	err := ns.Do(func() (err error) {
		list, err = capture.Interfaces()
		return err
	})
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for i, f := range list {
		state := "down"
		if f.Up {
			state = "up"
		}
		if f.Loopback {
			state += ", loopback"
		}
		fmt.Fprintf(out, "%d.%s\t%s\t", i+1, f.Name, state)
		for _, a := range f.Addrs {
			fmt.Fprintf(out, "%v ", a)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}
