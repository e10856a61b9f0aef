package capture

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxFrame bounds what one frame or block may hold, in bytes. Longer ones are
// taken for damage, not for data.
const maxFrame = 16 << 20

// Reader reads frames from a capture file: pcap with microseconds or
// nanoseconds, pcapng, or gzip of either, in either byte order. Of a stream
// that still grows it gives each frame as soon as its bytes are there.
//
// A damaged file gives all frames before the damage, then a [FileError].
type Reader struct {
	in     window
	name   string
	closer io.Closer
	format format
	packed bool // read through gzip
	frames uint64
	err    error // met before; said again by every call
}

// Block is a pcapng block of a local-use type: Type has its highest bit set.
type Block struct {
	Type uint32
	Body []byte // without header and trailer, padding included; valid until the next read
}

// format reads one kind of file. The window stands at a frame or block, and is
// moved behind it once that is known to be sound.
type format interface {
	// next fills f, or b if a local-use block comes first and b is not nil.
	// It answers io.EOF at the end, and *damage for all else.
	next(in *window, f *Frame, b *Block) (framed bool, err error)
}

// Open opens a capture file.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closer = f
	return r, nil
}

// NewReader reads a capture from src, which name stands for in errors. It waits
// for the file's header.
func NewReader(src io.Reader, name string) (*Reader, error) {
	r := &Reader{in: window{src: src}, name: name}
	if head := r.in.peek(len(gzipMagic)); string(head) == gzipMagic {
		z, err := gzip.NewReader(bufio.NewReaderSize(r.in.reader(), windowSize))
		if err != nil {
			return nil, r.locate(&damage{reason: err.Error(), err: err})
		}
		r.in, r.packed = window{src: z}, true
	}
	format, err := recognise(&r.in)
	if err != nil {
		return nil, r.locate(err)
	}
	r.format = format
	return r, nil
}

const gzipMagic = "\x1f\x8b\x08"

// recognise tells the format of a file by its first bytes.
func recognise(in *window) (format, error) {
	head := in.peek(4)
	switch {
	case len(head) == 0 && in.err == io.EOF:
		return nil, &damage{reason: "empty", err: ErrNotCapture}
	case len(head) < 4 && in.err != io.EOF:
		return nil, in.cut("its header is missing")
	case string(head) == sectionMagic:
		return &pcapng{}, nil
	}
	if len(head) == 4 {
		if p, err := newPcap(in); p != nil || err != nil {
			return p, err
		}
	}
	return nil, &damage{err: ErrNotCapture,
		reason: fmt.Sprintf("not a capture: it begins with %q, which neither pcap nor pcapng does", head)}
}

// Next reads the next frame into f, whose Data holds until the next read. It
// answers io.EOF at the end of the file, and a [*FileError] where the file
// can't be read any further; either stays the answer from then on.
func (r *Reader) Next(f *Frame) error {
	_, err := r.NextOr(f, nil)
	return err
}

// NextOr reads what comes next in the file: a frame into f, or a local-use
// block into b, which Next skips. It reports whether it was a frame.
func (r *Reader) NextOr(f *Frame, b *Block) (framed bool, err error) {
	if r.err != nil {
		return false, r.err
	}
	framed, err = r.format.next(&r.in, f, b)
	if err != nil {
		if err != io.EOF {
			err = r.locate(err)
		}
		r.err = err
		return false, err
	}
	if framed {
		r.frames++
		f.Number = r.frames
	}
	return framed, nil
}

// Close closes a file that [Open] opened.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// locate says which file an error is of, and how far it was read.
func (r *Reader) locate(err error) error {
	var d *damage
	if !errors.As(err, &d) {
		return err
	}
	return &FileError{Name: r.name, Offset: d.offset, Unpacked: r.packed, Frame: r.frames, Reason: d.reason, Err: d.err}
}
