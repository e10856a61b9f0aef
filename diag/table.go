package diag

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

const (
	attempts = 3  // at one request, before it is given up
	batchLen = 64 // sockets asked for in one datagram
)

// Table asks one namespace's kernel for its TCP sockets. It is not safe for
// concurrent use.
type Table struct {
	dial func() (conn, error)
	conn conn // nil: to be dialled
	seq  uint32
}

// OpenTable opens the socket table of ns.
func OpenTable(ns *Namespace) (*Table, error) {
	t := &Table{dial: func() (conn, error) {
		c, err := dial(ns, unix.NETLINK_SOCK_DIAG)
		if err != nil {
			return nil, err
		}
		return c, nil
	}}
	if err := t.connect(); err != nil {
		return nil, fmt.Errorf("open socket table: %w", err)
	}
	return t, nil
}

// Dump asks for all connections, of IPv4 and IPv6. A dump that fails or is
// interrupted is tried again a few times; reply.Failed counts these attempts,
// also where Dump returns an error, and reply then holds no answer.
func (t *Table) Dump(reply *Reply) error {
	reply.reset()
	reply.Full = true
	err := t.try(reply, func() error {
		reply.clear()
		return t.dump(reply)
	})
	if err != nil {
		return fmt.Errorf("dump socket table: %w", err)
	}
	return nil
}

// Sockets asks for the sockets of ids alone. A socket that is no longer there
// is part of the answer (track.Dump.Absent). For failures see Dump.
func (t *Table) Sockets(ids []ID, reply *Reply) error {
	reply.reset()
	for _, id := range ids {
		reply.Asked = append(reply.Asked, id.Cookie)
	}
	err := t.try(reply, func() error {
		reply.clear()
		for batch := range slices.Chunk(ids, batchLen) {
			if err := t.sockets(batch, reply); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ask for %d sockets: %w", len(ids), err)
	}
	return nil
}

// Close closes the table.
func (t *Table) Close() error {
	if t.conn == nil {
		return nil
	}
	err := t.conn.Close()
	t.conn = nil
	return err
}

func (t *Table) connect() (err error) {
	if t.conn == nil {
		t.conn, err = t.dial()
	}
	return err
}

// try runs one request until it succeeds or attempts are used up. A connection
// on which one has failed is of no more use: what the kernel still has to say
// on it would be taken for the next answer.
func (t *Table) try(reply *Reply, request func() error) error {
	var err error
	for range attempts {
		reply.Began = Now()
		if err = t.connect(); err == nil {
			if err = request(); err == nil {
				reply.Ended = Now()
				return nil
			}
			t.Close()
		}
		reply.Failed++
	}
	failed := reply.Failed
	reply.reset()
	reply.Failed = failed
	return err
}

// dump makes one walk.
func (t *Table) dump(reply *Reply) error {
	t.seq++
	request := dumpRequest()
	request.Header.Sequence = t.seq
	if err := t.conn.Send([]netlink.Message{request}); err != nil {
		return err
	}
	for done := false; !done; {
		// The kernel writes a piece as it takes the request, or as it hands out
		// the piece before: that, not the reading of it, is the piece's moment.
		at := Now()
		piece, err := t.receive(reply, at)
		if err != nil {
			return err
		}
		for len(piece) > 0 {
			var m message
			if m, piece, err = nextMessage(piece); err != nil {
				return err
			}
			if m.seq != t.seq {
				return fmt.Errorf("%w: an answer to request %d instead of %d", ErrMalformed, m.seq, t.seq)
			}
			if err := dumpFailure(m); err != nil {
				return err
			}
			done = m.kind == unix.NLMSG_DONE
		}
	}
	return nil
}

// dumpFailure returns what the message says against the dump that it is of.
func dumpFailure(m message) error {
	errno := m.errno()
	switch {
	case m.flags&netlinkDumpIntr != 0:
		return ErrInterrupted
	case m.kind == unix.NLMSG_ERROR && errno == 0:
		return fmt.Errorf("%w: an acknowledgement for a dump", ErrMalformed)
	case m.kind == unix.NLMSG_ERROR, m.kind == unix.NLMSG_DONE && errno != 0:
		return answered(errno)
	}
	return nil
}

// answered is an error that the kernel answers with.
func answered(errno unix.Errno) error {
	if errors.Is(errno, unix.ENOENT) {
		return fmt.Errorf("%w: no inet_diag for TCP (CONFIG_INET_DIAG, module tcp_diag)", ErrUnsupported)
	}
	return fmt.Errorf("the kernel answers: %w", errno)
}

// sockets asks for one batch, and adds the answers to the reply.
func (t *Table) sockets(ids []ID, reply *Reply) error {
	messages := make([]netlink.Message, len(ids))
	first := t.seq + 1
	for i, id := range ids {
		t.seq++
		messages[i] = socketRequest(sockDiagByFamily, 0, id)
		messages[i].Header.Sequence = t.seq
	}
	if err := t.conn.Send(messages); err != nil {
		return err
	}
	at := Now() // the kernel has written all answers
	for missing := len(ids); missing > 0; {
		piece, err := t.receive(reply, at)
		if err != nil {
			return err
		}
		for len(piece) > 0 {
			var m message
			if m, piece, err = nextMessage(piece); err != nil {
				return err
			}
			if m.seq-first >= uint32(len(ids)) {
				return fmt.Errorf("%w: an answer to request %d", ErrMalformed, m.seq)
			}
			if m.kind == unix.NLMSG_ERROR {
				if _, err := parseError(m); err != nil {
					return err
				}
			}
			missing--
		}
	}
	return nil
}

// receive adds the kernel's next piece, which it wrote at the given moment, to
// the reply, and returns it.
func (t *Table) receive(reply *Reply, at track.Instant) ([]byte, error) {
	n, err := t.conn.Receive(reply.room())
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, ErrIncomplete
	}
	return reply.add(at, n).Raw, nil
}
