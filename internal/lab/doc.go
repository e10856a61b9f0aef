// Package lab makes two hosts out of network namespaces and a veth pair, and
// cuts them off from one another: the demo's stage, and a real kernel for tests.
//
// The namespaces have no names. They live by file descriptors alone, so that
// nothing is left of a lab when its process is gone, however it went. Nothing
// is done through other programs, and nothing outside the lab's own namespaces
// is touched.
//
// The package never watches the connections it makes: what it tells of them is
// the kernel's own word, its counters, its tracepoints and its errors.
package lab
