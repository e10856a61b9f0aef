package main

import (
	"context"
	"os"

	"github.com/tcpwatch/tcpwatch/capture"
)

// opener opens what is replayed, from its beginning. What may never end is let go
// of when the context ends.
type opener func(context.Context) (*capture.Reader, error)

// openerOf returns what opens the file of -r, and whether that can be done again:
// a pipe can be read once, as it grows.
func openerOf(path string) (open opener, again bool) {
	in := path
	if path == "-" {
		in = "/dev/stdin"
	}
	info, err := os.Stat(in)
	switch {
	case err != nil || info.Mode().IsRegular():
		return func(context.Context) (*capture.Reader, error) { return capture.Open(in) }, true
	case path == "-":
		return func(ctx context.Context) (*capture.Reader, error) {
			in, err := newStdin(ctx)
			if err != nil {
				return nil, err
			}
			return capture.NewReader(in, "stdin")
		}, false
	}
	return func(ctx context.Context) (*capture.Reader, error) {
		r, err := capture.Open(in)
		if err == nil {
			context.AfterFunc(ctx, func() { r.Close() })
		}
		return r, err
	}, false
}
