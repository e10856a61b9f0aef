package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// report returns all that is known of c at the moment shown, as Markdown that reads
// well as plain text, too.
func (d *dashboard) report(c *track.Conn) []byte {
	s, now := d.picture(), d.now()
	r := &report{wall: d.wall(), now: now}
	r.line("# %v → %v", c.Local, c.Remote)
	r.line("")
	r.line("As of %s, seen by tcpwatch on %s.%s", r.wall.time(now).Format("2006-01-02 15:04:05.000 -0700"), sourceName(&s.Source), kernelName(&s.Limits))
	r.line("")
	for _, line := range wrap(d.sentences(c), 78, 20) {
		text := ""
		for _, sp := range line {
			text += sp.text
		}
		r.line("%s", text)
	}

	r.table("What it is", "", "")
	r.row("state", c.State.String())
	r.row("program", programOf(c))
	if sock := c.Socket; sock != nil {
		r.row("queues", fmt.Sprintf("Recv-Q %d, Send-Q %d", sock.RecvQ, sock.SendQ))
		r.row("kernel", kernelFacts(sock))
	}
	r.row("options", optionFacts(c.Options))
	r.row("limits", limitFacts(&s.Limits))
	r.row("coverage", d.coverageFacts(&c.Coverage))
	r.row("packets", fmt.Sprintf("%d seen, %d bytes; %d sent again", c.Packets, c.Bytes, c.Retransmissions))
	r.row("verdict", c.Verdict.Kind.String())
	r.row("forecast", c.Forecast.Cause.String()+", "+c.Forecast.Exactness.String())

	r.ladder(c)
	if g := c.Gone; g != nil {
		r.certificate(g)
	}
	if notes := d.notesOf(c.ID, s.At); len(notes) > 0 {
		r.heading("Notes")
		for _, n := range notes {
			r.line("- %s  %s", r.clock(n.At), n.Text)
		}
	}
	r.packets(c)
	return r.text
}

// report is a text in the making.
type report struct {
	text []byte
	wall Wall
	now  track.Instant
}

// line adds a line; what comes from outside is cleaned.
func (r *report) line(format string, args ...any) {
	r.text = append(appendClean(r.text, fmt.Sprintf(format, args...)), '\n')
}

func (r *report) heading(title string) {
	r.line("")
	r.line("## %s", title)
	r.line("")
}

func (r *report) table(title string, heads ...string) {
	r.heading(title)
	r.row(heads...)
	r.line("|%s", strings.Repeat("---|", len(heads)))
}

func (r *report) row(cells ...string) {
	for i := range cells {
		cells[i] = strings.NewReplacer("|", `\|`, "   ", ", ").Replace(cells[i])
	}
	r.line("| %s |", strings.Join(cells, " | "))
}

func (r *report) clock(at track.Instant) string { return string(r.wall.append(nil, at, 6)) }

// ladder tells what was sent in vain, and what is still to come.
func (r *report) ladder(c *track.Conn) {
	st := c.Stall
	if st == nil {
		return
	}
	r.table("The ladder", "", "time", "what", "interval", "ratio", "since the first")
	since := st.Since
	after := func(at track.Instant) string {
		if since == 0 || at == 0 {
			return ""
		}
		return string(appendInterval(nil, at.Sub(since)))
	}
	last, gap := since, time.Duration(0)
	if since != 0 {
		r.row("●", r.clock(since), "sent first", "", "", "")
	}
	for i := range st.Rungs {
		g := &st.Rungs[i]
		when, ratio := "not known", ""
		if g.At != 0 {
			when, last, gap = r.clock(g.At), g.At, g.Interval
		}
		if g.Ratio > 0 {
			ratio = string(appendRatio(nil, g.Ratio))
		}
		r.row(rungSign(g), when, rungWord(g), interval(g.Interval), ratio, after(g.At))
	}
	if c.Gone != nil {
		r.row("†", r.clock(c.Gone.At), reasonWord(c.Gone), interval(c.Gone.At.Sub(last)), "", after(c.Gone.At))
		return
	}
	for _, f := range c.Forecast.Schedule {
		sign, what, ratio := "○", "still to come: "+fireWord(f.Kind), ""
		if f.Kind == track.FireDeath {
			sign, what = "†", fireWord(f.Kind)
		}
		step := f.At.Sub(last)
		if last != 0 && gap > 0 {
			ratio = string(appendRatio(nil, float64(step)/float64(gap)))
		}
		when := r.clock(f.At)
		if last == 0 {
			step = 0
		}
		r.row(sign, when, what, interval(step), ratio, after(f.At))
		last, gap = f.At, step
	}
}

func (r *report) certificate(g *track.Certificate) {
	r.table("Certificate", "", "")
	r.row("happened", r.clock(g.At)+", "+g.State.String()+" "+reasonWord(g))
	r.row("last seen alive", r.clock(g.Alive))
	if g.FirstPredicted != 0 {
		r.row("first foretold for", r.clock(g.FirstPredicted))
	}
	if g.Predicted != 0 {
		r.row("foretold for", r.clock(g.Predicted)+", by "+g.Cause.String())
		r.row("difference", string(appendSigned(nil, g.Error)))
	}
}

// packets tells the packets as tcpdump does, with what they were beside them.
func (r *report) packets(c *track.Conn) {
	r.heading("Packets")
	switch {
	case len(c.Timeline) == 0:
		r.line("None were seen.")
		return
	case c.Dropped > 0:
		r.line("The last %d of %d; intervals are those since the same segment was sent before.", len(c.Timeline), c.Packets)
	default:
		r.line("Intervals are those since the same segment was sent before.")
	}
	r.line("")
	for i := range c.Timeline {
		p := PacketOf(c, i)
		r.text = AppendPacketLine(append(r.text, "    "...), &p, LineOptions{Wall: r.wall})
	}
}

// rungWord words what was sent: "loss probe", "RTO 2".
func rungWord(g *track.Rung) string {
	word := rungLegend(g)
	if _, name, ok := strings.Cut(word, " "); ok && !strings.HasPrefix(word, "1") {
		return name
	}
	if g.Kind == track.FireRTO {
		return "RTO " + strconv.Itoa(g.Nth)
	}
	return "sent again, " + g.Kind.String() + " " + strconv.Itoa(g.Nth)
}

// fireWord words what a timer's fire does.
func fireWord(k track.FireKind) string {
	switch k {
	case track.FireRTO:
		return "RTO"
	case track.FireTLP:
		return "loss probe"
	case track.FireProbe:
		return "window probe"
	case track.FireKeepalive:
		return "keepalive probe"
	case track.FireSyn:
		return "SYN"
	case track.FireSynack:
		return "SYN-ACK"
	}
	return "Linux gives up"
}

// interval words an interval; "" where it is not known.
func interval(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return string(appendInterval(nil, d))
}

func programOf(c *track.Conn) string {
	s := string(appendOwner(nil, c.Owner))
	if c.Socket != nil {
		s += ", uid " + strconv.FormatUint(uint64(c.Socket.UID), 10)
	}
	return s
}

func sourceName(s *track.Source) string {
	parts := []string{s.Name}
	if s.Netns != "" {
		parts = append(parts, "in "+s.Netns)
	}
	if s.Filter != "" {
		parts = append(parts, "("+s.Filter+")")
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}

func kernelName(l *track.Limits) string {
	if l.Kernel == (track.Release{}) {
		return ""
	}
	return fmt.Sprintf(" Linux %d.%d, HZ %d.", l.Kernel.Major, l.Kernel.Minor, l.HZ)
}

// reportName is what a report is called unless the user says otherwise: by the
// connection's own port and the moment shown.
func (d *dashboard) reportName(c *track.Conn) string {
	return fmt.Sprintf("tcpwatch-%d-%s.md", c.Local.Port(), d.wall().time(d.now()).Format("20060102-150405"))
}
