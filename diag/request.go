package diag

import (
	"encoding/binary"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// ID is what the kernel finds one socket by.
type ID struct {
	Cookie        uint64
	Local, Remote netip.AddrPort // unmapped
	Mapped        bool           // an IPv6 socket with IPv4 addresses
	Bound         uint32         // index of the interface that it is bound to, 0: none
}

// IDOf returns the ID of s.
func IDOf(s *track.Socket) ID {
	return ID{Cookie: s.Cookie, Local: s.Local, Remote: s.Remote, Mapped: s.Mapped, Bound: s.Bound}
}

// wanted are the states that a dump asks for: those of connections. Listeners,
// closed and merely bound sockets wait for nobody.
const wanted = 1<<track.Established | 1<<track.SynSent | 1<<track.SynRecv | 1<<track.FinWait1 |
	1<<track.FinWait2 | 1<<track.TimeWait | 1<<track.CloseWait | 1<<track.LastAck |
	1<<track.Closing | 1<<track.NewSynRecv

// extensions are the attributes that are asked for.
const extensions = 1<<(attrInfo-1) | 1<<(attrCong-1) | 1<<(attrSkmeminfo-1)

// dumpRequest asks for all sockets. The old message type walks the table once
// for IPv4 and IPv6 together (inet_diag_dump_compat); sock_diag would walk it
// once for each.
func dumpRequest() netlink.Message {
	body := make([]byte, 60) // struct inet_diag_req
	body[3] = extensions
	binary.NativeEndian.PutUint32(body[52:], wanted)
	return netlink.Message{
		Header: netlink.Header{Type: tcpdiagGetsock, Flags: netlink.Request | netlink.Dump},
		Data:   body,
	}
}

// socketRequest asks for one socket, or to destroy it.
func socketRequest(kind netlink.HeaderType, flags netlink.HeaderFlags, id ID) netlink.Message {
	body := make([]byte, requestLen) // struct inet_diag_req_v2
	body[1] = unix.IPPROTO_TCP
	body[2] = extensions
	binary.NativeEndian.PutUint32(body[4:], ^uint32(0))
	binary.BigEndian.PutUint16(body[8:], id.Local.Port())
	binary.BigEndian.PutUint16(body[10:], id.Remote.Port())
	if id.Local.Addr().Is4() && !id.Mapped {
		body[0] = unix.AF_INET
		copy(body[12:], id.Local.Addr().AsSlice())
		copy(body[28:], id.Remote.Addr().AsSlice())
	} else {
		body[0] = unix.AF_INET6
		local, remote := id.Local.Addr().As16(), id.Remote.Addr().As16()
		copy(body[12:], local[:])
		copy(body[28:], remote[:])
	}
	binary.NativeEndian.PutUint32(body[44:], id.Bound)
	binary.NativeEndian.PutUint64(body[requestCookie:], id.Cookie)
	return netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request | flags},
		Data:   body,
	}
}
