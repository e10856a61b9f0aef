package diag

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user with no rights.
const nobody = 65534

// asNobody runs the calling test once more in a process that has no rights,
// where f must fail for want of one, with an error that starts with want.
func asNobody(t *testing.T, name string, f func() error, want string) {
	t.Helper()
	const variable = "TCPWATCH_TEST_AS_NOBODY"
	if os.Getenv(variable) == name {
		err := f()
		if !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("not an error of permission: %v", err)
		}
		fmt.Printf("error:%v\n", err)
		return
	}
	if os.Getuid() != 0 {
		need(t, "give up rights", errors.New("there are none to give up: not root"))
	}
	// The test binary stands in a folder that only root may enter.
	dir, err := os.MkdirTemp("", "tcpwatch-diag")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "diag.test")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), variable+"="+name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, said, _ := strings.Cut(string(out), "error:")
	if said, _, _ = strings.Cut(said, "\n"); !strings.HasPrefix(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
