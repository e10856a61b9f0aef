package ui

import "unicode/utf8"

// asciiRune returns what stands for one of this package's own signs, or for any
// other rune, on a terminal that knows ASCII alone. It takes one cell.
func asciiRune(r rune) byte {
	switch r {
	case '▌', '▎', '▏', '┃', '│', '▍':
		return '|'
	case '█', '▇', '▊', '▉', '▋', '▆', '▅', '▄', '▃':
		return '#'
	case '▂', '▁', '░':
		return '_'
	case '─', '╌', '━', '–', '┄':
		return '-'
	case '●', '◌':
		return 'o'
	case '○':
		return '.'
	case '†', '‡':
		return '+'
	case '↻', '⏸', '■':
		return '*'
	case '◇':
		return '?'
	case '⇄', '…':
		return '~'
	case '≡':
		return '='
	case '✗', '×':
		return 'x'
	case '→', '▸':
		return '>'
	case '←':
		return '<'
	case '▴', '↑':
		return '^'
	case '▾', '↓':
		return 'v'
	case '±':
		return '~'
	case '·':
		return '.'
	case 'µ':
		return 'u'
	}
	return '?'
}

// appendASCII appends s with a byte for each rune.
func appendASCII(dst []byte, s []byte) []byte {
	for len(s) > 0 {
		if s[0] < utf8.RuneSelf {
			dst = append(dst, s[0])
			s = s[1:]
			continue
		}
		r, n := utf8.DecodeRune(s)
		dst = append(dst, asciiRune(r))
		s = s[n:]
	}
	return dst
}
