package ui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// style names what a text means; the theme says how that looks. Colour is a
// signal and nothing else, and each signal is said by a sign or a word, too.
type style uint8

const (
	normal style = iota
	quiet        // beside the point
	strong
	accent // tcpwatch's own: titles, the selection, notes
	accentStrong
	good
	warn // yellow: in trouble
	warnStrong
	alarm // red: dying
	alarmStrong
	probe // the loss probe
	probeStrong
	styles
)

// theme holds the escape sequence that begins each style, on the terminal's
// background and on that of the selection.
type theme struct {
	sgr [2][styles]string
}

// palette is what a theme is made from. A nil colour leaves the terminal's own.
type palette struct {
	quiet, accent, good, warn, alarm, probe, selection color.Color
	faint                                              bool // quiet is said by faint
	reverse                                            bool // the selection by reverse video
}

func paletteOf(p colorprofile.Profile, dark bool) palette {
	switch {
	case p <= colorprofile.ASCII:
		return palette{faint: true, reverse: true}
	case p == colorprofile.ANSI && dark:
		return palette{quiet: lipgloss.BrightBlack, accent: lipgloss.BrightBlue, good: lipgloss.Green, warn: lipgloss.Yellow,
			alarm: lipgloss.BrightRed, probe: lipgloss.BrightMagenta, reverse: true}
	case p == colorprofile.ANSI:
		return palette{quiet: lipgloss.BrightBlack, accent: lipgloss.Blue, good: lipgloss.Green, warn: lipgloss.Magenta,
			alarm: lipgloss.Red, probe: lipgloss.Cyan, reverse: true}
	}
	pick := lipgloss.LightDark(dark)
	c := func(light, dark string) color.Color { return pick(lipgloss.Color(light), lipgloss.Color(dark)) }
	out := palette{
		quiet:     c("#6c7280", "#7b8094"),
		accent:    c("#1f5fcc", "#89aefc"),
		good:      c("#2c7a31", "#9bcb7c"),
		warn:      c("#8a5a00", "#e6c27c"),
		alarm:     c("#c4262e", "#f27a80"),
		probe:     c("#7a3cc0", "#c49bf4"),
		selection: c("#e0e6f4", "#2a2e40"),
	}
	if p == colorprofile.ANSI256 { // whose nearest colours are far too strong
		out.selection = c("254", "236")
	}
	return out
}

func newTheme(profile colorprofile.Profile, dark bool) *theme {
	p := paletteOf(profile, dark)
	base := lipgloss.NewStyle()
	ink := func(c color.Color) lipgloss.Style {
		if c == nil {
			return base
		}
		return base.Foreground(c)
	}
	looks := [styles]lipgloss.Style{
		normal:       base,
		quiet:        ink(p.quiet).Faint(p.faint),
		strong:       base.Bold(true),
		accent:       ink(p.accent),
		accentStrong: ink(p.accent).Bold(true),
		good:         ink(p.good),
		warn:         ink(p.warn),
		warnStrong:   ink(p.warn).Bold(true),
		alarm:        ink(p.alarm),
		alarmStrong:  ink(p.alarm).Bold(true),
		probe:        ink(p.probe),
		probeStrong:  ink(p.probe).Bold(true),
	}
	var t theme
	for i, s := range looks {
		t.sgr[0][i] = opening(s)
		switch {
		case p.reverse:
			t.sgr[1][i] = opening(base.Reverse(true).Bold(s.GetBold()))
		default:
			t.sgr[1][i] = opening(s.Background(p.selection))
		}
	}
	return &t
}

// opening returns the sequence that leaves any style behind and begins s.
func opening(s lipgloss.Style) string {
	const mark = "x"
	before, _, _ := strings.Cut(s.Render(mark), mark)
	return "\x1b[m" + before
}
