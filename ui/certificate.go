package ui

import "github.com/tcpwatch/tcpwatch/track"

// appendEnd appends how a connection ended: "ESTABLISHED timed out at
// 15:08:49.702".
func appendEnd(b []byte, c *track.Certificate, w Wall) []byte {
	b = append(append(b, c.State.String()...), ' ')
	b = append(append(b, reasonWord(c)...), " at "...)
	return w.append(b, c.At, 3)
}

// appendForetold appends how the end had been foretold, if it had.
func appendForetold(b []byte, c *track.Certificate, w Wall) []byte {
	if c.Predicted == 0 {
		return b
	}
	b = w.append(append(b, " Foretold for "...), c.Predicted, 3)
	b = append(append(append(b, " ("...), c.Cause.String()...), "), it came "...)
	switch {
	case c.Error < 0:
		return append(appendInterval(b, -c.Error), " early."...)
	case c.Error > 0:
		return append(appendInterval(b, c.Error), " late."...)
	}
	return append(b, "to the nanosecond."...)
}

// reasonWord says how a connection ended, after its state.
func reasonWord(c *track.Certificate) string {
	switch c.Reason {
	case track.TimedOut:
		return "timed out"
	case track.Reset:
		switch c.ResetBy {
		case track.SenderLocal:
			return "was reset from here"
		case track.SenderRemote:
			return "was reset by its peer"
		}
		return "was reset"
	case track.Closed:
		return "was closed"
	case track.DestroyedByHand:
		return "was destroyed"
	}
	return "is gone"
}

// reasonShort is the same in a cell of a table, with its sign.
func reasonShort(r track.Reason) string {
	switch r {
	case track.TimedOut:
		return "✗ timed out"
	case track.Reset:
		return "✗ reset"
	case track.DestroyedByHand:
		return "✗ destroyed"
	case track.Closed:
		return "closed"
	}
	return "✗ gone"
}
