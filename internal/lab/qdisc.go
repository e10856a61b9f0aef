package lab

import (
	"encoding/binary"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// root is the handle of an interface's outermost queue, TC_H_ROOT
// (include/uapi/linux/pkt_sched.h).
const root = 0xffffffff

// stopQueue gives the port a queue with no room (`tc qdisc add … root pfifo limit 0`):
// whatever is sent fails on the sender itself.
func (p port) stopQueue() error {
	e := netlink.NewAttributeEncoder()
	e.String(unix.TCA_KIND, "pfifo")
	e.Bytes(unix.TCA_OPTIONS, binary.NativeEndian.AppendUint32(nil, 0)) // tc_fifo_qopt.limit, packets
	options, err := e.Encode()
	if err != nil {
		return err
	}
	return p.queue(unix.RTM_NEWQDISC, netlink.Create|netlink.Excl, options)
}

// defaultQueue gives the port the kernel's own queue back.
func (p port) defaultQueue() error { return p.queue(unix.RTM_DELQDISC, 0, nil) }

func (p port) queue(kind netlink.HeaderType, flags netlink.HeaderFlags, attributes []byte) error {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{NetNS: int(p.host.ns)})
	if err != nil {
		return err
	}
	defer c.Close()
	// struct tcmsg: family and padding, ifindex, handle, parent, info.
	m := binary.NativeEndian.AppendUint32(nil, unix.AF_UNSPEC)
	m = binary.NativeEndian.AppendUint32(m, p.index)
	m = binary.NativeEndian.AppendUint32(m, 0)
	m = binary.NativeEndian.AppendUint32(m, root)
	m = binary.NativeEndian.AppendUint32(m, 0)
	_, err = c.Execute(netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request | netlink.Acknowledge | flags},
		Data:   append(m, attributes...),
	})
	if err != nil {
		return fmt.Errorf("change the queue of %s on host %s: %w", p.name, p.host.Name, err)
	}
	return nil
}
