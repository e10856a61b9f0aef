package session

import (
	"encoding/binary"
	"io"
	"sort"

	"github.com/tcpwatch/tcpwatch/capture"
	"github.com/tcpwatch/tcpwatch/track"
)

// bufferSize is from how many bytes on a writer writes by itself.
const bufferSize = 64 << 10

// Writer writes a session. After an error it writes no more, and every call
// answers the same [*WriteError].
type Writer struct {
	dst     io.Writer
	name    string // of the interface
	buf     []byte // whole blocks
	written int64  // whole blocks
	err     error

	offset     int64 // wall time less session clock, of the clock pair in force
	interfaces map[hardware]uint32
	frames     uint64
	runs       []run
}

// hardware is what makes an interface of the file.
type hardware struct {
	link  capture.LinkType
	index uint32
}

// run is a stretch of frames without a gap: frame first of the session is frame
// file of the file.
type run struct{ first, file uint64 }

// NewWriter begins a session in dst.
func NewWriter(dst io.Writer, h Header) (*Writer, error) {
	w := &Writer{dst: dst, name: h.Name, interfaces: make(map[hardware]uint32)}
	h.Version = version
	header, err := encode(KindHeader, 0, h)
	if err != nil {
		return nil, err
	}
	w.buf = appendRecord(appendSection(w.buf, h.Program), header)
	if h.Link != 0 {
		if _, err := w.number(hardware{h.Link, h.Index}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// WriteFrame writes a frame at the wall time that the last clock pair gives it.
func (w *Writer) WriteFrame(f *capture.Frame) error {
	number, err := w.number(hardware{f.Link, f.Iface})
	if err != nil {
		return err
	}
	w.frames++
	if last := len(w.runs) - 1; last < 0 || f.Number-w.runs[last].first != w.frames-w.runs[last].file {
		w.runs = append(w.runs, run{f.Number, w.frames})
	}
	w.buf = appendPacket(w.buf, number, int64(f.At)+w.offset, f)
	return w.flushFull()
}

// WriteRecord writes a record. A note's frame becomes its number in the file, and
// 0 if it is not there.
func (w *Writer) WriteRecord(r Record) error {
	switch r.Kind {
	case KindClock:
		var c track.ClockPair
		if err := r.decode(KindClock, &c); err != nil {
			return err
		}
		w.offset = c.Wall - int64(c.At)
	case KindNote:
		n, err := r.Note()
		if err != nil {
			return err
		}
		n.Frame = w.frameInFile(n.Frame)
		if r, err = n.Record(); err != nil {
			return err
		}
	}
	w.buf = appendRecord(w.buf, r)
	return w.flushFull()
}

// number returns the file's number of an interface, and describes it before its
// first frame.
func (w *Writer) number(h hardware) (uint32, error) {
	if n, ok := w.interfaces[h]; ok {
		return n, nil
	}
	n := uint32(len(w.interfaces))
	r, err := encode(KindInterface, 0, fileInterface{Number: n, Index: h.index})
	if err != nil {
		return 0, err
	}
	w.interfaces[h] = n
	w.buf = appendRecord(appendInterface(w.buf, h.link, w.name), r)
	return n, nil
}

// frameInFile returns the number in the file of a frame of the session.
func (w *Writer) frameInFile(n uint64) uint64 {
	i := sort.Search(len(w.runs), func(i int) bool { return w.runs[i].first > n }) - 1
	if i < 0 {
		return 0
	}
	file, end := w.runs[i].file+n-w.runs[i].first, w.frames
	if i+1 < len(w.runs) {
		end = w.runs[i+1].file - 1
	}
	if file > end {
		return 0
	}
	return file
}

// Size returns how many bytes the session has so far, those included that are
// not yet written.
func (w *Writer) Size() int64 { return w.written + int64(len(w.buf)) }

func (w *Writer) flushFull() error {
	if len(w.buf) < bufferSize && w.err == nil {
		return nil
	}
	return w.Flush()
}

// Flush writes what is buffered.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.buf) == 0 {
		w.buf = w.buf[:0]
		return w.err
	}
	n, err := w.dst.Write(w.buf)
	if err != nil {
		w.written += int64(wholeBlocks(w.buf, n))
		w.err = &WriteError{Written: w.written, Err: err}
	} else {
		w.written += int64(n)
	}
	w.buf = w.buf[:0]
	return w.err
}

// wholeBlocks returns how many of the first n bytes of b are whole blocks.
func wholeBlocks(b []byte, n int) int {
	whole := 0
	for whole+blockHeaderLen <= n {
		size := int(binary.LittleEndian.Uint32(b[whole+4:]))
		if whole+size > n {
			break
		}
		whole += size
	}
	return whole
}
