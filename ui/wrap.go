package ui

import "strings"

// wrap breaks spans at blanks into lines of at most width cells. What does not
// fit into the given number of lines ends in "…".
func wrap(spans []span, width, lines int) [][]span {
	if width < 2 || lines < 1 {
		return nil
	}
	var out [][]span
	var line []span
	col := 0
	put := func(st style, s string, n int) {
		if last := len(line) - 1; last >= 0 && line[last].style == st {
			line[last].text += s
		} else {
			line = append(line, span{st, s})
		}
		col += n
	}
	blank := false // one is due before the next word
	for _, s := range spans {
		for i, word := range strings.Split(s.text, " ") {
			if i > 0 {
				blank = true
			}
			if word == "" {
				continue
			}
			n := cells(word)
			if blank && col > 0 && col+1+n > width {
				if len(out) == lines-1 {
					if col+2 > width {
						return append(out, line)
					}
					put(s.style, " …", 2)
					return append(out, line)
				}
				out = append(out, line)
				line, col = nil, 0
			}
			if blank && col > 0 {
				put(s.style, " ", 1)
			}
			blank = false
			put(s.style, word, n)
		}
	}
	if len(line) > 0 {
		out = append(out, line)
	}
	return out
}

// emphasise cuts s at the first occurrence of each text and sets that in its
// style; the rest is in st.
func emphasise(st style, s string, marks ...span) []span {
	out := []span{{st, s}}
	for _, m := range marks {
		if m.text == "" {
			continue
		}
		for i, o := range out {
			if o.style != st {
				continue
			}
			before, after, found := strings.Cut(o.text, m.text)
			if !found {
				continue
			}
			rest := append([]span{{st, before}, m, {st, after}}, out[i+1:]...)
			out = append(out[:i:i], rest...)
			break
		}
	}
	return out
}
