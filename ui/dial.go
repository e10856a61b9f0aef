package ui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"

	"github.com/tcpwatch/tcpwatch/track"
)

// dial asks what would become of the zoomed connection if the sysctl behind its
// deadline, or its user timeout, were another. The zero value asks nothing. Turning
// it changes nothing.
type dial struct {
	sysctl  string        // of a knob; "": none is asked about
	tries   int           // what it would be
	timed   bool          // timeout is asked about, too
	timeout time.Duration // TCP_USER_TIMEOUT, 0: none
}

func (q *dial) turned() bool { return q.sysctl != "" || q.timed }

// timeouts are the user timeouts that the dial goes round. None, 0, stands between
// the longest and the shortest.
var timeouts = [...]time.Duration{0, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute}

// triesOf returns where limits hold what a sysctl of tries is set to.
func triesOf(sysctl string, l *track.Limits) *int {
	switch sysctl {
	case "tcp_syn_retries":
		return &l.SynRetries
	case "tcp_synack_retries":
		return &l.SynackRetries
	case "tcp_orphan_retries":
		return &l.OrphanRetries
	}
	return &l.Retries2
}

// knobOf returns the sysctl of tries that a connection's deadline hangs on.
func knobOf(c *track.Conn) string {
	switch c.Forecast.Cause {
	case track.CauseSynRetries, track.CauseSynCnt:
		return "tcp_syn_retries"
	case track.CauseSynackRetries:
		return "tcp_synack_retries"
	case track.CauseOrphanRetries:
		return "tcp_orphan_retries"
	}
	return "tcp_retries2"
}

// mostTries is the most that a sysctl of tries holds: a byte in the kernel.
const mostTries = 255

// ask returns limits and options as the dial stands.
func (q *dial) ask(c *track.Conn, limits track.Limits) (track.Limits, *track.Options) {
	o := c.Options
	if q.timed {
		o = new(track.Options)
		if c.Options != nil && c.Options.Err == "" {
			*o = *c.Options
		}
		o.UserTimeout = q.timeout
	}
	if q.sysctl == "" {
		return limits, o
	}
	n := triesOf(q.sysctl, &limits)
	if n == &limits.SynRetries && o != nil && o.SynCnt == *n {
		own := *o
		own.SynCnt = q.tries // it is the sysctl's value, not the socket's own
		o = &own
	}
	*n = q.tries
	return limits, o
}

// turn moves the dial of tries; it stops at either end of what the kernel takes.
func (q *dial) turn(c *track.Conn, limits track.Limits, by int) {
	knob := knobOf(c)
	now := *triesOf(knob, &limits)
	if q.sysctl != knob {
		q.tries = now
	}
	q.sysctl, q.tries = knob, max(min(q.tries+by, mostTries), 0)
	if q.tries == now {
		q.sysctl = ""
	}
}

// turnTimeout moves the dial of the user timeout to the next in the round.
func (q *dial) turnTimeout(c *track.Conn, by int) {
	now := q.timeout
	if !q.timed && c.Options != nil {
		now = c.Options.UserTimeout
	}
	i, on := slices.BinarySearchFunc(timeouts[:], now, cmp.Compare[time.Duration])
	if by < 0 || on {
		i += by
	}
	n := len(timeouts)
	q.timed, q.timeout = true, timeouts[(i+n)%n]
}

// pressDial acts on a key of the dial, and reports whether it was one.
func (d *dashboard) pressDial(is func(key.Binding) bool) bool {
	k := &d.keys
	more, less, longer, shorter := is(k.More), is(k.Fewer), is(k.Longer), is(k.Shorter)
	if !more && !less && !longer && !shorter && !is(k.Undial) {
		return false
	}
	c := d.roster.conn()
	switch {
	case c == nil:
	case !d.zoomed:
		d.flash = "enter zooms; there + - < > ask what if"
	case d.cursor != 0:
		d.flash = "what if is asked of the picture's own moment: esc goes there"
	case c.Gone != nil || c.Socket == nil:
		d.flash = "no socket lives for it: nothing could be different"
	case more:
		d.dial.turn(c, d.picture().Limits, 1)
	case less:
		d.dial.turn(c, d.picture().Limits, -1)
	case longer:
		d.dial.turnTimeout(c, 1)
	case shorter:
		d.dial.turnTimeout(c, -1)
	default:
		d.dial = dial{}
	}
	return true
}

// asks returns the dial that is being turned: the prompt's, if it has one.
func (d *dashboard) asks() *dial {
	if d.prompt != nil && d.prompt.dial != nil {
		return d.prompt.dial
	}
	return &d.dial
}

// whatIf returns the forecast of c as a dial stands, and whether it asks anything.
func (d *dashboard) whatIf(c *track.Conn, q *dial) (track.Forecast, bool) {
	if !q.turned() || d.cursor != 0 || c.Gone != nil || c.Socket == nil {
		return track.Forecast{}, false
	}
	limits, options := q.ask(c, d.picture().Limits)
	return c.WhatIf(&limits, options, d.now()), true
}

// dialLines are the two lines of the dial: what it asks with the answer, and how
// that could be had.
func (d *dashboard) dialLines(c *track.Conn) []vital {
	f, asked := d.whatIf(c, &d.dial)
	if !asked {
		limits := d.picture().Limits
		k := knobOf(c)
		timeout := "none"
		switch {
		case c.Options == nil || c.Options.Err != "":
			timeout = "not known"
		case c.Options.UserTimeout > 0:
			timeout = string(appendSeconds(nil, c.Options.UserTimeout))
		}
		return []vital{
			{label: "what if", spans: []span{{accentStrong, "+ -"}, {quiet, " " + k + " " + strconv.Itoa(*triesOf(k, &limits)) + "   "},
				{accentStrong, "< >"}, {quiet, " TCP_USER_TIMEOUT " + timeout}}},
			{spans: []span{{quiet, "turning them changes nothing but the answer"}}},
		}
	}
	return []vital{
		{label: "what if", spans: append([]span{{accentStrong, d.dial.question()}, {normal, ": "}}, d.answer(c, &f)...)},
		{label: "by", spans: []span{{normal, strings.Join(d.dialCommands(), "; ")}, {quiet, "   "}, {accentStrong, "y"}, {quiet, " copies it   "}, {accentStrong, "0"}, {quiet, " back"}}},
	}
}

// question is what the dial asks: "tcp_retries2 = 8, TCP_USER_TIMEOUT = 30 s".
func (q *dial) question() string {
	var parts []string
	if q.sysctl != "" {
		parts = append(parts, q.sysctl+" = "+strconv.Itoa(q.tries))
	}
	switch {
	case q.timed && q.timeout == 0:
		parts = append(parts, "no TCP_USER_TIMEOUT")
	case q.timed:
		parts = append(parts, "TCP_USER_TIMEOUT = "+string(appendSeconds(nil, q.timeout)))
	}
	return strings.Join(parts, ", ")
}

// answer says when a connection would end by f, against when it does.
func (d *dashboard) answer(c *track.Conn, f *track.Forecast) []span {
	was := &c.Forecast
	switch {
	case f.Never():
		return []span{{normal, "nothing would end it"}}
	case f.At == 0:
		return []span{{normal, "that can't be told"}}
	}
	say := "it ends "
	if f.Exactness == track.Conditional {
		say = "if it falls silent, it ends "
	}
	w := d.wall()
	out := []span{{normal, say}, {accentStrong, "‡ " + string(w.appendFar(nil, f.At, d.now(), 1))}}
	switch by := f.At.Sub(was.At); {
	case was.At == 0:
	case by.Abs() < 10*time.Millisecond:
		out = append(out, span{normal, ", as it will anyway"})
	case by < 0:
		out = append(out, span{normal, ", " + string(appendInterval(nil, -by)) + " sooner"})
	default:
		out = append(out, span{normal, ", " + string(appendInterval(nil, by)) + " later"})
	}
	if f.Cause != was.Cause {
		out = append(out, span{quiet, " (" + f.Cause.String() + ")"})
	}
	return out
}

// dialCommands returns what would make the dial's question true: a command for a
// shell as root, a call for the program that holds the socket.
func (d *dashboard) dialCommands() []string {
	var out []string
	if q := &d.dial; q.sysctl != "" {
		out = append(out, inNamespace(d.picture().Source.Netns)+"sysctl -w net.ipv4."+q.sysctl+"="+strconv.Itoa(q.tries))
	}
	if d.dial.timed {
		ms := strconv.FormatInt(d.dial.timeout.Milliseconds(), 10)
		out = append(out, "setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){"+ms+"}, sizeof(int))")
	}
	return out
}

// inNamespace returns what comes before a command that is to run in a namespace,
// which is given as on tcpwatch's own command line: by name, path or process.
func inNamespace(netns string) string {
	switch _, err := strconv.Atoi(netns); {
	case netns == "":
		return ""
	case err == nil:
		return "nsenter -n -t " + netns + " "
	case strings.Contains(netns, "/"):
		return "nsenter --net=" + netns + " "
	}
	return "ip netns exec " + netns + " "
}
