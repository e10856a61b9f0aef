package labtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Captures returns a folder of captures that are not part of the project, below the
// one that TCPWATCH_CAPTURES names. Without that the test is skipped.
func Captures(t testing.TB, folder string) string {
	t.Helper()
	root := os.Getenv("TCPWATCH_CAPTURES")
	if root == "" {
		t.Skip("TCPWATCH_CAPTURES names no folder of captures")
	}
	return filepath.Join(root, folder)
}
