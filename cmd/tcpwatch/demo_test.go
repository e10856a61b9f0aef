package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
)

// TestDemoWithoutTerminal runs the demo as CI would: into a pipe.
func TestDemoWithoutTerminal(t *testing.T) {
	labtest.New(t, lab.Options{}) // where no lab can be made, the demo has nothing to show
	t.Parallel()
	o := execute(t, false, "--demo")
	if o.status != 0 || o.stderr != "" {
		t.Errorf("status %d, stderr %q", o.status, o.stderr)
	}
	checkStoryInLines(t, o.stdout)
}

// TestDemoOnAScreenWithoutRights plays the recording of the demo where its hosts can't
// be made, and says why.
func TestDemoOnAScreenWithoutRights(t *testing.T) {
	requireRoot(t)
	t.Parallel()
	m := openTerminal(t, 110, 34, "TERM=xterm-256color LANG=C.UTF-8 setpriv --inh-caps=-all --bounding-set=-sys_admin "+binary+" --demo")
	m.await("recording that plays", showing("a recording of the demo", "CAP_SYS_ADMIN", "replay"))
	for range 25 {
		m.keys("Right")
	}
	m.await("end of the story", showing("end of the file", "timed out"))
	m.quit()
}

// checkStoryInLines looks for the demo's story in what was printed.
func checkStoryInLines(t *testing.T, stdout string) {
	t.Helper()
	at := -1
	for _, scene := range []string{
		"Flags [S]", "the wire is cut", "length 17", "TLP", "RTO 1", "Linux gives up at", "peer-silent", "RTO 5",
		"ETIMEDOUT", "timed out at",
	} {
		i := strings.Index(stdout, scene)
		if i < 0 {
			t.Errorf("the story has no %q:\n%s", scene, stdout)
		}
		if scene == "timed out at" && i < at {
			t.Errorf("%q comes too early:\n%s", scene, stdout)
		}
		at = max(at, i)
	}
}

// TestDemoLeavesNothing stops the demo in the middle, and looks for what is left.
func TestDemoLeavesNothing(t *testing.T) {
	labtest.New(t, lab.Options{}).Close()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.Command(binary, "--demo")
		var out bytes.Buffer
		lines := make(chan struct{})
		cmd.Stdout = writer(func(b []byte) {
			if out.Write(b); lines != nil && strings.Contains(out.String(), "the wire is cut") {
				close(lines)
				lines = nil
			}
		})
		cut := lines
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-cut
		namespaces := namespacesOf(t, cmd.Process.Pid)
		if len(namespaces) < 2 {
			t.Fatalf("the demo holds %d namespaces, want its two hosts", len(namespaces))
		}
		began := time.Now()
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		err := cmd.Wait()
		t.Logf("%v: ended after %v", sig, time.Since(began).Round(time.Millisecond))
		if err != nil {
			t.Errorf("%v: the demo ended with %v:\n%s", sig, err, out.String())
		}
		for ns := range heldNamespaces(t) {
			if namespaces[ns] {
				t.Errorf("%v: %s is still held", sig, ns)
			}
		}
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

// namespacesOf returns the network namespaces that a process holds by descriptors.
func namespacesOf(t *testing.T, pid int) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	names, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "net:[") {
			found[to] = true
		}
	}
	return found
}

// heldNamespaces returns the network namespaces that any process is in or holds.
func heldNamespaces(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	for _, pattern := range []string{"/proc/[0-9]*/ns/net", "/proc/[0-9]*/fd/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "net:[") {
				found[to] = true
			}
		}
	}
	return found
}
