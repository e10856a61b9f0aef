package track

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestFlow reads the scenarios of testdata/flow. A line is a segment in
// packetdrill's notation, and behind // what it must be found to be:
//
//	+0.205 > P. 1:18(17) ack 1 win 512 <ts 305 100,sack 1:9> id 7  // retransmit tlp nth 1 +205ms
//
// The time is since the line before; > goes from the flow's first end to its
// second. Numbers are relative to those that a line "isn > 4294967290" names. A
// segment that is nothing special has nothing behind it.
func TestFlow(t *testing.T) {
	files, err := filepath.Glob("testdata/flow/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sc := scenario{at: Instant(time.Second)}
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			for i, line := range lines {
				drawn, want, _ := strings.Cut(line, "//")
				drawn, want = strings.TrimRight(drawn, " "), strings.TrimSpace(want)
				if drawn == "" || drawn[0] == '#' {
					continue
				}
				got, err := sc.play(drawn)
				if err != nil {
					t.Fatalf("%s:%d: %v", name, i+1, err)
				}
				if got != want && !*rewrite {
					t.Errorf("%s:%d: %s\n got %q\nwant %q", name, i+1, drawn, got, want)
				}
				lines[i] = drawn
				if got != "" {
					lines[i] = fmt.Sprintf("%-64s // %s", drawn, got)
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

// scenario plays lines to a flow.
type scenario struct {
	flow  flow
	at    Instant
	frame uint64
	isn   [2]uint32
}

// The ends of a scenario's flow.
var scenarioEnds = [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:12345")}

// sideOf returns which of the ends a segment came from.
func sideOf(s *Segment) int { return slices.Index(scenarioEnds[:], s.Src) }

// play reads one line and returns what its segment was found to be.
func (sc *scenario) play(line string) (string, error) {
	if rest, ok := strings.CutPrefix(line, "isn "); ok {
		way, number, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(number, 10, 32)
		sc.isn[strings.Index("><", way)] = uint32(n)
		return "", err
	}
	s, err := sc.parse(line)
	if err != nil {
		return "", err
	}
	side := sideOf(&s)
	r := sc.flow.read(&s, side, KindUnknown)
	started := r.Start
	if started {
		sc.flow = flow{}
		r = sc.flow.read(&s, side, KindUnknown)
	}
	return describe(&r, started), nil
}

func (sc *scenario) parse(line string) (Segment, error) {
	line, options, _ := strings.Cut(line, "<ts ") // a timestamp, if any, is the first option
	stamped := options != ""
	if !stamped {
		if i := strings.LastIndex(line, "<"); i > 12 {
			line, options = line[:i], line[i+1:]
		}
	}
	options, tail, _ := strings.Cut(options, ">")
	word := strings.Fields(line)
	if len(word) < 4 {
		return Segment{}, fmt.Errorf("%q: time, direction, flags and numbers are wanted", line)
	}
	after, err := time.ParseDuration(strings.TrimPrefix(word[0], "+") + "s")
	if err != nil {
		return Segment{}, err
	}
	from := strings.Index("><", word[1])
	if from < 0 {
		return Segment{}, fmt.Errorf("%q: no direction", word[1])
	}
	sc.at = sc.at.Add(after)
	sc.frame++
	s := Segment{At: sc.at, Frame: sc.frame, Src: scenarioEnds[from], Dst: scenarioEnds[1-from], HopLimit: 64}
	for _, c := range word[2] {
		i := strings.IndexRune("FSRP.UEW", c)
		if i < 0 {
			return Segment{}, fmt.Errorf("%q: no such flag", c)
		}
		s.Flags |= 1 << i
	}
	var end uint32
	if _, err := fmt.Sscanf(word[3], "%d:%d(%d)", &s.Seq, &end, &s.Len); err != nil {
		return Segment{}, fmt.Errorf("%q: %w", word[3], err)
	}
	s.Seq += sc.isn[from]
	err = eachPair(append(word[4:], strings.Fields(tail)...), func(key string, n uint32) bool {
		switch key {
		case "ack":
			s.Ack = n + sc.isn[1-from]
		case "win":
			s.Window = uint16(n)
		case "id":
			s.IPID = uint16(n)
		case "iface":
			s.Iface = n
		case "vlan":
			s.VLAN = uint16(n)
		case "ttl":
			s.HopLimit = uint8(n)
		case "csum":
			s.Checksum = uint16(n)
		default:
			return false
		}
		return true
	})
	if err != nil {
		return Segment{}, err
	}
	for option := range strings.SplitSeq(options, ",") {
		f := strings.Fields(option)
		switch {
		case len(f) == 0:
		case stamped:
			s.HasTS, stamped = true, false
			_, err = fmt.Sscan(option, &s.TSVal, &s.TSEcr)
		case f[0] == "sackOK":
			s.SACKPermitted = true
		case f[0] == "wscale" && len(f) == 2:
			s.HasWScale = true
			_, err = fmt.Sscan(f[1], &s.WScale)
		case f[0] == "sack":
			for _, block := range f[1:] {
				b := &s.SACK[s.NSACK]
				if _, err = fmt.Sscanf(block, "%d:%d", &b.Left, &b.Right); err != nil {
					break
				}
				b.Left, b.Right = b.Left+sc.isn[1-from], b.Right+sc.isn[1-from]
				s.NSACK++
			}
		default:
			err = fmt.Errorf("%q: no such option", option)
		}
		if err != nil {
			return Segment{}, err
		}
	}
	return s, nil
}

// eachPair reads pairs of a key and a number.
func eachPair(pairs []string, put func(key string, n uint32) bool) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		n, err := strconv.ParseUint(pairs[i+1], 10, 32)
		if err != nil {
			return err
		}
		if !put(pairs[i], uint32(n)) {
			return fmt.Errorf("%q: no such field", pairs[i])
		}
	}
	if len(pairs)%2 != 0 {
		return fmt.Errorf("%q has no number", pairs[len(pairs)-1])
	}
	return nil
}

// describe writes a reading down; "" is a plain segment.
func describe(r *reading, started bool) string {
	var b strings.Builder
	word := func(format string, args ...any) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, format, args...)
	}
	if started {
		word("another connection")
	}
	if r.Class != ClassPlain {
		word("%v", r.Class)
	}
	if r.Class == ClassRetransmission {
		word("%v", r.Kind)
	}
	if r.Nth > 0 {
		word("nth %d", r.Nth)
	}
	if r.Interval > 0 {
		word("+%v", r.Interval)
	}
	if r.Ratio > 0 {
		word("×%.2f", r.Ratio)
	}
	if r.SinceFirst > 0 && r.SinceFirst != r.Interval {
		word("since %v", r.SinceFirst)
	}
	if r.Spurious {
		word("needless")
	}
	if r.ZeroWindow {
		word("zero window")
	}
	if r.WindowFull {
		word("window full")
	}
	for _, p := range r.Proven {
		word("proves frame %d needless", p.Frame)
	}
	return b.String()
}
