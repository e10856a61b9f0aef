package diag

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

var ne = binary.NativeEndian

// netlinkMessage makes one message.
func netlinkMessage(kind, flags uint16, seq uint32, body ...byte) []byte {
	m := make([]byte, unix.SizeofNlMsghdr, align(unix.SizeofNlMsghdr+len(body)))
	ne.PutUint32(m, uint32(unix.SizeofNlMsghdr+len(body)))
	ne.PutUint16(m[4:], kind)
	ne.PutUint16(m[6:], flags)
	ne.PutUint32(m[8:], seq)
	m = append(m, body...)
	return m[:align(len(m))]
}

// attribute makes one attribute.
func attribute(kind uint16, data ...byte) []byte {
	a := make([]byte, unix.SizeofNlAttr, align(unix.SizeofNlAttr+len(data)))
	ne.PutUint16(a, uint16(unix.SizeofNlAttr+len(data)))
	ne.PutUint16(a[2:], kind)
	a = append(a, data...)
	return a[:align(len(a))]
}

// row makes a struct inet_diag_msg whose every field is told apart.
func row(family uint8, state track.State, local, remote netip.AddrPort) []byte {
	b := make([]byte, rowLen)
	b[0], b[1], b[2], b[3] = family, uint8(state), uint8(track.TimerOn), 3
	binary.BigEndian.PutUint16(b[4:], local.Port())
	binary.BigEndian.PutUint16(b[6:], remote.Port())
	copy(b[8:], local.Addr().AsSlice())
	copy(b[24:], remote.Addr().AsSlice())
	ne.PutUint32(b[40:], 7)          // interface
	ne.PutUint64(b[44:], 0xc00c1e)   // cookie
	ne.PutUint32(b[52:], 1234)       // expires
	ne.PutUint32(b[56:], 11)         // receive queue
	ne.PutUint32(b[60:], 17)         // send queue
	ne.PutUint32(b[64:], 1000)       // uid
	ne.PutUint32(b[68:], 0xfffffffe) // inode
	return b
}

// tcpInfo makes a struct tcp_info of n bytes. The four-byte word at offset i
// holds i+1, and what is smaller than a word is told apart.
func tcpInfo(n int) []byte {
	b := make([]byte, (n+7)&^7)
	for i := 8; i+4 <= len(b); i += 4 {
		ne.PutUint32(b[i:], uint32(i+1))
	}
	copy(b, []byte{1, 4, 3, 2, 5, 6, 0xa7, 0b101})
	if len(b) >= 248 {
		ne.PutUint16(b[240:], 241)
		ne.PutUint16(b[242:], 243)
	}
	return b[:n]
}

func long(low int) uint64 { return uint64(low+1) | uint64(low+5)<<32 }

var (
	addr4   = netip.MustParseAddrPort("10.0.0.1:60739")
	peer4   = netip.MustParseAddrPort("10.0.0.2:12345")
	mapped4 = netip.MustParseAddrPort("[::ffff:10.0.0.1]:60739")
	mappedP = netip.MustParseAddrPort("[::ffff:10.0.0.2]:12345")
	addr6   = netip.MustParseAddrPort("[fd00::1]:60739")
	peer6   = netip.MustParseAddrPort("[fe80::2]:12345")
)

// fullRow is a message with all that a row can hold, and things to be skipped.
func fullRow(seq uint32) []byte {
	body := row(unix.AF_INET, track.Established, addr4, peer4)
	mem := make([]byte, 36)
	for i := range 9 {
		ne.PutUint32(mem[4*i:], uint32(100+i))
	}
	body = append(body, attribute(8, 0)...) // INET_DIAG_SHUTDOWN, one byte and three of padding
	body = append(body, attribute(attrSkmeminfo, mem...)...)
	body = append(body, attribute(attrCong, []byte("westwood\x00")...)...)
	body = append(body, attribute(14)...) // INET_DIAG_PAD
	body = append(body, attribute(attrInfo, tcpInfo(280)...)...)
	return netlinkMessage(sockDiagByFamily, unix.NLM_F_MULTI, seq, body...)
}

func wantSocket() track.Socket {
	us := func(at int) time.Duration { return time.Duration(at+1) * time.Microsecond }
	ms := func(at int) time.Duration { return time.Duration(at+1) * time.Millisecond }
	w := func(at int) uint32 { return uint32(at + 1) }
	return track.Socket{
		At: 42, Cookie: 0xc00c1e, Local: addr4, Remote: peer4, Bound: 7, State: track.Established, Timer: track.TimerOn,
		Expires: 1234 * time.Millisecond, Retransmits: 3, RecvQ: 11, SendQ: 17, UID: 1000, Inode: 0xfffffffe,
		CongestionControl: "westwood",
		Mem: track.Mem{RmemAlloc: 100, Rcvbuf: 101, WmemAlloc: 102, Sndbuf: 103, FwdAlloc: 104, WmemQueued: 105,
			Optmem: 106, Backlog: 107, Drops: 108},
		Info: track.Info{
			Size: 280, State: 1, CAState: 4, Retransmits: 3, Probes: 2, Backoff: 5, Options: 6, SndWScale: 7, RcvWScale: 10,
			AppLimited: true, FastOpenFail: 2,
			RTO: us(8), ATO: us(12), SndMSS: w(16), RcvMSS: w(20), Unacked: w(24), Sacked: w(28), Lost: w(32), Retrans: w(36),
			LastDataSent: ms(44), LastDataRecv: ms(52), LastAckRecv: ms(56), PMTU: w(60), RcvSsthresh: w(64),
			RTT: us(68), RTTVar: us(72), SndSsthresh: w(76), SndCwnd: w(80), AdvMSS: w(84), Reordering: w(88),
			RcvRTT: us(92), RcvSpace: w(96), TotalRetrans: w(100), PacingRate: long(104), MaxPacingRate: long(112),
			BytesAcked: long(120), BytesReceived: long(128), SegsOut: w(136), SegsIn: w(140), NotsentBytes: w(144),
			MinRTT: us(148), DataSegsIn: w(152), DataSegsOut: w(156), DeliveryRate: long(160),
			BusyTime: time.Duration(long(168)) * time.Microsecond, RwndLimited: time.Duration(long(176)) * time.Microsecond,
			SndbufLimited: time.Duration(long(184)) * time.Microsecond, Delivered: w(192), DeliveredCE: w(196),
			BytesSent: long(200), BytesRetrans: long(208), DSACKDups: w(216), ReordSeen: w(220), RcvOOOPack: w(224),
			SndWnd: w(228), RcvWnd: w(232), Rehash: w(236), TotalRTO: 241, TotalRTORecoveries: 243, TotalRTOTime: ms(244),
		},
	}
}

var exactly = cmp.Options{cmpopts.EquateComparable(netip.AddrPort{})}

func TestParseRow(t *testing.T) {
	var d track.Dump
	if err := Parse(fullRow(1), 42, &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]track.Socket{wantSocket()}, d.Sockets, exactly); diff != "" {
		t.Error(diff)
	}
}

func TestParseFamilies(t *testing.T) {
	for _, test := range []struct {
		name                 string
		family               uint8
		local, remote        netip.AddrPort
		wantLocal, wantPeer  netip.AddrPort
		mapped               bool
		requestFamily        uint8
		requestHasLocalBytes []byte
	}{
		{"IPv4", unix.AF_INET, addr4, peer4, addr4, peer4, false, unix.AF_INET, []byte{10, 0, 0, 1}},
		{"IPv6", unix.AF_INET6, addr6, peer6, addr6, peer6, false, unix.AF_INET6, addr6.Addr().AsSlice()},
		{"mapped", unix.AF_INET6, mapped4, mappedP, addr4, peer4, true, unix.AF_INET6, mapped4.Addr().AsSlice()},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := netlinkMessage(tcpdiagGetsock, 0, 1, row(test.family, track.Established, test.local, test.remote)...)
			var d track.Dump
			if err := Parse(raw, 42, &d); err != nil {
				t.Fatal(err)
			}
			s := d.Sockets[0]
			if s.Local != test.wantLocal || s.Remote != test.wantPeer || s.Mapped != test.mapped {
				t.Errorf("got %v %v mapped %v", s.Local, s.Remote, s.Mapped)
			}
			// The kernel must get back the very identity that it gave.
			request := socketRequest(sockDiagByFamily, 0, IDOf(&s)).Data
			if request[0] != test.requestFamily {
				t.Errorf("asked for family %d", request[0])
			}
			given, asked := raw[unix.SizeofNlMsghdr+4:][:48], request[8:56]
			if diff := cmp.Diff(given, asked); diff != "" {
				t.Errorf("struct inet_diag_sockid: %s", diff)
			}
		})
	}
}

func TestParseStates(t *testing.T) {
	parse := func(state track.State, info []byte) track.State {
		body := row(unix.AF_INET, state, addr4, peer4)
		if info != nil {
			body = append(body, attribute(attrInfo, info...)...)
		}
		var d track.Dump
		if err := Parse(netlinkMessage(sockDiagByFamily, 0, 1, body...), 42, &d); err != nil {
			t.Fatal(err)
		}
		return d.Sockets[0].State
	}
	if got := parse(track.SynRecv, nil); got != track.NewSynRecv {
		t.Errorf("a request socket is read as %d", got)
	}
	if got := parse(track.SynRecv, tcpInfo(248)); got != track.SynRecv {
		t.Errorf("a Fast Open socket is read as %d", got)
	}
	if got := parse(track.TimeWait, nil); got != track.TimeWait {
		t.Errorf("a timewait socket is read as %d", got)
	}
}

// A shorter tcp_info gives the fields that it has and zero for the others, at
// every length.
func TestParseInfoLengths(t *testing.T) {
	var whole track.Info
	parseInfo(tcpInfo(280), &whole)
	for n := 0; n <= 280; n += 4 {
		var got track.Info
		parseInfo(tcpInfo(280)[:n], &got)
		if got.Size != n {
			t.Fatalf("%d bytes: size %d", n, got.Size)
		}
		for _, f := range []struct {
			end       int
			got, want uint64
		}{
			{4, uint64(got.Retransmits), uint64(whole.Retransmits)},
			{12, uint64(got.RTO), uint64(whole.RTO)},
			{104, uint64(got.TotalRetrans), uint64(whole.TotalRetrans)},
			{112, got.PacingRate, whole.PacingRate},
			{track.InfoSndWnd, uint64(got.SndWnd), uint64(whole.SndWnd)},
			{track.InfoRcvWnd, uint64(got.Rehash), uint64(whole.Rehash)},
			{track.InfoTotalRTO, uint64(got.TotalRTOTime), uint64(whole.TotalRTOTime)},
		} {
			if n >= f.end && f.got != f.want {
				t.Errorf("%d bytes: the field that ends at %d is %d, want %d", n, f.end, f.got, f.want)
			}
			if n <= f.end-8 && f.got != 0 {
				t.Errorf("%d bytes: the field that ends at %d is %d, but is not there", n, f.end, f.got)
			}
		}
	}
}

func TestParseInfoOverflow(t *testing.T) {
	b := tcpInfo(280)
	ne.PutUint64(b[168:], math.MaxUint64)
	var i track.Info
	if parseInfo(b, &i); i.BusyTime < 0 {
		t.Errorf("busy for %v", i.BusyTime)
	}
}

// errorMessage is the kernel's refusal of a request for the cookie.
func errorMessage(errno unix.Errno, seq uint32, cookie uint64) []byte {
	body := make([]byte, errorHeaderLen+requestLen)
	ne.PutUint32(body, uint32(-int32(errno)))
	ne.PutUint64(body[errorHeaderLen+requestCookie:], cookie)
	return netlinkMessage(unix.NLMSG_ERROR, 0, seq, body...)
}

// done is the end of a dump.
func done(flags uint16, seq uint32, errno unix.Errno) []byte {
	return netlinkMessage(unix.NLMSG_DONE, unix.NLM_F_MULTI|flags, seq, ne.AppendUint32(nil, uint32(-int32(errno)))...)
}

func TestParseAbsent(t *testing.T) {
	raw := append(errorMessage(unix.ENOENT, 1, 5), fullRow(2)...)
	raw = append(raw, errorMessage(unix.ESTALE, 3, 6)...)
	var d track.Dump
	if err := Parse(raw, 42, &d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint64{5, 6}, d.Absent); diff != "" || len(d.Sockets) != 1 {
		t.Errorf("%d sockets, absent %v", len(d.Sockets), d.Absent)
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"refused", errorMessage(unix.EPERM, 1, 5), unix.EPERM},
		{"end with an error", done(0, 1, unix.ENOMEM), unix.ENOMEM},
		{"interrupted", done(unix.NLM_F_DUMP_INTR, 1, 0), ErrInterrupted},
		{"interrupted row", netlinkMessage(sockDiagByFamily, unix.NLM_F_DUMP_INTR, 1, make([]byte, rowLen)...), ErrInterrupted},
		{"short row", netlinkMessage(sockDiagByFamily, 0, 1, make([]byte, rowLen-1)...), ErrMalformed},
		{"unknown family", netlinkMessage(sockDiagByFamily, 0, 1, make([]byte, rowLen)...), ErrMalformed},
		{"long message", []byte{255, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, ErrMalformed},
		{"message shorter than its header", []byte{15, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, ErrMalformed},
		{"short error", netlinkMessage(unix.NLMSG_ERROR, 0, 1, 255, 255, 255, 255), ErrMalformed},
		{"attribute shorter than its header", netlinkMessage(sockDiagByFamily, 0, 1,
			append(row(unix.AF_INET, track.Established, addr4, peer4), 3, 0, 2, 0)...), ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			var d track.Dump
			err := Parse(test.raw, 42, &d)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if len(d.Sockets) != 0 {
				t.Errorf("%d sockets", len(d.Sockets))
			}
		})
	}
}

// Cut anywhere but between messages, a reply is an error; cut anywhere, a full
// one is no table.
func TestParseTruncated(t *testing.T) {
	first := fullRow(1)
	whole := append(append(append([]byte(nil), first...), fullRow(1)...), done(0, 1, 0)...)
	for n := range len(whole) + 1 {
		var d track.Dump
		err := Parse(whole[:n], 42, &d)
		boundary := n == 0 || n == len(first) || n == 2*len(first) || n == len(whole)
		if boundary != (err == nil) {
			t.Errorf("cut at %d of %d: %v", n, len(whole), err)
		}
		reply := Reply{Full: true, Chunks: []Chunk{{42, whole[:n]}}}
		if err := reply.Parse(&d); (n == len(whole)) != (err == nil) {
			t.Errorf("full, cut at %d of %d: %v", n, len(whole), err)
		}
		if n < len(whole) && (d.Full || len(d.Sockets) > 0) {
			t.Errorf("cut at %d: a table of %d sockets", n, len(d.Sockets))
		}
	}
}

func TestReplyChunks(t *testing.T) {
	reply := Reply{Began: 5, Ended: 30, Full: true,
		Chunks: []Chunk{{10, fullRow(1)}, {20, append(fullRow(1), done(0, 1, 0)...)}}}
	var got track.Dump
	if err := reply.Parse(&got); err != nil {
		t.Fatal(err)
	}
	if got.Began != 5 || got.Ended != 30 || !got.Full || len(got.Sockets) != 2 ||
		got.Sockets[0].At != 10 || got.Sockets[1].At != 20 {
		t.Errorf("got %+v", got)
	}
}

// What is read into a reply stays as it was while more is read, and its memory
// is used again after a reset.
func TestReplyRoom(t *testing.T) {
	var reply Reply
	fill := func() {
		for i := range 100 {
			n := pieceLen - i
			room := reply.room()
			if len(room) < pieceLen {
				t.Fatalf("room for %d bytes", len(room))
			}
			for j := range n {
				room[j] = byte(i)
			}
			reply.add(track.Instant(i), n)
		}
		for i, c := range reply.Chunks {
			if c.At != track.Instant(i) || len(c.Raw) != pieceLen-i || bytes.Count(c.Raw, []byte{byte(i)}) != len(c.Raw) {
				t.Fatalf("chunk %d was overwritten", i)
			}
		}
	}
	fill()
	blocks := len(reply.blocks)
	reply.reset()
	fill()
	if len(reply.Chunks) != 100 || len(reply.blocks) != blocks {
		t.Errorf("%d chunks in %d blocks, %d before", len(reply.Chunks), len(reply.blocks), blocks)
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	raw := append(fullRow(1), netlinkMessage(sockDiagByFamily, 0, 1,
		append(row(unix.AF_INET6, track.Established, mapped4, mappedP), attribute(attrCong, []byte("cubic\x00")...)...)...)...)
	raw = append(raw, raw...)
	var d track.Dump
	allocs := testing.AllocsPerRun(100, func() {
		d.Sockets = d.Sockets[:0]
		if err := Parse(raw, 42, &d); err != nil {
			t.Fatal(err)
		}
	})
	// The one is the name of the rare congestion control.
	if allocs > 2 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(fullRow(1))
	f.Add(append(fullRow(1), done(0, 1, 0)...))
	f.Add(errorMessage(unix.ENOENT, 1, 5))
	f.Add(netlinkMessage(tcpdiagGetsock, 0, 1, row(unix.AF_INET6, track.SynRecv, mapped4, mappedP)...))
	if table, err := OpenTable(nil); err == nil {
		var live Reply
		if err := table.Dump(&live); err == nil {
			for _, c := range live.Chunks {
				f.Add(c.Raw)
			}
		}
		table.Close()
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d track.Dump
		if err := Parse(raw, 42, &d); err != nil {
			return
		}
		for i := range d.Sockets {
			s := &d.Sockets[i]
			if !s.Local.Addr().IsValid() || s.Local.Addr().Is4In6() || s.Expires < 0 || s.Info.BusyTime < 0 {
				t.Errorf("read %+v", s)
			}
			socketRequest(sockDiagByFamily, 0, IDOf(s))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body := append(row(unix.AF_INET6, track.Established, mapped4, mappedP), attribute(attrInfo, tcpInfo(280)...)...)
	body = append(body, attribute(attrSkmeminfo, make([]byte, 36)...)...)
	body = append(body, attribute(attrCong, []byte("cubic\x00")...)...)
	row := netlinkMessage(sockDiagByFamily, unix.NLM_F_MULTI, 1, body...)
	const rows = 30_000
	reply := Reply{Full: true, Chunks: []Chunk{{42, append(bytes.Repeat(row, rows), done(0, 1, 0)...)}}}
	var d track.Dump
	b.ReportAllocs()
	for b.Loop() {
		if err := reply.Parse(&d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/socket")
}
