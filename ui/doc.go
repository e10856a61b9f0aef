// Package ui shows a [track.Snapshot]: as a dashboard, as a table, as lines in
// tcpdump's words and as JSON. All are views of the same values, and every view
// is a pure function of what it is given.
//
// The package never reads a clock (time on screen is the snapshot's), never
// captures a packet or asks the kernel, and never lets a byte from the wire or
// from another program's name reach the terminal uncleaned. What the dashboard
// wants done it asks of its [Actions].
package ui
