package session

// Kind says what a record holds. The numbers are those in files: they are never
// used again for something else, and a reader passes on those it doesn't know.
type Kind uint16

// The kinds of records. What Data holds is JSON of the type named, except where
// it says otherwise.
const (
	KindHeader     Kind = 1  // Header: the first of a session
	KindInterface  Kind = 2  // the interface index behind an interface of the file; never seen by callers
	KindReply      Kind = 3  // Reply, see there: the kernel's socket table, raw
	KindDestroyed  Kind = 4  // a socket's destroy event: the netlink message, raw
	KindOptions    Kind = 5  // track.OptionsRead
	KindOwners     Kind = 6  // track.OwnersRead
	KindLimits     Kind = 7  // track.Limits
	KindNeighbours Kind = 8  // track.NeighbourRead
	KindLoss       Kind = 9  // track.Loss
	KindClock      Kind = 10 // track.ClockPair: in force for the frames that follow
	KindSource     Kind = 11 // track.Source
	KindTick       Kind = 12 // track.Tick
	KindNote       Kind = 13 // Note
	KindGap        Kind = 14 // Gap: what the recording itself lost
	KindFrames     Kind = 15 // track.Frames
	KindKilled     Kind = 16 // track.Killed
	KindWatched    Kind = 17 // track.Watched
)

// standing reports whether the last record of a kind holds on until the next, so
// that a file that begins in the middle of a session needs it.
func (k Kind) standing() bool {
	return k == KindClock || k == KindSource || k == KindLimits
}
