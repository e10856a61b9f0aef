package track

import (
	"math/bits"
	"time"
)

// Constants of include/net/tcp.h.
const (
	rtoBase       = 200 * time.Millisecond // TCP_RTO_MIN: of the model, whatever the connection's own minimum
	synBase       = time.Second            // TCP_TIMEOUT_INIT
	probeLocal    = 500 * time.Millisecond // TCP_RESOURCE_PROBE_INTERVAL
	timewaitLen   = time.Minute            // TCP_TIMEWAIT_LEN
	thinRetries   = 6                      // TCP_THIN_LINEAR_RETRIES
	thinSegments  = 4                      // tcp_stream_is_thin
	infiniteSlow  = 0x7fffffff             // TCP_INFINITE_SSTHRESH
	probeBackoffs = 10                     // ilog2(TCP_RTO_MAX/TCP_RTO_MIN) + 1, tcp_probe0_when
)

// modelTimeout returns the time that n retransmissions stand for: what they
// would take if the first came after base and each interval doubled up to
// longest (net/ipv4/tcp_timer.c, tcp_model_timeout).
func modelTimeout(n int, base, longest time.Duration) time.Duration {
	n = max(n, 0)
	doublings := 0
	if q := longest / base; q > 0 {
		doublings = bits.Len64(uint64(q)) - 1
	}
	if n <= doublings {
		return (2<<n - 1) * base
	}
	return (2<<doublings-1)*base + time.Duration(n-doublings)*longest
}
