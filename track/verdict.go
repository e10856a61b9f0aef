package track

// Verdict is one sentence on a connection, with its evidence.
type Verdict struct {
	Kind  VerdictKind
	Since Instant // since when it holds; zero: unknown
	Text  string  // the sentence, plain ASCII but for names from outside, which it never holds
}

// VerdictKind is the word for a verdict.
type VerdictKind uint8

// The verdicts.
const (
	Healthy VerdictKind = iota
	PeerSilent
	LocalDrop
	PeerNotReading
	AppNotReading
	NotClosedByApp
	UnansweredSyn
	Unreachable
	OneWay
	MTUBlackhole
	IdleUnguarded
)

var verdictNames = [...]string{"healthy", "peer-silent", "local-drop", "peer-not-reading", "app-not-reading",
	"not-closed-by-app", "unanswered-syn", "unreachable", "one-way", "mtu-blackhole", "idle-unguarded"}

// String returns the verdict's name as events have it.
func (v VerdictKind) String() string { return verdictNames[v] }

// Trouble reports whether the verdict calls for attention.
func (v VerdictKind) Trouble() bool { return v != Healthy && v != IdleUnguarded }
