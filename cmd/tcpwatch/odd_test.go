package main

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// TestReplayOfOddFiles gives the program what others have found to be odd, and what
// a compressed file may swell to: each is read to its end, or as far as it goes, and
// then one line says why no further.
func TestReplayOfOddFiles(t *testing.T) {
	folder := labtest.Captures(t, "odd")
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s: %v", folder, err)
	}
	for _, path := range append(files, swelling(t)) {
		o := execute(t, false, "--json", "-r", path)
		told := strings.Count(o.stdout, "\n") >= 2 && strings.Contains(o.stdout, `"event":"stats"`)
		switch {
		case o.status == 0 && o.stderr == "" && told:
		case o.status == 1 && strings.HasPrefix(o.stderr, "tcpwatch: ") && strings.Count(o.stderr, "\n") == 1:
		default:
			t.Errorf("%s: status %d, stderr %q, stdout %.300q", filepath.Base(path), o.status, o.stderr, o.stdout)
		}
	}
}

// swelling makes a gzip file a thousandth as long as what is in it: 256 MiB of zeros
// behind the header of a pcap.
func swelling(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "swelling.pcap.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	for range 256 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
