package ui

import (
	"slices"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// line is a line of text being typed.
type line struct {
	text []rune
	at   int // the cursor stands before this rune
}

func newLine(text string) *line {
	l := &line{text: []rune(text)}
	l.at = len(l.text)
	return l
}

func (l *line) String() string { return string(l.text) }

// insert puts s at the cursor; a pasted line break becomes a blank.
func (l *line) insert(s string) {
	for _, r := range s {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if len(l.text) < 1000 && !unicode.IsControl(r) {
			l.text = slices.Insert(l.text, l.at, r)
			l.at++
		}
	}
}

func (l *line) cut(from, to int) {
	l.text = slices.Delete(l.text, from, to)
	l.at = from
}

// press acts on a key, as a shell's line does.
func (l *line) press(k tea.KeyPressMsg) {
	switch k.String() {
	case "left", "ctrl+b":
		l.at = max(l.at-1, 0)
	case "right", "ctrl+f":
		l.at = min(l.at+1, len(l.text))
	case "home", "ctrl+a":
		l.at = 0
	case "end", "ctrl+e":
		l.at = len(l.text)
	case "backspace", "ctrl+h":
		l.cut(max(l.at-1, 0), l.at)
	case "delete", "ctrl+d":
		l.cut(l.at, min(l.at+1, len(l.text)))
	case "ctrl+u":
		l.cut(0, l.at)
	case "ctrl+k":
		l.cut(l.at, len(l.text))
	case "ctrl+w", "alt+backspace":
		from := l.at
		for from > 0 && l.text[from-1] == ' ' {
			from--
		}
		for from > 0 && l.text[from-1] != ' ' {
			from--
		}
		l.cut(from, l.at)
	default:
		if !k.Mod.Contains(tea.ModCtrl) && !k.Mod.Contains(tea.ModAlt) {
			l.insert(k.Text)
		}
	}
}
