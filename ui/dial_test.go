package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// asked returns a zoomed dashboard over a connection that can be asked what if.
func asked(t *testing.T, edit func(*track.Limits, *track.Options)) *bench {
	b := newBench(t, 115, 40)
	b.send(snapshotMsg{lived(edit)})
	b.press("enter")
	return b
}

// TestDial holds the dial's answers against a connection that lives by what it
// asks about.
func TestDial(t *testing.T) {
	for _, tt := range []struct {
		keys, question, command string
		edit                    func(*track.Limits, *track.Options)
	}{
		{"-------", "tcp_retries2 = 8", "sysctl -w net.ipv4.tcp_retries2=8", func(l *track.Limits, _ *track.Options) { l.Retries2 = 8 }},
		{"++", "tcp_retries2 = 17", "sysctl -w net.ipv4.tcp_retries2=17", func(l *track.Limits, _ *track.Options) { l.Retries2 = 17 }},
		{"<", "TCP_USER_TIMEOUT = 1800 s", "&(int){1800000}", func(_ *track.Limits, o *track.Options) { o.UserTimeout = 30 * time.Minute }},
		{">>>>>>", "TCP_USER_TIMEOUT = 30 s", "setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){30000}, sizeof(int))",
			func(_ *track.Limits, o *track.Options) { o.UserTimeout = 30 * time.Second }},
		{">>>>>>->", "tcp_retries2 = 14, TCP_USER_TIMEOUT = 60 s", "sysctl -w net.ipv4.tcp_retries2=14; setsockopt(",
			func(l *track.Limits, o *track.Options) { l.Retries2, o.UserTimeout = 14, time.Minute }},
	} {
		t.Run(tt.question, func(t *testing.T) {
			want := lived(tt.edit).Conn(0).Forecast
			b := asked(t, nil)
			b.press(tt.keys)
			when := string(utc.appendFar(nil, want.At, b.live.At, 1))
			b.has(tt.question+": it ends ‡ "+when, tt.command)
			now := string(utc.appendFar(nil, b.live.Conn(0).Forecast.At, b.live.At, 1))
			b.has("Linux gives up at " + now) // which nothing has changed
			if got := b.doings(); len(got) > 0 {
				t.Errorf("asked the session for %q", got)
			}
			rail := ""
			for _, l := range b.lines() {
				if strings.Contains(l, "●─") {
					rail = l
				}
			}
			real, other := strings.IndexRune(rail, '†'), strings.IndexRune(rail, '‡')
			if later := want.At > b.live.Conn(0).Forecast.At; real < 0 || other < 0 || later != (other > real) {
				t.Errorf("† at %d and ‡ at %d of %q", real, other, rail)
			}
			b.press("0")
			b.has("+ - tcp_retries2 15   < > TCP_USER_TIMEOUT none")
			b.hasNot("‡")
		})
	}
}

// TestDialSynCount turns the sysctl of SYNs for a socket that goes by it, not by a
// count of its own.
func TestDialSynCount(t *testing.T) {
	c := &track.Conn{Forecast: track.Forecast{Cause: track.CauseSynRetries}, Options: &track.Options{SynCnt: 6}}
	q := dial{sysctl: "tcp_syn_retries", tries: 3}
	if l, o := q.ask(c, limits()); l.SynRetries != 3 || o.SynCnt != 3 {
		t.Errorf("sysctl %d, socket %d, want 3 and 3", l.SynRetries, o.SynCnt)
	}
	c.Options.SynCnt = 2
	if l, o := q.ask(c, limits()); l.SynRetries != 3 || o.SynCnt != 2 || c.Options.SynCnt != 2 {
		t.Errorf("sysctl %d, socket %d, want 3 and its own 2", l.SynRetries, o.SynCnt)
	}
}

func TestDialStopsAtTheEnds(t *testing.T) {
	b := asked(t, nil)
	b.press(strings.Repeat("-", 40))
	b.has("tcp_retries2 = 0: ")
	b.press("+")
	b.has("tcp_retries2 = 1: ")
	b.press("<" + strings.Repeat(">", len(timeouts)))
	b.has("TCP_USER_TIMEOUT = 1800 s") // once around
	b.press(">")
	b.has("tcp_retries2 = 1, no TCP_USER_TIMEOUT: ")
}

// TestDialComesTrue has the sysctl really be set to what the dial asks about, and to
// less: the question stays as it was asked.
func TestDialComesTrue(t *testing.T) {
	b := asked(t, nil)
	b.press("-------")
	for retries2, answer := range map[int]string{8: "as it will anyway", 3: "later"} {
		b.send(snapshotMsg{lived(func(l *track.Limits, _ *track.Options) { l.Retries2 = retries2 })})
		b.has("tcp_retries2 = 8: ", answer, "sysctl -w net.ipv4.tcp_retries2=8")
	}
}

// TestDialBegins asserts that the timeout's dial begins beside the socket's own.
func TestDialBegins(t *testing.T) {
	for keys, want := range map[string]string{">": "20 s", "<": "10 s", "<<": "5 s"} {
		b := asked(t, func(_ *track.Limits, o *track.Options) { o.UserTimeout = 15 * time.Second })
		b.press(keys)
		b.has("TCP_USER_TIMEOUT = " + want + ": ")
	}
}

func TestDialBelongsToTheZoom(t *testing.T) {
	b := asked(t, nil)
	b.press("-", "esc")
	b.hasNot("‡")
	b.press("-")
	b.has("enter zooms")
	b.press("enter")
	b.hasNot("‡")
	b.press("-", "space", "left")
	b.hasNot("‡", "what if")
	b.press("-")
	b.has("esc goes there")
	b.press("esc")
	b.has("tcp_retries2 = 14")

	c := newBench(t, 115, 40)
	c.show(buried(storyNow))
	c.press("enter", "+")
	c.has("no socket lives for it")
}

// TestDialOfAnother asserts that the dial is left behind with its connection.
func TestDialOfAnother(t *testing.T) {
	b := newBench(t, 115, 40)
	b.show(cast(storyNow)...)
	b.press("enter", "-")
	b.has("tcp_retries2 = 14")
	b.press("j")
	b.hasNot("tcp_syn_retries = 5")
	b.has("tcp_syn_retries 6")
}

func TestCopyWhatIf(t *testing.T) {
	b := asked(t, nil)
	b.press("-")
	if got := b.dialCommands(); len(got) != 1 || got[0] != "sysctl -w net.ipv4.tcp_retries2=14" {
		t.Errorf("%q", got)
	}
	if cmd := b.copy(); fmt.Sprint(cmd()) != "sysctl -w net.ipv4.tcp_retries2=14\n" {
		t.Errorf("copied %q", cmd())
	}
	b.press("0")
	if cmd := b.copy(); !strings.HasPrefix(fmt.Sprint(cmd()), "192.168.33.11:60739 -> 192.168.33.10:12345\n") {
		t.Errorf("copied %q", cmd())
	}
}

func TestInNamespace(t *testing.T) {
	for netns, want := range map[string]string{
		"": "", "blue": "ip netns exec blue ", "/run/netns/blue": "nsenter --net=/run/netns/blue ", "4711": "nsenter -n -t 4711 ",
	} {
		if got := inNamespace(netns); got != want {
			t.Errorf("%q: %q, want %q", netns, got, want)
		}
	}
}

// TestAhead asserts that a wide zoom lists what is still to come of a dying
// connection, cut in the middle where it is long, and of the dial's answer.
func TestAhead(t *testing.T) {
	b := newBench(t, 200, 50)
	b.send(snapshotMsg{lived(nil)})
	b.hasNot("STILL TO COME")
	b.press("enter")
	b.has("STILL TO COME", "○ 14:53:23.377  RTO            in 0.1 s", "† 15:08:49.585  Linux gives up in 15:26")
	if n := strings.Count(b.screen(), "  RTO            in "); n != 10 {
		t.Errorf("%d RTOs are to come, want 10", n)
	}
	b.press("-----------")
	b.has("STILL TO COME  what if", "† 14:53:23.377  Linux gives up in 0.1 s")
	b.press("0")
	b.send(tea.WindowSizeMsg{Width: 200, Height: 28})
	b.has("○ 14:53:23.377", "  …", "† 15:08:49.585")
	if n := strings.Count(b.screen(), "  RTO            in "); n == 0 || n > 8 {
		t.Errorf("%d RTOs are listed", n)
	}
	b.show(guarded(storyNow))
	b.hasNot("STILL TO COME")
}
