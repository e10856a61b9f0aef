package track

import "time"

// print is what tells one packet captured twice from one sent twice.
type print struct {
	tsval    uint32
	iface    uint32
	checksum uint16
	ipid     uint16
	vlan     uint16
	hop      uint8
}

func (p *print) set(s *Segment) {
	p.tsval, p.iface, p.checksum, p.ipid, p.vlan, p.hop = s.TSVal, s.Iface, s.Checksum, s.IPID, s.VLAN, s.HopLimit
}

func printOf(s *Segment) (p print) {
	p.set(s)
	return p
}

// How long after its first sight a packet may be captured again: at the same
// place, and at another one. No timer of TCP's is faster than the first; the
// second is asked only where the packet is the same in all that it carries.
const (
	echoHere  = 3 * time.Millisecond
	echoThere = time.Second
	// echoBare is for packets that carry neither timestamp nor IP id.
	echoBare = 200 * time.Millisecond
)

// copies reports whether p is the packet q captured once more, d later. Another
// place is another interface, another VLAN or another hop of its way. Senders
// give each transmission an IP id of its own, but for SYN-ACKs, resets and IPv6,
// where it is 0; offloaded checksums are not yet what they become on the wire.
// answered says that the peer has asked for the data again since.
func (p print) copies(q print, d time.Duration, answered bool) bool {
	if p.tsval != q.tsval {
		return false
	}
	d = d.Abs() // captures disorder packets a little
	alike := p.checksum == q.checksum && p.ipid == q.ipid
	if p.iface == q.iface && p.vlan == q.vlan && p.hop == q.hop {
		return alike && d < echoHere && (p.ipid != 0 || !answered)
	}
	switch {
	case d < echoHere:
		return true
	case p.ipid == 0 && p.tsval == 0:
		return alike && d < echoBare
	}
	return alike && d < echoThere
}

// sighting is a segment that took no sequence number.
type sighting struct {
	at       Instant
	seq, ack uint32
	window   uint16
	flags    Flags
	print    print
}

// sightings are the last few segments of a half that took no sequence number.
type sightings struct {
	last [4]sighting
	n    uint8
}

func (q *sightings) add(s *Segment) {
	l := &q.last[q.n%4]
	q.n++
	l.at, l.seq, l.ack, l.window, l.flags = s.At, s.Seq, s.Ack, s.Window, s.Flags
	l.print.set(s)
}

// has reports whether s is one of them captured once more.
func (q *sightings) has(s *Segment) bool {
	p := printOf(s)
	for i := range q.last {
		l := &q.last[i]
		if l.at != 0 && l.seq == s.Seq && l.ack == s.Ack && l.window == s.Window && l.flags == s.Flags &&
			p.copies(l.print, s.At.Sub(l.at), true) {
			return true
		}
	}
	return false
}
