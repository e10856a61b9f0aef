package main

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// TestSoak is the soak for the time that a test may take.
func TestSoak(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "tcpwatch")
	build := exec.Command("go", "build", "-o", binary, "github.com/tcpwatch/tcpwatch/cmd/tcpwatch")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	r, err := run(t.Context(), config{For: 12 * time.Second, Settle: 5 * time.Second, Idle: 7 * time.Second, Rate: 20,
		Lose: 0.01, Detain: 0.05, Seed: uint64(time.Now().UnixNano()), Binary: binary})
	labtest.Check(t, err)
	var b strings.Builder
	r.print(&b)
	t.Log(b.String())
	if !r.ok() {
		t.Error("tcpwatch did not keep to the truth")
	}
	if told := r.checker.ends["timed-out"]["timed-out"]; told == 0 {
		t.Error("no death was told")
	}
	if told, failed, _ := r.traffic.counts(); len(failed) > 0 || told["requests"] == 0 {
		t.Errorf("scripts: %v, failed %v", told, failed)
	}
}

// TestBreaches tells the checker what is false, and what is true.
func TestBreaches(t *testing.T) {
	began := time.Now().Add(-10 * time.Minute)
	after := func(d time.Duration) time.Time { return began.Add(d) }
	at := func(w word, d time.Duration) word { w.Time = after(d); return w }
	gone := func(reason string, d time.Duration) word {
		return at(word{Event: "gone", State: "ESTABLISHED", Reason: reason}, d)
	}
	firm := at(word{Event: "deadline", At: after(20 * time.Second), Cause: "tcp_retries2", Exactness: "exact"}, 3*time.Second)
	none := word{Event: "deadline", Cause: "none", Exactness: "conditional"}
	closes := func(c *connection, e *end) {
		e.manner, e.closed = parted, after(5*time.Second)
		c.paths[client] = path{finSent: e.closed, finCame: e.closed, finHeard: e.closed, finAcked: e.closed}
		c.paths[server] = c.paths[client]
	}
	dies := func(_ *connection, e *end) { e.errno, e.failed = syscall.ETIMEDOUT, after(5*time.Second) }
	for _, c := range []struct {
		name string
		life func(*connection, *end)
		said []word
		want []string
	}{
		{"closed", closes, []word{gone("closed", 5*time.Second)}, nil},
		{"called dead", closes, []word{gone("timed-out", 5*time.Second)}, []string{"false reason"}},
		{"called gone too early", closes, []word{gone("closed", 4*time.Second)}, []string{"false death", "false reason"}},
		{"not told", closes, nil, []string{"end untold"}},
		{"died", dies, []word{gone("timed-out", 5*time.Second)}, nil},
		{"died, and why is not known", dies, []word{gone("unknown", 5*time.Second)}, []string{"death missed"}},
		{"died, called reset", dies, []word{gone("reset", 5*time.Second)}, []string{"death missed", "false reason"}},
		{"reset by the peer", func(c *connection, e *end) {
			closes(c, e)
			c.paths = [2]path{server: {resetCame: e.closed}}
		}, []word{gone("reset", 5*time.Second)}, nil},
		{"taken back", func(c *connection, e *end) {
			closes(c, e)
			e.clean = []time.Time{after(3100 * time.Millisecond)}
		}, []word{firm, at(none, 3900*time.Millisecond), gone("closed", 5*time.Second)}, nil},
		{"taken back late", func(c *connection, e *end) {
			closes(c, e)
			e.clean = []time.Time{after(3100 * time.Millisecond)}
		}, []word{firm, at(none, 4200*time.Millisecond), gone("closed", 5*time.Second)}, []string{"deadline left standing"}},
		{"the next loss has the same deadline", func(c *connection, e *end) {
			closes(c, e)
			e.clean, c.losses = []time.Time{after(3100 * time.Millisecond)}, []time.Time{after(3200 * time.Millisecond)}
		}, []word{firm, gone("closed", 5*time.Second)}, nil},
		{"outlived", func(c *connection, e *end) {
			closes(c, e)
			e.closed = after(30 * time.Second)
		}, []word{firm, gone("closed", 30*time.Second)}, []string{"deadline outlived"}},
		{"the end of another before it", closes, []word{at(word{Event: "gone", State: "TIME_WAIT", Reason: "timed-out"}, -100*time.Millisecond),
			gone("closed", 5*time.Second)}, nil},
		{"never made, for another had its addresses", func(_ *connection, e *end) { e.errno, e.failed = syscall.EADDRNOTAVAIL, began },
			[]word{gone("closed", time.Second)}, nil},
		{"called silent", closes, []word{at(word{Event: "verdict", Verdict: "peer-silent"}, 4*time.Second),
			gone("closed", 5*time.Second)}, []string{"verdict peer-silent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:443")
			conn := &connection{script: c.name, hosts: [2]int{0, 1}}
			conn.ends[client] = &end{local: a, remote: b, opened: began}
			conn.ends[server] = &end{local: b, remote: a}
			c.life(conn, conn.ends[client])
			w := newWire(0, 0, 1)
			k := newChecker(w)
			k.begin(conn)
			w.add(conn)
			for _, said := range c.said {
				said.Local, said.Remote = a, b
				k.hear(0, said)
			}
			k.end(conn)
			var found []string
			for kind := range k.breaches {
				found = append(found, kind)
			}
			slices.Sort(found)
			if !slices.Equal(found, c.want) {
				t.Errorf("found %v, want %v", found, c.want)
			}
		})
	}
}

// TestWitnessThatDies has the soak end with its witness.
func TestWitnessThatDies(t *testing.T) {
	w, err := watch("false", 0, "nowhere", func(int, word) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.await(t.Context()); err == nil {
		t.Error("a program that ends at once is taken for a witness")
	}
}
