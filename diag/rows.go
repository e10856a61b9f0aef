package diag

import "github.com/tcpwatch/tcpwatch/track"

// Rows calls f with the message of each socket, in the order in which Parse tells
// of them, and the moment at which the kernel wrote it. It ends where the reply
// is malformed.
func (r *Reply) Rows(f func(at track.Instant, raw []byte)) {
	for _, c := range r.Chunks {
		for raw := c.Raw; len(raw) > 0; {
			m, rest, err := nextMessage(raw)
			if err != nil {
				return
			}
			if m.kind == sockDiagByFamily || m.kind == tcpdiagGetsock {
				f(c.At, raw[:len(raw)-len(rest)])
			}
			raw = rest
		}
	}
}
