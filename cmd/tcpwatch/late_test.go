package main

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestKindsSeenLate begins to watch while data waits for its next retransmission: why
// that is sent no packet tells, but the kernel does.
func TestKindsSeenLate(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration // of the write
		bytes int
		want  []string
	}{
		{"before the loss probe", 200 * ms, 17, []string{"tlp", "rto", "rto"}},
		{"before the second timeout", 2600 * ms, 17, []string{"rto"}},
		{"before the first timeout of many segments", 200 * ms, 14480, []string{"rto", "rto"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newDeathbed(t, &death{begin: func(s *deathbed) {
				s.must(s.A.SetRTOMin(sec)) // so that there is time to begin
				s.connect(netip.AddrPortFrom(s.B.Addr, s.port))
			}})
			s.cut()
			s.write(c.bytes)
			s.after(c.after)
			w := s.watch()
			local := s.a.LocalAddr().String()
			var got []string
			for range c.want {
				e := w.until("what is sent again", func(e event) bool { return e.Event == "retransmit" && e.Src == local })
				got = append(got, e.Kind)
			}
			w.stop()
			if !slices.Equal(got, c.want) {
				t.Errorf("kinds %v, want %v:\n%s", got, c.want, w.transcript())
			}
		})
	}
}
