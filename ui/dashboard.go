package ui

import (
	"encoding/binary"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/tcpwatch/tcpwatch/track"
)

// pane is a region that keys can be aimed at.
type pane uint8

const (
	paneConnections pane = iota
	paneStory
	panePackets
	panes
)

// timeFormat is how the packets' times are shown.
type timeFormat uint8

const (
	timeClock timeFormat = iota
	timeSinceStart
	timeDelta
	timeFormats
)

// dashboard is the state of the screen. All of it changes in Update alone.
type dashboard struct {
	actions  Actions
	keys     keyMap
	location *time.Location
	ascii    bool

	profile colorprofile.Profile
	dark    bool
	theme   *theme
	canvas  canvas

	width, height int

	live   *track.Snapshot // the newest; nil before the first
	frozen *track.Snapshot // the picture that stands; nil: it moves
	cursor track.Instant   // the moment looked at in a frozen picture; 0: its own
	rate   rate

	roster  roster
	pane    pane
	zoomed  bool
	dial    dial
	linear  bool // the ladder's time
	format  timeFormat
	packets packets
	names   names
	notes   []Note
	prompt  *prompt // what is being typed; nil: nothing
	helping bool
	flash   string // said once, until the next key

	watched  string // what Watch was told last
	watching bool   // a Watch is under way
	over     bool   // no more snapshots will come

	replay    *replay // nil: what is shown is not played
	recording Recording
	remark    string
}

func newDashboard(a Actions, o Options) *dashboard {
	d := &dashboard{actions: a, keys: newKeyMap(), location: o.Location, ascii: o.ASCII, dark: true,
		profile: colorprofile.TrueColor, width: 80, height: 24, packets: packets{follow: true}, names: names{ask: o.Resolver, on: o.Names}, replay: newReplay(o.Player)}
	d.keys.forReplay(d.replay != nil)
	d.retheme()
	return d
}

func (d *dashboard) retheme() { d.theme = newTheme(d.profile, d.dark) }

// wall returns the clock of the picture.
func (d *dashboard) wall() Wall {
	w := Wall{Location: d.location}
	if s := d.picture(); s != nil {
		w.Clock = s.Clock
	}
	return w
}

// Messages of the dashboard's own.
type (
	snapshotMsg struct{ snapshot *track.Snapshot }
	newsMsg     struct{ news News }
	overMsg     struct{}
	watchedMsg  struct{}
	doneMsg     struct {
		what string
		err  error
	}
)

// Init asks for the terminal's background.
func (d *dashboard) Init() tea.Cmd { return tea.RequestBackgroundColor }

// Update takes in a message.
func (d *dashboard) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		d.width, d.height = msg.Width, msg.Height
	case tea.ColorProfileMsg:
		d.profile = msg.Profile
		d.retheme()
	case tea.BackgroundColorMsg:
		d.dark = msg.IsDark()
		d.retheme()
	case snapshotMsg:
		d.take(msg.snapshot)
	case newsMsg:
		d.hear(msg.news)
	case overMsg:
		d.over = true
	case watchedMsg:
		d.watching = false
	case namesMsg:
		d.names.take(msg)
	case doneMsg:
		d.flash = msg.what
		if msg.err != nil {
			d.flash = msg.err.Error()
		}
	case tea.KeyPressMsg:
		cmd = d.press(msg)
	case tea.PasteMsg:
		if d.prompt != nil {
			cmd = d.prompt.update(d, msg)
		}
	case tea.MouseClickMsg:
		d.click(msg.Mouse())
	case tea.MouseWheelMsg:
		d.wheel(msg.Mouse())
	}
	height := d.layout().connections.rows()
	d.roster.scroll(height)
	return d, tea.Batch(cmd, d.watch(), d.names.wanted(d.roster.window(height)))
}

// take takes in a snapshot.
func (d *dashboard) take(s *track.Snapshot) {
	d.live = s
	d.rate.add(s)
	if d.frozen != nil {
		return
	}
	if d.roster.stale(s) {
		d.roster.rebuild(s)
	} else {
		d.roster.refresh(s, d.layout().connections.rows())
	}
}

// watch tells the session what is on screen, if that has changed.
func (d *dashboard) watch() tea.Cmd {
	if d.watching || d.live == nil {
		return nil
	}
	selected := d.roster.selected
	rows := d.roster.window(d.layout().connections.rows())
	ids := make([]uint64, 0, len(rows)+1)
	var key []byte
	for i := range rows {
		ids = append(ids, rows[i].conn.ID)
	}
	if c := d.roster.conn(); c != nil && !contained(rows, selected) {
		ids = append(ids, selected)
	}
	for _, id := range append([]uint64{selected}, ids...) {
		key = binary.LittleEndian.AppendUint64(key, id)
	}
	if string(key) == d.watched {
		return nil
	}
	d.watched, d.watching = string(key), true
	return func() tea.Msg {
		d.actions.Watch(selected, ids)
		return watchedMsg{}
	}
}

func contained(rows []row, id uint64) bool {
	for i := range rows {
		if rows[i].conn.ID == id {
			return true
		}
	}
	return false
}

// rate reckons the pace of packets over the last second or so.
type rate struct {
	marks []rateMark
}

type rateMark struct {
	at      track.Instant
	packets uint64
}

func (r *rate) add(s *track.Snapshot) {
	if n := len(r.marks); n > 0 && s.At < r.marks[n-1].at {
		r.marks = r.marks[:0]
	}
	r.marks = append(r.marks, rateMark{s.At, s.Stats.Packets})
	for len(r.marks) > 2 && s.At.Sub(r.marks[1].at) >= time.Second {
		r.marks = append(r.marks[:0], r.marks[1:]...)
	}
}

// perSecond returns the pace; ok is false before there are two snapshots.
func (r *rate) perSecond() (pace uint64, ok bool) {
	if len(r.marks) < 2 {
		return 0, false
	}
	first, last := r.marks[0], r.marks[len(r.marks)-1]
	if last.at <= first.at {
		return 0, false
	}
	return uint64(float64(last.packets-first.packets)/last.at.Sub(first.at).Seconds() + 0.5), true
}
