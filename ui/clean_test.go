package ui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"nc":                     "nc",
		"日本 café":                "日本 café",
		"\x1b[2J\a\n\x7f":        "␛[2J␇␊␡",
		"\u0085\u009b":           "\ufffd\ufffd",
		"a\u202eb\u2066c\u200f":  "a\ufffdb\ufffdc\ufffd",
		"a\u200bb\ufeff\u00ad":   "a\ufffdb\ufffd\ufffd",
		"e\u0301":                "e\ufffd",
		"x\xff\xc3y":             "x\ufffd\ufffdy",
		"\u2028\u3164\U000e0041": "\ufffd\ufffd\ufffd",
		"אa":                     "\ufffda",
		"👩\u200d👧":               "👩\ufffd👧",
		"🇩🇪":                     "\ufffd\ufffd",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzClean asserts that a cleaned string is stable, holds nothing that moves a
// terminal, and takes the cells that a terminal gives it.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"nc", "\x1b[2J", "日本語", "e\u0301\u0301", "กำ", "👩‍👩‍👧", "각", "ᄀ각", "कि", "🇩🇪🇩", "\u0d4eक", "☝🏽", "❤\ufe0f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || Clean(got) != got {
			t.Fatalf("Clean(%q) = %q, unstable", s, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.Is(unicode.C, r) || unicode.Is(unicode.Mn, r) }); i >= 0 {
			t.Fatalf("Clean(%q) = %q, unclean at %d", s, got, i)
		}
		for name, width := range map[string]int{"graphemes": ansi.StringWidth(got), "runes": ansi.StringWidthWc(got)} {
			if w := cells(s); w != width {
				t.Fatalf("cells(%q) = %d, by %s %d", s, w, name, width)
			}
		}
	})
}

// TestEveryRune asserts the same of each rune beside a letter of its own kind.
func TestEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, s := range [...]string{string(r), "a" + string(r) + "a", "क" + string(r) + "क"} {
			got := Clean(s)
			if w := ansi.StringWidth(got); w != cells(s) {
				t.Errorf("%U in %q: %d cells, taken for %d", r, s, w, cells(s))
			}
		}
	}
}
