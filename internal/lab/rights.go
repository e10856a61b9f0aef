package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// RightsError tells that the kernel does not let this process make a lab.
type RightsError struct {
	Missing []string // capabilities that this process lacks; none: something else forbids it
	Err     error    // what the kernel said
}

// Error names what is missing, and the way to have it, in one line.
func (e *RightsError) Error() string {
	if len(e.Missing) == 0 {
		return fmt.Sprintf("make network namespaces: %v, though no capability is missing "+
			"(a container's seccomp filter, or the sysctl user.max_net_namespaces)", e.Err)
	}
	return fmt.Sprintf("make network namespaces: %v: %s missing; run it as root: sudo",
		e.Err, strings.Join(e.Missing, " and "))
}

// Unwrap returns what the kernel said.
func (e *RightsError) Unwrap() error { return e.Err }

// rights wraps err into a RightsError where it is a refusal.
func rights(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ENOSPC) {
		return &RightsError{Missing: missing(), Err: err}
	}
	return fmt.Errorf("make network namespaces: %w", err)
}

// missing returns the capabilities that a lab needs and this process lacks.
func missing() []string {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return nil
	}
	var names []string
	for _, c := range [...]struct {
		name string
		bit  int
	}{{"CAP_SYS_ADMIN", unix.CAP_SYS_ADMIN}, {"CAP_NET_ADMIN", unix.CAP_NET_ADMIN}} {
		if data[c.bit/32].Effective&(1<<(c.bit%32)) == 0 {
			names = append(names, c.name)
		}
	}
	return names
}
