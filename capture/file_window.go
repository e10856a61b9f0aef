package capture

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// windowSize is how much is read at once: enough to make system calls rare,
// and little enough to stay in the processor's cache.
const windowSize = 128 << 10

// window is the stretch of a stream that is held in memory. It reads only when
// what is asked for is not there, and then takes all that the source has ready.
type window struct {
	src  io.Reader
	buf  []byte // the stretch is buf[r:w]
	r, w int
	base int64 // offset in the stream of buf[0]
	err  error // why src gives no more
}

// peek returns the next n bytes, and fewer only if the stream ends before; err
// then says how.
func (in *window) peek(n int) []byte {
	if in.w-in.r >= n {
		return in.buf[in.r : in.r+n]
	}
	return in.fill(n)
}

// fill is peek where bytes have to be read. The buffer grows with what has
// come, not with what was asked for, which may be a lie.
func (in *window) fill(n int) []byte {
	for in.w-in.r < n && in.err == nil {
		if in.r > 0 {
			copy(in.buf, in.buf[in.r:in.w])
			in.base += int64(in.r)
			in.r, in.w = 0, in.w-in.r
		}
		if in.w == len(in.buf) {
			in.buf = slices.Grow(in.buf, max(windowSize, len(in.buf)))
			in.buf = in.buf[:cap(in.buf)]
		}
		in.read()
	}
	return in.buf[in.r:min(in.w, in.r+n)]
}

// read reads once. A source that returns nothing a hundred times is taken for
// stuck, as package bufio does.
func (in *window) read() {
	for range 100 {
		n, err := in.src.Read(in.buf[in.w:])
		in.w += n
		if err != nil {
			in.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	in.err = io.ErrNoProgress
}

// advance passes over n bytes that peek returned.
func (in *window) advance(n int) { in.r += n }

// skip passes over n bytes, whether held or not, and reports whether they were
// all there.
func (in *window) skip(n int64) bool {
	for {
		held := int64(in.w - in.r)
		if held >= n {
			in.r += int(n)
			return true
		}
		n -= held
		in.r = in.w
		if len(in.fill(1)) == 0 {
			return false
		}
	}
}

// reader returns the stream from the window's place on. The window is spent.
func (in *window) reader() io.Reader {
	return io.MultiReader(bytes.NewReader(in.buf[in.r:in.w]), in.src)
}

// cut returns the error of a stream that ended, or failed, before what was
// expected of it.
func (in *window) cut(reason string, args ...any) error {
	end := in.base + int64(in.w)
	if in.err != io.EOF && in.err != io.ErrUnexpectedEOF { // which gzip answers
		return &damage{offset: end, reason: in.err.Error(), err: in.err}
	}
	return &damage{offset: end, reason: fmt.Sprintf(reason, args...), err: io.ErrUnexpectedEOF}
}

// end returns the error of a stream that has nothing more at a place where it
// may well end.
func (in *window) end() error {
	if in.err == io.EOF {
		return io.EOF
	}
	return in.cut("the last bytes are missing")
}

// broken returns the error of bytes that can't be right, at the window's place.
func (in *window) broken(reason string, args ...any) error {
	return &damage{offset: in.base + int64(in.r), reason: fmt.Sprintf(reason, args...), err: ErrBroken}
}
