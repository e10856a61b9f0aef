package ui

import "charm.land/bubbles/v2/key"

// keyMap holds every key of the dashboard, with its help.
type keyMap struct {
	Up, Down, Top, Bottom, PageUp, PageDown key.Binding
	Left, Right                             key.Binding
	Zoom, Back, NextPane, PrevPane          key.Binding
	Pane1, Pane2, Pane3                     key.Binding
	Freeze                                  key.Binding
	Note, Edit, Delete, NextNote, PrevNote  key.Binding
	Filter, Sort, Reverse                   key.Binding
	Time, Scale, Follow                     key.Binding
	Kill, Shorten                           key.Binding
	Save, Report, Copy                      key.Binding
	Help, Quit                              key.Binding
}

func bind(keys []string, sign, help string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(sign, help))
}

func newKeyMap() keyMap {
	k := func(keys ...string) []string { return keys }
	return keyMap{
		Up:       bind(k("up", "k"), "↑ k", "up"),
		Down:     bind(k("down", "j"), "↓ j", "down"),
		Top:      bind(k("home", "g"), "g", "first"),
		Bottom:   bind(k("end", "G"), "G", "last"),
		PageUp:   bind(k("pgup", "ctrl+u"), "PgUp", "page up"),
		PageDown: bind(k("pgdown", "ctrl+d"), "PgDn", "page down"),
		Left:     bind(k("left", "h"), "← h", "frozen: the event before"),
		Right:    bind(k("right", "l"), "→ l", "frozen: the event after"),
		Zoom:     bind(k("enter"), "enter", "the connection alone"),
		Back:     bind(k("esc"), "esc", "close the innermost: dialog, filter, cursor, zoom"),
		NextPane: bind(k("tab"), "tab", "next pane"),
		PrevPane: bind(k("shift+tab"), "shift-tab", "pane before"),
		Pane1:    bind(k("1"), "1", "connections"),
		Pane2:    bind(k("2"), "2", "its story"),
		Pane3:    bind(k("3"), "3", "packets"),
		Freeze:   bind(k("space", "p"), "space", "freeze the picture, and go on"),
		Note:     bind(k("a"), "a", "note here"),
		Edit:     bind(k("e"), "e", "edit the note"),
		Delete:   bind(k("X"), "X", "delete the note"),
		NextNote: bind(k("n"), "n", "next note"),
		PrevNote: bind(k("N"), "N", "note before"),
		Filter:   bind(k("/"), "/", "filter what is shown"),
		Sort:     bind(k("s"), "s", "sort"),
		Reverse:  bind(k("S"), "S", "reverse the order"),
		Time:     bind(k("t"), "t", "time: clock, since start, delta"),
		Scale:    bind(k("L"), "L", "ladder: log or linear time"),
		Follow:   bind(k("f"), "f", "follow the newest packet"),
		Kill:     bind(k("K"), "K", "destroy the socket"),
		Shorten:  bind(k("T"), "T", "shorten its death"),
		Save:     bind(k("w"), "w", "save the session"),
		Report:   bind(k("x"), "x", "export a report"),
		Copy:     bind(k("y"), "y", "copy the connection"),
		Help:     bind(k("?"), "?", "help"),
		Quit:     bind(k("q", "ctrl+c"), "q", "quit"),
	}
}

// groups lists the keys as the help shows them.
func (k *keyMap) groups() []keyGroup {
	return []keyGroup{
		{"Move", []key.Binding{k.Up, k.Down, k.Top, k.Bottom, k.PageUp, k.PageDown, k.Zoom, k.Back, k.NextPane, k.Pane1, k.Pane2, k.Pane3}},
		{"Stop and look", []key.Binding{k.Freeze, k.Left, k.Right, k.Note, k.Edit, k.Delete, k.NextNote, k.PrevNote}},
		{"Show", []key.Binding{k.Filter, k.Sort, k.Reverse, k.Time, k.Scale, k.Follow}},
		{"Act", []key.Binding{k.Kill, k.Shorten, k.Save, k.Report, k.Copy, k.Help, k.Quit}},
	}
}

type keyGroup struct {
	title string
	keys  []key.Binding
}
