package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sort"
	"strings"
	"time"
)

// report is what came of a run.
type report struct {
	config       config
	began, ended time.Time
	traffic      *traffic
	checker      *checker
	witnesses    [2]*witness
}

// measure samples the witnesses until ctx ends.
func (r *report) measure(ctx context.Context) {
	pace := time.NewTicker(min(10*time.Second, max(r.config.For/40, time.Second/2)))
	defer pace.Stop()
	for n := 0; ; n++ {
		for _, w := range r.witnesses {
			if err := w.measure(); err != nil {
				fmt.Fprintf(os.Stderr, "soak: measure tcpwatch: %v\n", err)
			}
		}
		if n%30 == 29 {
			r.progress(os.Stderr)
		}
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
	}
}

// progress says in a line how far it has come.
func (r *report) progress(w io.Writer) {
	_, _, made := r.traffic.counts()
	r.checker.mu.Lock()
	defer r.checker.mu.Unlock()
	fmt.Fprintf(w, "%v: %d connections, breaches %v, %d told; %s; %s\n", time.Since(r.began).Round(time.Second), made,
		r.checker.breaches, r.checker.words["gone"], r.witnesses[0].costs(), r.witnesses[1].costs())
	for _, b := range r.checker.told {
		fmt.Fprintln(w, b)
	}
	r.checker.told = nil
}

// costs says what a witness costs by now.
func (w *witness) costs() string {
	if len(w.samples) == 0 {
		return ""
	}
	s := w.samples[len(w.samples)-1]
	return fmt.Sprintf("%.1f MiB, cpu %v", float64(s.memory)/1024, s.cpu.Round(time.Second))
}

// ok reports whether there were no breaches and costs stayed flat.
func (r *report) ok() bool {
	r.checker.mu.Lock()
	defer r.checker.mu.Unlock()
	return len(r.checker.breaches) == 0 && r.witnesses[0].flat() && r.witnesses[1].flat()
}

// quarters returns the median memory and the processor's share in the second and
// in the last quarter of the time; false: it was too short to tell.
func (w *witness) quarters() (memory [2]int, share [2]float64, ok bool) {
	n := len(w.samples) / 4
	if n < 4 || w.samples[len(w.samples)-1].at.Sub(w.samples[0].at) < 4*time.Minute {
		return memory, share, false
	}
	for i, q := range [2][]sample{w.samples[n : 2*n], w.samples[len(w.samples)-n:]} {
		all := make([]int, len(q))
		for j := range q {
			all[j] = q[j].memory
		}
		sort.Ints(all)
		memory[i] = all[len(all)/2]
		first, last := q[0], q[len(q)-1]
		share[i] = (last.cpu - first.cpu).Seconds() / last.at.Sub(first.at).Seconds()
	}
	return memory, share, true
}

// flat reports whether memory and processor time did not grow with the session: by
// no more than a quarter, and what is lost in the noise of either.
func (w *witness) flat() bool {
	memory, share, ok := w.quarters()
	return !ok || memory[1] <= memory[0]*5/4+4096 && share[1] <= share[0]*1.25+0.01
}

func (r *report) print(w io.Writer) {
	told, failed, made := r.traffic.counts()
	k := r.checker
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range k.told {
		fmt.Fprintln(w, b)
	}
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	line("soak of %v, seed %d", r.ended.Sub(r.began).Round(time.Second), r.config.Seed)
	c := r.traffic.wire.count
	line("connections: %d; frames: %d, of which lost at random %d (%.2f %%), cut off %d",
		made, c.frames, c.lost, 100*float64(c.lost)/float64(max(c.frames, 1)), c.cut)
	table(w, "scripts", told)
	table(w, "scripts that failed", failed)
	line("words: %v, on no connection of ours %d", k.words, k.strange)
	line("ends, by what happened and what was told of them:")
	for _, fate := range slices.Sorted(maps.Keys(k.ends)) {
		table(w, "  "+fate, k.ends[fate])
	}
	table(w, "told without a reason", k.unknown)
	table(w, "untold, though they lived for long", k.silent)
	line("deaths by the kernel's patience: %d; foretold: %s ms", k.deaths, spread(k.foretold))
	line("deadlines: %d, of which firm %d; recoveries under a firm one: %d, taken back after %s ms",
		k.deadlines, k.firm, k.clean, spread(k.retracted))
	table(w, "verdicts on ends never cut off", k.verdicts)
	for i, x := range r.witnesses {
		s := x.last
		line("tcpwatch on %c: %d packets, %d dumps (%d failed), lost by the kernel %d, here %d; %s", 'A'+rune(i),
			s.Packets, s.Dumps, s.DumpsFailed, s.DroppedKernel, s.DroppedHere, x.costs())
		if memory, share, ok := x.quarters(); ok {
			line("  second and last quarter: %.1f and %.1f MiB, %.2f %% and %.2f %% of a processor", float64(memory[0])/1024,
				float64(memory[1])/1024, 100*share[0], 100*share[1])
			if !x.flat() {
				line("  BREACH: it grows")
			}
		}
	}
	table(w, "BREACHES", k.breaches)
}

// table prints counts, the greatest first.
func table(w io.Writer, title string, counts map[string]int) {
	if len(counts) == 0 {
		fmt.Fprintf(w, "%s: none\n", title)
		return
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("%s %d", n, counts[n])
	}
	fmt.Fprintf(w, "%s: %s\n", title, strings.Join(parts, "; "))
}

// spread describes numbers by their quantiles.
func spread(v []float64) string {
	if len(v) == 0 {
		return "none"
	}
	s := slices.Sorted(slices.Values(v))
	at := func(q float64) float64 { return s[int(q*float64(len(s)-1))] }
	return fmt.Sprintf("%d, median %.1f, 1st %.1f and 99th percentile %.1f, extremes %.1f and %.1f", len(s), at(0.5), at(0.01), at(0.99), s[0], s[len(s)-1])
}
