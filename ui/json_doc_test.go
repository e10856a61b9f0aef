package ui

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tcpwatch/tcpwatch/track"
)

// TestEventsAreDocumented looks in the documentation for each event, field and word
// that the code can write.
func TestEventsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	written := make(map[string]bool)
	for _, name := range []string{"json.go", "json_object.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bo\.\w+\("([a-z0-9_-]+)"`).FindAllSubmatch(source, -1) {
			written[string(m[1])] = true
		}
	}
	if len(written) < 60 {
		t.Fatalf("only %d fields were found in the code", len(written))
	}
	for c := track.CauseNone; c <= track.CauseShrunkWindow; c++ {
		written[c.String()] = true
	}
	for k := track.KindUnknown; k <= track.KindSpurious; k++ {
		written[k.String()] = true
	}
	for v := track.Healthy; v <= track.IdleUnguarded; v++ {
		written[v.String()] = true
	}
	for r := track.ReasonUnknown; r <= track.DestroyedByHand; r++ {
		written[r.String()] = true
	}
	for e := track.ExactnessUnknown; e <= track.Exact; e++ {
		written[e.String()] = true
	}
	for word := range written {
		if !strings.Contains(string(doc), "`"+word+"`") && !strings.HasPrefix(word, "tcp_") {
			t.Errorf("docs/events.md has no `%s`", word)
		}
	}
}
