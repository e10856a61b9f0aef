package track

import "time"

// rtt is a half's round-trip time as the capture sees it: from there to the
// peer and back (RFC 6298, as tcp_rtt_estimator in net/ipv4/tcp_input.c).
type rtt struct {
	smooth, deviation time.Duration // zero smooth: no sample yet
	least             time.Duration // zero: nothing has come back yet
}

func (r *rtt) sample(d time.Duration) {
	d = max(d, 1)
	if r.smooth == 0 {
		r.smooth, r.deviation = d, d/2
		return
	}
	err := d - r.smooth
	r.smooth += err / 8
	r.deviation += (max(err, -err) - r.deviation) / 4
}

// rtoMin is the least that Linux adds to the round-trip time (TCP_RTO_MIN).
const rtoMin = 200 * time.Millisecond

// slack is what the RTO adds to the round-trip time.
func (r *rtt) slack() time.Duration { return max(rtoMin, 4*r.deviation) }
