package main

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// stdin reads standard input, of which more may never come, until its context
// ends.
type stdin struct {
	ctx   context.Context
	ended *os.File // readable once the context has ended
}

func newStdin(ctx context.Context) (*stdin, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { w.Close() })
	return &stdin{ctx, r}, nil
}

func (s *stdin) Read(b []byte) (int, error) {
	wait := []unix.PollFd{{Fd: int32(os.Stdin.Fd()), Events: unix.POLLIN}, {Fd: int32(s.ended.Fd()), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(wait, -1); err != nil && err != unix.EINTR {
			return 0, os.NewSyscallError("poll", err)
		}
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
		if wait[0].Revents != 0 {
			return os.Stdin.Read(b)
		}
	}
}
