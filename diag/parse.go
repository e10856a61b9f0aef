package diag

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Message types of sock_diag (include/uapi/linux/inet_diag.h, sock_diag.h).
const (
	tcpdiagGetsock   = 18
	sockDiagByFamily = 20
	sockDestroy      = 21
)

// Attributes of a row, enum INET_DIAG_*.
const (
	attrInfo      = 2
	attrCong      = 4
	attrSkmeminfo = 7
)

// Lengths of struct inet_diag_msg and struct inet_diag_req_v2, and where the
// cookie of their struct inet_diag_sockid stands.
const (
	rowLen           = 72
	rowCookie        = 44
	requestLen       = 56
	requestCookie    = 48
	errorHeaderLen   = 4 + unix.SizeofNlMsghdr // of NLMSG_ERROR, before the quoted request's body
	netlinkDumpIntr  = unix.NLM_F_DUMP_INTR
	sockidAddressLen = 16
)

// parse is Parse, and tells whether the kernel said that it was done.
func parse(raw []byte, at track.Instant, into *track.Dump) (done bool, err error) {
	for len(raw) > 0 {
		m, rest, err := nextMessage(raw)
		if err != nil {
			return false, err
		}
		raw = rest
		if m.flags&netlinkDumpIntr != 0 {
			return false, ErrInterrupted
		}
		switch m.kind {
		case sockDiagByFamily, tcpdiagGetsock:
			into.Sockets = append(into.Sockets, track.Socket{})
			if err := parseRow(m.data, at, into.Sockets); err != nil {
				into.Sockets = into.Sockets[:len(into.Sockets)-1]
				return false, err
			}
		case unix.NLMSG_DONE:
			if errno := m.errno(); errno != 0 {
				return false, fmt.Errorf("the kernel answers: %w", errno)
			}
			done = true
		case unix.NLMSG_ERROR:
			cookie, err := parseError(m)
			if err != nil {
				return false, err
			}
			if cookie != 0 {
				into.Absent = append(into.Absent, cookie)
			}
		}
	}
	return done, nil
}

// parseError reads an NLMSG_ERROR. Where it says that the socket asked for is
// no longer there, or that its addresses are another's by now, the cookie from
// the quoted request is returned. An acknowledgement is no error and no cookie.
func parseError(m message) (absent uint64, err error) {
	if len(m.data) < errorHeaderLen {
		return 0, fmt.Errorf("%w: an error of %d bytes", ErrMalformed, len(m.data))
	}
	errno := m.errno()
	if errno == 0 {
		return 0, nil
	}
	request := m.data[errorHeaderLen:]
	if (errno == unix.ENOENT || errno == unix.ESTALE) && len(request) >= requestLen {
		return binary.NativeEndian.Uint64(request[requestCookie:]), nil
	}
	return 0, fmt.Errorf("the kernel answers: %w", errno)
}

// parseRow fills the last of socks from a struct inet_diag_msg and its
// attributes (net/ipv4/inet_diag.c, inet_sk_diag_fill).
func parseRow(b []byte, at track.Instant, socks []track.Socket) error {
	if len(b) < rowLen {
		return fmt.Errorf("%w: a row of %d bytes", ErrMalformed, len(b))
	}
	s := &socks[len(socks)-1]
	s.At = at
	s.State = track.State(b[1])
	s.Timer = track.Timer(b[2])
	s.Retransmits = b[3]
	src, dst := b[8:8+sockidAddressLen], b[24:24+sockidAddressLen]
	var local, remote netip.Addr
	switch b[0] {
	case unix.AF_INET:
		local, remote = netip.AddrFrom4([4]byte(src)), netip.AddrFrom4([4]byte(dst))
	case unix.AF_INET6:
		local, remote = netip.AddrFrom16([16]byte(src)), netip.AddrFrom16([16]byte(dst))
		if local.Is4In6() {
			s.Mapped = true
			local, remote = local.Unmap(), remote.Unmap()
		}
	default:
		return fmt.Errorf("%w: address family %d", ErrMalformed, b[0])
	}
	s.Local = netip.AddrPortFrom(local, binary.BigEndian.Uint16(b[4:]))
	s.Remote = netip.AddrPortFrom(remote, binary.BigEndian.Uint16(b[6:]))
	ne := binary.NativeEndian
	s.Bound = ne.Uint32(b[40:])
	s.Cookie = ne.Uint64(b[rowCookie:])
	s.Expires = time.Duration(ne.Uint32(b[52:])) * time.Millisecond
	s.RecvQ, s.SendQ = ne.Uint32(b[56:]), ne.Uint32(b[60:])
	s.UID, s.Inode = ne.Uint32(b[64:]), ne.Uint32(b[68:])

	for attrs := b[rowLen:]; len(attrs) > 0; {
		kind, data, rest, err := nextAttribute(attrs)
		if err != nil {
			return err
		}
		attrs = rest
		switch kind {
		case attrInfo:
			parseInfo(data, &s.Info)
		case attrSkmeminfo:
			parseMem(data, &s.Mem)
		case attrCong:
			s.CongestionControl = congestionControl(data, socks)
		}
	}
	// A request socket is shown as SYN_RECV, and has no tcp_info (inet_req_diag_fill).
	if s.State == track.SynRecv && s.Info.Size == 0 {
		s.State = track.NewSynRecv
	}
	return nil
}

// parseMem reads INET_DIAG_SKMEMINFO (enum SK_MEMINFO_*), which grew by its
// last two fields over time.
func parseMem(b []byte, m *track.Mem) {
	var f [9]uint32
	for i := range min(len(f), len(b)/4) {
		f[i] = binary.NativeEndian.Uint32(b[4*i:])
	}
	*m = track.Mem{RmemAlloc: f[0], Rcvbuf: f[1], WmemAlloc: f[2], Sndbuf: f[3], FwdAlloc: f[4],
		WmemQueued: f[5], Optmem: f[6], Backlog: f[7], Drops: f[8]}
}

// congestionControl returns the name in b, which ends with a zero, without
// allocating for one that is common or that the socket before has as well.
func congestionControl(b []byte, socks []track.Socket) string {
	if n := len(b); n > 0 && b[n-1] == 0 {
		b = b[:n-1]
	}
	switch string(b) {
	case "cubic":
		return "cubic"
	case "reno":
		return "reno"
	case "bbr":
		return "bbr"
	case "dctcp":
		return "dctcp"
	}
	if n := len(socks); n > 1 && socks[n-2].CongestionControl == string(b) {
		return socks[n-2].CongestionControl
	}
	return string(b)
}
