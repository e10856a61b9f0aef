package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

var orders = []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}

// pcapHeader makes the header of a pcap file.
func pcapHeader(o binary.AppendByteOrder, magic uint32, major, minor uint16, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, major)
	b = o.AppendUint16(b, minor)
	for _, v := range []uint32{0, 0, 65535, link} {
		b = o.AppendUint32(b, v)
	}
	return b
}

// words makes 32-bit numbers of a file.
func words(o binary.AppendByteOrder, vs ...uint32) []byte {
	var b []byte
	for _, v := range vs {
		b = o.AppendUint32(b, v)
	}
	return b
}

// ngBlock makes a pcapng block, padding its body.
func ngBlock(o binary.AppendByteOrder, kind uint32, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + blockMinLen)
	return append(append(words(o, kind, size), body...), words(o, size)...)
}

// ngOption makes a pcapng option.
func ngOption(o binary.AppendByteOrder, code uint16, value ...byte) []byte {
	b := o.AppendUint16(o.AppendUint16(nil, code), uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngSection(o binary.AppendByteOrder) []byte {
	return ngBlock(o, blockSection, words(o, byteOrderMagic), o.AppendUint16(o.AppendUint16(nil, 1), 0),
		words(o, 0xffffffff, 0xffffffff), ngOption(o, 4, []byte("by a test")...), ngOption(o, optEnd))
}

func ngInterface(o binary.AppendByteOrder, link uint16, snaplen uint32, options ...[]byte) []byte {
	return ngBlock(o, blockInterface, o.AppendUint16(o.AppendUint16(nil, link), 0), words(o, snaplen),
		bytes.Join(options, nil))
}

func ngEnhanced(o binary.AppendByteOrder, iface uint32, stamp uint64, wire uint32, data string) []byte {
	return ngBlock(o, blockEnhanced, words(o, iface, uint32(stamp>>32), uint32(stamp), uint32(len(data)), wire), []byte(data))
}

// read returns all frames of a file, with their bytes copied, and the error
// that ended it, nil for io.EOF.
func read(t testing.TB, src io.Reader) ([]Frame, error) {
	t.Helper()
	r, err := NewReader(src, "x")
	if err != nil {
		return nil, err
	}
	var frames []Frame
	for {
		var f Frame
		err := r.Next(&f)
		if err == nil {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
			continue
		}
		if again := r.Next(&f); again != err {
			t.Errorf("after %v another read answers %v", err, again)
		}
		if err == io.EOF {
			err = nil
		}
		return frames, err
	}
}

// smallPcap is a file of three frames, the second of them empty.
func smallPcap(o binary.AppendByteOrder) (file []byte, frames []Frame) {
	file = bytes.Join([][]byte{pcapHeader(o, pcapNano, 2, 4, 1),
		words(o, 1, 999_999_999, 3, 60), []byte("abc"),
		words(o, 2, 0, 0, 4), nil,
		words(o, math.MaxUint32, 7, 5, 5), []byte("hello")}, nil)
	return file, []Frame{
		{At: 1_999_999_999, Number: 1, Link: 1, Len: 60, Data: []byte("abc")},
		{At: 2_000_000_000, Number: 2, Link: 1, Len: 4, Data: []byte{}},
		{At: 4294967295_000000007, Number: 3, Link: 1, Len: 5, Data: []byte("hello")},
	}
}

// smallPcapng is a file of two sections of different byte orders, three
// interfaces, and every kind of block.
func smallPcapng(o binary.AppendByteOrder) (file []byte, frames []Frame) {
	other := orders[0]
	if other == o {
		other = orders[1]
	}
	file = bytes.Join([][]byte{ngSection(o),
		ngInterface(o, 1, 3, ngOption(o, 2, []byte("eth0")...), ngOption(o, optEnd)),
		ngInterface(o, 276, 0, ngOption(o, optTsresol, 9), ngOption(o, optTsoffset, o.AppendUint64(nil, 100)...)),
		ngEnhanced(o, 0, 1_000_001, 3, "one"),
		ngBlock(o, 5, words(o, 0, 0, 0)), // statistics of an interface
		ngEnhanced(o, 1, 7, 99, "four"),
		ngBlock(o, blockLocal|7, []byte("ours!")),
		ngBlock(o, blockSimple, words(o, 10), []byte("sim")),
		ngBlock(o, blockPacket, o.AppendUint16(o.AppendUint16(nil, 1), 9), words(o, 0, 8, 5, 5), []byte("fives")),
		ngSection(other),
		ngInterface(other, 12, 0),
		ngEnhanced(other, 0, 2, 2, "xy"),
	}, nil)
	return file, []Frame{
		{At: 1_000_001_000, Number: 1, Link: 1, Iface: 0, Len: 3, Data: []byte("one")},
		{At: 100_000_000_007, Number: 2, Link: 276, Iface: 1, Len: 99, Data: []byte("four")},
		{At: 0, Number: 3, Link: 1, Iface: 0, Len: 10, Data: []byte("sim")},
		{At: 100_000_000_008, Number: 4, Link: 276, Iface: 1, Len: 5, Data: []byte("fives")},
		{At: 2000, Number: 5, Link: 101, Iface: 0, Len: 2, Data: []byte("xy")},
	}
}

// pack compresses a file.
func pack(t testing.TB, file []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestReader reads both formats in both byte orders, plain and packed, at once
// and byte by byte.
func TestReader(t *testing.T) {
	for _, o := range orders {
		for name, make := range map[string]func(binary.AppendByteOrder) ([]byte, []Frame){"pcap": smallPcap, "pcapng": smallPcapng} {
			file, want := make(o)
			for how, src := range map[string]io.Reader{
				"plain":        bytes.NewReader(file),
				"gzip":         bytes.NewReader(pack(t, file)),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(file)),
				"end with it":  iotest.DataErrReader(bytes.NewReader(file)),
			} {
				t.Run(fmt.Sprint(name, " ", o, " ", how), func(t *testing.T) {
					got, err := read(t, src)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// TestReaderCut cuts files at every byte: what is whole must come, and then an
// error with the place, unless the cut falls between two frames.
func TestReaderCut(t *testing.T) {
	for _, o := range orders {
		for name, make := range map[string]func(binary.AppendByteOrder) ([]byte, []Frame){"pcap": smallPcap, "pcapng": smallPcapng} {
			file, want := make(o)
			clean := 0
			for n := range len(file) {
				got, err := read(t, bytes.NewReader(file[:n]))
				if len(got) > 0 {
					if diff := cmp.Diff(want[:len(got)], got); diff != "" {
						t.Fatalf("%s cut at %d: %s", name, n, diff)
					}
				}
				var at *FileError
				switch {
				case err == nil:
					clean++
				case n < 4 && errors.Is(err, ErrNotCapture):
				case !errors.Is(err, io.ErrUnexpectedEOF):
					t.Fatalf("%s cut at %d: %v", name, n, err)
				case !errors.As(err, &at) || at.Offset != int64(n) || at.Frame != uint64(len(got)):
					t.Fatalf("%s cut at %d after %d frames: %v", name, n, len(got), err)
				}
			}
			// After the header and each frame; after each block.
			if between := map[string]int{"pcap": 3, "pcapng": 11}[name]; clean != between {
				t.Errorf("%s: %d cuts without an error, want %d", name, clean, between)
			}
		}
	}
}

// TestReaderGrowing writes a file bit by bit into a pipe: a frame must come
// before the bytes after it are there.
func TestReaderGrowing(t *testing.T) {
	for name, make := range map[string]func(binary.AppendByteOrder) ([]byte, []Frame){"pcap": smallPcap, "pcapng": smallPcapng} {
		t.Run(name, func(t *testing.T) {
			file, want := make(binary.LittleEndian)
			in, out := io.Pipe()
			defer in.Close()
			asked := 0 // bytes given out so far; the pipe is written only as it is read
			go func() {
				for i := range file {
					out.Write(file[i : i+1])
				}
				out.Close()
			}()
			count := readerFunc(func(b []byte) (int, error) {
				n, err := in.Read(b)
				asked += n
				return n, err
			})
			r, err := NewReader(count, "pipe")
			if err != nil {
				t.Fatal(err)
			}
			var f Frame
			for i := range want {
				if err := r.Next(&f); err != nil {
					t.Fatal(err)
				}
				end := bytes.Index(file, want[i].Data) + len(want[i].Data)
				if len(want[i].Data) > 0 && asked > end+8 { // padding and trailer of pcapng
					t.Errorf("frame %d ends at byte %d and came after byte %d", i+1, end, asked)
				}
			}
			if err := r.Next(&f); err != io.EOF {
				t.Error(err)
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(b []byte) (int, error) { return r(b) }

// TestNextOr hands on blocks of local use, in their place between the frames.
func TestNextOr(t *testing.T) {
	file, frames := smallPcapng(binary.BigEndian)
	r, err := NewReader(bytes.NewReader(file), "x")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var f Frame
	var b Block
	for {
		framed, err := r.NextOr(&f, &b)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if framed {
			got = append(got, string(f.Data))
		} else {
			got = append(got, fmt.Sprintf("%x %q", b.Type, b.Body))
		}
	}
	want := []string{string(frames[0].Data), string(frames[1].Data), `80000007 "ours!\x00\x00\x00"`}
	for _, f := range frames[2:] {
		want = append(want, string(f.Data))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestReaderRefuses checks files that lie: each must give the frames before the
// lie, one error that says what is wrong, and never take much memory.
func TestReaderRefuses(t *testing.T) {
	o := binary.BigEndian
	head := pcapHeader(o, pcapMicro, 2, 4, 1)
	frame := append(words(o, 1, 1, 1, 1), 'x')
	ng := append(ngSection(o), ngInterface(o, 1, 0)...)
	packet := ngEnhanced(o, 0, 1, 1, "x")
	for name, test := range map[string]struct {
		file   []byte
		frames int
		want   string
		is     error
	}{
		"empty":            {nil, 0, "read x: empty", ErrNotCapture},
		"text":             {[]byte("hello world"), 0, `read x: not a capture: it begins with "hell", which neither pcap nor pcapng does`, ErrNotCapture},
		"three bytes":      {head[:3], 0, `read x: not a capture: it begins with "\xa1\xb2\xc3", which neither pcap nor pcapng does`, ErrNotCapture},
		"pcap 1.0":         {pcapHeader(o, pcapMicro, 1, 0, 1), 0, "read x: broken at byte 0: pcap of version 1.0, which nobody knows", ErrBroken},
		"pcap huge frame":  {append(append(bytes.Clone(head), frame...), words(o, 1, 1, 1<<31, 1)...), 1, "read x: broken at byte 41, after frame 1: a frame of 2147483648 bytes can't be", ErrBroken},
		"pcap large frame": {append(append(bytes.Clone(head), words(o, 1, 1, 1514, 1514)...), make([]byte, 600)...), 0, "read x: cut off at byte 640: a frame of 1514 bytes has only 600 left", io.ErrUnexpectedEOF},
		"pcapng 2.1":       {ngBlock(o, blockSection, words(o, byteOrderMagic, 2<<16|1, 0, 0)), 0, "read x: broken at byte 0: pcapng of version 2.1, which nobody knows", ErrBroken},
		"huge block":       {append(bytes.Clone(ng), words(o, 6, 0xfffffffc)...), 0, fmt.Sprintf("read x: broken at byte %d: a block of 4294967292 bytes can't be", len(ng)), ErrBroken},
		"huge strange":     {append(bytes.Clone(ng), words(o, 77, 0xfffffffc)...), 0, fmt.Sprintf("read x: cut off at byte %d: a block of 4294967292 bytes is not all there", len(ng)+8), io.ErrUnexpectedEOF},
		"tiny block":       {append(bytes.Clone(ng), words(o, 6, 8)...), 0, fmt.Sprintf("read x: broken at byte %d: a block of 8 bytes can't be", len(ng)), ErrBroken},
		"odd block":        {append(bytes.Clone(ng), words(o, 6, 33)...), 0, fmt.Sprintf("read x: broken at byte %d: a block of 33 bytes can't be", len(ng)), ErrBroken},
		"another trailer":  {bytes.Join([][]byte{ng, packet, packet[:32], words(o, 40)}, nil), 1, fmt.Sprintf("read x: broken at byte %d, after frame 1: a block of 36 bytes says 40 at its end", len(ng)+36), ErrBroken},
		"no interface":     {append(ngSection(o), packet...), 0, fmt.Sprintf("read x: broken at byte %d: a packet of interface 0, of which there are 0", len(ngSection(o))), ErrBroken},
		"no interface, simple": {append(ngSection(o), ngBlock(o, blockSimple, words(o, 0))...), 0,
			fmt.Sprintf("read x: broken at byte %d: a packet of interface 0, of which there are 0", len(ngSection(o))), ErrBroken},
		"interfaces of the section before": {bytes.Join([][]byte{ng, ngSection(o), packet}, nil), 0,
			fmt.Sprintf("read x: broken at byte %d: a packet of interface 0, of which there are 0", len(ng)+len(ngSection(o))), ErrBroken},
		"frame past its block": {append(bytes.Clone(ng), ngBlock(o, blockEnhanced, words(o, 0, 0, 0, 9, 9, 0, 0))...), 0,
			fmt.Sprintf("read x: broken at byte %d: a frame of 9 bytes in a block that has room for 8", len(ng)), ErrBroken},
		"simple of less": {append(bytes.Clone(ng), ngBlock(o, blockSimple, words(o, 1, 0, 0))...), 0,
			fmt.Sprintf("read x: broken at byte %d: a frame of 1 bytes in a block of 8", len(ng)), ErrBroken},
		"short packet block":    {append(bytes.Clone(ng), ngBlock(o, blockEnhanced, words(o, 0, 0, 0, 0))...), 0, fmt.Sprintf("read x: broken at byte %d: a packet's block of 16 bytes is too short", len(ng)), ErrBroken},
		"short simple block":    {append(bytes.Clone(ng), ngBlock(o, blockSimple)...), 0, fmt.Sprintf("read x: broken at byte %d: a packet's block of 0 bytes is too short", len(ng)), ErrBroken},
		"short interface block": {append(ngSection(o), ngBlock(o, blockInterface, words(o, 1))...), 0, "an interface's description of 4 bytes is too short", ErrBroken},
		"option past its block": {append(ngSection(o), ngInterface(o, 1, 0, words(o, 2<<16|8))...), 0, "an interface's option 2 of 8 bytes has room for 0", ErrBroken},
		"short section":         {ngBlock(o, blockSection, words(o, byteOrderMagic)), 0, "read x: broken at byte 0: a section's header of 4 bytes is too short", ErrBroken},
		"no byte order":         {ngBlock(o, blockSection, words(o, 1, 2, 3, 4)), 0, "read x: broken at byte 0: a section's header tells no byte order", ErrBroken},
		"gzip of nothing":       {[]byte("\x1f\x8b\x08"), 0, "read x: ", io.ErrUnexpectedEOF},
		"gzip cut":              {pack(t, append(bytes.Clone(head), frame...))[:30], 0, "of what gzip unpacked", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			var frames []Frame
			var err error
			allocated := testing.AllocsPerRun(1, func() { frames, err = read(t, bytes.NewReader(test.file)) })
			if err == nil || !strings.Contains(err.Error(), test.want) || !errors.Is(err, test.is) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q\n want %q", err, test.want)
			}
			if len(frames) != test.frames {
				t.Errorf("%d frames before, want %d", len(frames), test.frames)
			}
			if allocated > 200 {
				t.Errorf("%v allocations", allocated)
			}
		})
	}
}

// TestReaderFails hands on what the operating system answers.
func TestReaderFails(t *testing.T) {
	file, want := smallPcap(binary.LittleEndian)
	fault := errors.New("input/output error")
	for _, cut := range []int{0, 3, 20, len(file) - 5, len(file)} {
		frames, err := read(t, io.MultiReader(bytes.NewReader(file[:cut]), iotest.ErrReader(fault)))
		if !errors.Is(err, fault) || errors.Is(err, ErrBroken) {
			t.Errorf("after %d bytes: %v", cut, err)
		}
		if cut == len(file) && len(frames) != len(want) {
			t.Errorf("%d frames before the fault, want %d", len(frames), len(want))
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestPcapOld reads what old and odd writers of pcap wrote.
func TestPcapOld(t *testing.T) {
	o := binary.LittleEndian
	for name, test := range map[string]struct {
		file []byte
		want Frame
	}{
		"modified": {append(append(pcapHeader(o, pcapModified, 2, 4, 1), words(o, 1, 2, 3, 9, 4, 5)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 1, Len: 9, Data: []byte("abc")}},
		"2.2, lengths swapped": {append(append(pcapHeader(o, pcapMicro, 2, 2, 1), words(o, 1, 2, 9, 3)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 1, Len: 9, Data: []byte("abc")}},
		"2.3, lengths swapped": {append(append(pcapHeader(o, pcapMicro, 2, 3, 1), words(o, 1, 2, 9, 3)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 1, Len: 9, Data: []byte("abc")}},
		"2.3, lengths right": {append(append(pcapHeader(o, pcapMicro, 2, 3, 1), words(o, 1, 2, 3, 9)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 1, Len: 9, Data: []byte("abc")}},
		"AIX": {append(append(pcapHeader(o, pcapMicro, 543, 0, 14), words(o, 1, 2, 3, 9)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 101, Len: 9, Data: []byte("abc")}},
		"check sequence": {append(append(pcapHeader(o, pcapMicro, 2, 4, 0x54000001), words(o, 1, 2, 3, 9)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 1, Len: 9, Data: []byte("abc")}},
		"more captured than there was": {append(append(pcapHeader(o, pcapMicro, 2, 4, 1), words(o, 1, 2, 3, 2)...), "abc"...),
			Frame{At: 1_000_002_000, Number: 1, Link: 1, Len: 3, Data: []byte("abc")}},
	} {
		got, err := read(t, bytes.NewReader(test.file))
		if diff := cmp.Diff([]Frame{test.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// TestReaderLarge reads frames that are larger than what is read at once, and
// passes over larger blocks without holding them.
func TestReaderLarge(t *testing.T) {
	o := binary.LittleEndian
	large := strings.Repeat("0123456", windowSize/2)
	file := bytes.Join([][]byte{ngSection(o), ngInterface(o, 1, 0), ngEnhanced(o, 0, 1, 1, large),
		ngBlock(o, 77, make([]byte, maxFrame)), ngEnhanced(o, 0, 2, 1, large[1:])}, nil)
	got, err := read(t, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || string(got[0].Data) != large || string(got[1].Data) != large[1:] {
		t.Error("the frames differ")
	}
}

// TestCaptures reads captures that others made, and counts their frames.
func TestCaptures(t *testing.T) {
	folder := labtest.Captures(t, "")
	list, err := os.Open("testdata/captures.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for lines := bufio.NewScanner(list); lines.Scan(); {
		var name string
		var count int
		if _, err := fmt.Sscan(lines.Text(), &name, &count); err != nil {
			continue
		}
		want := strings.SplitN(lines.Text(), " ", 3)
		r, err := Open(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		var f Frame
		for err == nil {
			err = r.Next(&f)
		}
		if f.Number != uint64(count) {
			t.Errorf("%s: %d frames, want %d", name, f.Number, count)
		}
		if len(want) < 3 && err != io.EOF || len(want) == 3 && !strings.Contains(err.Error(), want[2]) {
			t.Errorf("%s ends with: %v", name, err)
		}
		r.Close()
	}
}

// fuzzRead reads whatever comes: no panic, sound frames, and an end.
func fuzzRead(t *testing.T, file []byte) {
	r, err := NewReader(bytes.NewReader(file), "x")
	if err != nil {
		return
	}
	var f Frame
	var b Block
	total := 0
	for n := uint64(0); ; {
		framed, err := r.NextOr(&f, &b)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %q", err)
			}
			return
		}
		if framed {
			n++
			total += len(f.Data)
			if f.Number != n || uint32(len(f.Data)) > f.Len && f.Len > 0 {
				t.Fatalf("frame %d: %+v", n, f)
			}
		} else {
			total += len(b.Body)
		}
		if total > len(file) {
			t.Fatalf("%d bytes out of %d", total, len(file))
		}
	}
}

// labRecording is a session of two hosts of the lab.
const labRecording = "../cmd/tcpwatch/demo.pcapng.gz"

// labPcap returns the first frames of the lab's recording as a pcap file.
func labPcap(f *testing.F) []byte {
	r, err := Open(labRecording)
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	o := binary.LittleEndian
	file := pcapHeader(o, pcapMicro, 2, 4, uint32(LinkEthernet))
	var frame Frame
	for i := range uint32(20) {
		if err := r.Next(&frame); err != nil {
			f.Fatal(err)
		}
		file = append(append(file, words(o, i, i, uint32(len(frame.Data)), frame.Len)...), frame.Data...)
	}
	return file
}

func FuzzPcap(f *testing.F) {
	for _, o := range orders {
		file, _ := smallPcap(o)
		f.Add(file)
		f.Add(append(pcapHeader(o, pcapModified, 2, 3, 1), make([]byte, 50)...))
	}
	f.Add(labPcap(f))
	f.Fuzz(fuzzRead)
}

func FuzzPcapng(f *testing.F) {
	for _, o := range orders {
		file, _ := smallPcapng(o)
		f.Add(file)
		f.Add(bytes.Join([][]byte{ngSection(o), ngInterface(o, 1, 0, ngOption(o, optTsresol, 127)), ngEnhanced(o, 0, math.MaxUint64, 0, "x")}, nil))
	}
	f.Add(labtest.Beginning(f, labRecording))
	f.Fuzz(fuzzRead)
}

// BenchmarkRead reads frames of some hundred bytes; the time is for one.
func BenchmarkRead(b *testing.B) {
	const frames = 20_000
	o := binary.LittleEndian
	data := strings.Repeat("x", 90)
	plain := pcapHeader(o, pcapMicro, 2, 4, 1)
	ng := append(ngSection(o), ngInterface(o, 1, 0, ngOption(o, optTsresol, 9))...)
	for i := range uint32(frames) {
		plain = append(append(plain, words(o, i, i, 90, 1500)...), data...)
		ng = append(ng, ngEnhanced(o, 0, uint64(i), 1500, data)...)
	}
	for name, file := range map[string][]byte{"pcap": plain, "pcapng": ng} {
		path := filepath.Join(b.TempDir(), name)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var r *Reader
			var f Frame
			for b.Loop() {
				if r == nil {
					var err error
					if r, err = Open(path); err != nil {
						b.Fatal(err)
					}
				}
				if err := r.Next(&f); err == io.EOF {
					r.Close()
					r = nil
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
