package capture

import "net/netip"

// synthetic is a frame as a socket would send it, of which only some bits are
// known: an Ethernet header, an IP header without options and a TCP header
// without any.
type synthetic struct {
	bytes, known [maxSynthetic + 3]byte // whole words can be read from any byte
	length       int                    // more may follow in the true one
}

const (
	ethertypeAt  = 12
	ipAt         = 14
	maxSynthetic = ipAt + ipv6Header + tcpHeader
)

// set makes bits known.
func (s *synthetic) set(at int, bits, known byte) { s.bytes[at], s.known[at] = bits, known }

// setAll makes bytes known.
func (s *synthetic) setAll(at int, b []byte) {
	for i, bits := range b {
		s.set(at+i, bits, 0xff)
	}
}

// setPort makes a port known, if there is one.
func (s *synthetic) setPort(at int, port uint16) {
	if port != 0 {
		s.set(at, byte(port>>8), 0xff)
		s.set(at+1, byte(port), 0xff)
	}
}

// setAddr makes an address known, unless it is unspecified.
func (s *synthetic) setAddr(at int, a netip.Addr) {
	switch {
	case a.IsUnspecified():
	case a.Is4():
		b := a.As4()
		s.setAll(at, b[:])
	default:
		b := a.As16()
		s.setAll(at, b[:])
	}
}

// newSynthetic returns a frame from one address to another of the same family.
// Addresses and ports that are unspecified stay unknown.
func newSynthetic(src, dst netip.AddrPort) (s synthetic) {
	transport := ipAt + ipv4Header
	if src.Addr().Is4() {
		s.setAll(ethertypeAt, []byte{etherIPv4 >> 8, etherIPv4 & 0xff})
		s.set(ipAt, 4<<4, 0xf0)
		s.set(ipAt+6, 0, fragmentOffsetV4>>8)
		s.set(ipAt+7, 0, fragmentOffsetV4&0xff)
		s.set(ipAt+9, protoTCP, 0xff)
		s.setAddr(ipAt+12, src.Addr())
		s.setAddr(ipAt+16, dst.Addr())
	} else {
		transport = ipAt + ipv6Header
		s.setAll(ethertypeAt, []byte{etherIPv6 >> 8, etherIPv6 & 0xff})
		s.set(ipAt, 6<<4, 0xf0)
		s.set(ipAt+6, protoTCP, 0xff)
		s.setAddr(ipAt+8, src.Addr())
		s.setAddr(ipAt+24, dst.Addr())
	}
	s.setPort(transport, src.Port())
	s.setPort(transport+2, dst.Port())
	s.length = transport + tcpHeader
	return s
}

// asks tells what the first unknown byte of a few belongs to.
func (s *synthetic) asks(at, width uint64) asked {
	for i := at; i < at+width; i++ {
		if s.known[i] == 0xff {
			continue
		}
		transport := uint64(s.length - tcpHeader)
		addresses := transport - 8 // at the end of the IP header
		if s.bytes[ipAt]>>4 == 6 {
			addresses = transport - 32
		}
		switch {
		case i < ethertypeAt:
			return asksLink
		case i < addresses:
			return asksIP
		case i < transport+4:
			return asksWildcard
		case i == transport+13:
			return asksFlags
		}
		return asksTCP
	}
	return asksNothing
}
