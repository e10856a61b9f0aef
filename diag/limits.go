package diag

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// LimitsFile reads the sysctls of one namespace again and again.
type LimitsFile struct {
	files   []*os.File // by the index in sysctls; nil: missing
	missing []string
	hz      int
	kernel  track.Release
}

// sysctl is one file below /proc/sys/net/ipv4 and how it becomes a field. store
// takes the file's value; where there is none, it takes the kernel's default.
type sysctl struct {
	name      string
	byDefault int64
	store     func(l *track.Limits, v int64)
}

// sysctls are those that decide how long the kernel tries, with their defaults
// (net/ipv4/tcp_ipv4.c, tcp_sk_init; include/net/tcp.h). Those that only some
// kernels have come with the value that stands for their absence.
var sysctls = [...]sysctl{
	{"tcp_retries1", 3, func(l *track.Limits, v int64) { l.Retries1 = retries(v) }},
	{"tcp_retries2", 15, func(l *track.Limits, v int64) { l.Retries2 = retries(v) }},
	{"tcp_orphan_retries", 0, func(l *track.Limits, v int64) { l.OrphanRetries = retries(v) }},
	{"tcp_syn_retries", 6, func(l *track.Limits, v int64) { l.SynRetries = retries(v) }},
	{"tcp_syn_linear_timeouts", 0, func(l *track.Limits, v int64) { l.SynLinearTimeouts = retries(v) }},
	{"tcp_synack_retries", 5, func(l *track.Limits, v int64) { l.SynackRetries = retries(v) }},
	{"tcp_keepalive_probes", 9, func(l *track.Limits, v int64) { l.KeepaliveProbes = retries(v) }},
	{"tcp_keepalive_time", 7200, func(l *track.Limits, v int64) { l.KeepaliveTime = units(v, time.Second) }},
	{"tcp_keepalive_intvl", 75, func(l *track.Limits, v int64) { l.KeepaliveIntvl = units(v, time.Second) }},
	{"tcp_fin_timeout", 60, func(l *track.Limits, v int64) { l.FinTimeout = units(v, time.Second) }},
	{"tcp_rto_max_ms", 120_000, func(l *track.Limits, v int64) { l.RTOMax = units(v, time.Millisecond) }},
	{"tcp_rto_min_us", 200_000, func(l *track.Limits, v int64) { l.RTOMin = units(v, time.Microsecond) }},
	{"tcp_early_retrans", 3, func(l *track.Limits, v int64) { l.NoLossProbes = v < 3 }},
	{"tcp_thin_linear_timeouts", 0, func(l *track.Limits, v int64) { l.ThinLinearTimeouts = v != 0 }},
}

// newer tells since which kernel a sysctl exists. Its absence from an older one
// is no lack.
var newer = map[string]track.Release{
	"tcp_syn_linear_timeouts": {Major: 6, Minor: 5},
	"tcp_rto_min_us":          {Major: 6, Minor: 11},
	"tcp_rto_max_ms":          {Major: 6, Minor: 15},
}

// retries is a count as the kernel keeps it: in a byte (since 5.12), never
// negative.
func retries(v int64) int { return int(min(max(v, 0), math.MaxUint8)) }

// units is a length of time; the kernel's timers take a negative one for zero
// and keep it in an int of milliseconds or less.
func units(v int64, unit time.Duration) time.Duration {
	return time.Duration(min(max(v, 0), math.MaxInt32)) * unit
}

// OpenLimits opens the sysctls of ns. Those that can't be opened are named by
// every Limits that is read.
func OpenLimits(ns *Namespace) (*LimitsFile, error) {
	f := &LimitsFile{files: make([]*os.File, len(sysctls)), hz: hz(), kernel: release()}
	err := ns.Do(func() error {
		for i, s := range sysctls {
			// /proc/sys/net shows the opening thread's namespace, and an open
			// file stays with it.
			file, err := os.Open("/proc/sys/net/ipv4/" + s.name)
			if err == nil {
				f.files[i] = file
			} else if since, ok := newer[s.name]; !ok || f.kernel != (track.Release{}) && f.kernel.AtLeast(since.Major, since.Minor) {
				f.missing = append(f.missing, s.name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open limits: %w", err)
	}
	return f, nil
}

// Read returns the limits of this moment. The wheel's phase is not among them;
// see [ReadPhase].
func (f *LimitsFile) Read() *track.Limits {
	l := &track.Limits{At: Now(), HZ: f.hz, Kernel: f.kernel, Missing: append([]string(nil), f.missing...)}
	var buf [32]byte
	for i, s := range sysctls {
		v, ok := s.byDefault, false
		if file := f.files[i]; file != nil {
			if v, ok = readNumber(file, buf[:]); !ok {
				v = s.byDefault
				l.Missing = append(l.Missing, s.name)
			}
		}
		s.store(l, v)
		switch s.name {
		case "tcp_rto_max_ms":
			l.HasRTOMax = ok
		case "tcp_rto_min_us":
			l.HasRTOMin = ok
		}
	}
	return l
}

// Close closes the sysctls.
func (f *LimitsFile) Close() error {
	for _, file := range f.files {
		if file != nil {
			file.Close()
		}
	}
	return nil
}

// equalLimits reports whether two limits are the same, whenever they were read.
func equalLimits(a, b *track.Limits) bool {
	c := *b
	c.At = a.At
	return reflect.DeepEqual(a, &c)
}

// readNumber reads the number that file holds now.
func readNumber(file *os.File, buf []byte) (int64, bool) {
	n, err := unix.Pread(int(file.Fd()), buf, 0)
	if err != nil {
		return 0, false
	}
	v, err := strconv.ParseInt(strings.TrimSpace(string(buf[:n])), 10, 64)
	return v, err == nil
}
