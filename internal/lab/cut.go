package lab

import (
	"errors"
	"fmt"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Cut says whose packets are lost, and how. The zero value cuts both hosts off
// from one another without a word.
type Cut struct {
	From *Host // whose packets are lost; nil: both hosts'
	How  How
	ARP  bool // of Vanish: neighbour discovery is lost too, as of a paused virtual machine
}

// How is the way in which packets are lost.
type How uint8

// The ways. With the first the sender's own transmission succeeds. The next
// three fail on the sender itself. The last three lose TCP alone and answer it
// with an ICMP error, from the router where there is one, else from the peer
// (which the kernel limits to some one a second, net.ipv4.icmp_ratelimit).
const (
	Vanish          How = iota // dropped as the peer's interface receives
	OutputDrop                 // TCP dropped by netfilter before it is queued: EPERM
	QdiscDrop                  // dropped by a queue with no room
	NoRoute                    // the route to the peer is deleted
	HostUnreachable            // ICMP host unreachable
	PortUnreachable            // ICMP port unreachable
	AdminProhibited            // ICMP administratively prohibited
)

// Cut starts to lose packets. Cuts add up, until Heal.
func (l *Lab) Cut(c Cut) error {
	hosts := []*Host{l.A, l.B}
	if c.From != nil {
		hosts = []*Host{c.From}
	}
	for _, h := range hosts {
		if err := l.cut(h, c); err != nil {
			return fmt.Errorf("cut host %s off: %w", h.Name, err)
		}
	}
	return nil
}

func (l *Lab) cut(h *Host, c Cut) error {
	switch c.How {
	case Vanish:
		rules := [][]expr.Any{chain(isIPv4(), drop()), chain(isIPv6(), isNotICMPv6(), drop())}
		if c.ARP {
			rules = [][]expr.Any{drop()}
		}
		return l.filter(l.peer(h), ingress, rules...)
	case OutputDrop:
		return l.filter(h, output, chain(isTCP(), drop()))
	case QdiscDrop:
		if err := h.ports[0].stopQueue(); err != nil {
			return err
		}
		l.heal = append(l.heal, h.ports[0].defaultQueue)
		return nil
	case NoRoute:
		for _, r := range h.routes {
			if err := h.deleteRoute(r); err != nil {
				return err
			}
			l.heal = append(l.heal, func() error { return h.addRoute(r) })
		}
		return nil
	case HostUnreachable:
		return l.reject(h, unix.NFT_REJECT_ICMPX_HOST_UNREACH)
	case PortUnreachable:
		return l.reject(h, unix.NFT_REJECT_ICMPX_PORT_UNREACH)
	case AdminProhibited:
		return l.reject(h, unix.NFT_REJECT_ICMPX_ADMIN_PROHIBITED)
	}
	return fmt.Errorf("no such way: %d", c.How)
}

// reject answers TCP from h with an ICMP error.
func (l *Lab) reject(h *Host, code uint8) error {
	rule := chain(isTCP(), []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: code}})
	if l.R == nil {
		return l.filter(l.peer(h), input, rule)
	}
	from := l.R.ports[0]
	if h == l.B {
		from = l.R.ports[1]
	}
	return l.filter(l.R, forward, chain(isFrom(from), rule))
}

// Heal undoes all cuts and losses.
func (l *Lab) Heal() error {
	var errs []error
	for _, undo := range l.heal {
		errs = append(errs, undo())
	}
	l.heal = nil
	return errors.Join(errs...)
}
