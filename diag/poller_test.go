package diag

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// poll runs a poller of ns, whose news next waits for until one is wanted.
func poll(t *testing.T, ns *Namespace) (p *Poller, next func(what string, wanted func(News) bool)) {
	t.Helper()
	p = NewPoller(ns, 0)
	ctx, cancel := context.WithCancel(t.Context())
	news, ended := make(chan News), make(chan error, 1)
	go func() { ended <- p.Run(ctx, news) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stopped: %v", err)
		}
	})
	return p, func(what string, wanted func(News) bool) {
		t.Helper()
		deadline := time.After(10 * time.Second)
		for {
			select {
			case n := <-news:
				if wanted(n) {
					return
				}
				p.Recycle(n)
			case err := <-ended:
				ended <- nil
				t.Fatalf("%s: the poller ended: %v", what, err)
			case <-deadline:
				t.Fatalf("never came: %s", what)
			}
		}
	}
}

// rowOf returns the row of cookie in a dump.
func rowOf(n News, cookie uint64) *track.Socket {
	if d, ok := n.Record.(*track.Dump); ok {
		for i := range d.Sockets {
			if d.Sockets[i].Cookie == cookie {
				return &d.Sockets[i]
			}
		}
	}
	return nil
}

// A connection is followed through its retransmissions to its death.
func TestPollerFollowsTrouble(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	row := *socketOf(t, open(t, ns), p.client)
	raw, err := p.client.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 700)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, next := poll(t, ns)
	limits := false
	next("a full dump with the connection", func(n News) bool {
		if _, ok := n.Record.(*track.Limits); ok {
			limits = true
		}
		d, ok := n.Record.(*track.Dump)
		return ok && d.Full && rowOf(n, row.Cookie) != nil && limits
	})

	drop(t, ns, row.Remote.Port())
	if _, err := p.client.Write([]byte("seventeen bytes..")); err != nil {
		t.Fatal(err)
	}
	died := make(chan track.Instant, 1)
	go func() {
		if _, err := p.client.Read(make([]byte, 1)); errors.Is(err, unix.ETIMEDOUT) {
			died <- Now()
		}
		close(died)
	}()
	owner, options := track.Owner{}, track.Options{}
	seen := map[uint8]bool{}
	asked, last, widest := 0, track.Instant(0), time.Duration(0)
	var gone track.Instant
	next("its end", func(n News) bool {
		switch r := n.Record.(type) {
		case *track.OwnersRead:
			if o, ok := r.Owners[row.Inode]; ok {
				owner = o
			}
		case *track.OptionsRead:
			for _, o := range r.Options {
				if o.Cookie == row.Cookie {
					options = o
				}
			}
		case *track.Dump:
			if s := rowOf(n, row.Cookie); s != nil && !r.Full {
				if asked++; last != 0 {
					widest = max(widest, s.At.Sub(last))
				}
				last = s.At
				seen[s.Retransmits] = true
			}
			if slices.Contains(r.Absent, row.Cookie) || r.Full && rowOf(n, row.Cookie) == nil {
				gone = r.Ended
				return true
			}
		}
		return false
	})
	at, ok := <-died
	if !ok {
		t.Fatal("it did not time out")
	}
	t.Logf("asked %d times alone, at most %v apart; its end was seen %v after", asked, widest, gone.Sub(at))
	if !seen[0] || !seen[1] {
		t.Errorf("retransmissions seen: %v", seen)
	}
	if owner != (track.Owner{PID: os.Getpid(), Program: program(os.Getpid())}) {
		t.Errorf("owner %+v", owner)
	}
	if options.UserTimeout != 700*time.Millisecond || options.Err != "" {
		t.Errorf("options %+v", options)
	}
	p.client.Close()
	next("the kernel's farewell", func(n News) bool {
		d, ok := n.Record.(*track.Destroyed)
		return ok && d.Socket.Cookie == row.Cookie && n.Reply != nil
	})
}

// A socket that the user looks at is asked for alone, with its options, and
// limits that change are told.
func TestPollerWatch(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	id := p.id(t, open(t, ns))
	poller, next := poll(t, ns)
	next("the limits", func(n News) bool { _, ok := n.Record.(*track.Limits); return ok })
	phase, _ := ReadPhase()
	if phase.Known {
		next("the wheel's phase", func(n News) bool {
			l, ok := n.Record.(*track.Limits)
			return ok && l.Phase == phase
		})
	}
	setSysctl(t, ns, "tcp_retries2", "7")
	poller.Watch(nil)
	poller.Watch([]ID{id})
	alone, options, changed := 0, false, false
	next("what is watched", func(n News) bool {
		switch r := n.Record.(type) {
		case *track.Dump:
			if !r.Full && rowOf(n, id.Cookie) != nil {
				alone++
			}
		case *track.OptionsRead:
			options = options || r.Options[0].Cookie == id.Cookie
		case *track.Limits:
			changed = r.Retries2 == 7
		}
		return alone > 2 && options && changed
	})
	poller.Watch(nil)
	fulls := 0
	next("dumps alone", func(n News) bool {
		if d, ok := n.Record.(*track.Dump); ok {
			if fulls++; !d.Full {
				fulls = 0
			}
		}
		return fulls > 2
	})
}

// A poller that can't ask at all says so.
func TestPollerFails(t *testing.T) {
	ns := newNamespace(t)
	if err := ns.Close(); err != nil {
		t.Fatal(err)
	}
	if err := NewPoller(ns, 0).Run(t.Context(), make(chan News)); err == nil {
		t.Error("no error")
	}
}

// loopOver is a loop whose table follows the scripts.
func loopOver(sent *[]track.Record, scripts ...[]any) *loop {
	table, _ := fakeTable(scripts...)
	return &loop{poller: NewPoller(nil, 0), table: table, jobs: make(chan job, 1),
		send: func(n News) error { *sent = append(*sent, n.Record); return nil }}
}

// Failed attempts are counted, and a failed dump is not sent.
func TestPollerCountsFailures(t *testing.T) {
	broken := []any{error(unix.ENOBUFS)}
	good := []any{func(seq uint32) []byte { return append(fullRow(seq), done(0, seq, 0)...) }}
	var sent []track.Record
	l := loopOver(&sent, broken, good, broken, broken, broken, good)
	if err := l.dump(); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 || sent[0].(*track.Loss).Dumps != 1 || len(sent[1].(*track.Dump).Sockets) != 1 {
		t.Errorf("sent %+v", sent)
	}
	sent = nil
	l.table.Close()
	if err := l.dump(); err != nil || len(sent) != 1 || sent[0].(*track.Loss).Dumps != 3 {
		t.Errorf("sent %+v: %v", sent, err)
	}
	l = loopOver(&sent, broken, broken, broken)
	if err := l.dump(); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("the first dump failed with %v", err)
	}
}
