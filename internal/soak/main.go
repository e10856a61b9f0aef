package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

// config says what is to be run.
type config struct {
	For    time.Duration // connections are made for this long
	Settle time.Duration // after its script a connection is judged
	Idle   time.Duration // the longest pause of an idle connection
	Rate   float64       // connections a second
	Lose   float64       // share of the frames that is lost
	Detain float64       // and held up
	Seed   uint64
	Binary string // tcpwatch
}

func main() {
	var c config
	flag.DurationVar(&c.For, "for", time.Hour, "make connections for so long")
	flag.DurationVar(&c.Settle, "settle", 85*time.Second, "judge a connection so long after its end; TIME_WAIT takes 61 s")
	flag.DurationVar(&c.Idle, "idle", 40*time.Second, "longest pause of an idle connection")
	flag.Float64Var(&c.Rate, "rate", 30, "connections a second")
	flag.Float64Var(&c.Lose, "lose", 0.01, "share of the frames that is lost")
	flag.Float64Var(&c.Detain, "detain", 0.05, "share of the frames that is held up for some milliseconds")
	flag.Uint64Var(&c.Seed, "seed", uint64(time.Now().UnixNano()), "of the traffic")
	flag.StringVar(&c.Binary, "tcpwatch", "", "the tcpwatch to be held against the log; none: built from here")
	flag.Parse()
	ok, err := soak(c)
	if err != nil {
		fmt.Fprintf(os.Stderr, "soak: %v\n", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// soak runs it all and prints the report. It reports whether tcpwatch kept to the
// truth.
func soak(c config) (bool, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if c.Binary == "" {
		dir, err := os.MkdirTemp("", "soak")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(dir)
		c.Binary = filepath.Join(dir, "tcpwatch")
		build := exec.Command("go", "build", "-o", c.Binary, "github.com/tcpwatch/tcpwatch/cmd/tcpwatch")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return false, fmt.Errorf("build tcpwatch: %w", err)
		}
	}
	r, err := run(ctx, c)
	if err != nil {
		return false, err
	}
	r.print(os.Stdout)
	return r.ok(), nil
}

// run makes the lab, watches it and makes the traffic.
func run(ctx context.Context, c config) (*report, error) {
	w := newWire(c.Lose, c.Detain, c.Seed)
	l, err := lab.New(lab.Options{Wire: w.carry})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if err := temper(l); err != nil {
		return nil, err
	}
	check := newChecker(w)
	t, err := newTraffic(l, w, c.Seed)
	if err != nil {
		return nil, err
	}
	defer t.close()
	var judging sync.WaitGroup
	t.idle = c.Idle
	t.begun = check.begin
	t.over = func(o *connection) {
		judging.Add(1)
		time.AfterFunc(c.Settle, func() {
			defer judging.Done()
			check.end(o)
		})
	}

	r := &report{config: c, began: time.Now(), traffic: t, checker: check}
	for host, h := range t.hosts {
		witness, err := watch(c.Binary, host, h.Path(), check.hear)
		if err != nil {
			return nil, err
		}
		defer witness.cmd.Process.Kill()
		if err := witness.await(ctx); err != nil {
			return nil, err
		}
		r.witnesses[host] = witness
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, w := range r.witnesses {
		go func() {
			<-w.done
			cancel(fmt.Errorf("tcpwatch on %c ended: %w", 'A'+rune(w.host), w.err))
		}()
	}
	measured, enough := context.WithCancel(ctx)
	var measuring sync.WaitGroup
	measuring.Go(func() { r.measure(measured) })
	defer enough()

	limited, expire := context.WithTimeout(ctx, c.For)
	t.run(limited, c.Rate)
	expire()
	judged := make(chan struct{})
	go func() {
		judging.Wait()
		close(judged)
	}()
	select {
	case <-judged:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	enough()
	measuring.Wait()
	r.ended = time.Now()
	var errs []error
	for _, w := range r.witnesses {
		errs = append(errs, w.stop())
	}
	return r, errors.Join(errs...)
}

// temper sets the hosts' patience: A's is the kernel's default, and so short for
// SYNs and orphans that they end in time; B's is short for data, too.
func temper(l *lab.Lab) error {
	for _, s := range []struct {
		host  *lab.Host
		name  string
		value int
	}{
		{l.A, "tcp_syn_retries", 2},
		{l.A, "tcp_orphan_retries", 3},
		{l.B, "tcp_syn_retries", 2},
		{l.B, "tcp_orphan_retries", 3},
		{l.B, "tcp_retries2", 5},
	} {
		if err := s.host.SetSysctl("net.ipv4."+s.name, s.value); err != nil {
			return err
		}
	}
	return nil
}
