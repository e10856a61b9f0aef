package diag

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// fakeConn answers each request with the next of its scripts: pieces, or an
// error in place of one.
type fakeConn struct {
	script []any // []byte, error or func(seq uint32) []byte
	seq    uint32
	sent   []netlink.Message
}

func (c *fakeConn) Send(messages []netlink.Message) error {
	c.sent = append(c.sent, messages...)
	c.seq = messages[0].Header.Sequence
	return nil
}

func (c *fakeConn) Receive(b []byte) (int, error) {
	if len(c.script) == 0 {
		return 0, errors.New("nothing more to read")
	}
	next := c.script[0]
	c.script = c.script[1:]
	switch next := next.(type) {
	case func(seq uint32) []byte:
		return copy(b, next(c.seq)), nil
	case error:
		return 0, next
	}
	panic("not a piece")
}

func (c *fakeConn) Close() error { return nil }

// fakeTable is a table whose connections follow the scripts, one each.
func fakeTable(scripts ...[]any) (*Table, *int) {
	dials := new(int)
	return &Table{dial: func() (conn, error) {
		*dials++
		if *dials > len(scripts) {
			return nil, errors.New("no more connections")
		}
		return &fakeConn{script: scripts[*dials-1]}, nil
	}}, dials
}

func TestDumpFailures(t *testing.T) {
	rows := func(seq uint32) []byte { return fullRow(seq) }
	end := func(seq uint32) []byte { return done(0, seq, 0) }
	good := []any{rows, end}
	interrupted := []any{rows, func(seq uint32) []byte { return done(unix.NLM_F_DUMP_INTR, seq, 0) }}
	overrun := []any{rows, error(unix.ENOBUFS)}
	foreign := []any{func(seq uint32) []byte { return append(fullRow(seq-1), done(0, seq-1, 0)...) }}
	cut := []any{rows, func(seq uint32) []byte { return nil }}
	garbled := []any{func(seq uint32) []byte { return fullRow(seq)[:50] }}
	refused := []any{func(seq uint32) []byte { return errorMessage(unix.EINVAL, seq, 0) }}
	failedEnd := []any{rows, func(seq uint32) []byte { return done(0, seq, unix.ENOMEM) }}
	missing := []any{func(seq uint32) []byte { return errorMessage(unix.ENOENT, seq, 0) }}

	for _, test := range []struct {
		name    string
		scripts [][]any
		failed  int
		want    error
	}{
		{"at once", [][]any{good}, 0, nil},
		{"interrupted", [][]any{interrupted, good}, 1, nil},
		{"overrun", [][]any{overrun, good}, 1, nil},
		{"foreign answer", [][]any{foreign, good}, 1, nil},
		{"cut off", [][]any{cut, good}, 1, nil},
		{"garbled", [][]any{garbled, good}, 1, nil},
		{"twice", [][]any{interrupted, failedEnd, good}, 2, nil},
		{"always interrupted", [][]any{interrupted, interrupted, interrupted, good}, 3, ErrInterrupted},
		{"always refused", [][]any{refused, refused, refused, good}, 3, unix.EINVAL},
		{"no inet_diag", [][]any{missing, missing, missing, good}, 3, ErrUnsupported},
		{"not to be dialled", nil, 3, errors.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			table, _ := fakeTable(test.scripts...)
			var reply Reply
			err := table.Dump(&reply)
			if test.name == "not to be dialled" {
				if err == nil {
					t.Error("no error")
				}
			} else if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if reply.Failed != test.failed {
				t.Errorf("%d failures counted, want %d", reply.Failed, test.failed)
			}
			var d track.Dump
			parsed := reply.Parse(&d)
			if err == nil && (parsed != nil || !d.Full || len(d.Sockets) != 1) {
				t.Errorf("a good dump has %d sockets, full %v: %v", len(d.Sockets), d.Full, parsed)
			}
			if err != nil && (d.Full || len(d.Sockets) > 0) {
				t.Errorf("a failed dump is a table of %d sockets", len(d.Sockets))
			}
		})
	}
}

func TestSocketsFailures(t *testing.T) {
	ids := []ID{{Cookie: 5, Local: addr4, Remote: peer4}, {Cookie: 0xc00c1e, Local: addr4, Remote: peer4}}
	both := []any{
		func(seq uint32) []byte { return errorMessage(unix.ENOENT, seq, 5) },
		func(seq uint32) []byte { return fullRow(seq + 1) },
	}
	foreign := []any{both[0], func(seq uint32) []byte { return fullRow(seq + 2) }}
	table, dials := fakeTable([]any{both[0], error(unix.ENOBUFS)}, foreign, both)
	var reply Reply
	if err := table.Sockets(ids, &reply); err != nil {
		t.Fatal(err)
	}
	var d track.Dump
	if err := reply.Parse(&d); err != nil {
		t.Fatal(err)
	}
	if *dials != 3 || reply.Failed != 2 {
		t.Errorf("%d dials, %d failures", *dials, reply.Failed)
	}
	if d.Full || len(d.Sockets) != 1 || !slices.Equal(d.Absent, []uint64{5}) || !slices.Equal(reply.Asked, []uint64{5, 0xc00c1e}) {
		t.Errorf("got %d sockets, absent %v, asked %v, full %v", len(d.Sockets), d.Absent, reply.Asked, d.Full)
	}

	refused := []any{func(seq uint32) []byte { return errorMessage(unix.EPERM, seq, 5) }}
	table, _ = fakeTable(refused, refused, refused)
	if err := table.Sockets(ids, &reply); !errors.Is(err, unix.EPERM) || reply.Failed != 3 {
		t.Errorf("%d failures: %v", reply.Failed, err)
	}
}

// states makes a connection in each state that can be brought about at will,
// and returns how many rows of each state there must be.
func states(t *testing.T, ns *Namespace) map[track.State]int {
	l4 := listen(t, ns, "tcp4", "127.0.0.1:0")
	connect(t, ns, l4, "tcp4", "127.0.0.1")
	dual := listen(t, ns, "tcp", "[::]:0")
	connect(t, ns, dual, "tcp4", "127.0.0.1")
	connect(t, ns, dual, "tcp6", "::1")

	active := connect(t, ns, l4, "tcp4", "127.0.0.1") // FIN_WAIT2 and CLOSE_WAIT
	if err := active.client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	waiting := connect(t, ns, l4, "tcp4", "127.0.0.1") // TIME_WAIT
	waiting.client.Close()
	waiting.server.Close()

	silent := listen(t, ns, "tcp4", "127.0.0.1:0")
	port := uint16(silent.Addr().(*net.TCPAddr).Port)
	orphan := connect(t, ns, silent, "tcp4", "127.0.0.1")
	drop(t, ns, port)
	halfOpen(t, ns, int(port)) // SYN_SENT
	if _, err := orphan.client.Write([]byte("seventeen bytes..")); err != nil {
		t.Fatal(err)
	}
	orphan.client.Close() // FIN_WAIT1, and no one's
	return map[track.State]int{
		track.Established: 2 + 2 + 2 + 1, // the last: the orphan's peer
		track.FinWait2:    1, track.CloseWait: 1, track.TimeWait: 1, track.SynSent: 1, track.FinWait1: 1,
	}
}

// settle waits until the table has the wanted states.
func settle(t *testing.T, table *Table, want map[track.State]int) (d *track.Dump) {
	t.Helper()
	eventually(t, fmt.Sprintf("states %v", want), func() bool {
		d = dump(t, table)
		got := map[track.State]int{}
		for _, s := range d.Sockets {
			got[s.State]++
		}
		return fmt.Sprint(got) == fmt.Sprint(want)
	})
	return d
}

func TestDumpStates(t *testing.T) {
	ns := newNamespace(t)
	want := states(t, ns)
	table := open(t, ns)
	d := settle(t, table, want)
	mapped := 0
	for _, s := range d.Sockets {
		if s.Mapped {
			mapped++
		}
		switch s.State {
		case track.FinWait1:
			if s.Inode != 0 || s.Timer != track.TimerOn || s.Info.Unacked == 0 || s.SendQ != 18 {
				t.Errorf("orphan: %+v", s)
			}
		case track.TimeWait:
			if s.Timer != track.TimerTimewait || s.Expires == 0 || s.Info.Size != 0 {
				t.Errorf("timewait: %+v", s)
			}
		case track.Established:
			if s.Info.Size < track.InfoSndWnd || s.Info.SndWnd == 0 || s.Mem.Sndbuf == 0 || s.CongestionControl == "" {
				t.Errorf("established: %+v", s)
			}
		}
		if s.At < d.Began || s.At > d.Ended {
			t.Errorf("read at %d, between %d and %d", s.At, d.Began, d.Ended)
		}
	}
	if mapped != 1 {
		t.Errorf("%d sockets are mapped, not the dual-stack server's one", mapped)
	}

	// Each row can be asked for alone, whatever its state.
	var ids []ID
	for i := range d.Sockets {
		ids = append(ids, IDOf(&d.Sockets[i]))
	}
	alone := ask(t, table, ids...)
	if len(alone.Sockets) != len(ids) || len(alone.Absent) != 0 || alone.Full {
		t.Errorf("asked for %d alone: got %d, absent %v", len(ids), len(alone.Sockets), alone.Absent)
	}
	for i, s := range alone.Sockets {
		if before := d.Sockets[i]; s.Cookie != before.Cookie || s.Local != before.Local || s.State != before.State {
			t.Errorf("asked for %+v, got %+v", before, s)
		}
	}
}

// The table has the rows that ss shows.
func TestDumpAgreesWithSS(t *testing.T) {
	ns := newNamespace(t)
	want := states(t, ns)
	table := open(t, ns)
	var ours []string
	for _, s := range settle(t, table, want).Sockets {
		local, remote := s.Local, s.Remote
		if s.Mapped {
			local = netip.AddrPortFrom(netip.AddrFrom16(local.Addr().As16()), local.Port())
			remote = netip.AddrPortFrom(netip.AddrFrom16(remote.Addr().As16()), remote.Port())
		}
		ours = append(ours, fmt.Sprintf("%s %d %d %v %v", s.State, s.RecvQ, s.SendQ, local, remote))
	}
	slices.Sort(ours)
	var out []byte
	need(t, "run ss", ns.Do(func() (err error) { out, err = exec.Command("ss", "-tanH").Output(); return err }))
	var theirs []string
	long := map[string]string{"ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "FIN-WAIT-1": "FIN_WAIT1",
		"FIN-WAIT-2": "FIN_WAIT2", "TIME-WAIT": "TIME_WAIT", "CLOSE-WAIT": "CLOSE_WAIT"}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if f[0] != "LISTEN" {
			theirs = append(theirs, strings.Join(append([]string{long[f[0]]}, f[1:5]...), " "))
		}
	}
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) {
		t.Errorf("ours:\n%s\nss:\n%s", strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
	}
}

func TestRequestSocket(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	// The handshake stops at the SYN-ACK, which comes from the listener's port.
	port := l.Addr().(*net.TCPAddr).Port
	run(t, ns, "nft", "add table inet t; add chain inet t c { type filter hook input priority 0; };"+
		fmt.Sprintf("add rule inet t c tcp sport %d drop", port))
	halfOpen(t, ns, port)
	table := open(t, ns)
	var request track.Socket
	eventually(t, "a request socket", func() bool {
		for _, s := range dump(t, table).Sockets {
			if s.State == track.NewSynRecv {
				request = s
				return true
			}
		}
		return false
	})
	if request.Timer != track.TimerOn || request.Expires == 0 || request.Inode != 0 || int(request.Local.Port()) != port {
		t.Errorf("got %+v", request)
	}
	alone := ask(t, table, IDOf(&request))
	if len(alone.Sockets) != 1 || alone.Sockets[0].State != track.NewSynRecv {
		t.Errorf("alone: %+v", alone)
	}
}

func TestAbsent(t *testing.T) {
	ns := newNamespace(t)
	l := listen(t, ns, "tcp4", "127.0.0.1:0")
	p := connect(t, ns, l, "tcp4", "127.0.0.1")
	table := open(t, ns)
	id := p.id(t, table)
	another := id
	another.Cookie++
	nowhere := id
	nowhere.Remote = netip.MustParseAddrPort("127.0.0.9:9")
	nowhere.Cookie += 2
	d := ask(t, table, another, id, nowhere)
	if len(d.Sockets) != 1 || d.Sockets[0].Cookie != id.Cookie || !slices.Equal(d.Absent, []uint64{another.Cookie, nowhere.Cookie}) {
		t.Errorf("got %d sockets, absent %v", len(d.Sockets), d.Absent)
	}
	// More than a batch, in order.
	many := slices.Repeat([]ID{id, another}, 3*batchLen)
	if d := ask(t, table, many...); len(d.Sockets) != 3*batchLen || len(d.Absent) != 3*batchLen {
		t.Errorf("of %d: %d sockets, %d absent", len(many), len(d.Sockets), len(d.Absent))
	}
}
