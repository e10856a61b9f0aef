package ui

import (
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Clean returns s as it may be shown on a terminal: control characters become
// their pictures (␛ for escape), and invalid UTF-8, bidi controls, letters that
// a terminal would set from right to left, combining and invisible characters
// become U+FFFD. What is left takes one or two cells a rune, in the order in
// which it stands.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	return string(appendClean(nil, s))
}

// plain reports whether s is printable ASCII throughout.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func appendClean(dst []byte, s string) []byte {
	for _, r := range s {
		r, _ = cleanRune(r)
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// cleanRune returns what is shown for r, and the cells it takes.
func cleanRune(r rune) (rune, int) {
	switch {
	case r >= ' ' && r <= '~':
		return r, 1
	case r < ' ':
		return '\u2400' + r, 1
	case r == 0x7f:
		return '\u2421', 1
	case !safe(r):
		return utf8.RuneError, 1
	}
	if w := displaywidth.Rune(r); w == 1 || w == 2 {
		return r, w
	}
	return utf8.RuneError, 1
}

// unsafe holds the printable runes that do not stand in cells of their own:
// they join their neighbours, show nothing, or turn the order of the line.
var unsafe = []*unicode.RangeTable{
	unicode.M,
	unicode.Other_Default_Ignorable_Code_Point,
	unicode.Regional_Indicator,
	unicode.Prepended_Concatenation_Mark,
	unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic,
	unicode.Adlam, unicode.Hanifi_Rohingya, unicode.Mende_Kikakui,
	{
		R16: []unicode.Range16{
			{Lo: 0x0d4e, Hi: 0x0d4e, Stride: 1}, // joins what comes after it
			{Lo: 0x0e33, Hi: 0x0e33, Stride: 1}, // sara am: joins what is before it
			{Lo: 0x0eb3, Hi: 0x0eb3, Stride: 1},
			{Lo: 0x1100, Hi: 0x11ff, Stride: 1}, // conjoining jamo, to the two blocks of more
			{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // the blank of Braille
			{Lo: 0xa960, Hi: 0xa97f, Stride: 1},
			{Lo: 0xd7b0, Hi: 0xd7ff, Stride: 1},
			{Lo: 0xff9e, Hi: 0xff9f, Stride: 1}, // halfwidth marks of kana
		},
		R32: []unicode.Range32{
			{Lo: 0x10800, Hi: 0x10fff, Stride: 1}, // old scripts, from right to left
			{Lo: 0x11000, Hi: 0x11fff, Stride: 1}, // old Indic scripts, which join
			{Lo: 0x1e800, Hi: 0x1efff, Stride: 1},
			{Lo: 0x1f3fb, Hi: 0x1f3ff, Stride: 1}, // skin tones
		},
	},
}

// safe reports whether r, which is not ASCII, may be shown as it is.
func safe(r rune) bool {
	return r != utf8.RuneError && unicode.IsPrint(r) && !unicode.In(r, unsafe...)
}

// cells returns how many cells the cleaned s takes.
func cells(s string) int {
	if plain(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		_, w := cleanRune(r)
		n += w
	}
	return n
}
