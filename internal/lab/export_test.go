package lab

import (
	"fmt"
	"time"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/mdlayher/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Tie lays a veth pair from a witness to the network namespace at path, and
// returns what waits for the pair to go: the kernel takes it away with the
// namespace, and tells the witness.
func Tie(witness *Host, path string) (await func(within time.Duration) error, err error) {
	ns, err := netns.GetFromPath(path)
	if err != nil {
		return nil, err
	}
	rt, err := rtnetlink.Dial(&netlink.Config{NetNS: int(ns)})
	if err != nil {
		return nil, err
	}
	doomed := &Host{Name: "doomed", ns: ns, rt: rt, ports: make([]port, 1)}
	defer doomed.close()
	news, err := rtnetlink.Dial(&netlink.Config{NetNS: int(witness.ns), Groups: unix.RTMGRP_LINK})
	if err != nil {
		return nil, err
	}
	if err := join(witness, doomed, 0); err != nil {
		return nil, err
	}
	tied := witness.ports[len(witness.ports)-1]
	return func(within time.Duration) error {
		defer news.Close()
		if err := news.SetReadDeadline(time.Now().Add(within)); err != nil {
			return err
		}
		for {
			_, raw, err := news.Receive()
			if err != nil {
				return fmt.Errorf("the namespace still stands: %w", err)
			}
			for _, m := range raw {
				var link rtnetlink.LinkMessage
				if m.Header.Type == unix.RTM_DELLINK && link.UnmarshalBinary(m.Data) == nil && link.Index == tied.index {
					return nil
				}
			}
		}
	}, nil
}
