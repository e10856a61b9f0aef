package main

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// TestStory cuts off a connection with data in flight and holds what tcpwatch
// announces against the kernel's own ETIMEDOUT.
func TestStory(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup func(*lab.Host) error
	}{
		{"retries2=3", sysctls("net.ipv4.tcp_retries2", 3)},
		{"retries2=5", sysctls("net.ipv4.tcp_retries2", 5)},
		{"retries2=6", sysctls("net.ipv4.tcp_retries2", 6)},
		{"rto_min=1s", func(h *lab.Host) error {
			return errors.Join(h.SetSysctl("net.ipv4.tcp_retries2", 5), h.SetRTOMin(time.Second))
		}},
		{"rto_max=1.45s", func(h *lab.Host) error {
			return errors.Join(h.SetSysctl("net.ipv4.tcp_retries2", 6), h.SetSysctl("net.ipv4.tcp_rto_max_ms", 1450))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := labtest.New(t, lab.Options{})
			labtest.Check(t, c.setup(l.A))
			w := startWatching(t, "--netns", l.A.Path(), "port", "12345")
			died := tellStory(t, l, w)
			checkStory(t, w, died)
		})
	}
}

func sysctls(name string, value any) func(*lab.Host) error {
	return func(h *lab.Host) error { return h.SetSysctl(name, value) }
}

// tellStory has A and B talk, cuts them off with 17 bytes in flight, and returns
// the moment at which A's read failed.
func tellStory(t *testing.T, l *lab.Lab, w *watcher) time.Time {
	t.Helper()
	server, err := l.B.Listen(netip.AddrPortFrom(l.B.Addr, 12345))
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan error, 1)
	go func() {
		conn, err := server.Accept()
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			_, err = conn.Write([]byte("hello\n"))
		}
		held <- err
	}()
	conn, err := l.A.Dial(context.Background(), netip.AddrPortFrom(l.B.Addr, 12345), lab.Congestion("cubic"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	local := conn.LocalAddr().String()
	w.until("the socket", func(e event) bool { return e.Event == "socket" && e.Local == local && e.State == "ESTABLISHED" })
	if err := l.Cut(lab.Cut{}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("is anybody there?")); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	died := time.Now()
	if !errors.Is(err, syscall.ETIMEDOUT) {
		t.Fatalf("the connection ended with %v, want ETIMEDOUT", err)
	}
	return died
}

func checkStory(t *testing.T, w *watcher, died time.Time) {
	t.Helper()
	gone := w.until("the end", func(e event) bool { return e.Event == "gone" })
	events := w.stop()
	if gone.Reason != "timed-out" || gone.ErrorMS == nil || *gone.ErrorMS < -100 || *gone.ErrorMS > 100 {
		t.Errorf("gone: %s", gone.raw)
	}
	if last := events[len(events)-1]; last.Event != "stats" || last.Packets == 0 || last.Dumps == 0 {
		t.Errorf("the last event is %s, want stats", last.raw)
	}

	var sent []event
	for _, e := range events {
		if e.Event == "retransmit" {
			sent = append(sent, e)
		}
	}
	if len(sent) < 3 {
		t.Fatalf("%d retransmissions:\n%s", len(sent), w.transcript())
	}
	for i, e := range sent {
		kind := "rto"
		if i == 0 {
			kind = "tlp"
		}
		if e.Kind != kind || e.Nth != i+1 || e.Len != 17 {
			t.Errorf("retransmission %d: %s, want kind %s, nth %d", i, e.raw, kind, i+1)
		}
		before := sent[max(i-1, 0)].Time
		if i > 0 && e.IntervalMS-e.Time.Sub(before).Seconds()*1000 > 0.01 {
			t.Errorf("retransmission %d: interval %v ms, %v after the one before", i, e.IntervalMS, e.Time.Sub(before))
		}
	}

	share := truthShare(events, gone.Local, sent[1].Time, died, 50*time.Millisecond)
	t.Logf("died %v after the first retransmission; announced within 50 ms for %.1f %% of the time since the second; error %.1f ms",
		died.Sub(sent[0].Time).Round(time.Millisecond), 100*share, *gone.ErrorMS)
	if share < 0.95 {
		t.Errorf("the announced deadline was right for %.1f %% of the time, want 95 %%:\n%s", 100*share, w.transcript())
	}
}

// truthShare returns for which share of the time from begin to died the announced
// deadline of a connection was within the tolerance of its death. Time without an
// announcement counts as wrong.
func truthShare(events []event, local string, begin, died time.Time, tolerance time.Duration) float64 {
	var right time.Duration
	at, since := time.Time{}, begin
	add := func(until time.Time) {
		if until.Before(since) {
			return
		}
		if !at.IsZero() && at.Sub(died).Abs() <= tolerance {
			right += until.Sub(since)
		}
		since = until
	}
	for _, e := range events {
		if e.Event == "deadline" && e.Local == local && e.Time.Before(died) {
			add(e.Time)
			at = e.At
			if e.Exactness == "unknown" {
				at = time.Time{}
			}
		}
	}
	add(died)
	return right.Seconds() / died.Sub(begin).Seconds()
}
