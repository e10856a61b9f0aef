package track

import "time"

// rules are what the kernel goes by for one socket: the limits of its namespace,
// with the socket's own options where they are known.
type rules struct {
	retries2, orphanRetries          int
	synRetries, synLinear            int
	synackRetries                    int
	userTimeout, rtoMax, finTimeout  time.Duration
	keepIdle, keepIntvl, deferAccept time.Duration
	keepCnt                          int
	thin, noLossProbes               bool
	synCnt, linger2                  bool // the socket has its own
	options                          bool // are known
	release                          Release
}

// rulesFor joins limits and options; o is nil, or has its Err set, where the
// options are not known.
func rulesFor(o *Options, l *Limits) rules {
	r := rules{
		retries2: l.Retries2, orphanRetries: l.OrphanRetries,
		synRetries: l.SynRetries, synLinear: l.SynLinearTimeouts, synackRetries: l.SynackRetries,
		rtoMax: l.RTOMax, finTimeout: l.FinTimeout,
		keepIdle: l.KeepaliveTime, keepIntvl: l.KeepaliveIntvl, keepCnt: l.KeepaliveProbes,
		thin: l.ThinLinearTimeouts, noLossProbes: l.NoLossProbes, release: l.Kernel,
	}
	if r.rtoMax <= 0 {
		r.rtoMax = 2 * time.Minute
	}
	if o == nil || o.Err != "" {
		return r
	}
	r.options = true
	r.userTimeout = o.UserTimeout
	r.deferAccept = o.DeferAccept
	r.thin = r.thin || o.ThinLinear
	if o.RTOMax > 0 {
		r.rtoMax = o.RTOMax
	}
	if o.KeepIdle > 0 {
		r.keepIdle = o.KeepIdle
	}
	if o.KeepIntvl > 0 {
		r.keepIntvl = o.KeepIntvl
	}
	if o.KeepCnt > 0 {
		r.keepCnt = o.KeepCnt
	}
	if o.SynCnt > 0 && o.SynCnt != l.SynRetries {
		r.synRetries, r.synCnt = o.SynCnt, true
	}
	if o.Linger2 > 0 && o.Linger2 != l.FinTimeout {
		r.finTimeout, r.linger2 = o.Linger2, true
	}
	return r
}

// orphanLimit returns how many retransmissions a socket gets that no program
// holds any more (tcp_orphan_retries). Alive: its interval is below the longest;
// soft: an ICMP error has come for it.
func (r *rules) orphanLimit(alive, soft bool) int {
	n := r.orphanRetries
	if soft && !alive {
		n = 0
	}
	if n == 0 && alive {
		n = 8
	}
	return n
}

// finTime returns how long FIN_WAIT2 lasts (tcp_fin_time).
func (r *rules) finTime(rto time.Duration) time.Duration {
	return max(r.finTimeout, 4*rto-rto/2)
}
