package lab

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/mdlayher/netlink"
	"github.com/vishvananda/netns"
)

// Host is one network namespace of a lab.
type Host struct {
	Name  string
	Addr  netip.Addr // IPv4
	Addr6 netip.Addr // IPv6; invalid where the kernel has none
	Link  string     // its interface, of a router the one towards A

	ns     netns.NsHandle
	rt     *rtnetlink.Conn
	ports  []port
	routes []route // to the other host
}

// newHost makes a network namespace with its loopback up.
func newHost(name string) (*Host, error) {
	ns, err := newNamespace()
	if err != nil {
		return nil, err
	}
	h := &Host{Name: name, ns: ns}
	if h.rt, err = rtnetlink.Dial(&netlink.Config{NetNS: int(ns)}); err != nil {
		h.ns.Close()
		return nil, err
	}
	if err := h.raise(loopback); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// newNamespace makes a network namespace that nothing but the descriptor holds.
func newNamespace() (netns.NsHandle, error) {
	var ns netns.NsHandle
	err := atHome(func() (err error) {
		ns, err = netns.New()
		return err
	})
	return ns, err
}

// atHome locks f to a thread and brings the thread back to the network namespace
// it came from. A thread that can't be brought back stays locked, so that no
// other goroutine ever runs on it.
func atHome(f func() error) (err error) {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() {
		back := netns.Set(home)
		home.Close()
		if back == nil {
			runtime.UnlockOSThread()
		} else if err == nil {
			err = fmt.Errorf("leave a network namespace: %w", back)
		}
	}()
	return f()
}

// Do calls f on a thread inside the host's network namespace. Sockets that f
// makes stay in it. Goroutines that f starts run outside.
func (h *Host) Do(f func() error) error {
	return atHome(func() error {
		if err := netns.Set(h.ns); err != nil {
			return fmt.Errorf("enter host %s: %w", h.Name, err)
		}
		return f()
	})
}

// Path returns a path at which other programs, too, can open the host's network
// namespace, for as long as the lab stands.
func (h *Host) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), int(h.ns)) }

// NetNS returns the descriptor of the host's network namespace. It belongs to
// the lab.
func (h *Host) NetNS() int { return int(h.ns) }

// close lets go of the namespace.
func (h *Host) close() {
	h.rt.Close()
	h.ns.Close()
}
