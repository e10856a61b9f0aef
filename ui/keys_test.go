package ui

import (
	"reflect"
	"testing"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tcpwatch/tcpwatch/track"
)

// bare are connections of which next to nothing is known.
func bare() []*track.Conn {
	icmp := story(storyNow)
	icmp.ID = 9
	icmp.Stall = nil
	icmp.Timeline = append(icmp.Timeline, track.Entry{At: storyNow, Finding: track.Finding{Class: track.ClassICMP}, ICMP: &track.ICMP{Type: 3, Code: 1}})
	listener := &track.Conn{ID: 8, State: track.Listen}
	socket(listener, nil)
	return []*track.Conn{{ID: 7}, listener, icmp, {ID: 10, Gone: &track.Certificate{}}, {ID: 11, Stall: &track.Stall{}, Forecast: track.Forecast{Exactness: track.Exact, Cause: track.CauseTimewait, At: 1}}}
}

// FuzzKeys asserts that no keys, clicks and pictures, in whatever order, end in
// a panic or a line past the edge.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("\x00jjk\x01 hhhla note\rnNeX\x02Klq"), uint8(100), uint8(30))
	f.Add([]byte("\x033gG\x01\x05\x06\x07ttt/443\r\x1bL\x0b"), uint8(70), uint8(18))
	f.Add([]byte("\x09\r+-<>0y-T1\rxx\rKy\x1b\x0a<\x08"), uint8(200), uint8(50))
	f.Fuzz(func(t *testing.T, keys []byte, width, height uint8) {
		if len(keys) > 64 {
			keys = keys[:64]
		}
		b := newBench(t, int(width), int(height))
		b.names.ask = nil
		now := storyNow
		for _, k := range keys {
			now = now.Add(700 * time.Millisecond)
			switch k {
			case 0:
				b.send(snapshotMsg{snapshotOf(now, cast(now)...)})
			case 1:
				b.send(snapshotMsg{snapshotOf(now, append(busy(40), bare()...)...)})
			case 2:
				b.send(snapshotMsg{snapshotOf(now)})
			case 3:
				b.send(snapshotMsg{snapshotOf(now, append(bare(), buried(now))...)})
			case 4:
				b.press("tab")
			case 5:
				b.send(tea.MouseClickMsg{X: int(width) / 2, Y: int(height) - 4, Button: tea.MouseLeft})
			case 6:
				b.send(tea.MouseClickMsg{X: int(width) / 3, Y: 3, Button: tea.MouseLeft})
			case 7:
				b.send(tea.MouseWheelMsg{X: 3, Y: int(height) - 4, Button: tea.MouseWheelUp})
			case 8:
				b.send(tea.WindowSizeMsg{Width: int(height), Height: int(width)})
			case 9:
				b.send(snapshotMsg{lived(nil)})
			case '\r':
				b.press("enter")
			case 0x1b:
				b.press("esc")
			case ' ':
				b.press("space")
			default:
				b.press(string(rune(k)))
			}
			b.screen()
		}
	})
}

// TestKeysAreOne asserts that no key is bound twice.
func TestKeysAreOne(t *testing.T) {
	seen := map[string]bool{}
	keys := reflect.ValueOf(newKeyMap())
	for i := range keys.NumField() {
		for _, k := range keys.Field(i).Interface().(key.Binding).Keys() {
			if seen[k] {
				t.Errorf("%q is bound twice", k)
			}
			seen[k] = true
		}
	}
}
