package diag

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Holder is a descriptor of a socket in some process.
type Holder struct {
	PID, FD int
	Program string // /proc/PID/comm, uncleaned
}

// processes calls f for each process in /proc.
func processes(f func(pid int)) error {
	dir, err := os.Open("/proc")
	if err != nil {
		return err
	}
	defer dir.Close()
	return entries(int(dir.Fd()), make([]byte, 32<<10), func(name []byte) {
		if pid, ok := number(name); ok {
			f(pid)
		}
	})
}

// descriptors calls f for each descriptor of the process that is a socket.
func descriptors(pid int, buf []byte, f func(fd int, inode uint32)) error {
	dir, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	var target [64]byte
	return entries(dir, buf, func(name []byte) {
		fd, ok := number(name)
		if !ok {
			return
		}
		if inode, ok := socketInode(target[:readlinkat(dir, name, target[:])]); ok {
			f(fd, inode)
		}
	})
}

// socketInode reads the target of a descriptor's link: "socket:[21450]".
func socketInode(target []byte) (uint32, bool) {
	digits, ok := bytes.CutPrefix(target, []byte("socket:["))
	if !ok {
		return 0, false
	}
	digits, ok = bytes.CutSuffix(digits, []byte("]"))
	inode, isNumber := number(digits)
	return uint32(inode), ok && isNumber
}

// entries calls f for the name of each entry of a directory, by way of buf. A
// name is followed by a zero byte in memory.
func entries(dir int, buf []byte, f func(name []byte)) error {
	const nameAt = 19 // in struct linux_dirent64, after d_ino, d_off, d_reclen and d_type
	for {
		n, err := unix.Getdents(dir, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return err
		}
		for b := buf[:n]; len(b) > nameAt; {
			length := int(binary.NativeEndian.Uint16(b[16:]))
			if length <= nameAt || length > len(b) {
				return ErrMalformed
			}
			if end := bytes.IndexByte(b[nameAt:length], 0); end > 0 {
				f(b[nameAt : nameAt+end])
			}
			b = b[length:]
		}
	}
}

// readlinkat reads the link name, which a zero byte follows in memory, and
// returns the length of its target, 0 where it can't be read. Unlike
// unix.Readlinkat it makes no string.
func readlinkat(dir int, name, target []byte) int {
	n, _, errno := unix.Syscall6(unix.SYS_READLINKAT, uintptr(dir), uintptr(unsafe.Pointer(unsafe.SliceData(name))),
		uintptr(unsafe.Pointer(unsafe.SliceData(target))), uintptr(len(target)), 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// number reads a decimal number of up to ten digits.
func number(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// descriptorCount returns how many descriptors a process has open, as far as
// the kernel tells by the size of /proc/PID/fd (6.2+).
func descriptorCount(pid int) (int64, error) {
	var st unix.Stat_t
	err := unix.Stat("/proc/"+strconv.Itoa(pid)+"/fd", &st)
	return st.Size, err
}

// startTime returns when a process started, in ticks since boot: with the id it
// names the process for good. 0: there is no such process.
func startTime(pid int) uint64 {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything; starttime is the 20th field after it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0
	}
	start, _ := strconv.ParseUint(string(fields[19]), 10, 64)
	return start
}

// program returns the name of a process, "" where it can't be read.
func program(pid int) string {
	comm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return string(bytes.TrimSuffix(comm, []byte("\n")))
}
