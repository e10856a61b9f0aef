package session

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tcpwatch/tcpwatch/capture"
)

// Finish makes the notes on packets of a session file the comments of these
// packets, for programs that know comments and not notes. The file is written
// anew beside itself and takes its own place at once, with its mode; without
// such notes, and after an error, it is left as it is.
func Finish(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	comments, err := readComments(path)
	if err != nil || len(comments) == 0 {
		return err
	}
	src, err := os.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	dst, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(dst.Name()) // gone by then if all went well
	defer dst.Close()
	if err := addComments(dst, src, comments); err != nil {
		return fmt.Errorf("finish %s: %w", path, err)
	}
	if err := dst.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if err := dst.Sync(); err != nil {
		return err
	}
	return os.Rename(dst.Name(), path)
}

// readComments returns what the notes of a session say on its frames, in the
// order of the notes.
func readComments(path string) (map[uint64][]string, error) {
	src, err := capture.Open(path)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	notes := make(map[uint64]*Note)
	var f capture.Frame
	var rec Record
	for r := NewReader(src); ; {
		framed, err := r.Next(&f, &rec)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if !framed && rec.Kind == KindNote {
			n, err := rec.Note()
			if err != nil {
				return nil, err
			}
			notes[n.ID] = n
		}
	}
	comments := make(map[uint64][]string)
	for _, id := range slices.Sorted(maps.Keys(notes)) {
		if n := notes[id]; n.Frame > 0 && n.Text != "" {
			comments[n.Frame] = append(comments[n.Frame], n.Text)
		}
	}
	return comments, nil
}

// addComments copies a session block by block. Comments that a frame had give
// way.
func addComments(dst io.Writer, src io.Reader, comments map[uint64][]string) error {
	in, out := bufio.NewReaderSize(src, bufferSize), bufio.NewWriterSize(dst, bufferSize)
	var block []byte
	for frame := uint64(0); ; {
		head, err := in.Peek(blockHeaderLen)
		if len(head) == 0 && err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		kind, size := binary.LittleEndian.Uint32(head), int(binary.LittleEndian.Uint32(head[4:]))
		if size < blockHeaderLen+4 || size > maxBlock {
			return fmt.Errorf("a block of %d bytes is none of this program's", size)
		}
		block = slices.Grow(block[:0], size)[:size]
		if _, err := io.ReadFull(in, block); err != nil {
			return err
		}
		if kind == blockPacket {
			frame++
			if texts := comments[frame]; texts != nil {
				if block, err = withComments(block, texts); err != nil {
					return err
				}
			}
		}
		if _, err := out.Write(block); err != nil {
			return err
		}
	}
}

// maxBlock bounds the blocks that a session may have.
const maxBlock = 16 << 20

// withComments returns a packet's block with comments for options.
func withComments(block []byte, texts []string) ([]byte, error) {
	const data = blockHeaderLen + packetLen
	if len(block) < data+4 {
		return nil, fmt.Errorf("a packet's block of %d bytes is too short", len(block))
	}
	captured := binary.LittleEndian.Uint32(block[data-8:])
	if uint64(captured) > uint64(len(block)-data-4) {
		return nil, fmt.Errorf("a frame of %d bytes in a block of %d", captured, len(block))
	}
	b := appendPadding(slices.Clone(block[:data+captured]), int(captured))
	for _, text := range texts {
		b = appendOption(b, optComment, text)
	}
	return endBlock(appendOption(b, optEnd, ""), 0), nil
}
