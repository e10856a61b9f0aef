package capture

import "math/bits"

// Blocks of a pcapng file (draft-ietf-opsawg-pcapng).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	blockLocal     = 1 << 31 // this bit: of local use
)

const (
	sectionMagic   = "\x0a\x0d\x0d\x0a"
	byteOrderMagic = 0x1a2b3c4d

	blockHeaderLen  = 8 // type and total length
	blockTrailerLen = 4 // the total length again
	blockMinLen     = blockHeaderLen + blockTrailerLen
)

// pcapng is a file of blocks. Sections may follow each other, each with a byte
// order and interfaces of its own.
type pcapng struct {
	order      byteOrder
	interfaces []fileInterface // of the section
}

func (p *pcapng) next(in *window, f *Frame, b *Block) (bool, error) {
	for {
		kind, size, err := p.header(in)
		if err != nil {
			return false, err
		}
		switch kind {
		case blockSection, blockInterface, blockPacket, blockSimple, blockEnhanced:
		default:
			if b == nil || kind&blockLocal == 0 {
				if !in.skip(int64(size)) {
					return false, in.cut("a block of %d bytes is not all there", size)
				}
				continue
			}
		}
		if size > maxFrame {
			return false, in.broken("a block of %d bytes can't be", size)
		}
		block := in.peek(int(size))
		if len(block) < int(size) {
			return false, in.cut("a block of %d bytes has only %d left", size, len(block))
		}
		if again := p.order.u32(block[size-blockTrailerLen:]); again != size {
			return false, in.broken("a block of %d bytes says %d at its end", size, again)
		}
		body := block[blockHeaderLen : size-blockTrailerLen]
		switch kind {
		case blockSection:
			err = p.section(in, body)
		case blockInterface:
			err = p.describe(in, body)
		case blockPacket, blockEnhanced:
			err = p.packet(in, kind, body, f)
		case blockSimple:
			err = p.simple(in, body, f)
		default:
			b.Type, b.Body = kind, body
		}
		if err != nil {
			return false, err
		}
		in.advance(int(size))
		switch kind {
		case blockSection, blockInterface:
			continue
		}
		return kind&blockLocal == 0, nil
	}
}

// header returns the type and the total length of the block at hand. A section
// header sets the byte order of all that follows, its own length included.
func (p *pcapng) header(in *window) (kind, size uint32, err error) {
	head := in.peek(blockHeaderLen)
	if len(head) < blockHeaderLen {
		if len(head) == 0 {
			return 0, 0, in.end()
		}
		return 0, 0, in.cut("a block's header of %d bytes has only %d", blockHeaderLen, len(head))
	}
	kind = p.order.u32(head)
	if kind == blockSection { // the same in either order
		head = in.peek(blockHeaderLen + 4)
		if len(head) < blockHeaderLen+4 {
			return 0, 0, in.cut("a section's header has only %d bytes", len(head))
		}
		switch (byteOrder{}).u32(head[blockHeaderLen:]) {
		case byteOrderMagic:
			p.order.swapped = false
		case bits.ReverseBytes32(byteOrderMagic):
			p.order.swapped = true
		default:
			return 0, 0, in.broken("a section's header tells no byte order")
		}
	}
	size = p.order.u32(head[4:])
	if size < blockMinLen || size%4 != 0 {
		return 0, 0, in.broken("a block of %d bytes can't be", size)
	}
	return kind, size, nil
}

// section begins a new section.
func (p *pcapng) section(in *window, body []byte) error {
	if len(body) < 16 {
		return in.broken("a section's header of %d bytes is too short", len(body))
	}
	if major := p.order.u16(body[4:]); major != 1 {
		return in.broken("pcapng of version %d.%d, which nobody knows", major, p.order.u16(body[6:]))
	}
	p.interfaces = p.interfaces[:0]
	return nil
}

// describe adds an interface to the section.
func (p *pcapng) describe(in *window, body []byte) error {
	i, reason := newFileInterface(p.order, body)
	if reason != "" {
		return in.broken("%s", reason)
	}
	p.interfaces = append(p.interfaces, i)
	return nil
}

// packet reads an enhanced packet block, or the obsolete packet block, which
// differs in its first four bytes only.
func (p *pcapng) packet(in *window, kind uint32, body []byte, f *Frame) error {
	if len(body) < 20 {
		return in.broken("a packet's block of %d bytes is too short", len(body))
	}
	n := p.order.u32(body)
	if kind == blockPacket {
		n = uint32(p.order.u16(body)) // a count of drops follows
	}
	if uint64(n) >= uint64(len(p.interfaces)) {
		return in.broken("a packet of interface %d, of which there are %d", n, len(p.interfaces))
	}
	captured, wire := p.order.u32(body[12:]), p.order.u32(body[16:])
	if uint64(captured) > uint64(len(body)-20) {
		return in.broken("a frame of %d bytes in a block that has room for %d", captured, len(body)-20)
	}
	i := &p.interfaces[n]
	f.At = i.clock.at(uint64(p.order.u32(body[4:]))<<32 | uint64(p.order.u32(body[8:])))
	f.Link, f.Iface = i.link, n
	f.Len, f.Data = max(wire, captured), body[20:20+captured:20+captured]
	return nil
}

// simple reads a simple packet block: of the first interface, and without a time.
func (p *pcapng) simple(in *window, body []byte, f *Frame) error {
	if len(body) < 4 {
		return in.broken("a packet's block of %d bytes is too short", len(body))
	}
	if len(p.interfaces) == 0 {
		return in.broken("a packet of interface 0, of which there are 0")
	}
	i := &p.interfaces[0]
	wire, room := p.order.u32(body), uint32(len(body)-4)
	captured := min(wire, room)
	if i.snaplen > 0 {
		captured = min(captured, i.snaplen)
	}
	if room-captured > 3 {
		return in.broken("a frame of %d bytes in a block of %d", captured, room)
	}
	f.At, f.Link, f.Iface = 0, i.link, 0
	f.Len, f.Data = wire, body[4:4+captured:4+captured]
	return nil
}
