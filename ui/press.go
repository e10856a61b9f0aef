package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// press acts on a key.
func (d *dashboard) press(msg tea.KeyPressMsg) tea.Cmd {
	k := &d.keys
	is := func(b key.Binding) bool { return key.Matches(msg, b) }
	d.flash = ""
	switch {
	case msg.String() == "ctrl+c":
		return tea.Quit
	case d.prompt != nil:
		return d.prompt.update(d, msg)
	case is(k.Quit):
		return tea.Quit
	case d.helping:
		d.helping = false
	case is(k.Help):
		d.helping = true
	case d.replay != nil && d.pressReplay(is):
	case d.pressDial(is):
	case is(k.Up):
		d.move(-1)
	case is(k.Down):
		d.move(1)
	case is(k.PageUp):
		d.move(-max(d.pageRows()-1, 1))
	case is(k.PageDown):
		d.move(max(d.pageRows()-1, 1))
	case is(k.Top):
		d.move(-1 << 40)
	case is(k.Bottom):
		d.move(1 << 40)
	case is(k.Left):
		d.moveCursor(-1)
	case is(k.Right):
		d.moveCursor(1)
	case is(k.Zoom):
		d.zoomed = !d.zoomed && d.roster.conn() != nil
		d.roster.picked = d.roster.picked || d.zoomed
		d.dial = dial{}
	case is(k.Back):
		d.back()
	case is(k.NextPane):
		d.pane = (d.pane + 1) % panes
	case is(k.PrevPane):
		d.pane = (d.pane + panes - 1) % panes
	case is(k.Pane1):
		d.pane = paneConnections
	case is(k.Pane2):
		d.pane = paneStory
	case is(k.Pane3):
		d.pane = panePackets
	case is(k.Freeze):
		d.roster.picked = true
		d.toggleFreeze()
	case is(k.Time):
		d.format = (d.format + 1) % timeFormats
	case is(k.Names):
		if d.names.on = d.names.ask != nil && !d.names.on; d.names.ask == nil {
			d.flash = "names cannot be asked for here"
		}
	case is(k.Scale):
		d.linear = !d.linear
	case is(k.Follow):
		d.packets.follow = !d.packets.follow
	case is(k.Reverse):
		d.roster.reverse = !d.roster.reverse
		d.resort()
	case is(k.NextNote):
		d.jump(1)
	case is(k.PrevNote):
		d.jump(-1)
	case is(k.Delete):
		return d.deleteNote()
	case is(k.Copy):
		return d.copy()
	default:
		d.prompt = d.ask(is)
	}
	return nil
}

// back closes the innermost: filter, cursor, zoom.
func (d *dashboard) back() {
	switch {
	case d.roster.filter.text != "":
		d.roster.filter = filter{}
		d.resort()
	case d.cursor != 0:
		d.cursor = 0
	case d.zoomed:
		d.zoomed, d.dial = false, dial{}
	}
}

// resort makes the table anew from the picture.
func (d *dashboard) resort() {
	if s := d.picture(); s != nil {
		d.roster.rebuild(s)
	}
}

func (d *dashboard) pageRows() int {
	if d.pane == panePackets {
		return d.layout().packets.rows()
	}
	return d.layout().connections.rows()
}

// move moves what the focused pane selects.
func (d *dashboard) move(by int) {
	if d.pane == panePackets {
		if c := d.roster.conn(); c != nil {
			d.packets.move(c, by)
			if d.frozen != nil {
				d.cursor = d.packets.at
			}
		}
		return
	}
	before := d.roster.selected
	d.roster.choose(d.roster.index + by)
	d.roster.picked = true
	if d.roster.selected != before {
		d.packets, d.dial = packets{follow: true}, dial{}
	}
}

// copy puts the selected connection on the clipboard (OSC 52), with the sentence
// that is shown; where the dial asks what if, what would make it so.
func (d *dashboard) copy() tea.Cmd {
	c, _ := d.shown(d.roster.conn())
	if c == nil {
		return nil
	}
	if _, asked := d.whatIf(c, &d.dial); asked {
		d.flash = "copied what would make it so; nothing was changed"
		return tea.SetClipboard(Clean(strings.Join(d.dialCommands(), "; ")) + "\n")
	}
	b := c.Local.AppendTo(nil)
	b = append(c.Remote.AppendTo(append(b, " -> "...)), '\n')
	for _, s := range d.sentences(c) {
		b = appendClean(b, s.text)
	}
	d.flash = "copied"
	return tea.SetClipboard(string(b) + "\n")
}

// deleteNote deletes the note nearest to where the user is.
func (d *dashboard) deleteNote() tea.Cmd {
	n := d.noteHere()
	if n == nil {
		d.flash = "this connection has no note"
		return nil
	}
	id := n.ID
	d.flash = "note deleted: " + n.Text
	d.drop(id)
	return d.do("", func(a Actions) error { return a.DeleteNote(id) })
}

// do runs an action of the session, and says what came of it: what, if anything,
// or the error.
func (d *dashboard) do(what string, action func(Actions) error) tea.Cmd {
	return func() tea.Msg {
		if err := action(d.actions); err != nil {
			return doneMsg{err: err}
		}
		if what == "" {
			return nil
		}
		return doneMsg{what: what}
	}
}

// refusal says why nothing may be done to the kernel from this picture; "":
// something may.
func (d *dashboard) refusal(c *track.Conn) string {
	switch {
	case c == nil:
		return "no connection is selected"
	case !d.live.Source.Live:
		return "not in a replay: these sockets are of the past"
	case d.frozen != nil:
		return "not in a frozen picture: space goes on"
	case c.Gone != nil:
		return "it is gone already"
	case c.Socket == nil:
		return "no socket of this host is known for it"
	}
	return ""
}
