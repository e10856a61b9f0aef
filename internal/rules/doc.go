// Package rules holds the project to its own architecture: which package may
// import which, and where a clock may be read. It has no code but its test.
package rules
