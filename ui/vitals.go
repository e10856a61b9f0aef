package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// vital is a line of the zoomed view: a value over time, or a row of facts.
type vital struct {
	label string
	value string
	line  func(*track.Moment) float64 // nil: facts
	spans []span                      // facts in several styles
}

// vitals returns what the zoomed view shows of the selected connection, and what
// of it stands beside the values over time, where there is room.
func (d *dashboard) vitals() (lines, beside []vital) {
	c, _ := d.shown(d.roster.conn())
	if c == nil {
		return nil, nil
	}
	facts := []vital{
		{label: "options", value: optionFacts(c.Options)},
		{label: "limits", value: limitFacts(&d.picture().Limits)},
		{label: "coverage", value: d.coverageFacts(&c.Coverage)},
	}
	s := c.Socket
	if s == nil {
		return facts, nil
	}
	if c.Gone == nil && d.cursor == 0 {
		lines = d.dialLines(c)
	}
	i := &s.Info
	lines = append(lines,
		vital{label: "RTT", value: string(appendInterval(nil, i.RTT)), line: func(m *track.Moment) float64 { return float64(m.RTT) }},
		vital{label: "cwnd", value: strconv.FormatUint(uint64(i.SndCwnd), 10), line: func(m *track.Moment) float64 { return float64(m.Cwnd) }},
		vital{label: "send window", value: string(appendCount(nil, uint64(i.SndWnd))), line: func(m *track.Moment) float64 { return float64(m.SndWnd) }},
		vital{label: "Send-Q", value: string(appendCount(nil, uint64(s.SendQ))), line: func(m *track.Moment) float64 { return float64(m.SendQ) }},
		vital{label: "Recv-Q", value: string(appendCount(nil, uint64(s.RecvQ))), line: func(m *track.Moment) float64 { return float64(m.RecvQ) }})
	facts = append([]vital{{label: "kernel", value: kernelFacts(s)}}, facts...)
	if d.width >= roomy {
		return lines, facts
	}
	return append(lines, facts...), nil
}

// roomy is the width from which on the zoomed view puts things side by side.
const roomy = 170

func (d *dashboard) drawVitals(cv *canvas, r region) {
	c, _ := d.shown(d.roster.conn())
	lines, beside := d.vitals()
	for _, v := range lines[:min(r.height, len(lines))] {
		if v.line != nil && beside != nil {
			var aside [][]span
			for i := range beside {
				aside = append(aside, beside[i].spread())
			}
			cv.beside(cv.width*3/8, aside)
			beside = nil
		}
		cv.gap(1)
		if v.line == nil {
			cv.facts(v.spread())
			cv.line()
			continue
		}
		cv.left(quiet, v.label, labelCells)
		cv.right(normal, v.value, 8)
		cv.gap(2)
		if n := len(c.Moments); n > 0 {
			cv.text(quiet, spark(c.Moments, c.Moments[0].At, d.now(), cv.width-cv.col-1, v.line))
		} else {
			cv.text(quiet, "its past was not kept")
		}
		cv.line()
	}
	cv.alone()
}

// labelCells is how wide the labels of vitals are.
const labelCells = 12

// spread returns a row of facts with its label.
func (v *vital) spread() []span {
	label := span{quiet, pad(v.label, labelCells)}
	return append(append([]span{label}, v.spans...), span{normal, v.value})
}

// facts joins "name value" pairs.
type facts []byte

func (f *facts) add(s string) {
	if len(*f) > 0 {
		*f = append(*f, "   "...)
	}
	*f = append(*f, s...)
}

func (f *facts) time(name string, d time.Duration) {
	f.add(name + " " + string(appendSeconds(nil, d)))
}

func kernelFacts(s *track.Socket) string {
	var f facts
	i := &s.Info
	f.add("timer " + string(appendTimer(nil, s)))
	if i.Size > 0 {
		f.add("backoff " + strconv.Itoa(int(i.Backoff)))
		f.add("unacked " + strconv.Itoa(int(i.Unacked)))
		f.add("mss " + strconv.Itoa(int(i.SndMSS)))
		if s.CongestionControl != "" {
			f.add(s.CongestionControl)
		}
		f.add("retransmitted " + string(appendCount(nil, uint64(i.TotalRetrans))))
	}
	f.add("uid " + strconv.FormatUint(uint64(s.UID), 10))
	f.add("cookie " + strconv.FormatUint(s.Cookie, 10))
	return string(f)
}

func optionFacts(o *track.Options) string {
	var f facts
	switch {
	case o == nil:
		return "not read"
	case o.Err != "":
		return "not read: " + o.Err
	}
	if o.UserTimeout > 0 {
		f.time("TCP_USER_TIMEOUT", o.UserTimeout)
	} else {
		f.add("no TCP_USER_TIMEOUT")
	}
	if o.Keepalive {
		f.add("keepalive " + string(appendSeconds(nil, o.KeepIdle)) + " + " + strconv.Itoa(o.KeepCnt) + "×" + string(appendSeconds(nil, o.KeepIntvl)))
	} else {
		f.add("no keepalive")
	}
	f.add("TCP_SYNCNT " + strconv.Itoa(o.SynCnt))
	if o.Linger2 != 0 {
		f.time("TCP_LINGER2", o.Linger2)
	}
	if o.RTOMax > 0 {
		f.time("TCP_RTO_MAX", o.RTOMax)
	}
	if o.ThinLinear {
		f.add("thin linear timeouts")
	}
	if o.DeferAccept > 0 {
		f.time("TCP_DEFER_ACCEPT", o.DeferAccept)
	}
	return string(f)
}

func limitFacts(l *track.Limits) string {
	var f facts
	count := func(name string, n int) { f.add(name + " " + strconv.Itoa(n)) }
	count("tcp_retries2", l.Retries2)
	count("tcp_orphan_retries", l.OrphanRetries)
	count("tcp_syn_retries", l.SynRetries)
	if l.HasRTOMax {
		f.time("tcp_rto_max", l.RTOMax)
	}
	f.time("tcp_fin_timeout", l.FinTimeout)
	if l.HZ > 0 {
		count("HZ", l.HZ)
	}
	if len(l.Missing) > 0 {
		f.add("not read: " + strings.Join(l.Missing, ", "))
	}
	return string(f)
}

func (d *dashboard) coverageFacts(c *track.Coverage) string {
	s := ""
	switch {
	case c.Out && c.In:
		s = "both directions"
	case c.Out:
		s = "only what it sends"
	case c.In:
		s = "only what it receives"
	default:
		return "none of its packets can be seen"
	}
	w := d.wall()
	switch {
	case c.FromStart:
		s += ", from its first segment on"
	case c.Since != 0:
		s += ", since " + string(w.appendFar(nil, c.Since, d.now(), 0))
	}
	if c.Lost > 0 {
		s += ", " + string(appendCount(nil, c.Lost)) + " frames lost since"
	}
	if c.Doubt != "" {
		s += "; in doubt: " + c.Doubt
	}
	return s
}
