// Package capture reads frames from an interface or a file and decodes them to
// TCP segments.
//
// It never decides what a segment means, and never knows of sockets or of the
// screen.
package capture
