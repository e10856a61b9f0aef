package track

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestGiveUp plays the scenarios of testdata/giveup: what a socket and its
// packets looked like, moment by moment, with the forecast of each moment behind
// //. Most were recorded from a kernel and end in a line like
//
//	died 13.398 within 50ms
//
// which no forecast has a say in: those that call themselves exact must have been
// within 20 ms of it, and the last one that was made half a second ahead within
// the time given. A row keeps of the row before what it does not name. Times are
// seconds since the line "clock", which gives the session clock at zero.
//
//	sysctl tcp_retries2=5 tcp_fin_timeout=60s
//	option user_timeout=10s               of the socket; "options unknown"
//	0.204 > P. 1:18(17) retransmit rto    a segment sent, and what it was found to be
//	0.230 < . ack 18 advanced all         a segment heard, and what it acknowledged
//	0.241 row on expires=408ms retrans=1  a row of inet_diag
//	0.245 icmp type 3 code 1              an error that quotes a segment that was sent
//	neighbour failed
//	turn the program closes the socket    what was told before could not know this
//	capture none                          no packets can be seen; "capture losing"
func TestGiveUp(t *testing.T) {
	files, err := filepath.Glob("testdata/giveup/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sc := newStall()
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			for i, line := range lines {
				drawn, want, _ := strings.Cut(line, "//")
				drawn, want = strings.TrimRight(drawn, " "), strings.TrimSpace(want)
				if drawn == "" || drawn[0] == '#' {
					continue
				}
				got, err := sc.play(drawn)
				if err != nil {
					t.Errorf("%s:%d: %v", name, i+1, err)
					continue
				}
				if got != want && !*rewrite {
					t.Errorf("%s:%d: %s\n got %q\nwant %q", name, i+1, drawn, got, want)
				}
				if lines[i] = drawn; got != "" {
					lines[i] = drawn + "  // " + got
				}
			}
			if *rewrite {
				if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// told is a forecast, and when it was made.
type told struct {
	at       Instant
	forecast Forecast
}

// stallScenario plays lines to a memory.
type stallScenario struct {
	clock   Instant
	limits  Limits
	options *Options
	cover   Coverage
	memory  Memory
	row     Socket
	told    []told
}

// newStall returns a scenario with a current kernel's defaults, an open
// connection, its options known and its packets in sight.
func newStall() *stallScenario {
	return &stallScenario{
		clock: Instant(1000 * time.Second),
		limits: Limits{
			Retries1: 3, Retries2: 15, SynRetries: 6, SynLinearTimeouts: 4, SynackRetries: 5,
			KeepaliveProbes: 9, KeepaliveTime: 2 * time.Hour, KeepaliveIntvl: 75 * time.Second,
			FinTimeout: time.Minute, RTOMax: 2 * time.Minute, RTOMin: 200 * time.Millisecond,
			HasRTOMax: true, HasRTOMin: true,
			HZ: 250, Phase: Phase{Known: true}, Kernel: Release{6, 18},
		},
		options: &Options{},
		cover:   Coverage{Out: true, In: true},
		row: Socket{
			State: Established, Inode: 4711,
			Info: Info{Size: 288, Options: 7, SndMSS: 1448, SndWnd: 65536, RTT: 300 * time.Microsecond, RTO: 204 * time.Millisecond, SndSsthresh: infiniteSlow},
		},
	}
}

// play reads one line and returns the forecast of that moment.
func (sc *stallScenario) play(line string) (string, error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "clock":
		d, err := time.ParseDuration(rest)
		sc.clock = Instant(d)
		return "", err
	case "died":
		return "", sc.died(rest)
	case "phase":
		offset, err := strconv.ParseFloat(rest, 64)
		sc.limits.Phase = Phase{Known: err == nil, Offset: offset}
		if rest == "unknown" {
			return "", nil
		}
		return "", err
	case "options":
		sc.options = nil
		return "", nil
	case "capture":
		if rest == "none" {
			sc.cover = Coverage{}
		} else {
			sc.cover.Lost = 1
		}
		return "", nil
	case "neighbour":
		sc.memory.Neighbour(map[string]Neighbour{"failed": NeighbourFailed, "incomplete": NeighbourIncomplete, "reachable": NeighbourReachable}[rest])
		return "", nil
	case "turn":
		sc.told = nil
		return "", nil
	case "kernel":
		_, err := fmt.Sscanf(rest, "%d.%d", &sc.limits.Kernel.Major, &sc.limits.Kernel.Minor)
		return "", err
	case "sysctl", "option":
		for _, f := range strings.Fields(rest) {
			name, value, _ := strings.Cut(f, "=")
			if err := sc.set(name, value); err != nil {
				return "", err
			}
		}
		return "", nil
	}
	seconds, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return "", err
	}
	at := sc.clock.Add(time.Duration(seconds * 1e9).Round(time.Microsecond))
	fields := strings.Fields(rest)
	switch fields[0] {
	case ">":
		return "", sc.sent(at, fields[1:])
	case "<":
		return "", sc.heard(at, fields[1:])
	case "icmp":
		r := ICMP{At: at}
		if _, err := fmt.Sscanf(rest, "icmp type %d code %d", &r.Type, &r.Code); err != nil {
			return "", err
		}
		sc.memory.Quoted(&r)
		return "", nil
	case "row":
		return sc.see(at, fields[1:])
	}
	return "", fmt.Errorf("no such line: %q", line)
}

// number reads a setting: a duration, or a bare number.
func number(value string) (int64, error) {
	if d, err := time.ParseDuration(value); err == nil && value != "0" {
		return int64(d), nil
	}
	return strconv.ParseInt(value, 10, 64)
}

// set sets a limit or an option.
func (sc *stallScenario) set(name, value string) error {
	n, err := number(value)
	l, o, d := &sc.limits, sc.options, time.Duration(n)
	switch name {
	case "tcp_retries2":
		l.Retries2 = int(n)
	case "tcp_orphan_retries":
		l.OrphanRetries = int(n)
	case "tcp_syn_retries":
		l.SynRetries = int(n)
	case "tcp_syn_linear_timeouts":
		l.SynLinearTimeouts = int(n)
	case "tcp_synack_retries":
		l.SynackRetries = int(n)
	case "tcp_fin_timeout":
		l.FinTimeout = d
	case "tcp_rto_max":
		l.RTOMax = d
	case "tcp_rto_min":
		l.RTOMin = d
	case "tcp_early_retrans":
		l.NoLossProbes = n < 3
	case "tcp_thin_linear_timeouts":
		l.ThinLinearTimeouts = n != 0
	case "hz":
		l.HZ = int(n)
	case "user_timeout":
		o.UserTimeout = d
	case "keepidle":
		o.KeepIdle, o.Keepalive = d, true
	case "keepintvl":
		o.KeepIntvl = d
	case "keepcnt":
		o.KeepCnt = int(n)
	case "syncnt":
		o.SynCnt = int(n)
	case "linger2":
		o.Linger2 = d
	case "rto_max":
		o.RTOMax = d
	case "thin_linear":
		o.ThinLinear = n != 0
	case "defer_accept":
		o.DeferAccept = d
	default:
		return fmt.Errorf("no such setting: %q", name)
	}
	return err
}

// flagsOf reads tcpdump's letters for flags.
func flagsOf(letters string) (f Flags) {
	for _, l := range letters {
		f |= map[rune]Flags{'F': FIN, 'S': SYN, 'R': RST, 'P': PSH, '.': ACK}[l]
	}
	return f
}

// sent plays "P. 1:18(17) retransmit rto".
func (sc *stallScenario) sent(at Instant, fields []string) error {
	seg := Segment{At: at, Flags: flagsOf(fields[0])}
	var end uint32
	if _, err := fmt.Sscanf(fields[1], "%d:%d(%d)", &seg.Seq, &end, &seg.Len); err != nil {
		return err
	}
	var f Finding
	for _, word := range fields[2:] {
		for c := ClassPlain; c <= ClassICMP; c++ {
			if c.String() == word {
				f.Class = c
			}
		}
		for k := KindUnknown; k <= KindSpurious; k++ {
			if k.String() == word {
				f.Kind = k
			}
		}
	}
	if f.Class == ClassWindowProbe {
		f.Nth = 1
	}
	sc.memory.Sent(&seg, &f)
	return nil
}

// heard plays ". ack 18 advanced all".
func (sc *stallScenario) heard(at Instant, fields []string) error {
	seg := Segment{At: at, Flags: flagsOf(fields[0])}
	var advanced, all bool
	for i, word := range fields {
		switch word {
		case "ack":
			n, err := strconv.ParseUint(fields[i+1], 10, 32)
			if err != nil {
				return err
			}
			seg.Ack = uint32(n)
		case "advanced":
			advanced = true
		case "all":
			all = true
		}
	}
	sc.memory.Heard(&seg, advanced, all)
	return nil
}

// see plays a row, and returns what is foretold by it.
func (sc *stallScenario) see(at Instant, fields []string) (string, error) {
	s, last := &sc.row, sc.row.Timer
	s.At = at
	for _, word := range fields {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			if err := s.name(word); err != nil {
				return "", err
			}
			continue
		}
		n, err := number(value)
		if err != nil {
			return "", err
		}
		if err := s.field(name, n); err != nil {
			return "", err
		}
	}
	if s.Timer == TimerOn {
		s.Info.Retransmits = s.Retransmits
	} else {
		s.Info.Probes = s.Retransmits
	}
	if sc.memory.row != 0 && s.firing(last) {
		s.Timer = last
		return "", nil
	}
	sc.memory.Row(s, &sc.limits)
	f := GiveUp(s, &sc.memory, sc.options, &sc.limits, sc.cover, at)
	if again := GiveUp(s, &sc.memory, sc.options, &sc.limits, sc.cover, at.Add(time.Hour)); again.At != f.At {
		return "", fmt.Errorf("the same evidence says %v, and an hour later %v", f.At, again.At)
	}
	sc.told = append(sc.told, told{at, f})
	return sc.describe(&f), nil
}

// name sets the state or the timer of a row.
func (s *Socket) name(word string) error {
	for state := Established; state <= BoundInactive; state++ {
		if state.String() == word {
			s.State = state
			return nil
		}
	}
	for timer := TimerOff; timer <= TimerPersist; timer++ {
		if timer.String() == word {
			s.Timer = timer
			return nil
		}
	}
	return fmt.Errorf("no such word of a row: %q", word)
}

// field sets a number of a row.
func (s *Socket) field(name string, n int64) error {
	i, d := &s.Info, time.Duration(n)
	switch name {
	case "expires":
		s.Expires = d
	case "retrans":
		s.Retransmits = uint8(n)
	case "inode":
		s.Inode = uint32(n)
	case "size":
		*i = Info{}
		i.Size = int(n)
	case "backoff":
		i.Backoff = uint8(n)
	case "probes":
		i.Probes = uint8(n)
	case "ca":
		i.CAState = uint8(n)
	case "opts":
		i.Options = uint8(n)
	case "rto":
		i.RTO = d
	case "rtt":
		i.RTT = d
	case "rttvar":
		i.RTTVar = d
	case "unacked":
		i.Unacked = uint32(n)
	case "wnd":
		i.SndWnd = uint32(n)
	case "mss":
		i.SndMSS = uint32(n)
	case "notsent":
		i.NotsentBytes = uint32(n)
	case "ssthresh":
		i.SndSsthresh = uint32(n)
	case "total":
		i.TotalRetrans = uint32(n)
	case "acked":
		i.BytesAcked = uint64(n)
	case "segsin":
		i.SegsIn = uint32(n)
	case "segsout":
		i.SegsOut = uint32(n)
	case "sent":
		i.LastDataSent = d
	case "recv":
		i.LastDataRecv = d
	case "ack":
		i.LastAckRecv = d
	case "rtos":
		i.TotalRTORecoveries = uint16(n)
	case "rtotime":
		i.TotalRTOTime = d
	default:
		return fmt.Errorf("no such field of a row: %q", name)
	}
	return nil
}

// describe puts a forecast into words: what and how sure, when, between what
// bounds where these are wider than a tick, and with what errno.
func (sc *stallScenario) describe(f *Forecast) string {
	if f.Cause == CauseNone {
		return strings.TrimSpace("none " + f.Exactness.String() + assuming(f))
	}
	seconds := func(i Instant) string { return fmt.Sprintf("%.3f", i.Sub(sc.clock).Seconds()) }
	text := fmt.Sprintf("%v %v %s", f.Cause, f.Exactness, seconds(f.At))
	if f.Latest == 0 {
		text += " from " + seconds(f.Earliest)
	} else if f.Latest.Sub(f.Earliest) > exactWithin {
		text += fmt.Sprintf(" [%s %s]", seconds(f.Earliest), seconds(f.Latest))
	}
	if f.Other != 0 {
		text += " or " + seconds(f.Other)
	}
	if f.Errno != "" {
		text += " " + f.Errno
	}
	if f.RST {
		text += " RST"
	}
	return text + assuming(f)
}

func assuming(f *Forecast) string {
	if f.Assumes == "" {
		return ""
	}
	return " if " + f.Assumes
}

// died holds all that was foretold against what happened.
func (sc *stallScenario) died(rest string) error {
	var seconds float64
	var word, tolerance string
	if _, err := fmt.Sscan(rest, &seconds, &word, &tolerance); err != nil {
		return err
	}
	within, err := time.ParseDuration(tolerance)
	if err != nil {
		return err
	}
	death := sc.clock.Add(time.Duration(seconds * 1e9))
	var last *Forecast
	for i := range sc.told {
		f := &sc.told[i].forecast
		if f.At == 0 {
			continue // nothing was amiss yet
		}
		if sc.told[i].at.Add(500*time.Millisecond) <= death {
			last = f
		}
		if f.Exactness == Exact && f.At.Sub(death).Abs() > exactWithin {
			return fmt.Errorf("exact at %v: it was off by %v", time.Duration(sc.told[i].at-sc.clock), death.Sub(f.At))
		}
		if f.Exactness == Bounded && (death < f.Earliest.Add(-within) || f.Latest != 0 && death > f.Latest.Add(within)) {
			return fmt.Errorf("bounded at %v: it was out of bounds", time.Duration(sc.told[i].at-sc.clock))
		}
	}
	switch {
	case last == nil:
		return fmt.Errorf("nothing was foretold half a second ahead")
	case last.At.Sub(death).Abs() > within:
		return fmt.Errorf("half a second ahead it was off by %v", death.Sub(last.At))
	}
	return nil
}
