package lab

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// struct ethtool_value and struct ifreq with a pointer (include/uapi/linux).
type ethtoolValue struct{ cmd, data uint32 }

type ifreqPointer struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [24 - unsafe.Sizeof(uintptr(0))]byte
}

// perSegment turns off what would let the host's interfaces carry several
// segments in a frame, or frames without a checksum.
func (h *Host) perSegment() error {
	return h.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, p := range h.ports {
			for _, o := range [...]struct {
				what string
				cmd  uint32
			}{
				{"segmentation offload", unix.ETHTOOL_STSO},
				{"generic segmentation", unix.ETHTOOL_SGSO},
				{"generic receive offload", unix.ETHTOOL_SGRO},
				{"transmit checksums", unix.ETHTOOL_STXCSUM},
			} {
				value := ethtoolValue{cmd: o.cmd}
				request := ifreqPointer{data: unsafe.Pointer(&value)}
				copy(request.name[:unix.IFNAMSIZ-1], p.name)
				_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
				runtime.KeepAlive(&value)
				if errno != 0 {
					return fmt.Errorf("turn off %s of %s on host %s: %w", o.what, p.name, h.Name, errno)
				}
			}
		}
		return nil
	})
}
