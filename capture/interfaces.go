package capture

import (
	"fmt"
	"net"
	"net/netip"
)

// Interface is one that can be captured on.
type Interface struct {
	Name     string
	Index    int // 0 for any
	Up       bool
	Loopback bool
	Addrs    []netip.Prefix
}

// Interfaces lists the interfaces of the calling thread's network namespace, and
// any, in the order of their indexes.
func Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	list := []Interface{{Name: AnyInterface, Up: true}}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list addresses of %s: %w", i.Name, err)
		}
		entry := Interface{Name: i.Name, Index: i.Index, Up: i.Flags&net.FlagUp != 0, Loopback: i.Flags&net.FlagLoopback != 0}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				entry.Addrs = append(entry.Addrs, p)
			}
		}
		list = append(list, entry)
	}
	return list, nil
}
