// Package diag asks the kernel about its TCP sockets: which there are and how
// they stand (sock_diag(7)), which program holds them, how they are set, what
// limits the kernel goes by, and how their peers are reached. It can destroy a
// socket, and shorten its death.
//
// What the kernel answers is kept as it came ([Reply]) beside what it says, so
// that a recorded answer is read by the code that read the live one. A dump
// that failed or was interrupted is an error, never an empty or shorter table.
// The package never knows of packets or of the screen.
package diag
