package ui

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tcpwatch/tcpwatch/track"
)

// filter says which connections are shown. Its terms are all to hold.
type filter struct {
	text  string
	terms []func(*track.Conn) bool
}

// parseFilter reads a filter: words apart by blanks, each of them
//
//	443           a port or a process id
//	nc            part of an address, a state, a program or a verdict
//	close_wait    a state
//	dying, gone, stuck, healthy
//	10.0.0.0/8    addresses
//	pid:2060, port:443, state:…, program:…
//	!word         what does not match it
func parseFilter(text string) (filter, error) {
	f := filter{text: strings.TrimSpace(text)}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		not := strings.HasPrefix(word, "!")
		term, err := parseTerm(strings.TrimPrefix(word, "!"))
		if err != nil {
			return filter{}, err
		}
		if not {
			f.terms = append(f.terms, func(c *track.Conn) bool { return !term(c) })
		} else {
			f.terms = append(f.terms, term)
		}
	}
	return f, nil
}

func (f *filter) match(c *track.Conn) bool {
	for _, t := range f.terms {
		if !t(c) {
			return false
		}
	}
	return true
}

func parseTerm(word string) (func(*track.Conn) bool, error) {
	switch word {
	case "":
		return nil, errors.New("filter: ! stands before a word")
	case "dying":
		return func(c *track.Conn) bool { return urgencyOf(c).rank <= rankUnanswered }, nil
	case "stuck":
		return (*track.Conn).Trouble, nil
	case "gone":
		return func(c *track.Conn) bool { return c.Gone != nil }, nil
	}
	if strings.Contains(word, "/") {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf("filter: %s is no network", word)
		}
		return func(c *track.Conn) bool { return p.Contains(c.Local.Addr()) || p.Contains(c.Remote.Addr()) }, nil
	}
	if n, err := strconv.ParseUint(word, 10, 32); err == nil {
		return func(c *track.Conn) bool { return hasPort(c, n) || uint64(max(c.Owner.PID, 0)) == n }, nil
	}
	if name, value, ok := strings.Cut(word, ":"); ok && !strings.ContainsAny(value, ":") {
		if term, known, err := parseField(name, value); known {
			return term, err
		}
		if _, err := netip.ParseAddrPort(word); err != nil && !strings.HasPrefix(word, "[") {
			return nil, fmt.Errorf("filter: no field %s: pid, port, state and program are known", name)
		}
	}
	return func(c *track.Conn) bool {
		return contains(c.Owner.Program, word) || contains(c.State.String(), word) || contains(c.Verdict.Kind.String(), word) ||
			contains(c.Local.String(), word) || contains(c.Remote.String(), word)
	}, nil
}

func parseField(name, value string) (term func(*track.Conn) bool, known bool, err error) {
	number := func() uint64 {
		n, e := strconv.ParseUint(value, 10, 32)
		if e != nil {
			err = fmt.Errorf("filter: %s wants a number", name)
		}
		return n
	}
	switch name {
	case "pid":
		n := number()
		return func(c *track.Conn) bool { return uint64(max(c.Owner.PID, 0)) == n }, true, err
	case "port":
		n := number()
		return func(c *track.Conn) bool { return hasPort(c, n) }, true, err
	case "state":
		return func(c *track.Conn) bool { return contains(c.State.String(), value) }, true, nil
	case "program":
		return func(c *track.Conn) bool { return contains(c.Owner.Program, value) }, true, nil
	}
	return nil, false, nil
}

func hasPort(c *track.Conn, n uint64) bool {
	return uint64(c.Local.Port()) == n || uint64(c.Remote.Port()) == n
}

func contains(s, lower string) bool { return strings.Contains(strings.ToLower(s), lower) }
