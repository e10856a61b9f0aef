package track

import (
	"encoding/binary"
	"net/netip"
)

// link is an address pair: its packets' flow and the one or two sockets at its
// ends. On loopback both ends are here.
type link struct {
	// What every segment needs stands together: with many connections the time
	// goes into fetching lines of 64 bytes from memory. This is one.
	ends      [2]*end    // whose local address is addrs[0], addrs[1]
	from      [2]Instant // last segment from addrs[0], from addrs[1]; zero: none
	parting   parting
	begun     bool // a segment was seen
	fromStart bool // the first was a SYN
	dropped   bool // it is no longer in the table

	flow  flow
	addrs [2]netip.AddrPort // in the order of the table's key
}

// linkKey is an address pair without direction, the lesser end first.
type linkKey struct {
	a, b   [2]uint64 // addresses, as IPv6 halves; IPv4 in the low 32 bits
	ports  uint32    // a's, b's
	family uint8
}

// linkTable finds links by the addresses of a segment.
type linkTable struct {
	v4 pairs
	v6 map[linkKey]*link
}

func newLinkTable() linkTable { return linkTable{v4: newPairs(), v6: make(map[linkKey]*link)} }

// keyOf returns the key of a pair, and whether b comes first in it.
func keyOf(a, b netip.AddrPort) (k linkKey, swapped bool) {
	x, y := a.Addr(), b.Addr()
	pa, pb := uint32(a.Port()), uint32(b.Port())
	if x.Is4() && y.Is4() {
		x4, y4 := x.As4(), y.As4()
		ua, ub := uint64(binary.BigEndian.Uint32(x4[:])), uint64(binary.BigEndian.Uint32(y4[:]))
		if ua > ub || ua == ub && pa > pb {
			ua, ub, pa, pb, swapped = ub, ua, pb, pa, true
		}
		return linkKey{a: [2]uint64{0, ua}, b: [2]uint64{0, ub}, ports: pa<<16 | pb, family: 4}, swapped
	}
	x16, y16 := x.As16(), y.As16()
	ha, hb := halves(&x16), halves(&y16)
	if less := ha[0] < hb[0] || ha[0] == hb[0] && (ha[1] < hb[1] || ha[1] == hb[1] && pa <= pb); !less {
		ha, hb, pa, pb, swapped = hb, ha, pb, pa, true
	}
	return linkKey{a: ha, b: hb, ports: pa<<16 | pb, family: 6}, swapped
}

func halves(a *[16]byte) [2]uint64 {
	return [2]uint64{binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])}
}

func (k *linkKey) v4() pairKey { return pairKey{k.a[1]<<32 | k.b[1], uint64(k.ports)} }

// find returns the link of a pair and which of its ends is src; the link is nil
// where there is none yet.
func (lt *linkTable) find(src, dst netip.AddrPort) (l *link, k linkKey, side int) {
	k, swapped := keyOf(src, dst)
	if swapped {
		side = 1
	}
	if k.family == 4 {
		return lt.v4.find(k.v4()), k, side
	}
	return lt.v6[k], k, side
}

// of returns the link of a pair, made where there is none, and which of its
// ends is src.
func (lt *linkTable) of(src, dst netip.AddrPort) (*link, int) {
	l, k, side := lt.find(src, dst)
	if l == nil {
		l = &link{}
		l.addrs[side], l.addrs[1-side] = src, dst
		if k.family == 4 {
			lt.v4.add(k.v4(), l)
		} else {
			lt.v6[k] = l
		}
	}
	return l, side
}

// drop forgets a link.
func (lt *linkTable) drop(l *link) {
	l.dropped = true
	if k, _ := keyOf(l.addrs[0], l.addrs[1]); k.family == 4 {
		lt.v4.remove(k.v4())
	} else {
		delete(lt.v6, k)
	}
}

// fetch reads from each part of the link that its next segment will need, so that
// all of it is on its way from memory. What it returns means nothing, but has to be
// used for the reading to be done.
func (l *link) fetch() (any uint64) {
	for i, e := range l.ends {
		h := &l.flow.halves[i]
		any += uint64(h.nxt) + uint64(h.rtt.least)
		if len(h.sends.ring) > 0 {
			any += uint64(h.sends.at(h.sends.n).seq)
		}
		if e != nil {
			any += e.out + uint64(e.memory.high)
		}
	}
	return any
}

// idle reports whether no one needs the link any more.
func (l *link) idle() bool { return l.ends[0] == nil && l.ends[1] == nil }
