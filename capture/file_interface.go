package capture

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/tcpwatch/tcpwatch/track"
)

// Options of a pcapng interface description that matter to a reader.
const (
	optEnd      = 0
	optTsresol  = 9
	optTsoffset = 14
)

// fileInterface is what a pcapng interface description says.
type fileInterface struct {
	link    LinkType
	snaplen uint32 // 0: no limit
	clock   fileClock
}

// newFileInterface reads the body of an interface description block. The
// reason says what is wrong with it, if anything.
func newFileInterface(order byteOrder, body []byte) (i fileInterface, reason string) {
	if len(body) < 8 {
		return i, fmt.Sprintf("an interface's description of %d bytes is too short", len(body))
	}
	i.link = fileLink(uint32(order.u16(body)))
	i.snaplen = order.u32(body[4:])
	resolution, offset := uint8(6), int64(0)
	for rest := body[8:]; len(rest) >= 4; {
		code, n := order.u16(rest), int(order.u16(rest[2:]))
		if code == optEnd {
			break
		}
		if n > len(rest)-4 {
			return i, fmt.Sprintf("an interface's option %d of %d bytes has room for %d", code, n, len(rest)-4)
		}
		value := rest[4 : 4+n]
		switch {
		case code == optTsresol && n == 1:
			resolution = value[0]
		case code == optTsoffset && n == 8:
			offset = int64(order.u64(value))
		}
		rest = rest[min(len(rest), 4+(n+3)&^3):]
	}
	i.clock = newFileClock(resolution, offset)
	return i, ""
}

// fileClock turns an interface's timestamps into nanoseconds since 1970.
type fileClock struct {
	factor uint64 // nanoseconds a unit, for units of a nanosecond and longer
	limit  uint64 // stamps up to this are factor·stamp, and no overflow
	shift  uint   // else, where divisor is 0: units are 2^-shift seconds
	divide uint64 // else, units are this many to a nanosecond
	offset int64  // nanoseconds
	lost   bool   // the offset is out of range
}

// newFileClock reads if_tsresol, a negative power of 10 or, with the highest bit
// set, of 2; and if_tsoffset, in seconds.
func newFileClock(resolution uint8, offset int64) fileClock {
	const second = 1_000_000_000
	c := fileClock{offset: offset * second, lost: offset < math.MinInt64/second || offset > math.MaxInt64/second}
	switch exponent := resolution & 0x7f; {
	case resolution&0x80 != 0:
		c.shift = uint(exponent)
	case exponent <= 9:
		c.factor = pow10(9 - exponent)
		c.limit = math.MaxInt64 / c.factor
	case exponent <= 28:
		c.divide = pow10(exponent - 9)
	default: // any stamp is less than a nanosecond
		c.limit = math.MaxUint64
	}
	return c
}

// at returns the moment of a stamp, and zero, unknown, for one that int64
// nanoseconds can't hold.
func (c *fileClock) at(stamp uint64) track.Instant {
	var ns uint64
	switch {
	case stamp <= c.limit:
		ns = stamp * c.factor
	case c.factor > 0:
		return 0
	case c.divide > 0:
		ns = stamp / c.divide
	default:
		high, low := bits.Mul64(stamp, 1e9)
		if c.shift < 64 {
			if high>>c.shift != 0 {
				return 0
			}
			ns = low>>c.shift | high<<(64-c.shift)
		} else {
			ns = high >> (c.shift - 64)
		}
	}
	at := int64(ns) + c.offset
	if ns > math.MaxInt64 || c.lost || c.offset > 0 && at < 0 {
		return 0
	}
	return track.Instant(at)
}

func pow10(n uint8) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
