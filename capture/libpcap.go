package capture

/*
#cgo LDFLAGS: -lpcap
#include <stdlib.h>
#include "libpcap.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// libpcap is an open capture. It is used by one goroutine at a time.
type libpcap struct {
	p    *C.pcap_t
	link LinkType
}

// Errors of activation that callers tell apart.
var (
	errNoDevice     = errors.New("no such device")
	errNotUp        = errors.New("not up")
	errNotPermitted = errors.New("not permitted")
)

// openLibpcap begins to capture on an interface of the calling thread's network
// namespace. Frames wait in blocks that are handed over when full, or after the
// timeout: a wakeup for each of them would cost more than all the rest.
func openLibpcap(name string, snaplen, bufferKiB int, promiscuous bool, timeout time.Duration) (_ *libpcap, err error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	var buf [C.PCAP_ERRBUF_SIZE]C.char
	p := C.pcap_create(cname, &buf[0])
	if p == nil {
		return nil, errors.New(C.GoString(&buf[0]))
	}
	defer func() {
		if err != nil {
			C.pcap_close(p)
		}
	}()
	promisc := 0
	if promiscuous {
		promisc = 1
	}
	C.pcap_set_snaplen(p, C.int(snaplen))
	C.pcap_set_promisc(p, C.int(promisc))
	C.pcap_set_timeout(p, C.int(timeout.Milliseconds()))
	C.pcap_set_buffer_size(p, C.int(bufferKiB<<10))
	C.pcap_set_tstamp_precision(p, C.PCAP_TSTAMP_PRECISION_NANO) // else microseconds
	switch status := C.pcap_activate(p); status {
	case C.PCAP_ERROR_NO_SUCH_DEVICE:
		return nil, errNoDevice
	case C.PCAP_ERROR_IFACE_NOT_UP:
		return nil, errNotUp
	case C.PCAP_ERROR_PERM_DENIED, C.PCAP_ERROR_PROMISC_PERM_DENIED:
		return nil, errNotPermitted
	case C.PCAP_ERROR:
		return nil, errors.New(C.GoString(C.pcap_geterr(p)))
	default:
		if status < 0 {
			return nil, errors.New(C.GoString(C.pcap_statustostr(status)))
		}
	}
	if C.pcap_datalink(p) == C.DLT_LINUX_SLL { // the newer header has the interface's index
		C.pcap_set_datalink(p, C.DLT_LINUX_SLL2)
	}
	if C.pcap_setnonblock(p, 1, &buf[0]) != 0 {
		return nil, errors.New(C.GoString(&buf[0]))
	}
	return &libpcap{p: p, link: fileLink(uint32(C.pcap_datalink(p)))}, nil
}

// setFilter lets through only what the expression admits.
func (l *libpcap) setFilter(expr string) error {
	var program C.struct_bpf_program
	if err := compileInto(l.p, expr, &program); err != nil {
		return err
	}
	defer C.pcap_freecode(&program)
	if C.pcap_setfilter(l.p, &program) != 0 {
		return fmt.Errorf("set filter: %s", C.GoString(C.pcap_geterr(l.p)))
	}
	return nil
}

// read fills b's headers and bytes with what there is, and reads the clocks.
func (l *libpcap) read(b *Batch) error {
	var r C.struct_tw_result
	if status := C.tw_read(l.p, &b.headers[0], C.int(len(b.headers)), (*C.uchar)(&b.bytes[0]),
		C.size_t(len(b.bytes)), &r); status < 0 {
		return errors.New(C.GoString(C.pcap_geterr(l.p)))
	}
	b.count, b.asked, b.monotonic, b.wall = int(r.count), int64(r.asked), int64(r.monotonic), int64(r.wall)
	return nil
}

// header is what libpcap says of a frame.
type header = C.struct_tw_frame

// counts returns how many frames came, were dropped for want of room, and were
// dropped by the interface; each as a counter that wraps.
func (l *libpcap) counts() (received, dropped, ifDropped uint32, ok bool) {
	var s C.struct_pcap_stat
	if C.pcap_stats(l.p, &s) != 0 {
		return 0, 0, 0, false
	}
	return uint32(s.ps_recv), uint32(s.ps_drop), uint32(s.ps_ifdrop), true
}

// fd returns the capture's socket.
func (l *libpcap) fd() int { return int(C.pcap_get_selectable_fd(l.p)) }

func (l *libpcap) close() { C.pcap_close(l.p) }

// compile translates an expression for frames of a link type.
func compile(expr string, link LinkType, snaplen int) ([]instruction, error) {
	p := C.pcap_open_dead(C.int(link.dlt()), C.int(snaplen))
	if p == nil {
		return nil, errors.New("out of memory")
	}
	defer C.pcap_close(p)
	var program C.struct_bpf_program
	if err := compileInto(p, expr, &program); err != nil {
		return nil, err
	}
	defer C.pcap_freecode(&program)
	out := make([]instruction, program.bf_len)
	for i, in := range unsafe.Slice(program.bf_insns, program.bf_len) {
		out[i] = instruction{op: uint16(in.code), jt: uint8(in.jt), jf: uint8(in.jf), k: uint32(in.k)}
	}
	return out, nil
}

// compileInto translates an expression for frames as p has them. Its errors are
// libpcap's own words.
func compileInto(p *C.pcap_t, expr string, program *C.struct_bpf_program) error {
	cexpr := C.CString(expr)
	defer C.free(unsafe.Pointer(cexpr))
	const optimise, noNetmask = 1, 0
	if C.pcap_compile(p, program, cexpr, optimise, noNetmask) != 0 {
		return &ExpressionError{Expression: expr, Reason: C.GoString(C.pcap_geterr(p))}
	}
	return nil
}
