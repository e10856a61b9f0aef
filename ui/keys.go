package ui

import "charm.land/bubbles/v2/key"

// keyMap holds every key of the dashboard, with its help.
type keyMap struct {
	Up, Down, Top, Bottom, PageUp, PageDown key.Binding
	Left, Right                             key.Binding
	Zoom, Back, NextPane, PrevPane          key.Binding
	Pane1, Pane2, Pane3                     key.Binding
	Freeze                                  key.Binding
	Slower, Faster, StepBack, StepOn        key.Binding
	Note, Edit, Delete, NextNote, PrevNote  key.Binding
	Filter, Sort, Reverse                   key.Binding
	Time, Scale, Follow, Names              key.Binding
	More, Fewer, Longer, Shorter, Undial    key.Binding
	Kill, Shorten                           key.Binding
	Save, Report, Copy                      key.Binding
	Help, Quit                              key.Binding
}

func bind(keys []string, sign, help string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(sign, help))
}

// quietly binds keys that another binding's help speaks for.
func quietly(keys []string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }

func newKeyMap() keyMap {
	k := func(keys ...string) []string { return keys }
	return keyMap{
		Up:       bind(k("up", "k"), "↑ ↓ k j", "move"),
		Down:     quietly(k("down", "j")),
		Top:      bind(k("home", "g"), "g G", "first, last"),
		Bottom:   quietly(k("end", "G")),
		PageUp:   bind(k("pgup", "ctrl+u"), "PgUp PgDn", "page"),
		PageDown: quietly(k("pgdown", "ctrl+d")),
		Left:     bind(k("left", "h"), "← → h l", "along the timeline"),
		Right:    quietly(k("right", "l")),
		Zoom:     bind(k("enter"), "enter", "the connection alone"),
		Back:     bind(k("esc"), "esc", "close the innermost"),
		NextPane: bind(k("tab"), "tab S-tab", "next, previous pane"),
		PrevPane: quietly(k("shift+tab")),
		Pane1:    bind(k("1"), "1 2 3", "table story packets"),
		Pane2:    quietly(k("2")),
		Pane3:    quietly(k("3")),
		Freeze:   bind(k("space", "p"), "space", "freeze, and go on"),
		Slower:   bind(k("["), "[ ]", "slower, faster"),
		Faster:   quietly(k("]")),
		StepBack: bind(k(","), ", .", "one packet back, on"),
		StepOn:   quietly(k(".")),
		Note:     bind(k("a"), "a", "note here"),
		Edit:     bind(k("e"), "e X", "edit, delete a note"),
		Delete:   quietly(k("X")),
		NextNote: bind(k("n"), "n N", "next, previous note"),
		PrevNote: quietly(k("N")),
		Filter:   bind(k("/"), "/", "filter the table"),
		Sort:     bind(k("s"), "s S", "sort, reverse"),
		Reverse:  quietly(k("S")),
		Time:     bind(k("t"), "t", "clock, start, delta"),
		Scale:    bind(k("L"), "L", "log or linear ladder"),
		Follow:   bind(k("f"), "f", "follow the newest"),
		Names:    bind(k("d"), "d", "names for addresses"),
		More:     bind(k("+", "="), "+ - < > 0", "zoomed: what if"),
		Fewer:    quietly(k("-")),
		Longer:   quietly(k(">")),
		Shorter:  quietly(k("<")),
		Undial:   quietly(k("0")),
		Kill:     bind(k("K"), "K", "destroy the socket"),
		Shorten:  bind(k("T"), "T", "shorten its death"),
		Save:     bind(k("w"), "w", "save the session"),
		Report:   bind(k("x"), "x", "export a report"),
		Copy:     bind(k("y"), "y", "copy the connection"),
		Help:     bind(k("?"), "? q", "help, quit"),
		Quit:     quietly(k("q", "ctrl+c")),
	}
}

// forReplay gives the keys the meaning that they have in a replay, or takes away
// those that have one there only.
func (k *keyMap) forReplay(yes bool) {
	for _, b := range []*key.Binding{&k.Slower, &k.Faster, &k.StepBack, &k.StepOn} {
		b.SetEnabled(yes)
	}
	if yes {
		k.Freeze.SetHelp("space", "pause, and play")
		k.Left.SetHelp("← → h l", "seek along the file")
	}
}

// groups lists the keys as the help shows them; keys that go together stand in
// one line.
func (k *keyMap) groups() []keyGroup {
	return []keyGroup{
		{"Move", []key.Binding{k.Up, k.Top, k.PageUp, k.Zoom, k.Back, k.NextPane, k.Pane1}},
		{"Stop and look", []key.Binding{k.Freeze, k.Left, k.StepBack, k.Slower, k.Note, k.Edit, k.NextNote}},
		{"Show", []key.Binding{k.Filter, k.Sort, k.Time, k.Names, k.Scale, k.Follow, k.More}},
		{"Act", []key.Binding{k.Kill, k.Shorten, k.Save, k.Report, k.Copy, k.Help}},
	}
}

type keyGroup struct {
	title string
	keys  []key.Binding
}
