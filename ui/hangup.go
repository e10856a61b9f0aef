package ui

import "os"

// keyboard is a terminal's input that tells when there is no terminal any more.
// SIGHUP says so only to the terminal's own session: behind su, sudo or setsid
// it never comes.
type keyboard struct {
	*os.File
	gone func()
}

// Read reads keys.
func (k keyboard) Read(b []byte) (int, error) {
	n, err := k.File.Read(b)
	if n == 0 && err != nil {
		k.gone()
	}
	return n, err
}
