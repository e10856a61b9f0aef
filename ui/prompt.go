package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// prompt is a question in the footer: a text to type, or a letter to press.
type prompt struct {
	label  string
	input  *line         // nil: one letter answers
	err    error         // why what is typed does not do
	about  func() []span // what it is about, on lines of its own above; nil: nothing
	hint   []span        // what to answer
	dial   *dial         // what would become of the selected connection; nil: nothing
	change func(text string) error
	answer func(text string) tea.Cmd // enter, or the letter
	cancel func()
}

func typed(label, value, hint string) *prompt {
	return &prompt{label: label, input: newLine(value), hint: []span{{quiet, hint}}}
}

// update takes in a key or a paste.
func (p *prompt) update(d *dashboard, msg tea.Msg) tea.Cmd {
	press, isKey := msg.(tea.KeyPressMsg)
	switch {
	case isKey && key.Matches(press, d.keys.Back):
		d.prompt = nil
		if p.cancel != nil {
			p.cancel()
		}
		return nil
	case p.input == nil:
		if !isKey {
			return nil
		}
		d.prompt = nil
		return p.answer(press.String())
	case isKey && press.String() == "enter":
		if p.err != nil {
			return nil
		}
		d.prompt = nil
		return p.answer(strings.TrimSpace(p.input.String()))
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		p.input.press(msg)
	case tea.PasteMsg:
		p.input.insert(msg.Content)
	}
	if p.change != nil {
		p.err = p.change(p.input.String())
	}
	return nil
}

// ask returns the prompt that a key opens, if it opens one.
func (d *dashboard) ask(is func(key.Binding) bool) *prompt {
	k := &d.keys
	switch {
	case is(k.Filter):
		return d.askFilter()
	case is(k.Sort):
		return d.askOrder()
	case is(k.Note):
		if n, ok := d.place(); ok {
			return d.askNote(n)
		}
	case is(k.Edit):
		if n := d.noteHere(); n != nil {
			return d.askNote(*n)
		}
		d.flash = "this connection has no note: a writes one"
	case is(k.Kill):
		return d.askKill()
	case is(k.Shorten):
		return d.askShorten()
	case is(k.Save):
		return d.askPath("save to ", "session.pcapng", "saved to ", Actions.Save)
	case is(k.Report):
		if c, _ := d.shown(d.roster.conn()); c != nil {
			text := d.report(c)
			return d.askPath("report to ", d.reportName(c), "reported to ", func(a Actions, path string) error { return a.Report(path, text) })
		}
		d.flash = "no connection is selected"
	}
	return nil
}

func (d *dashboard) askFilter() *prompt {
	before := d.roster.filter
	p := typed("/", before.text, "443  nc  close_wait  dying  10.0.0.0/8  !sshd")
	p.change = func(text string) error {
		f, err := parseFilter(text)
		if err == nil {
			d.roster.filter = f
			d.resort()
		}
		return err
	}
	p.answer = func(string) tea.Cmd { return nil }
	p.cancel = func() {
		d.roster.filter = before
		d.resort()
	}
	return p
}

func (d *dashboard) askOrder() *prompt {
	p := &prompt{label: "sort by"}
	for o := range orders {
		name := o.String()
		i := strings.Index(strings.ToLower(name), orderKeys[o])
		p.hint = append(p.hint, span{quiet, " " + name[:i]}, span{accentStrong, name[i : i+1]}, span{quiet, name[i+1:]})
	}
	p.answer = func(letter string) tea.Cmd {
		if i := slices.Index(orderKeys[:], letter); i >= 0 {
			d.roster.order, d.roster.reverse = order(i), false
			d.resort()
		}
		return nil
	}
	return p
}

func (d *dashboard) askNote(n Note) *prompt {
	w := d.wall()
	p := typed("note at "+string(w.append(nil, n.At, 3))+" ", n.Text, "")
	p.answer = func(text string) tea.Cmd {
		if text == "" {
			return nil
		}
		n.Text = text
		d.keep(n)
		return d.do("", func(a Actions) error { return a.Note(n) })
	}
	return p
}

func (d *dashboard) askKill() *prompt {
	c := d.roster.conn()
	if why := d.refusal(c); why != "" {
		d.flash = why
		return nil
	}
	d.roster.picked = true
	p := &prompt{label: "destroy this socket? ", hint: []span{{accentStrong, "y/N"},
		{quiet, "   its program reads ECONNABORTED, its peer gets a reset"}}}
	p.about = func() []span { return d.identity(d.latest(c)) }
	p.answer = func(letter string) tea.Cmd {
		if letter != "y" && letter != "Y" {
			d.flash = "nothing was destroyed"
			return nil
		}
		return d.do("destroyed "+nameOf(c), func(a Actions) error { return a.Destroy(c) })
	}
	return p
}

func (d *dashboard) askShorten() *prompt {
	c := d.roster.conn()
	if why := d.refusal(c); why != "" {
		d.flash = why
		return nil
	}
	d.roster.picked = true
	p := typed("give up after ", "30s", "")
	p.dial = new(dial)
	p.change = func(text string) error {
		after, err := parseTimeout(text)
		*p.dial = dial{timed: err == nil, timeout: after}
		return err
	}
	_ = p.change(p.input.String())
	p.about = func() []span {
		now := d.latest(c)
		about := append([]span{{strong, "TCP_USER_TIMEOUT"}, {normal, " of "}}, d.identity(now)...)
		if f, asked := d.whatIf(now, p.dial); asked {
			about = append(append(about, span{normal, ": "}), d.answer(now, &f)...)
			about = append(about, span{normal, "; " + d.acts(now)})
		}
		return about
	}
	p.answer = func(text string) tea.Cmd {
		after, err := parseTimeout(text)
		if err != nil {
			return nil
		}
		what := "TCP_USER_TIMEOUT = " + string(appendSeconds(nil, after)) + " is set"
		return d.do(what+"; "+d.acts(d.latest(c)), func(a Actions) error { return a.Shorten(c, after) })
	}
	return p
}

// acts says when a user timeout that is set now will first be looked at: where
// something is unanswered, by the next fire of the timer.
func (d *dashboard) acts(c *track.Conn) string {
	if f := &c.Forecast; dying(c) && len(f.Schedule) > 0 {
		return "it acts when the timer next fires, in " + string(appendCountdown(nil, f.Schedule[0].At.Sub(d.now())))
	}
	return "it acts once something goes unanswered"
}

// parseTimeout reads a user timeout, which the kernel keeps in milliseconds.
func parseTimeout(text string) (time.Duration, error) {
	after, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	switch {
	case err != nil:
		return 0, fmt.Errorf("a time like 30s or 2m")
	case after < time.Millisecond || after > 1<<31*time.Millisecond-1:
		return 0, fmt.Errorf("from 1ms to 596h")
	}
	return after, nil
}

func (d *dashboard) askPath(label, value, done string, act func(Actions, string) error) *prompt {
	p := typed(label, value, "")
	p.answer = func(path string) tea.Cmd {
		if path == "" {
			return nil
		}
		return d.do(done+path, func(a Actions) error { return act(a, path) })
	}
	return p
}

// latest returns the newest view of a connection that was selected when a prompt
// was opened. The selection stays with it.
func (d *dashboard) latest(c *track.Conn) *track.Conn {
	if now := d.roster.conn(); now != nil && now.ID == c.ID && now.Socket != nil {
		return now
	}
	return c
}

// identity tells exactly which socket is meant.
func (d *dashboard) identity(c *track.Conn) []span {
	out := []span{{strong, c.Local.String() + " → " + c.Remote.String()}, {normal, ", " + c.State.String()}}
	if c.Socket.SendQ > 0 {
		out = append(out, span{normal, ", Send-Q " + strconv.FormatUint(uint64(c.Socket.SendQ), 10)})
	}
	if c.Owner.PID > 0 {
		return append(out, span{normal, ", of " + string(appendOwner(nil, c.Owner))})
	}
	return append(out, span{quiet, ", of no known program"})
}

// nameOf names a connection and its owner exactly.
func nameOf(c *track.Conn) string {
	b := c.Local.AppendTo(nil)
	b = c.Remote.AppendTo(append(b, " → "...))
	if c.Owner.PID > 0 {
		b = appendOwner(append(b, " of "...), c.Owner)
	}
	return string(b)
}
