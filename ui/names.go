package ui

import (
	"net/netip"
	"strconv"

	tea "charm.land/bubbletea/v2"
)

// Resolver returns the names of those addresses that have one. It may block.
type Resolver func([]netip.Addr) map[netip.Addr]string

// names are the addresses' names, asked for as they come on screen.
type names struct {
	ask    Resolver // nil: there are none
	on     bool
	known  map[netip.Addr]string // "": it has none
	asking bool
}

type namesMsg struct {
	asked []netip.Addr
	found map[netip.Addr]string
}

// wanted returns the command that asks for the names of the rows on screen, if
// some are not known yet.
func (n *names) wanted(rows []row) tea.Cmd {
	if !n.on || n.asking || n.ask == nil {
		return nil
	}
	var unknown []netip.Addr
	seen := make(map[netip.Addr]bool)
	for i := range rows {
		for _, a := range [...]netip.Addr{rows[i].conn.Local.Addr(), rows[i].conn.Remote.Addr()} {
			if _, ok := n.known[a]; !ok && !seen[a] {
				seen[a] = true
				unknown = append(unknown, a)
			}
		}
	}
	if unknown == nil {
		return nil
	}
	n.asking = true
	ask := n.ask
	return func() tea.Msg { return namesMsg{unknown, ask(unknown)} }
}

func (n *names) take(m namesMsg) {
	n.asking = false
	if n.known == nil {
		n.known = make(map[netip.Addr]string)
	}
	for _, a := range m.asked {
		n.known[a] = m.found[a]
	}
}

// endpoint returns an address as it is shown. A name that is not plain ASCII is
// no name of a host.
func (n *names) endpoint(a netip.AddrPort) string {
	if n.on {
		if name := n.known[a.Addr()]; name != "" && plain(name) {
			return name + ":" + strconv.Itoa(int(a.Port()))
		}
	}
	return a.String()
}
