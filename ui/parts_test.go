package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/tcpwatch/tcpwatch/track"
)

func TestFilter(t *testing.T) {
	all := append(cast(storyNow), buried(storyNow)) // 4 1 3 5 2 6
	for text, want := range map[string]string{
		"":                     "413526",
		"443":                  "2",
		"2060":                 "16",
		"nc":                   "16",
		"close_wait":           "5",
		"CLOSE_WAIT":           "5",
		"dying":                "12",
		"stuck":                "152",
		"gone":                 "6",
		"10.0.0.0/8":           "45",
		"!10.0.0.0/8 api":      "",
		"api !5432":            "5",
		"pid:1403":             "45",
		"port:22":              "3",
		"state:syn":            "2",
		"program:ssh":          "3",
		"peer-silent !gone":    "1",
		"192.168.33.10:12345":  "16",
		"   established   api": "4",
	} {
		f, err := parseFilter(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := ""
		for _, c := range all {
			if f.match(c) {
				got += string(rune('0' + c.ID))
			}
		}
		// The order is the slice's.
		if sortedDigits(got) != sortedDigits(want) {
			t.Errorf("%q matches %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"!", "a ! b", "10.0.0.0/99", "x/y", "colour:red", "pid:nc", "port:"} {
		if _, err := parseFilter(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func sortedDigits(s string) string {
	out := ""
	for r := '0'; r <= '9'; r++ {
		out += strings.Repeat(string(r), strings.Count(s, string(r)))
	}
	return out
}

func TestOrders(t *testing.T) {
	for o, want := range map[order]string{
		byUrgency:  "125634",
		byRecvQ:    "512634",
		bySendQ:    "162534",
		byLocal:    "352461",
		byForeign:  "453162",
		byState:    "163425",
		byProgram:  "542163",
		byRetr:     "162534",
		byRTO:      "162453",
		byDeadline: "216354",
	} {
		var r roster
		r.order = o
		s := snapshotOf(storyNow, append(cast(storyNow), buried(storyNow))...)
		r.rebuild(s)
		got := ""
		for _, w := range r.rows {
			got += string(rune('0' + w.conn.ID))
		}
		if got != want {
			t.Errorf("by %v: %s, want %s", o, got, want)
		}
		r.reverse = true
		r.rebuild(s)
		if first := r.rows[0].conn.ID; first != uint64(want[len(want)-1]-'0') {
			t.Errorf("by %v reversed begins with %d", o, first)
		}
	}
}

func TestOrderKeys(t *testing.T) {
	seen := map[string]bool{}
	for o := range orders {
		if k := orderKeys[o]; seen[k] || !strings.Contains(strings.ToLower(o.String()), k) {
			t.Errorf("%s: bad key %q", o, k)
		}
		seen[orderKeys[o]] = true
	}
}

func TestDurations(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		append func([]byte, time.Duration) []byte
		d      time.Duration
		want   string
	}{
		{appendInterval, 420 * time.Microsecond, "0.42 ms"},
		{appendInterval, 203_400 * time.Microsecond, "203 ms"},
		{appendInterval, 999_700 * time.Microsecond, "1.00 s"},
		{appendInterval, 1637 * ms, "1.64 s"},
		{appendInterval, 13_071 * ms, "13.1 s"},
		{appendInterval, 120 * time.Second, "120 s"},
		{appendInterval, 20 * time.Minute, "20m00s"},
		{appendInterval, -3 * ms, "-3 ms"},
		{appendSigned, 3 * ms, "+3 ms"},
		{appendSigned, -3 * ms, "-3 ms"},
		{appendCountdown, 900_999 * ms, "15:00"},
		{appendCountdown, 59_999 * ms, "59 s"},
		{appendCountdown, 9_449 * ms, "9.4 s"},
		{appendCountdown, 0, "due"},
		{appendCountdown, -time.Second, "due"},
		{appendCountdown, 2*time.Hour + 11*time.Minute, "2h11m"},
		{appendCountdown, 76 * time.Hour, "3d04h"},
		{appendRTO, 204 * ms, "204 ms"},
		{appendRTO, 1000 * ms, "1.0 s"},
		{appendRTO, 120 * time.Second, "120 s"},
		{appendAge, 272 * time.Second, "4m32s"},
		{appendRough, 272 * time.Second, "4m"},
		{appendSeconds, 924_600 * ms, "924.6 s"},
		{appendSeconds, 10 * time.Second, "10 s"},
	} {
		if got := string(tt.append(nil, tt.d)); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.d, got, tt.want)
		}
	}
}

func TestDraining(t *testing.T) {
	for left, want := range map[float64]string{1: "▇▇▇▇▇▇▇▇", 2: "▇▇▇▇▇▇▇▇", 0.5: "▇▇▇▇▁▁▁▁", 0.55: "▇▇▇▇▄▁▁▁", 0: "▁▁▁▁▁▁▁▁", -1: "▁▁▁▁▁▁▁▁"} {
		if got := draining(left); got != want {
			t.Errorf("draining(%v) = %s, want %s", left, got, want)
		}
	}
}

func TestIntervalBar(t *testing.T) {
	last := -1
	for _, d := range []time.Duration{204, 409, 814, 1637, 3269, 6542, 13072, 26144, 52288, 104576} {
		n := 8 * cells(intervalBar(d*time.Millisecond, 16))
		if n <= last {
			t.Errorf("the bar of %d ms is no longer than that of half as long", d)
		}
		last = n
	}
	if got := cells(intervalBar(time.Hour, 16)); got != 16 {
		t.Errorf("an hour takes %d cells of 16", got)
	}
	if got := intervalBar(time.Second, 0); got != "" {
		t.Errorf("%q in no cells", got)
	}
}

func TestScale(t *testing.T) {
	s := scale{start: storySent, end: storySent.Add(900 * time.Second), unit: 200 * time.Millisecond, cells: 100}
	if a, b := s.at(s.start), s.at(s.end); a != 0 || b != 99 {
		t.Errorf("from %d to %d", a, b)
	}
	if a, b := s.at(s.start.Add(-time.Hour)), s.at(s.end.Add(time.Hour)); a != 0 || b != 99 {
		t.Errorf("beyond: from %d to %d", a, b)
	}
	step := s.at(storySent.Add(51200*time.Millisecond)) - s.at(storySent.Add(25600*time.Millisecond))
	for d := 1600 * time.Millisecond; d < 20*time.Second; d *= 2 {
		if got := s.at(storySent.Add(2*d)) - s.at(storySent.Add(d)); got < step-2 || got > step+1 {
			t.Errorf("from %v to its double: %d cells, elsewhere %d", d, got, step)
		}
	}
	s.linear = true
	if got := s.at(storySent.Add(450 * time.Second)); got != 50 {
		t.Errorf("half way: %d", got)
	}
}

func TestSpark(t *testing.T) {
	var m []track.Moment
	for i := range 8 {
		m = append(m, track.Moment{At: storySent.Add(time.Duration(i) * time.Second), SendQ: uint32(i)})
	}
	value := func(m *track.Moment) float64 { return float64(m.SendQ) }
	if got := spark(m, storySent.Add(-time.Second), storySent.Add(7*time.Second), 8, value); got != "▁▂▃▄▅▆▇█" {
		t.Errorf("%q", got)
	}
	if got := spark(m[:1], storySent.Add(-4*time.Second), storySent.Add(4*time.Second), 8, value); got != "   ▁▁▁▁▁" {
		t.Errorf("%q", got)
	}
	if got := spark(nil, 0, 0, 3, value); got != "   " {
		t.Errorf("%q", got)
	}
}

func TestWrap(t *testing.T) {
	text := func(lines [][]span) string {
		var out []string
		for _, l := range lines {
			s := ""
			for _, p := range l {
				s += p.text
			}
			out = append(out, s)
		}
		return strings.Join(out, "|")
	}
	spans := []span{{strong, "one two"}, {normal, ", three "}, {quiet, "four five"}}
	for _, tt := range []struct {
		width, lines int
		want         string
	}{{40, 3, "one two, three four five"}, {9, 9, "one two,|three|four five"}, {8, 2, "one two,|three …"}, {1, 3, ""}, {40, 0, ""}} {
		if got := text(wrap(spans, tt.width, tt.lines)); got != tt.want {
			t.Errorf("in %d lines of %d: %q, want %q", tt.lines, tt.width, got, tt.want)
		}
	}
}

// FuzzCanvas asserts that no text passes the edge or leaves its cells.
func FuzzCanvas(f *testing.F) {
	f.Add("日本語 x", uint8(5), uint8(3))
	f.Add("\x1b[31m", uint8(2), uint8(9))
	f.Add("[2001:db8::1]:443", uint8(9), uint8(9))
	f.Add("[2001:db8::1]:443", uint8(3), uint8(9))
	th := newTheme(colorprofile.TrueColor, true)
	f.Fuzz(func(t *testing.T, s string, width, n uint8) {
		for _, ascii := range []bool{false, true} {
			for _, put := range []func(*canvas){
				func(c *canvas) { c.text(warn, s) },
				func(c *canvas) { c.left(warn, s, int(n)) },
				func(c *canvas) { c.right(warn, s, int(n)) },
			} {
				var c canvas
				c.reset(th, int(width), 1, ascii)
				put(&c)
				col := c.col
				c.line()
				line := strings.TrimSuffix(string(c.buf), "\n")
				if w := ansi.StringWidth(line); w != col || w > int(width) {
					t.Fatalf("%q in %d of %d: %d cells, taken for %d", s, n, width, w, col)
				}
			}
		}
	})
}

func TestASCIIOnly(t *testing.T) {
	for env, want := range map[string]bool{
		"":                               false,
		"LANG=C":                         true,
		"LANG=POSIX":                     true,
		"LANG=de_DE.ISO-8859-1":          true,
		"LANG=C.UTF-8":                   false,
		"LANG=en_GB.utf8":                false,
		"LANG=en_GB.UTF-8 LC_ALL=C":      true,
		"LANG=C LC_CTYPE=C.UTF-8":        false,
		"LANG=C LC_CTYPE= LC_ALL=":       true,
		"LC_ALL= LANG=C.UTF-8 TERM=dumb": false,
	} {
		if got := ASCIIOnly(strings.Fields(env)); got != want {
			t.Errorf("ASCIIOnly(%s) = %t", env, got)
		}
	}
}

func TestCoverageFacts(t *testing.T) {
	d := newDashboard(&session{}, Options{Location: time.UTC})
	d.live = snapshotOf(storyNow)
	for want, c := range map[string]track.Coverage{
		"both directions, from its first segment on":                     {Out: true, In: true, FromStart: true, Since: storySent},
		"only what it sends, since 14:53:10":                             {Out: true, Since: storySent},
		"only what it receives, 7 frames lost since; in doubt: it is so": {In: true, Lost: 7, Doubt: "it is so"},
		"none of its packets can be seen":                                {},
	} {
		if got := d.coverageFacts(&c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOptionFacts(t *testing.T) {
	for want, o := range map[string]*track.Options{
		"not read":                  nil,
		"not read: no such process": {Err: "no such process"},
		"TCP_USER_TIMEOUT 30 s   keepalive 7200 s + 9×75 s   TCP_SYNCNT 6": {UserTimeout: 30 * time.Second, Keepalive: true,
			KeepIdle: 7200 * time.Second, KeepIntvl: 75 * time.Second, KeepCnt: 9, SynCnt: 6},
		"no TCP_USER_TIMEOUT   no keepalive   TCP_SYNCNT 2": {SynCnt: 2},
	} {
		if got := optionFacts(o); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
