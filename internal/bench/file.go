package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// benchFile reads a million packets of 2,000 connections.
func benchFile() error {
	dir, err := os.MkdirTemp("", "tcpwatch-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, tenth := filepath.Join(dir, "million.pcap"), filepath.Join(dir, "tenth.pcap")
	if err := writeCapture(path, 1_000_000, 2000); err != nil {
		return err
	}
	if err := writeCapture(tenth, 100_000, 2000); err != nil {
		return err
	}
	var ours, theirs []time.Duration
	var peak, peakTenth []int64
	for range rounds {
		c, err := measure(exec.Command("tcpdump", "-n", "-r", path))
		if err != nil {
			return fmt.Errorf("tcpdump: %w", err)
		}
		theirs = append(theirs, c.wall)
		for range 3 { // a third of a second each: what else the machine does weighs more
			if c, err = measure(exec.Command("./tcpwatch", "--json", "-r", path)); err != nil {
				return fmt.Errorf("tcpwatch: %w", err)
			}
			ours, peak = append(ours, c.wall), append(peak, c.peak)
		}
		if c, err = measure(exec.Command("./tcpwatch", "--json", "-r", tenth)); err != nil {
			return fmt.Errorf("tcpwatch: %w", err)
		}
		peakTenth = append(peakTenth, c.peak)
	}
	compare("--json -r, 1 M packets, wall", median(ours), median(theirs), "tcpdump -n -r", 0.06)
	fmt.Printf("%-34s %8d KiB  of a tenth of the file: %d KiB\n", "peak memory", median(peak), median(peakTenth))
	return nil
}
