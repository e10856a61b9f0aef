package diag

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// message is one netlink message (struct nlmsghdr) with what it carries.
type message struct {
	kind  uint16
	flags uint16
	seq   uint32
	data  []byte
}

// nextMessage cuts the first message off raw. raw must not be empty.
func nextMessage(raw []byte) (m message, rest []byte, err error) {
	if len(raw) < unix.SizeofNlMsghdr {
		return message{}, nil, fmt.Errorf("%w: %d bytes are no header", ErrMalformed, len(raw))
	}
	n := binary.NativeEndian.Uint32(raw)
	if n < unix.SizeofNlMsghdr || uint64(n) > uint64(len(raw)) {
		return message{}, nil, fmt.Errorf("%w: a length of %d where %d bytes are left", ErrMalformed, n, len(raw))
	}
	m = message{
		kind:  binary.NativeEndian.Uint16(raw[4:]),
		flags: binary.NativeEndian.Uint16(raw[6:]),
		seq:   binary.NativeEndian.Uint32(raw[8:]),
		data:  raw[unix.SizeofNlMsghdr:n],
	}
	return m, raw[min(align(int(n)), len(raw)):], nil
}

// errno returns the error code that starts an NLMSG_ERROR or NLMSG_DONE, 0 for
// none. The kernel sends it negated.
func (m message) errno() unix.Errno {
	if len(m.data) < 4 {
		return 0
	}
	return unix.Errno(-int32(binary.NativeEndian.Uint32(m.data)))
}

// nextAttribute cuts the first attribute (struct nlattr) off b, which must not
// be empty.
func nextAttribute(b []byte) (kind uint16, data, rest []byte, err error) {
	if len(b) < unix.SizeofNlAttr {
		return 0, nil, nil, fmt.Errorf("%w: %d bytes are no attribute", ErrMalformed, len(b))
	}
	n := int(binary.NativeEndian.Uint16(b))
	if n < unix.SizeofNlAttr || n > len(b) {
		return 0, nil, nil, fmt.Errorf("%w: an attribute of %d where %d bytes are left", ErrMalformed, n, len(b))
	}
	const flags = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER
	kind = binary.NativeEndian.Uint16(b[2:]) &^ flags
	return kind, b[unix.SizeofNlAttr:n], b[min(align(n), len(b)):], nil
}

// align rounds n up to netlink's alignment of 4.
func align(n int) int { return (n + 3) &^ 3 }
