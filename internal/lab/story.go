package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// Story is the demo's script: A and B talk, B is cut off, and A waits with
// unacknowledged data until the kernel gives up.
type Story struct {
	Retries2 int // tcp_retries2 of host A
	Port     uint16
	Talk     []string      // lines, in turns, A first
	Pause    time.Duration // before each line, before the cut and after it
	Last     string        // what A sends after the cut
}

// Demo returns the story as the demo tells it: the kernel gives up some 13.4 s
// after the last line, some 20 s after the beginning.
func Demo() Story {
	return Story{
		Retries2: 5,
		Port:     12345,
		Talk: []string{
			"hello\n", "hello A\n",
			"how is the wire?\n", "a little tight\n",
			"mind the scissors\n", "what sci",
		},
		Pause: 800 * time.Millisecond,
		Last:  "are you all right",
	}
}

// Scene is something that happened in a story.
type Scene struct {
	At   track.Instant
	Text string // one sentence, without a full stop
}

// Stage makes the lab for the story. Whoever watches may begin before it is told.
func (s Story) Stage() (*Lab, error) {
	l, err := New(Options{})
	if err != nil {
		return nil, err
	}
	if err := l.A.SetSysctl("net.ipv4.tcp_retries2", s.Retries2); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Tell plays the story on its stage, calling scene as it goes, and returns how
// it ended. It leaves early, with ctx's error, when ctx ends. Its connection
// leaves no orphan, even if the process is killed.
func (s Story) Tell(ctx context.Context, l *Lab, scene func(Scene)) (Death, error) {
	tell := func(format string, args ...any) { scene(Scene{At: Now(), Text: fmt.Sprintf(format, args...)}) }

	at := netip.AddrPortFrom(l.B.Addr, s.Port)
	listener, err := l.B.Listen(at, ResetOnClose())
	if err != nil {
		return Death{}, err
	}
	defer listener.Close()
	a, err := l.A.Dial(ctx, at, ResetOnClose())
	if err != nil {
		return Death{}, err
	}
	defer a.Close()
	b, err := accept(ctx, listener)
	if err != nil {
		return Death{}, err
	}
	defer b.Close()
	tell("A connects to B port %d", s.Port)

	ends := [2]*net.TCPConn{a, b}
	for i, line := range s.Talk {
		if err := pause(ctx, s.Pause); err != nil {
			return Death{}, err
		}
		from, to := ends[i%2], ends[1-i%2]
		if err := carry(ctx, from, to, line); err != nil {
			return Death{}, fmt.Errorf("talk: %w", err)
		}
		tell("%c says %q", 'A'+rune(i%2), line)
	}

	if err := pause(ctx, s.Pause); err != nil {
		return Death{}, err
	}
	if err := l.Cut(Cut{}); err != nil {
		return Death{}, err
	}
	tell("the wire is cut")
	if err := pause(ctx, s.Pause); err != nil {
		return Death{}, err
	}
	if _, err := a.Write([]byte(s.Last)); err != nil {
		return Death{}, fmt.Errorf("last words: %w", err)
	}
	tell("A says %q, and nobody hears: %d bytes", s.Last, len(s.Last))

	death, err := AwaitDeath(ctx, a)
	if err == nil {
		scene(Scene{At: death.At, Text: fmt.Sprintf("Linux gives up: %v", death.Errno)})
	}
	return death, err
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
