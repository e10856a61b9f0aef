package diag

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

func openLimits(t *testing.T, ns *Namespace) *LimitsFile {
	t.Helper()
	f, err := OpenLimits(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A namespace has limits of its own, and they are seen to change.
func TestLimits(t *testing.T) {
	ns := newNamespace(t)
	host, file := openLimits(t, nil), openLimits(t, ns)
	before, defaults := host.Read(), file.Read()
	for name, value := range map[string]string{
		"tcp_retries1": "4", "tcp_retries2": "7", "tcp_orphan_retries": "2", "tcp_syn_retries": "3",
		"tcp_synack_retries": "6", "tcp_keepalive_probes": "8", "tcp_keepalive_time": "70",
		"tcp_keepalive_intvl": "30", "tcp_fin_timeout": "33", "tcp_thin_linear_timeouts": "1",
		"tcp_early_retrans": "0",
	} {
		setSysctl(t, ns, name, value)
	}
	want := *defaults
	want.Retries1, want.Retries2, want.OrphanRetries, want.SynRetries, want.SynackRetries = 4, 7, 2, 3, 6
	want.KeepaliveProbes, want.KeepaliveTime, want.KeepaliveIntvl = 8, 70*time.Second, 30*time.Second
	want.FinTimeout, want.ThinLinearTimeouts, want.NoLossProbes = 33*time.Second, true, true
	if defaults.HasRTOMax {
		setSysctl(t, ns, "tcp_rto_max_ms", "5000")
		want.RTOMax = 5 * time.Second
	}
	if defaults.HasRTOMin {
		setSysctl(t, ns, "tcp_rto_min_us", "5000")
		want.RTOMin = 5 * time.Millisecond
	}
	if defaults.Kernel.AtLeast(6, 5) {
		setSysctl(t, ns, "tcp_syn_linear_timeouts", "1")
		want.SynLinearTimeouts = 1
	}
	got := file.Read()
	if want.At = got.At; !equalLimits(got, &want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(got.Missing) != 0 || got.HZ < 100 || got.HZ > 1000 || got.Kernel.Major == 0 || got.At <= defaults.At {
		t.Errorf("got %+v", got)
	}
	after := host.Read()
	if after.At = before.At; !equalLimits(after, before) {
		t.Errorf("the host's became %+v, were %+v", after, before)
	}
}

func TestLimitsMissing(t *testing.T) {
	f := openLimits(t, nil)
	whole := f.Read()
	// One that was never there, one that can't be read, and one that is no number.
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte("fifteen\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	replace := func(name string, file *os.File) {
		i := slices.IndexFunc(sysctls[:], func(s sysctl) bool { return s.name == name })
		f.files[i].Close()
		f.files[i] = file
	}
	directory, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	words, err := os.Open(text)
	if err != nil {
		t.Fatal(err)
	}
	replace("tcp_retries2", directory)
	replace("tcp_fin_timeout", words)
	replace("tcp_rto_max_ms", nil)
	got := f.Read()
	if got.Retries2 != 15 || got.FinTimeout != time.Minute || got.RTOMax != 2*time.Minute || got.HasRTOMax {
		t.Errorf("got %+v", got)
	}
	if want := []string{"tcp_retries2", "tcp_fin_timeout"}; !slices.Equal(got.Missing, want) || len(whole.Missing) != 0 {
		t.Errorf("missing %v, want %v; before %v", got.Missing, want, whole.Missing)
	}
}

func TestLimitsClamped(t *testing.T) {
	for v, want := range map[int64]int{-1: 0, 0: 0, 255: 255, 256: 255, math.MaxInt64: 255, math.MinInt64: 0} {
		if got := retries(v); got != want {
			t.Errorf("retries(%d) = %d", v, got)
		}
	}
	for _, v := range []int64{math.MaxInt64, math.MinInt64, -5} {
		if got := units(v, time.Second); got < 0 {
			t.Errorf("units(%d) = %v", v, got)
		}
	}
}

func TestParseRelease(t *testing.T) {
	for s, want := range map[string]track.Release{
		"6.18.44-fc-v669": {Major: 6, Minor: 18}, "5.10.0-30-amd64": {Major: 5, Minor: 10}, "6.1": {Major: 6, Minor: 1},
		"7.0-rc3": {Major: 7}, "": {}, "linux": {}, "6.": {}, "6.x": {}, "x.6": {},
	} {
		if got := parseRelease(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestPhaseOffset(t *testing.T) {
	const perNano = 250 / 1e9
	for _, test := range []struct {
		name   string
		offset float64 // the truth
		late   track.Instant
		whole  bool
		within float64
	}{
		{"whole", 4294892237, 20_000, false, 0},
		{"whole, seen at once", 4294892237, 0, true, 0},
		{"whole, seen late", 4294892237, 400_000, false, 0},
		{"whole as it is known, seen later", 4294892237, 3_000_000, true, 0},
		{"old kernel's fraction", 4294892237.4, 20_000, false, 0.01},
	} {
		p := phase{perNano: perNano, whole: test.whole}
		for tick := range uint64(phaseTicks) {
			// A tick comes as the counter moves on, and is seen later.
			count := uint64(test.offset) + 250_000 + tick
			at := track.Instant(math.Ceil((float64(count) - test.offset) / perNano))
			p.add(count, at+test.late*track.Instant(1+tick%3), true)
		}
		if got := p.offset(); math.Abs(got-test.offset) > test.within {
			t.Errorf("%s: %f, want %f", test.name, got, test.offset)
		}
	}
}

func TestTicksAreWhole(t *testing.T) {
	for _, test := range []struct {
		release   track.Release
		perSecond int
		want      bool
	}{
		{track.Release{Major: 6, Minor: 18}, 250, true},
		{track.Release{Major: 6, Minor: 3}, 1000, true},
		{track.Release{Major: 6, Minor: 1}, 250, false},
		{track.Release{Major: 6, Minor: 18}, 300, false},
		{track.Release{}, 250, false},
	} {
		if got := ticksAreWhole(test.release, test.perSecond); got != test.want {
			t.Errorf("%v, HZ %d: %v", test.release, test.perSecond, got)
		}
	}
}

// The phase foretells the counter at any later moment.
func TestReadPhase(t *testing.T) {
	p, err := ReadPhase()
	need(t, "read the wheel's phase", err)
	file, err := os.Open("/proc/timer_list")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	perNano := float64(hz()) / 1e9
	buf := make([]byte, 256<<10)
	for range 50 {
		before := Now()
		jiffies, after, err := readJiffies(file, buf)
		if err != nil {
			t.Fatal(err)
		}
		// A tick may be taken into account a little late.
		low := math.Floor(float64(before)*perNano+p.Offset) - 1
		high := math.Floor(float64(after)*perNano + p.Offset)
		if j := float64(jiffies); j < low || j > high {
			t.Errorf("%.0f jiffies, foretold %.0f to %.0f", j, low, high)
		}
	}
}

func TestPhaseWithoutTheRight(t *testing.T) {
	asNobody(t, "phase", func() error { _, err := ReadPhase(); return err },
		"read wheel phase: not permitted: CAP_DAC_READ_SEARCH is missing")
}

func TestOpenNamespace(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	ns, err := OpenNamespace(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	if ns.String() != pid {
		t.Errorf("named %q", ns)
	}
	ran := false
	need(t, "enter a namespace", ns.Do(func() error { ran = true; return nil }))
	if !ran {
		t.Error("nothing ran in it")
	}
	for _, test := range []struct{ name, want string }{
		{"tcpwatch-no-such-name", "open network namespace tcpwatch-no-such-name: there is no such name, path or process"},
		{"4194305", "open network namespace 4194305: there is no such name, path or process"},
		{"/dev/null", "open network namespace /dev/null: this is not a network namespace"},
		{"/proc/self/ns/uts", "open network namespace /proc/self/ns/uts: this is not a network namespace"},
	} {
		ns, err := OpenNamespace(test.name)
		if err == nil {
			ns.Close()
			t.Errorf("opened %s", test.name)
		} else if err.Error() != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// What fails in a namespace is told, and the caller's thread stays in its own.
func TestNamespaceDo(t *testing.T) {
	ns := newNamespace(t)
	link := func() string {
		s, err := os.Readlink("/proc/thread-self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	outside, inside := link(), ""
	failure := errors.New("failure")
	if err := ns.Do(func() error { inside = link(); return failure }); err != failure {
		t.Errorf("got %v", err)
	}
	if inside == outside || link() != outside || !strings.HasPrefix(inside, "net:") {
		t.Errorf("%s inside, %s before, %s after", inside, outside, link())
	}
}
