// Command soak holds tcpwatch against a long stretch of ordinary traffic: a lab
// whose wire loses and delays, thousands of connections that are closed, reset,
// refused, cut off and let go in all the usual ways, and a tcpwatch beside each
// host. What became of each connection is known: the programs at its ends log
// what they did and which errno they read, the wire which FIN and which reset
// arrived. A word of tcpwatch's that contradicts this log is a breach, and so is
// a death that it missed, a deadline that outlives a recovery, and memory or
// processor time that grow.
//
// It needs root, and touches nothing outside of its own network namespaces.
package main
