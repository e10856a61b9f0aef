package lab

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
)

// Counters are the kernel's counters of one namespace, by its own names:
// "RetransSegs" of Tcp in /proc/net/snmp, "TCPLossProbes" and "TCPTimeouts" of
// TcpExt in /proc/net/netstat.
type Counters map[string]uint64

// Counters reads the TCP counters of the host's namespace.
func (h *Host) Counters() (Counters, error) {
	all := make(Counters)
	err := h.Do(func() error {
		for _, file := range []string{"snmp", "netstat"} {
			text, err := os.ReadFile("/proc/thread-self/net/" + file)
			if err != nil {
				return err
			}
			maps.Copy(all, parseCounters(string(text)))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read counters of host %s: %w", h.Name, err)
	}
	return all, nil
}

// Since returns how far each counter has come from before, without those that
// stand where they stood.
func (c Counters) Since(before Counters) Counters {
	since := make(Counters)
	for name, n := range c {
		if n != before[name] {
			since[name] = n - before[name]
		}
	}
	return since
}

// parseCounters reads TCP's pairs of lines: names, then values in the same order.
// A value that is no count (MaxConn's -1) is left out.
func parseCounters(text string) Counters {
	counters := make(Counters)
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || names[0] != "Tcp:" && names[0] != "TcpExt:" || len(values) != len(names) {
			continue
		}
		for j := 1; j < len(names); j++ {
			if n, err := strconv.ParseUint(values[j], 10, 64); err == nil {
				counters[names[j]] = n
			}
		}
	}
	return counters
}
