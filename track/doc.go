// Package track is the pure core of tcpwatch: it joins the segments that a
// capture shows with the sockets that the kernel reports, finds each
// retransmission with its cause, and foretells the moment at which Linux gives
// up on a connection.
//
// Every input is a [Record] with its moment on the session clock; whoever
// applies the same records in the same order gets the same events and the same
// snapshots. The package imports nothing but the standard library. It never
// reads a clock, starts a goroutine, takes a lock or touches a file.
package track
