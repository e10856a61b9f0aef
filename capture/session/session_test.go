package session

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

// item is a frame or a record of a session.
type item struct {
	Frame  *capture.Frame
	Record *Record
}

// readAll reads a session to its end; io.EOF is no error.
func readAll(t testing.TB, src io.Reader) (items []item, header *Header, err error) {
	t.Helper()
	file, err := capture.NewReader(src, "x")
	if err != nil {
		return nil, nil, err
	}
	r := NewReader(file)
	for {
		var f capture.Frame
		var rec Record
		framed, err := r.Next(&f, &rec)
		if err != nil {
			if _, again := r.Next(&f, &rec); again != err {
				t.Errorf("after %v another read answers %v", err, again)
			}
			if err == io.EOF {
				err = nil
			}
			return items, r.Header(), err
		}
		if framed {
			f.Data = bytes.Clone(f.Data)
			items = append(items, item{Frame: &f})
		} else {
			rec.Data = bytes.Clone(rec.Data)
			items = append(items, item{Record: &rec})
		}
	}
}

// write writes items to a sink.
func write(t testing.TB, dst Sink, items []item) {
	t.Helper()
	for _, i := range items {
		var err error
		if i.Frame != nil {
			err = dst.WriteFrame(i.Frame)
		} else {
			err = dst.WriteRecord(*i.Record)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := dst.Flush(); err != nil {
		t.Fatal(err)
	}
}

// made returns a record that was made without an error.
func made(r Record, err error) *Record {
	if err != nil {
		panic(err)
	}
	return &r
}

var header = Header{Program: "tcpwatch test", Name: "eth1", Link: 1, Index: 3}

// small is a session with a step of the wall clock, two interfaces, a raw reply
// and notes.
func small() []item {
	return []item{
		{Record: made(Encode(&track.ClockPair{At: 5_000, Wall: 1_700_000_000_000_000_123}))},
		{Record: made(Encode(&track.Source{At: 5_001, Name: "eth1", Filter: "port 80", Live: true}))},
		{Frame: &capture.Frame{At: 6_000, Number: 1, Link: 1, Iface: 3, Len: 60, Data: []byte("one")}},
		{Record: made((&Reply{Began: 6_100, Ended: 6_200, Changes: true, Chunks: []Chunk{{6_150, 3}}, Raw: []byte("raw")}).Record())},
		{Record: &Record{Kind: KindDestroyed, At: 6_300, Data: []byte("netlink")}},
		{Frame: &capture.Frame{At: 5_999, Number: 2, Link: 1, Iface: 4, Len: 4, Data: []byte("four")}},
		{Record: made(Encode(&track.ClockPair{At: 7_000, Wall: 1_600_000_000_000_000_000}))},
		{Frame: &capture.Frame{At: 7_001, Number: 3, Link: 1, Iface: 3, Len: 0, Data: []byte{}}},
		{Record: made((&Note{ID: 1, At: 7_001, Frame: 2, Text: "the second"}).Record())},
		{Record: made((&Note{ID: 2, At: 7_001, Text: "to a moment"}).Record())},
		{Record: &Record{Kind: 999, At: 7_002, Data: []byte("of the future")}},
		{Record: made(Encode(&track.Tick{At: 7_003}))},
	}
}

// session returns the bytes of a session file.
func session(t testing.TB, items []item) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, header)
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, items)
	if int64(b.Len()) != w.Size() {
		t.Errorf("%d bytes, and the writer says %d", b.Len(), w.Size())
	}
	return b.Bytes()
}

// fill sets every field of v to something of its own.
func fill(t *testing.T, v reflect.Value, n *int64) {
	*n += 1_000_003
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Struct:
		switch v.Addr().Interface().(type) {
		case *netip.Addr:
			v.Set(reflect.ValueOf(netip.MustParseAddr("fe80::1%eth0")))
			return
		case *netip.AddrPort:
			v.Set(reflect.ValueOf(netip.MustParseAddrPort("[2001:db8::1]:443")))
			return
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				t.Fatalf("%v has a field that JSON does not see", v.Type())
			}
			fill(t, v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			fill(t, v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, n)
		fill(t, value, n)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("ä\x00\"\x1b %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(math.MaxInt64/3 - *n)
	case reflect.Uint64:
		v.SetUint(math.MaxUint64 - uint64(*n))
	case reflect.Uint32:
		v.SetUint(math.MaxUint32 - uint64(*n)%1000)
	case reflect.Uint8:
		v.SetUint(3)
	case reflect.Float64:
		v.SetFloat(math.Pi * 1e9 / float64(*n))
	default:
		t.Fatalf("can't fill a %v", v.Type())
	}
}

// TestEncode stores every field of what the tracker takes, with its exact value.
func TestEncode(t *testing.T) {
	kinds := make(map[Kind]bool)
	for _, in := range []track.Record{new(track.OptionsRead), new(track.OwnersRead), new(track.Limits), new(track.NeighbourRead),
		new(track.Loss), new(track.ClockPair), new(track.Source), new(track.Tick), new(track.Frames), new(track.Killed), new(track.Watched)} {
		t.Run(fmt.Sprintf("%T", in), func(t *testing.T) {
			n := int64(0)
			fill(t, reflect.ValueOf(in).Elem(), &n)
			r, err := Encode(in)
			if err != nil {
				t.Fatal(err)
			}
			if kinds[r.Kind] {
				t.Errorf("kind %d is another's", r.Kind)
			}
			kinds[r.Kind] = true
			if r.At != track.MomentOf(in) {
				t.Errorf("at %d, want %d", r.At, track.MomentOf(in))
			}
			out, err := r.Decode()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(in, out, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			r.Data = r.Data[:len(r.Data)-1]
			if _, err := r.Decode(); err == nil {
				t.Error("half of a record was taken for a whole one")
			}
		})
	}
	for _, in := range []track.Record{new(track.Segment), new(track.ICMP), new(track.Dump), new(track.Destroyed)} {
		if _, err := Encode(in); !errors.Is(err, ErrKind) {
			t.Errorf("%T: %v", in, err)
		}
	}
	if _, err := (Record{Kind: KindReply}).Decode(); !errors.Is(err, ErrKind) {
		t.Error(err)
	}
	if _, err := Encode(&track.Limits{Phase: track.Phase{Offset: math.NaN()}}); err == nil {
		t.Error("JSON has no NaN")
	}
}

// TestEncodeNames keeps names of programs that are no UTF-8.
func TestEncodeNames(t *testing.T) {
	in := &track.OwnersRead{At: 1, Owners: map[uint32]track.Owner{7: {PID: 1, Program: "a\xff\xfeb"}, 8: {PID: 2, Program: "nc"}}}
	out, err := made(Encode(in)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(track.Record(in), out); diff != "" {
		t.Error(diff)
	}
}

// TestReply stores every field of a reply, and refuses one that lies.
func TestReply(t *testing.T) {
	n, in := int64(0), new(Reply)
	fill(t, reflect.ValueOf(in).Elem(), &n)
	in.Chunks = []Chunk{{At: 1, End: 1}, {At: 2, End: 1}, {At: 3, End: 3}}
	r := made(in.Record())
	if r.At != in.Ended {
		t.Errorf("at %d, want %d", r.At, in.Ended)
	}
	out, err := r.Reply()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Error(diff)
	}
	if head := 4 + binary.LittleEndian.Uint32(r.Data); string(r.Data[head:]) != string(in.Raw) || bytes.Contains(r.Data[:head], []byte("Raw")) {
		t.Errorf("not raw: %q", r.Data)
	}
	for n := range len(r.Data) {
		cut := Record{Kind: KindReply, Data: r.Data[:n]}
		if _, err := cut.Reply(); err == nil {
			t.Fatalf("a reply cut at %d of %d was taken for a whole one", n, len(r.Data))
		}
	}
	for _, chunks := range [][]Chunk{{{End: -1}}, {{End: 2}, {End: 1}}, {{End: 4}}} {
		in.Chunks = chunks
		if _, err := made(in.Record()).Reply(); err == nil {
			t.Errorf("pieces that end at %v of 3 bytes were taken", chunks)
		}
	}
	if _, err := (Record{Kind: KindTick}).Reply(); err == nil {
		t.Error("a tick was taken for a reply")
	}
}

// TestNote stores every field of notes and gaps.
func TestNote(t *testing.T) {
	n := int64(0)
	note, gap := new(Note), new(Gap)
	fill(t, reflect.ValueOf(note).Elem(), &n)
	fill(t, reflect.ValueOf(gap).Elem(), &n)
	gotNote, err := made(note.Record()).Note()
	if diff := cmp.Diff(note, gotNote, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" || err != nil {
		t.Error(err, diff)
	}
	gotGap, err := made(gap.Record()).Gap()
	if diff := cmp.Diff(gap, gotGap); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := made(note.Record()).Gap(); err == nil {
		t.Error("a note was taken for a gap")
	}
}

// TestSession reads back what was written: order, times, interfaces, bytes.
func TestSession(t *testing.T) {
	want := small()
	large := strings.Repeat("0123456789", 3*maxPart/10)
	want = append(want, item{Record: &Record{Kind: KindDestroyed, At: 8_000, Data: []byte(large)}},
		item{Record: &Record{Kind: KindDestroyed, At: 8_001, Data: []byte(large[:2*maxPart])}},
		item{Record: &Record{Kind: KindDestroyed, At: 8_002, Data: []byte{}}})
	file := session(t, want)
	got, h, err := readAll(t, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	wantHeader := header
	wantHeader.Version = version
	if diff := cmp.Diff(&wantHeader, h); diff != "" {
		t.Error(diff)
	}
	if got[0].Record == nil || got[0].Record.Kind != KindHeader {
		t.Fatalf("the session begins with %+v", got[0])
	}
	if diff := cmp.Diff(want, got[1:], cmp.Comparer(bytes.Equal)); diff != "" {
		t.Error(diff)
	}
	for rest := file; len(rest) > 0; {
		size := binary.LittleEndian.Uint32(rest[4:])
		if size > 1<<20 {
			t.Errorf("a block of %d bytes", size)
		}
		rest = rest[size:]
	}
}

// TestSessionPlain reads a session as a program does that knows nothing of
// sessions: the frames, with the wall's time.
func TestSessionPlain(t *testing.T) {
	r, err := capture.NewReader(bytes.NewReader(session(t, small())), "x")
	if err != nil {
		t.Fatal(err)
	}
	var got []track.Instant
	var f capture.Frame
	for {
		if err := r.Next(&f); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.At)
	}
	want := []track.Instant{1_700_000_000_000_001_123, 1_700_000_000_000_001_122, 1_600_000_000_000_000_001}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestReaderPlain reads a plain capture: no header, no records, the wall's time,
// and another program's blocks, even of our type, passed over.
func TestReaderPlain(t *testing.T) {
	b := appendSection(nil, "")
	b = appendRecord(b, Record{Kind: KindClock, Data: []byte("another's")})
	b = appendInterface(b, 276, "")
	b = appendPacket(b, 0, 1_000_000_007, &capture.Frame{Len: 9, Data: []byte("frame")})
	b = appendBlock(b, 1<<31|1, func(b []byte) []byte { return b })
	got, h, err := readAll(t, bytes.NewReader(b))
	if err != nil || h != nil {
		t.Fatal(h, err)
	}
	want := []item{{Frame: &capture.Frame{At: 1_000_000_007, Number: 1, Link: 276, Len: 9, Data: []byte("frame")}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestReaderCut cuts a session at every byte: all that is whole comes.
func TestReaderCut(t *testing.T) {
	want := small()
	file := session(t, want)
	for n := range len(file) {
		got, _, err := readAll(t, bytes.NewReader(file[:n]))
		if len(got) > 0 {
			if diff := cmp.Diff(want[:len(got)-1], got[1:]); diff != "" {
				t.Fatalf("cut at %d: %s", n, diff)
			}
		}
		if whole := wholeBlocks(file, n) == n; whole != (err == nil) && n > 0 {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

// TestReaderRefuses checks records that lie.
func TestReaderRefuses(t *testing.T) {
	head := session(t, nil)
	part := func(body ...byte) []byte {
		return appendBlock(nil, blockRecord, func(b []byte) []byte { return append(b, body...) })
	}
	half := part(append([]byte{99, 0, flagMore, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0}, make([]byte, maxPart)...)...)
	var long []io.Reader
	for range maxRecord/maxPart + 1 {
		long = append(long, bytes.NewReader(half))
	}
	for name, blocks := range map[string]io.Reader{
		"too short":        bytes.NewReader(part(1, 0, 0, 0)),
		"past its block":   bytes.NewReader(part(12, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '1', '2', '3', '4')),
		"without end":      io.MultiReader(long...),
		"another version":  bytes.NewReader(appendRecord(nil, Record{Kind: KindHeader, Data: []byte(`{"Version":2}`)})),
		"version 0":        bytes.NewReader(appendRecord(nil, Record{Kind: KindHeader, Data: []byte(`{}`)})),
		"no clock":         bytes.NewReader(appendRecord(nil, Record{Kind: KindClock, Data: []byte(`{"At":"now"}`)})),
		"no interface":     bytes.NewReader(appendRecord(nil, Record{Kind: KindInterface, Data: []byte(`[`)})),
		"header of no one": bytes.NewReader(appendRecord(nil, Record{Kind: KindHeader})),
	} {
		items, _, err := readAll(t, io.MultiReader(bytes.NewReader(head), blocks))
		if !errors.Is(err, ErrRecord) || strings.Contains(err.Error(), "\n") || len(items) != 1 {
			t.Errorf("%s: %d items and %v", name, len(items), err)
		}
	}
}

// FuzzSession reads whatever comes, and decodes all of it.
func FuzzSession(f *testing.F) {
	f.Add(session(f, small()))
	f.Add(session(f, nil))
	f.Add(labtest.Beginning(f, "../../cmd/tcpwatch/demo.pcapng.gz"))
	f.Fuzz(func(t *testing.T, file []byte) {
		items, _, err := readAll(t, bytes.NewReader(file))
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %q", err)
		}
		for _, i := range items {
			if i.Record != nil {
				i.Record.Decode()
				i.Record.Reply()
				i.Record.Note()
				i.Record.Gap()
			}
		}
	})
}
