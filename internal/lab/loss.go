package lab

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// Loss chooses TCP segments that are lost as the peer's interface receives them,
// by the kernel alone: nothing slows the others down. Where offloads are on, what
// is lost may be several segments at once (Options.PerSegment).
type Loss struct {
	From *Host // who sends them; nil: both

	Set, Clear track.Flags // flags that are on, and off
	Longer     int         // IP packets of more than so many bytes; of pure acknowledgements none has over 80

	// Of those, from each host: the Nth, counted from 1, or one in Each at
	// random, or with neither all.
	Nth  []int
	Each int
}

// Lose starts to lose segments, until Heal.
func (l *Lab) Lose(loss Loss) error {
	hosts := []*Host{l.A, l.B}
	if loss.From != nil {
		hosts = []*Host{loss.From}
	}
	for _, h := range hosts {
		err := l.ruleset(l.peer(h), ingress, loss.rules)
		if err != nil {
			return fmt.Errorf("lose segments of host %s: %w", h.Name, err)
		}
	}
	return nil
}

func (loss Loss) rules(c *nftables.Conn, t *nftables.Table) ([][]expr.Any, error) {
	rule := chain(isTCP(), hasFlags(loss.Set, loss.Clear))
	if loss.Longer > 0 {
		rule = append(rule, isLonger(loss.Longer)...)
	}
	switch {
	case len(loss.Nth) > 0:
		// A counter that never comes round, and the numbers to be lost.
		const never = 1 << 31
		set := &nftables.Set{Table: t, Anonymous: true, Constant: true, KeyType: nftables.TypeInteger}
		var elements []nftables.SetElement
		for _, n := range loss.Nth {
			key := binaryutil.NativeEndian.PutUint32(uint32(n - 1))
			elements = append(elements, nftables.SetElement{Key: key})
		}
		if err := c.AddSet(set, elements); err != nil {
			return nil, err
		}
		rule = append(rule,
			&expr.Numgen{Register: 1, Modulus: never, Type: unix.NFT_NG_INCREMENTAL},
			&expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID})
	case loss.Each > 0:
		rule = append(rule,
			&expr.Numgen{Register: 1, Modulus: uint32(loss.Each), Type: unix.NFT_NG_RANDOM},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.NativeEndian.PutUint32(0)})
	}
	return [][]expr.Any{append(rule, drop()...)}, nil
}
