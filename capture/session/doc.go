// Package session keeps a session in a file: its frames, and all else that was
// learned, in the order in which it was applied, so that a replay shows what
// the recording showed.
//
// The file is a pcapng that any reader takes for a plain capture. Frames are
// enhanced packet blocks; every other record is a block of a local-use type,
// which readers that don't know it skip. Records hold what the sources said, raw
// where they said it in bytes. The package knows their layout and not their
// meaning: it never parses a reply of the kernel, and never imports diag or ui.
package session
