package lab_test

import (
	"io"
	"net"
	"testing"

	"github.com/tcpwatch/tcpwatch/internal/lab"
	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

func TestTraceTellsEachRetransmissionAndTheDeath(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, lab.Options{})
	trace, err := lab.OpenTrace()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := trace.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := l.A.SetSysctl("net.ipv4.tcp_retries2", 1); err != nil {
		t.Fatal(err)
	}
	a, _ := connect(t, l, l.B.Addr)
	if err := l.Cut(lab.Cut{}); err != nil {
		t.Fatal(err)
	}
	began := lab.Now()
	n := counted(t, l.A, func() {
		if _, err := io.WriteString(a, "unheard"); err != nil {
			t.Fatal(err)
		}
		if _, err := lab.AwaitDeath(bounded(t), a); err != nil {
			t.Fatal(err)
		}
	})
	told := lab.Now()

	local := a.LocalAddr().(*net.TCPAddr).AddrPort()
	remote := a.RemoteAddr().(*net.TCPAddr).AddrPort()
	var retransmitted uint64
	for {
		e, err := trace.Next(bounded(t))
		if err != nil {
			t.Fatal(err)
		}
		if e.Local != local || e.Remote != remote || e.At < began-1000 { // the trace is cut to microseconds
			continue
		}
		if e.At > told {
			t.Errorf("came at %v, after its news at %v", e.At.Sub(began), told.Sub(began))
		}
		if e.Kind == lab.TraceRetransmit {
			retransmitted++
		}
		if e.Kind == lab.TraceState && e.State == track.Close {
			t.Logf("dead after %v, known %v later", e.At.Sub(began), told.Sub(e.At))
			break
		}
	}
	if retransmitted == 0 || retransmitted != n["RetransSegs"] {
		t.Errorf("%d retransmissions traced, the kernel counted %v", retransmitted, n)
	}
}
