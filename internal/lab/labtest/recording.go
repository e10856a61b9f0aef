package labtest

import (
	"compress/gzip"
	"io"
	"os"
	"testing"
)

// Beginning returns the first 32 KiB of a recording of the lab's that is kept
// compressed by gzip.
func Beginning(t testing.TB, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	Check(t, err)
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	Check(t, err)
	beginning, err := io.ReadAll(io.LimitReader(unzip, 32<<10))
	Check(t, err)
	return beginning
}
