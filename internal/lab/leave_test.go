package lab_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// asChild in the environment makes the test binary a demo that waits to be killed.
const asChild = "TCPWATCH_LAB_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// child tells the demo's story, the paths of its hosts, and when it is stalled.
func child() {
	story := lab.Demo()
	story.Pause = 0
	l, err := story.Stage()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.A.Path())
	fmt.Println(l.B.Path())
	_, err = story.Tell(context.Background(), l, func(s lab.Scene) {
		if strings.Contains(s.Text, "nobody hears") {
			fmt.Println("stalled")
		}
	})
	fmt.Println(err)
}

func TestNothingIsLeftBehindByClose(t *testing.T) {
	t.Parallel()
	witness := labtest.New(t, lab.Options{})
	l, err := lab.New(lab.Options{})
	labtest.Check(t, err)
	a, b, err := l.Connect(bounded(t), addrPort(l.B.Addr, 0))
	if err != nil {
		t.Fatal(err)
	}
	// An orphan with unacknowledged data, which would live for 100 s.
	if err := l.Cut(lab.Cut{}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(a, "unheard"); err != nil {
		t.Fatal(err)
	}
	a.Close()
	b.Close()
	var gone []func(time.Duration) error
	for _, h := range []*lab.Host{l.A, l.B} {
		await, err := lab.Tie(witness.A, h.Path())
		if err != nil {
			t.Fatal(err)
		}
		gone = append(gone, await)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, await := range gone {
		if err := await(patience); err != nil {
			t.Error(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestNothingIsLeftBehindByAKilledDemo(t *testing.T) {
	t.Parallel()
	witness := labtest.New(t, lab.Options{})
	c := exec.CommandContext(bounded(t), os.Args[0])
	c.Env = append(os.Environ(), asChild+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	lines := bufio.NewScanner(out)
	var gone []func(time.Duration) error
	for lines.Scan() && lines.Text() != "stalled" {
		await, err := lab.Tie(witness.A, lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		gone = append(gone, await)
	}
	if lines.Text() != "stalled" || len(gone) != 2 {
		t.Fatalf("the child did not come to its stall: %q", lines.Text())
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, await := range gone {
		if err := await(patience); err != nil {
			t.Error(err)
		}
	}
}
