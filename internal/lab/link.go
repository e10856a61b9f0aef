package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/jsimonetti/rtnetlink/v2/driver"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// loopback is the index of lo: the first interface of every namespace.
const loopback = 1

// kernelPatience bounds what the kernel does in a work queue of its own; it takes
// well under a millisecond.
const kernelPatience = 5 * time.Second

// port is one end of a veth pair.
type port struct {
	host  *Host
	name  string
	index uint32

	mac, far net.HardwareAddr // its own, and the other end's
}

// quiet keeps a namespace from speaking IPv6 of its own accord: link-local
// addresses, their detection and router solicitations would mix with what is
// measured. It reports whether there is IPv6 at all.
func (h *Host) quiet() (v6 bool, err error) {
	for name, value := range map[string]int{
		"net.ipv6.conf.default.addr_gen_mode":        1, // no link-local addresses
		"net.ipv6.conf.default.accept_dad":           0,
		"net.ipv6.conf.default.router_solicitations": 0,
	} {
		err := h.SetSysctl(name, value)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// join lays a veth pair between two hosts, each end named as the next eth of its
// host, and returns when both ends carry. An MTU of 0 is the kernel's 1500.
func join(a, b *Host, mtu int) error {
	pa := port{host: a, name: fmt.Sprintf("eth%d", len(a.ports))}
	pb := port{host: b, name: fmt.Sprintf("eth%d", len(b.ports))}
	err := a.rt.Link.New(&rtnetlink.LinkMessage{Attributes: &rtnetlink.LinkAttributes{
		Name: pa.name,
		MTU:  uint32(mtu),
		Info: &rtnetlink.LinkInfo{Kind: "veth", Data: &driver.Veth{
			PeerInfo: &rtnetlink.LinkMessage{Attributes: &rtnetlink.LinkAttributes{
				Name:  pb.name,
				MTU:   uint32(mtu),
				NetNS: rtnetlink.NetNSForFD(uint32(b.ns)),
			}},
		}},
	}})
	if err != nil {
		return fmt.Errorf("make a veth pair: %w", err)
	}
	for _, p := range []*port{&pa, &pb} {
		if err := p.find(); err != nil {
			return err
		}
		if err := p.host.raise(p.index); err != nil {
			return err
		}
	}
	pa.far, pb.far = pb.mac, pa.mac
	for _, p := range []*port{&pa, &pb} {
		if err := p.await(); err != nil {
			return err
		}
		p.host.ports = append(p.host.ports, *p)
	}
	return nil
}

// find learns the port's index and address.
func (p *port) find() error {
	return p.host.Do(func() error {
		i, err := net.InterfaceByName(p.name)
		if err != nil {
			return fmt.Errorf("find %s of host %s: %w", p.name, p.host.Name, err)
		}
		p.index, p.mac = uint32(i.Index), i.HardwareAddr
		return nil
	})
}

// raise sets a link up.
func (h *Host) raise(index uint32) error {
	err := h.rt.Link.Set(&rtnetlink.LinkMessage{Index: index, Flags: unix.IFF_UP, Change: unix.IFF_UP})
	if err != nil {
		return fmt.Errorf("set link %d of host %s up: %w", index, h.Name, err)
	}
	return nil
}

// await returns when the port is operational. Until the kernel has noticed the
// carrier of a link (net/core/link_watch.c), what is sent on it is dropped.
func (p *port) await() error {
	news, err := rtnetlink.Dial(&netlink.Config{NetNS: int(p.host.ns), Groups: unix.RTMGRP_LINK})
	if err != nil {
		return err
	}
	defer news.Close()
	if err := news.SetReadDeadline(time.Now().Add(kernelPatience)); err != nil {
		return err
	}
	// What changed before the subscription is seen by asking once.
	link, err := p.host.rt.Link.Get(p.index)
	for err == nil && link.Attributes.OperationalState != rtnetlink.OperStateUp {
		var msgs []rtnetlink.Message
		msgs, _, err = news.Receive()
		for _, m := range msgs {
			if l, ok := m.(*rtnetlink.LinkMessage); ok && l.Index == p.index {
				link = *l
			}
		}
	}
	if err != nil {
		return fmt.Errorf("wait for the carrier of %s on host %s: %w", p.name, p.host.Name, err)
	}
	return nil
}

// assign gives the port an address, and returns when it can be used. The kernel
// takes IPv6 addresses up in a work queue (net/ipv6/addrconf.c, addrconf_dad_work):
// before that nobody answers for them.
func (p *port) assign(prefix netip.Prefix) error {
	ip := net.IP(prefix.Addr().AsSlice())
	m := &rtnetlink.AddressMessage{
		Family:       family(prefix.Addr()),
		PrefixLength: uint8(prefix.Bits()),
		Flags:        unix.IFA_F_NODAD,
		Index:        p.index,
		Attributes:   &rtnetlink.AddressAttributes{Address: ip, Local: ip, Flags: unix.IFA_F_NODAD},
	}
	const groups = unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR
	news, err := rtnetlink.Dial(&netlink.Config{NetNS: int(p.host.ns), Groups: groups})
	if err != nil {
		return err
	}
	defer news.Close()
	err = news.SetReadDeadline(time.Now().Add(kernelPatience))
	if err == nil {
		err = p.host.rt.Address.New(m)
	}
	for ready := false; err == nil && !ready; {
		var msgs []rtnetlink.Message
		msgs, _, err = news.Receive()
		for _, m := range msgs {
			a, ok := m.(*rtnetlink.AddressMessage)
			ready = ready || ok && a.Index == p.index && a.Attributes.Address.Equal(ip) && a.Flags&unix.IFA_F_TENTATIVE == 0
		}
	}
	if err != nil {
		return fmt.Errorf("give %s to %s of host %s: %w", prefix, p.name, p.host.Name, err)
	}
	return nil
}

// family returns the address family of an address.
func family(a netip.Addr) uint8 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
