package diag

import (
	"os"
	"testing"

	"github.com/tcpwatch/tcpwatch/track"
)

// A holder that does not hold the socket any more does not make its options
// unreadable: another holder is looked for.
func TestAsideHolderLost(t *testing.T) {
	const inode, cookie = 5, 6
	var sent []track.Record
	a := aside{owners: NewOwners(), options: map[uint64]track.Options{},
		send: func(n News) error { sent = append(sent, n.Record); return nil }}
	a.owners.holders[inode] = Holder{PID: os.Getpid(), FD: 1 << 20}
	if err := a.readOptions([]subject{{ID{Cookie: cookie}, inode}}); err != nil {
		t.Fatal(err)
	}
	if _, held := a.owners.Holder(inode); held || len(sent) != 0 || len(a.options) != 0 {
		t.Errorf("still held: %v; sent %v; kept %v", held, sent, a.options)
	}
}

// More options than one job may read are read by the next, and none twice.
func TestAsideTurns(t *testing.T) {
	ns := newNamespace(t)
	table := open(t, ns)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	for range optionsBatch/2 + 5 {
		connect(t, ns, l, "tcp4", "127.0.0.1")
	}
	d := dump(t, table)
	a := aside{owners: NewOwners(), options: map[uint64]track.Options{}}
	read := map[uint64]int{}
	a.send = func(n News) error {
		for _, o := range n.Record.(*track.OptionsRead).Options {
			read[o.Cookie]++
		}
		return nil
	}
	a.owners.Find(inodes(t, table), Now())
	for range 3 {
		if err := a.readOptions(subjectsOf(d)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range d.Sockets {
		if read[d.Sockets[i].Cookie] != 1 {
			t.Errorf("options of %d were sent %d times", i, read[d.Sockets[i].Cookie])
		}
	}
}
