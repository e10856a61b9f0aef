// Package capture reads frames from an interface or a file, decodes them to TCP
// segments, and knows what an expression of pcap-filter(7) admits: frames, and
// the packets between two addresses.
//
// It never decides what a segment means, and never knows of the socket table or
// of the screen.
package capture
