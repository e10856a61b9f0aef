package lab

import (
	"errors"
	"fmt"
	"net/netip"
)

// Options shape a lab. The zero value is two hosts on one wire of the kernel's.
type Options struct {
	MTU        int  // of every link; 0: 1500
	PerSegment bool // no offloads: every frame is one segment as TCP cut it, its checksum filled in
	Router     bool // a third host between the two, with forwarding on
	Wire       Wire // a wire in user space between the two, which asks it about every frame; implies PerSegment
}

// Lab is two hosts that can talk, or can't. It is made by New and must be closed.
// Its methods may be called from several goroutines; those that break and heal
// it, from one at a time.
type Lab struct {
	A, B *Host
	R    *Host // the router; nil without one

	hosts  []*Host        // all of them, and the one in which the wire ends
	pump   *pump          // nil without a wire
	heal   []func() error // what undoes the cuts and losses
	tables int            // of packet filters, ever made
}

// The lab's addresses. Every lab has the same: its namespaces are its own.
var (
	near  = netip.MustParsePrefix("10.77.200.0/24")
	far   = netip.MustParsePrefix("10.77.201.0/24") // behind a router
	near6 = netip.MustParsePrefix("fd77:200::/64")
	far6  = netip.MustParsePrefix("fd77:201::/64")

	linkLocal = netip.MustParsePrefix("fe80::/64")
)

// New makes a lab: A at 10.77.200.1 and fd77:200::1, B at 10.77.200.2 and
// fd77:200::2, or at 10.77.201.2 and fd77:201::2 behind a router. Interfaces are
// eth0, sysctls the kernel's defaults, and both hosts can talk when it returns.
// It needs CAP_SYS_ADMIN and CAP_NET_ADMIN, and CAP_NET_RAW for a wire: a refusal
// is a *RightsError.
func New(o Options) (*Lab, error) {
	if o.Wire != nil && o.Router {
		return nil, errors.New("make a lab: a wire and a router exclude each other")
	}
	l := &Lab{}
	if err := l.build(o); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// build makes hosts, links, addresses and routes, in this order.
func (l *Lab) build(o Options) (err error) {
	v6 := true
	host := func(name string) (h *Host) {
		if err != nil {
			return nil
		}
		var speaks bool
		if h, err = newHost(name); err != nil {
			err = rights(err)
			return nil
		}
		l.hosts = append(l.hosts, h)
		speaks, err = h.quiet()
		v6 = v6 && speaks
		return h
	}
	l.A, l.B = host("A"), host("B")
	var middle *Host
	switch {
	case o.Router:
		l.R = host("R")
		middle = l.R
	case o.Wire != nil:
		middle = host("wire")
	}
	if err != nil {
		return err
	}

	if middle == nil {
		err = join(l.A, l.B, o.MTU)
	} else if err = join(l.A, middle, o.MTU); err == nil {
		err = join(middle, l.B, o.MTU)
	}
	if err != nil {
		return err
	}
	if o.PerSegment || o.Wire != nil {
		for _, h := range l.hosts {
			if err := h.perSegment(); err != nil {
				return err
			}
		}
	}
	if err := l.address(v6); err != nil {
		return err
	}
	if o.Wire != nil {
		if l.pump, err = newPump(middle, o.Wire, l.A, l.B); err != nil {
			return fmt.Errorf("lay the wire: %w", err)
		}
	}
	return nil
}

// address gives addresses to the ports, and routes to the hosts.
func (l *Lab) address(v6 bool) error {
	nets := [][2]netip.Prefix{{near, far}}
	if v6 {
		nets = append(nets, [2]netip.Prefix{near6, far6})
	}
	for _, n := range nets {
		here, there := n[0], n[0]
		if l.R != nil {
			there = n[1]
			for i, p := range []netip.Prefix{here, there} {
				if err := l.R.ports[i].assign(hostIn(p, 254)); err != nil {
					return err
				}
				if p.Addr().Is4() {
					continue
				}
				// What it forwards, a router asks for from a link-local address.
				if err := l.R.ports[i].assign(hostIn(linkLocal, 254)); err != nil {
					return err
				}
			}
		}
		for _, h := range []struct {
			*Host
			own, other netip.Prefix
			last       byte
		}{{l.A, here, there, 1}, {l.B, there, here, 2}} {
			own := hostIn(h.own, h.last)
			if own.Addr().Is4() {
				h.Addr = own.Addr()
			} else {
				h.Addr6 = own.Addr()
			}
			h.Link = h.ports[0].name
			if err := h.ports[0].assign(own); err != nil {
				return err
			}
			r := route{to: h.other, index: h.ports[0].index}
			if l.R != nil {
				r.via = hostIn(h.own, 254).Addr()
				if err := h.addRoute(r); err != nil {
					return err
				}
			}
			h.routes = append(h.routes, r)
		}
	}
	if l.R == nil {
		return nil
	}
	l.R.Link = l.R.ports[0].name
	if v6 {
		if err := l.R.SetSysctl("net.ipv6.conf.all.forwarding", 1); err != nil {
			return err
		}
	}
	return l.R.SetSysctl("net.ipv4.ip_forward", 1)
}

// hostIn returns the address of a network whose last byte is last.
func hostIn(network netip.Prefix, last byte) netip.Prefix {
	b := network.Addr().AsSlice()
	b[len(b)-1] = last
	a, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(a, network.Bits())
}

// peer returns the other of the two hosts.
func (l *Lab) peer(h *Host) *Host {
	if h == l.A {
		return l.B
	}
	return l.A
}

// Close takes the lab down: every socket in it is destroyed, so that none, held
// or orphaned, keeps a namespace alive. A socket that a program still holds
// answers ECONNABORTED, and its namespace goes when it is closed. Close may be
// called again.
func (l *Lab) Close() error {
	if l.pump != nil {
		l.pump.close()
		l.pump = nil
	}
	var errs []error
	for _, h := range l.hosts {
		errs = append(errs, h.destroySockets())
		h.close()
	}
	l.hosts = nil
	return errors.Join(errs...)
}
