package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tcpwatch/tcpwatch/"

// forbidden says which rooms of the house each room never imports.
var forbidden = map[string][]string{
	"track":   {"capture", "diag", "ui", "cmd", "internal"},
	"capture": {"diag", "ui", "cmd", "internal"},
	"diag":    {"capture", "ui", "cmd", "internal"},
	"ui":      {"capture", "diag", "cmd", "internal"},
}

// timeless rooms never read a clock: time comes to them as an argument.
var timeless = []string{"track", "ui"}

// clocks are the functions of package time that read one or wait for one.
var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep"}

func TestHouse(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel("../..", path)
		if err != nil {
			return err
		}
		files++
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		for _, breach := range breaches(filepath.ToSlash(rel), f, fset) {
			t.Error(breach)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d source files found: this test looks in the wrong place", files)
	}
}

// breaches lists what a file does against the rules.
func breaches(path string, f *ast.File, fset *token.FileSet) []string {
	var found []string
	room, _, _ := strings.Cut(path, "/")
	timeName := ""
	for _, spec := range f.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if name == "time" {
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
		}
		inside, ours := strings.CutPrefix(name, module)
		first, _, _ := strings.Cut(inside, "/")
		if ours && slices.Contains(forbidden[room], first) {
			found = append(found, fmt.Sprintf("%s imports %s: %s never does", path, name, room))
		}
		if root, _, _ := strings.Cut(name, "/"); room == "track" && strings.Contains(root, ".") {
			found = append(found, fmt.Sprintf("%s imports %s: track imports the standard library alone", path, name))
		}
		if room == "track" && slices.Contains([]string{"os", "sync", "net", "io", "log"}, name) {
			found = append(found, fmt.Sprintf("%s imports %s: track touches no file, no lock and no network", path, name))
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if room == "track" {
				found = append(found, fmt.Sprintf("%s: track starts no goroutine", fset.Position(n.Pos())))
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && timeName != "" && x.Name == timeName && slices.Contains(clocks, n.Sel.Name) && slices.Contains(timeless, room) {
				found = append(found, fmt.Sprintf("%s: %s reads no clock, so not time.%s", fset.Position(n.Pos()), room, n.Sel.Name))
			}
		}
		return true
	})
	return found
}

// TestBreaches shows that each rule can be broken, and is then told.
func TestBreaches(t *testing.T) {
	for _, c := range []struct{ path, source, want string }{
		{"track/a.go", `package track; import "` + module + `diag"; var _ = diag.X`, "track never does"},
		{"track/a.go", `package track; import "github.com/google/go-cmp/cmp"; var _ = cmp.Diff`, "standard library alone"},
		{"track/a.go", `package track; import "sync"; var _ sync.Mutex`, "no lock"},
		{"track/a.go", `package track; func f() { go f() }`, "no goroutine"},
		{"track/a.go", `package track; import "time"; var _ = time.Now()`, "reads no clock"},
		{"ui/a.go", `package ui; import tm "time"; var _ = tm.Since`, "reads no clock"},
		{"ui/a.go", `package ui; import "` + module + `capture/session"; var _ = session.X`, "ui never does"},
		{"capture/session/a.go", `package session; import "` + module + `diag"; var _ = diag.X`, "capture never does"},
		{"diag/a.go", `package diag; import "` + module + `capture"; var _ = capture.X`, "diag never does"},
		{"diag/a.go", `package diag; import "time"; var _ = time.Now()`, ""},
		{"cmd/tcpwatch/a.go", `package main; import "` + module + `diag"; var _ = diag.X`, ""},
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, c.path, c.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Join(breaches(c.path, f, fset), "\n")
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: %s: found %q, want %q", c.path, c.source, found, c.want)
		}
	}
}
