package main

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tcpwatch/tcpwatch/ui"
)

// How long the name of an address is waited for, and how many are asked for at once.
const (
	nameTimeout = 2 * time.Second
	namesAtOnce = 32
)

// resolver returns a ui.Resolver by a lookup such as net.Resolver's. A name that
// does not come in time is none.
func resolver(lookup func(context.Context, string) ([]string, error)) ui.Resolver {
	return func(addrs []netip.Addr) map[netip.Addr]string {
		var mu sync.Mutex
		found := make(map[netip.Addr]string)
		var group errgroup.Group
		group.SetLimit(namesAtOnce)
		for _, a := range addrs {
			group.Go(func() error {
				ctx, cancel := context.WithTimeout(context.Background(), nameTimeout)
				defer cancel()
				names, err := lookup(ctx, a.WithZone("").String())
				if err != nil || len(names) == 0 {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				found[a] = strings.TrimSuffix(names[0], ".")
				return nil
			})
		}
		_ = group.Wait()
		return found
	}
}

// hosts asks /etc/hosts and the name servers. Go's own resolver gives up in time;
// the C library's would hold a thread for each name.
var hosts = net.Resolver{PreferGo: true}
