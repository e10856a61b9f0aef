package lab_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

func stage(t *testing.T, s lab.Story) *lab.Lab {
	t.Helper()
	l, err := s.Stage()
	labtest.Check(t, err)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestStoryEndsInDeath(t *testing.T) {
	t.Parallel()
	s := lab.Demo()
	s.Pause, s.Retries2 = 0, 1
	l := stage(t, s)
	var scenes []string
	death, err := s.Tell(bounded(t), l, func(s lab.Scene) { scenes = append(scenes, s.Text) })
	if err != nil || death.Errno != syscall.ETIMEDOUT {
		t.Errorf("ended with %v, %v; want ETIMEDOUT", death.Errno, err)
	}
	if want := 1 + len(s.Talk) + 3; len(scenes) != want {
		t.Errorf("%d scenes, want %d: %q", len(scenes), want, scenes)
	}
	if len(s.Last) != 17 {
		t.Errorf("the last words are %d bytes", len(s.Last))
	}
}

func TestStoryLeavesPromptlyAtEveryPoint(t *testing.T) {
	t.Parallel()
	s := lab.Demo()
	s.Pause = 0
	for n := range 3 + len(s.Talk) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			l := stage(t, s)
			ctx, cancel := context.WithCancel(bounded(t))
			defer cancel()
			seen := 0
			_, err := s.Tell(ctx, l, func(lab.Scene) {
				if seen++; seen == n+1 {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled after scene %d: %v", n+1, err)
			}
		})
	}
}

func TestDemoFitsIntoHalfAMinute(t *testing.T) {
	s := lab.Demo()
	const dying = 13500 * time.Millisecond // tcp_retries2 = 5
	if whole := time.Duration(len(s.Talk)+2)*s.Pause + dying; s.Retries2 != 5 || whole > 25*time.Second {
		t.Errorf("the demo lasts %v", whole)
	}
	if strings.ContainsFunc(strings.Join(s.Talk, "")+s.Last, func(r rune) bool { return r > '~' }) {
		t.Error("the demo speaks more than ASCII")
	}
}
