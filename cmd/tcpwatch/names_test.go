package main

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestResolver asks a name server that answers slowly, badly, or not at all.
func TestResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		asking, most := 0, 0
		resolve := resolver(func(ctx context.Context, addr string) ([]string, error) {
			mu.Lock()
			asking++
			most = max(most, asking)
			mu.Unlock()
			defer func() { mu.Lock(); asking--; mu.Unlock() }()
			switch addr {
			case "10.0.0.1":
				return []string{"one.example.net.", "other.example.net."}, nil
			case "10.0.0.2":
				return nil, errors.New("no such host")
			case "10.0.0.3":
				return nil, nil
			case "fe80::1":
				return []string{"link"}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		addrs := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3"),
			netip.MustParseAddr("fe80::1%eth0")}
		for i := range 2 * namesAtOnce {
			addrs = append(addrs, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		}
		began := time.Now()
		got := resolve(addrs)
		if len(got) != 2 || got[addrs[0]] != "one.example.net" || got[addrs[3]] != "link" {
			t.Errorf("found %v", got)
		}
		if most > namesAtOnce || most < namesAtOnce {
			t.Errorf("%d names asked for at once, want %d", most, namesAtOnce)
		}
		if took := time.Since(began); took > 4*nameTimeout {
			t.Errorf("it took %v", took)
		}
	})
}
