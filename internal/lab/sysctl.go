package lab

import (
	"fmt"
	"os"
	"strings"
)

// Sysctl returns a sysctl of the host's namespace: Sysctl("net.ipv4.tcp_retries2").
func (h *Host) Sysctl(name string) (value string, err error) {
	err = h.Do(func() error {
		b, err := os.ReadFile(sysctlPath(name))
		value = strings.TrimSpace(string(b))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read sysctl %s of host %s: %w", name, h.Name, err)
	}
	return value, nil
}

// SetSysctl sets a sysctl of the host's namespace. The error is fs.ErrNotExist
// where this kernel has none of that name.
func (h *Host) SetSysctl(name string, value any) error {
	err := h.Do(func() error {
		// No O_CREATE, O_TRUNC: a sysctl is there or not.
		f, err := os.OpenFile(sysctlPath(name), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = fmt.Fprint(f, value)
		return err
	})
	if err != nil {
		return fmt.Errorf("set sysctl %s of host %s: %w", name, h.Name, err)
	}
	return nil
}

func sysctlPath(name string) string {
	return "/proc/sys/" + strings.ReplaceAll(name, ".", "/")
}
