package diag

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/tcpwatch/tcpwatch/track"
)

// infoLen is how much of struct tcp_info is read: all that Linux 6.7 has. Later
// kernels append to it.
const infoLen = track.InfoTotalRTO

// parseInfo reads a struct tcp_info (include/uapi/linux/tcp.h) of any kernel's
// length. What a shorter one lacks is zero.
func parseInfo(raw []byte, i *track.Info) {
	b := (*[infoLen]byte)(nil)
	if len(raw) >= infoLen {
		b = (*[infoLen]byte)(raw)
	} else {
		b = new([infoLen]byte)
		copy(b[:], raw)
	}
	ne := binary.NativeEndian
	us := func(at int) time.Duration { return time.Duration(ne.Uint32(b[at:])) * time.Microsecond }
	ms := func(at int) time.Duration { return time.Duration(ne.Uint32(b[at:])) * time.Millisecond }
	longUS := func(at int) time.Duration {
		const most = math.MaxInt64 / uint64(time.Microsecond)
		return time.Duration(min(ne.Uint64(b[at:]), most)) * time.Microsecond
	}

	i.Size = len(raw)
	i.State, i.CAState, i.Retransmits, i.Probes, i.Backoff, i.Options = b[0], b[1], b[2], b[3], b[4], b[5]
	i.SndWScale, i.RcvWScale = nibbles(b[6])
	i.AppLimited, i.FastOpenFail = b[7]&1 != 0, b[7]>>1&3
	i.RTO, i.ATO = us(8), us(12)
	i.SndMSS, i.RcvMSS = ne.Uint32(b[16:]), ne.Uint32(b[20:])
	i.Unacked, i.Sacked = ne.Uint32(b[24:]), ne.Uint32(b[28:])
	i.Lost, i.Retrans = ne.Uint32(b[32:]), ne.Uint32(b[36:])
	i.LastDataSent, i.LastDataRecv, i.LastAckRecv = ms(44), ms(52), ms(56)
	i.PMTU, i.RcvSsthresh = ne.Uint32(b[60:]), ne.Uint32(b[64:])
	i.RTT, i.RTTVar = us(68), us(72)
	i.SndSsthresh, i.SndCwnd = ne.Uint32(b[76:]), ne.Uint32(b[80:])
	i.AdvMSS, i.Reordering = ne.Uint32(b[84:]), ne.Uint32(b[88:])
	i.RcvRTT, i.RcvSpace = us(92), ne.Uint32(b[96:])
	i.TotalRetrans = ne.Uint32(b[100:])
	i.PacingRate, i.MaxPacingRate = ne.Uint64(b[104:]), ne.Uint64(b[112:])
	i.BytesAcked, i.BytesReceived = ne.Uint64(b[120:]), ne.Uint64(b[128:])
	i.SegsOut, i.SegsIn = ne.Uint32(b[136:]), ne.Uint32(b[140:])
	i.NotsentBytes, i.MinRTT = ne.Uint32(b[144:]), us(148)
	i.DataSegsIn, i.DataSegsOut = ne.Uint32(b[152:]), ne.Uint32(b[156:])
	i.DeliveryRate = ne.Uint64(b[160:])
	i.BusyTime, i.RwndLimited, i.SndbufLimited = longUS(168), longUS(176), longUS(184)
	i.Delivered, i.DeliveredCE = ne.Uint32(b[192:]), ne.Uint32(b[196:])
	i.BytesSent, i.BytesRetrans = ne.Uint64(b[200:]), ne.Uint64(b[208:])
	i.DSACKDups, i.ReordSeen = ne.Uint32(b[216:]), ne.Uint32(b[220:])
	i.RcvOOOPack, i.SndWnd = ne.Uint32(b[224:]), ne.Uint32(b[228:])
	i.RcvWnd, i.Rehash = ne.Uint32(b[232:]), ne.Uint32(b[236:])
	i.TotalRTO, i.TotalRTORecoveries = ne.Uint16(b[240:]), ne.Uint16(b[242:])
	i.TotalRTOTime = ms(244)
}

// nibbles splits the byte of two four-bit fields as the compiler lays them out:
// the first field in the low bits on little-endian machines.
func nibbles(b byte) (first, second uint8) { return b & 0xf, b >> 4 }
