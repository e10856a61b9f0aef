package session

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// readFile reads a session file but for its header.
func readFile(t *testing.T, path string) []item {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	items, _, err := readAll(t, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return items[1:]
}

// create writes a session file and closes it.
func create(t *testing.T, items []item) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s.pcapng")
	f, err := Create(path, header, Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, f, items)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// comments returns the comments that a file's packets have, by a reading of its
// bytes.
func comments(t *testing.T, path string) map[uint64][]string {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[uint64][]string)
	frame := uint64(0)
	for len(file) > 0 {
		n := wholeBlocks(file, int(le32(file[4:])))
		block := file[:n]
		file = file[n:]
		if le32(block) != blockPacket {
			continue
		}
		frame++
		captured := int(le32(block[20:]))
		for o := block[28+(captured+3)&^3 : n-4]; len(o) >= 4; {
			code, size := le32(o)&0xffff, int(le32(o)>>16)
			if code == optComment {
				found[frame] = append(found[frame], string(o[4:4+size]))
			}
			o = o[4+(size+3)&^3:]
		}
	}
	return found
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// TestFile keeps a session in a file, its notes being comments at the end.
func TestFile(t *testing.T) {
	path := create(t, small())
	if diff := cmp.Diff(small(), readFile(t, path)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[uint64][]string{2: {"the second"}}, comments(t, path)); diff != "" {
		t.Error(diff)
	}
}

// TestFinish takes edited and taken back notes as they stand at the end, leaves
// mode and links alone, and does nothing twice.
func TestFinish(t *testing.T) {
	items := small()
	for _, n := range []Note{{ID: 4, Frame: 3, Text: strings.Repeat("x", 1<<16)}, {ID: 5, Frame: 1, Text: "b"}, {ID: 3, Frame: 1, Text: "first"},
		{ID: 3, Frame: 1, Text: "a"}, {ID: 1, Frame: 2}, {ID: 9, Frame: 4, Text: "no such frame"}} {
		items = append(items, item{Record: made(n.Record())})
	}
	path := filepath.Join(t.TempDir(), "s.pcapng")
	if err := os.WriteFile(path, session(t, items), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, path)
	want := map[uint64][]string{1: {"a", "b"}, 3: {strings.Repeat("x", maxOption)}}
	for range 2 {
		if err := Finish(link); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, comments(t, path)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(before, readFile(t, path)); diff != "" {
			t.Error(diff)
		}
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o640 {
		t.Error(info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFinishBroken leaves a file alone that it can't read.
func TestFinishBroken(t *testing.T) {
	file := session(t, small())
	strange := appendBlock(bytes.Clone(file), 77, func(b []byte) []byte { return append(b, make([]byte, maxBlock)...) })
	for name, file := range map[string][]byte{"cut": file[:len(file)-1], "with a strange block": strange} {
		path := filepath.Join(t.TempDir(), "s.pcapng")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Finish(path); err == nil {
			t.Errorf("%s: no error", name)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, file) {
			t.Errorf("%s: the file was changed", name)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// TestWriterNotes maps a note's frame to the file where frames were lost.
func TestWriterNotes(t *testing.T) {
	frame := func(n uint64) item {
		return item{Frame: &capture.Frame{Number: n, Link: 1, Data: []byte{1}}}
	}
	items := []item{frame(10), frame(11), frame(15), frame(20), frame(21)}
	want := map[uint64]uint64{0: 0, 9: 0, 10: 1, 11: 2, 12: 0, 14: 0, 15: 3, 16: 0, 19: 0, 20: 4, 21: 5, 22: 0}
	for n := range want {
		items = append(items, item{Record: made((&Note{ID: n, Frame: n}).Record())})
	}
	got, _, err := readAll(t, bytes.NewReader(session(t, items)))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range got {
		if i.Record != nil && i.Record.Kind == KindNote {
			n, err := i.Record.Note()
			if err != nil {
				t.Fatal(err)
			}
			if n.Frame != want[n.ID] {
				t.Errorf("frame %d is %d in the file, want %d", n.ID, n.Frame, want[n.ID])
			}
		}
	}
}

// TestRotation spreads a session over files, each of which stands by itself.
func TestRotation(t *testing.T) {
	for _, test := range []struct {
		count int
		want  []string // files, with the first frame of each
	}{
		{0, []string{"s 0", "s1 10", "s2 20", "s3 30"}},
		{3, []string{"s0 30", "s1 10", "s2 20"}},
		{11, []string{"s00 0", "s01 10", "s02 20", "s03 30"}},
	} {
		folder := t.TempDir()
		var f *File
		keyframes := 0
		keyframe := func() {
			keyframes++
			for range 2 {
				if err := f.WriteRecord(Record{Kind: KindReply, Data: make([]byte, 5000)}); err != nil {
					t.Error(err)
				}
			}
		}
		f, err := Create(filepath.Join(folder, "s"), header, Rotation{Size: 1000, Count: test.count, Keyframe: keyframe})
		if err != nil {
			t.Fatal(err)
		}
		start := small()[:2] // clock and source
		write(t, f, start)
		for _, i := range start {
			clear(i.Record.Data) // the file has a copy
		}
		f.start = f.w.Size() // as in the files that follow
		for n := range 35 {
			at := track.Instant(10_000 + n) // ten blocks of 100 bytes
			write(t, f, []item{{Frame: &capture.Frame{At: at, Number: uint64(n + 1), Link: 1, Iface: 3, Len: 68, Data: make([]byte, 68)}}})
			if n == 11 {
				write(t, f, []item{{Record: &Record{Kind: KindTick}}})
				f.start += 28 // a tick is not counted here
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		var got []string
		names, _ := os.ReadDir(folder)
		for _, e := range names {
			items := readFile(t, filepath.Join(folder, e.Name()))
			if diff := cmp.Diff(small()[:2], items[:2]); diff != "" {
				t.Errorf("%s: %s", e.Name(), diff)
			}
			first := slices.IndexFunc(items, func(i item) bool { return i.Frame != nil })
			if e.Name() != "s" && e.Name() != "s00" && (items[2].Record == nil || items[2].Record.Kind != KindReply || first != 4) {
				t.Errorf("%s has no keyframe before its frames", e.Name())
			}
			got = append(got, fmt.Sprint(e.Name(), " ", items[first].Frame.At-10_000))
		}
		if diff := cmp.Diff(test.want, got); diff != "" || keyframes != 3 {
			t.Errorf("%d keyframes; %s", keyframes, diff)
		}
	}
}

// fullDisk takes so many bytes and no more.
type fullDisk struct {
	*os.File
	room int
}

func (d *fullDisk) Write(b []byte) (int, error) {
	n, err := d.File.Write(b[:min(len(b), d.room)])
	d.room -= n
	if n < len(b) && err == nil {
		err = &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	return n, err
}

// TestFileFull fills a disk at every byte: the error says so, once, and what is
// left is a session without a flaw.
func TestFileFull(t *testing.T) {
	want := small()
	size := len(session(t, want))
	path := filepath.Join(t.TempDir(), "s.pcapng")
	for room := range size {
		f, err := Create(path, header, Rotation{})
		if err != nil {
			t.Fatal(err)
		}
		f.w.dst = &fullDisk{f.opened, room}
		for _, i := range want {
			if i.Frame != nil {
				err = f.WriteFrame(i.Frame)
			} else {
				err = f.WriteRecord(*i.Record)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		var full *WriteError
		if err := f.Flush(); !errors.As(err, &full) || !errors.Is(err, syscall.ENOSPC) || full.Written > int64(room) || err.Error() != "disk full after 0.0 MiB" {
			t.Fatalf("room for %d: %v", room, err)
		}
		if err := f.WriteFrame(&capture.Frame{Link: 1}); !errors.As(err, &full) {
			t.Fatalf("room for %d, and again: %v", room, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(file) == 0 {
			continue
		}
		got, _, err := readAll(t, bytes.NewReader(file))
		if err != nil {
			t.Fatalf("room for %d: %v", room, err)
		}
		if len(got) > 0 {
			if diff := cmp.Diff(want[:len(got)-1], got[1:]); diff != "" {
				t.Fatalf("room for %d: %s", room, diff)
			}
		}
	}
}

// TestFileFullDevice meets a full disk that the kernel plays.
func TestFileFullDevice(t *testing.T) {
	f, err := Create("/dev/full", header, Rotation{})
	if err != nil {
		t.Skip(err)
	}
	if err := f.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
