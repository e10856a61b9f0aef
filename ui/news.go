package ui

// News is what a session tells the dashboard beside its snapshots: a [Note] of a
// session that is replayed (without a text it is taken back), a [Recording], a
// [Playback], a [Remark].
type News interface{ news() }

// Recording is how the recording of a session goes.
type Recording struct {
	Name string // of the file
	Err  error  // why it has stopped; nil: it goes on
}

// Remark is something to know about the session as a whole.
type Remark string

func (Note) news()      {}
func (Recording) news() {}
func (Playback) news()  {}
func (Remark) news()    {}

// hear takes in news.
func (d *dashboard) hear(n News) {
	switch n := n.(type) {
	case Note:
		if n.Text == "" {
			d.drop(n.ID)
		} else {
			d.keep(n)
		}
	case Recording:
		d.recording = n
		if n.Err != nil {
			d.flash = n.stopped()
		}
	case Playback:
		if d.replay != nil {
			d.replay.Playback = n
		}
	case Remark:
		d.remark = string(n)
	}
}

// stopped says that the recording has.
func (r *Recording) stopped() string {
	return "recording to " + r.Name + " has stopped: " + r.Err.Error() + "; watching goes on"
}

// status marks the header of a session that is recorded.
func (r *Recording) status() []part {
	switch {
	case r.Name == "":
		return nil
	case r.Err != nil:
		return []part{{9, []span{{alarmStrong, "✗ "}, {alarm, "rec"}}}}
	}
	return []part{{5, []span{{accent, "● "}, {quiet, "rec"}}}}
}
