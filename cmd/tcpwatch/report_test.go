package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWriteReport writes a report, and never over a file.
func TestWriteReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.md")
	if err := writeReport(path, []byte("# one")); err != nil {
		t.Fatal(err)
	}
	if err := writeReport(path, []byte("# two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over a file: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "# one" {
		t.Errorf("%q, %v", b, err)
	}
}
