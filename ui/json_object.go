package ui

import (
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tcpwatch/tcpwatch/track"
)

// object writes the fields of one JSON object.
type object struct {
	b     []byte
	clock track.ClockPair
}

func (o *object) open(event string, at track.Instant) {
	o.b = append(o.b, `{"event":"`...)
	o.b = append(o.b, event...)
	o.b = append(o.b, `","time":`...)
	o.instant(at)
}

func (o *object) close() []byte { return append(o.b, '}', '\n') }

func (o *object) key(k string) {
	if c := o.b[len(o.b)-1]; c != '{' && c != '[' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

func (o *object) instant(i track.Instant) {
	o.b = append(o.b, '"')
	o.b = appendRFC3339(o.b, o.clock.Time(i))
	o.b = append(o.b, '"')
}

// appendRFC3339 appends t, which is in UTC, with all nine digits of its
// nanoseconds, so that lines align and sort as text.
func appendRFC3339(b []byte, t time.Time) []byte {
	return t.AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
}

// moment writes a time, if it is known.
func (o *object) moment(k string, i track.Instant) {
	if i != 0 {
		o.key(k)
		o.instant(i)
	}
}

func (o *object) uint(k string, v uint64) {
	o.key(k)
	o.b = strconv.AppendUint(o.b, v, 10)
}

// known writes a number of which zero means that it is not known.
func (o *object) known(k string, v uint64) {
	if v != 0 {
		o.uint(k, v)
	}
}

func (o *object) int(k string, v int) {
	o.key(k)
	o.b = strconv.AppendInt(o.b, int64(v), 10)
}

func (o *object) flag(k string, v bool) {
	o.key(k)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) ms(k string, d time.Duration) {
	o.key(k)
	o.b = appendMS(o.b, d)
}

func (o *object) knownMS(k string, d time.Duration) {
	if d != 0 {
		o.ms(k, d)
	}
}

// appendMS appends d in milliseconds, with no more decimals than it has.
func appendMS(b []byte, d time.Duration) []byte {
	ns := int64(d)
	u := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1e6, 10)
	rest := u % 1e6
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for p := uint64(1e5); rest > 0; p /= 10 {
		b = append(b, byte('0'+rest/p))
		rest %= p
	}
	return b
}

// word writes a string that needs no escapes.
func (o *object) word(k, v string) {
	o.key(k)
	o.b = append(o.b, '"')
	o.b = append(o.b, v...)
	o.b = append(o.b, '"')
}

// text writes a string from anywhere, if there is one.
func (o *object) text(k, v string) {
	if v != "" {
		o.key(k)
		o.b = appendJSONString(o.b, v)
	}
}

// appendJSONString appends s in quotes. What a terminal must not see is escaped,
// and bytes that are no UTF-8 become U+FFFD.
func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	escape := func(b []byte, u rune) []byte {
		return append(b, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r > '~' && (r == utf8.RuneError || safe(r)):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			r -= 0x10000
			b = escape(b, 0xd800|r>>10)
			b = escape(b, 0xdc00|r&0x3ff)
		default:
			b = escape(b, r)
		}
	}
	return append(b, '"')
}

func (o *object) addr(k string, a netip.AddrPort) {
	if !a.IsValid() {
		return
	}
	o.key(k)
	o.b = append(o.b, '"')
	o.b = a.AppendTo(o.b)
	o.b = append(o.b, '"')
}

func (o *object) ends(local, remote netip.AddrPort) {
	o.addr("local", local)
	o.addr("remote", remote)
}

func (o *object) path(src, dst netip.AddrPort) {
	o.addr("src", src)
	o.addr("dst", dst)
}

func (o *object) odd(src, dst netip.AddrPort, seq, length uint32, frame uint64) {
	o.path(src, dst)
	o.uint("seq", uint64(seq))
	o.uint("len", uint64(length))
	o.known("frame", frame)
}

func (o *object) state(s track.State) {
	if s != track.StateUnknown {
		o.word("state", s.String())
	}
}
