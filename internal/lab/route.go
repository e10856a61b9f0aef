package lab

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// route is a host's way to the other host.
type route struct {
	to    netip.Prefix
	via   netip.Addr // invalid: on the link itself
	index uint32
}

// message returns the route as the kernel knows it. That of a connected network
// is the one the kernel made when the address was given.
func (r route) message() rtnetlink.RouteMessage {
	m := rtnetlink.RouteMessage{
		Family:     family(r.to.Addr()),
		DstLength:  uint8(r.to.Bits()),
		Table:      unix.RT_TABLE_MAIN,
		Protocol:   unix.RTPROT_KERNEL,
		Scope:      unix.RT_SCOPE_UNIVERSE,
		Type:       unix.RTN_UNICAST,
		Attributes: rtnetlink.RouteAttributes{Dst: net.IP(r.to.Addr().AsSlice()), OutIface: r.index},
	}
	switch {
	case r.via.IsValid():
		m.Protocol = unix.RTPROT_STATIC
		m.Attributes.Gateway = net.IP(r.via.AsSlice())
	case r.to.Addr().Is4():
		m.Scope = unix.RT_SCOPE_LINK
	}
	if r.to.Addr().Is6() {
		m.Attributes.Priority = 256 // IP6_RT_PRIO_ADDRCONF
	}
	return m
}

func (h *Host) addRoute(r route) error {
	m := r.message()
	if err := h.rt.Route.Add(&m); err != nil {
		return fmt.Errorf("add route to %s on host %s: %w", r.to, h.Name, err)
	}
	return nil
}

func (h *Host) deleteRoute(r route) error {
	m := r.message()
	if err := h.rt.Route.Delete(&m); err != nil {
		return fmt.Errorf("delete route to %s on host %s: %w", r.to, h.Name, err)
	}
	return nil
}

// SetRTOMin sets the least RTO on the host's routes to the other host
// (RTAX_RTO_MIN, `ip route … rto_min`), to the millisecond. Connections that
// exist go by it, too.
func (h *Host) SetRTOMin(d time.Duration) error {
	for _, r := range h.routes {
		m := &rtoMinRoute{r.message(), d}
		const flags = netlink.Request | netlink.Acknowledge | netlink.Create | netlink.Replace
		if _, err := h.rt.Execute(m, unix.RTM_NEWROUTE, flags); err != nil {
			return fmt.Errorf("set rto_min of route to %s on host %s: %w", r.to, h.Name, err)
		}
	}
	return nil
}

// rtoMinRoute is a route with the one metric that rtnetlink.RouteMetrics lacks.
type rtoMinRoute struct {
	rtnetlink.RouteMessage
	rtoMin time.Duration
}

// MarshalBinary encodes the route with its metric.
func (m *rtoMinRoute) MarshalBinary() ([]byte, error) {
	b, err := m.RouteMessage.MarshalBinary()
	if err != nil {
		return nil, err
	}
	e := netlink.NewAttributeEncoder()
	e.Nested(unix.RTA_METRICS, func(e *netlink.AttributeEncoder) error {
		// TCP heeds it only where it is locked (tcp_rto_min, include/net/tcp.h).
		e.Uint32(unix.RTAX_LOCK, 1<<unix.RTAX_RTO_MIN)
		e.Uint32(unix.RTAX_RTO_MIN, uint32(m.rtoMin.Milliseconds()))
		return nil
	})
	metrics, err := e.Encode()
	return append(b, metrics...), err
}
