// Command bench measures tcpwatch side by side with tcpdump and ss, in one run
// on one machine, and prints ratios of medians. Figures of different runs are
// not to be compared. It needs root.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

func main() {
	for _, b := range []struct {
		name string
		run  func() error
	}{
		{"live", benchLive},
		{"file", benchFile},
		{"table", benchTable},
		{"hold", hold},
	} {
		if len(os.Args) == 1 && b.name == "hold" || len(os.Args) > 1 && !slices.Contains(os.Args[1:], b.name) {
			continue
		}
		if err := b.run(); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", b.name, err)
			os.Exit(1)
		}
	}
}

const rounds = 5

// cost is what one run of a program took.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // KiB
}

// measure runs a program to its end.
func measure(cmd *exec.Cmd) (cost, error) {
	began := time.Now()
	err := cmd.Run()
	return costOf(cmd, began), err
}

func costOf(cmd *exec.Cmd, began time.Time) cost {
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{
		wall: time.Since(began),
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak: usage.Maxrss,
	}
}

func median[T int64 | float64 | time.Duration](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}

// compare prints two medians and their ratio beside the goal.
func compare(what string, ours, theirs time.Duration, other string, goal float64) {
	ratio := ours.Seconds() / theirs.Seconds()
	verdict := "ok"
	if ratio > goal {
		verdict = "MISSED"
	}
	fmt.Printf("%-34s %12v  %-18s %12v  ratio %.3f  goal %.2f  %s\n", what, ours, other, theirs, ratio, goal, verdict)
}
