package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcpwatch/tcpwatch/track"
)

// BlockTimeout is how long a frame may wait in the kernel for others before all
// are handed over. The kernel's own timer adds a few milliseconds.
const BlockTimeout = 20 * time.Millisecond

// blockDelay bounds how old a frame can be that has not been handed over while
// the source had nothing to give.
const blockDelay = 2 * BlockTimeout

// silence is how long a Read waits for the first frame. The kernel ends the wait
// when there is one.
const silence = 500 * time.Millisecond

// statsInterval is how often the counters are read.
const statsInterval = 100 * time.Millisecond

// loopback is Linux's name of the loopback interface of a network namespace.
const loopback = "lo"

// AnyInterface is the name of all interfaces together.
const AnyInterface = "any"

// LiveOptions say what to capture. The zero value captures all headers on all
// interfaces.
type LiveOptions struct {
	Interface   string // "": any
	Snaplen     int    // bytes of each frame, 0: 192
	Buffer      int    // KiB of the kernel's buffer, 0: 8192
	Promiscuous bool
	// Expression is what a frame must match, in pcap-filter(7). ICMP errors that
	// quote a segment pass in any case: see [Filter.AdmitsQuoted].
	Expression string
}

const (
	defaultSnaplen = 192
	maxSnaplen     = 262144 // libpcap's own limit
	defaultBuffer  = 8 << 10
)

// Live captures frames of an interface.
type Live struct {
	name    string
	index   uint32 // 0 for any
	snaplen int
	link    LinkType
	closing atomic.Bool
	waiting atomic.Bool // a Read waits for frames
	ready   *readiness

	mu     sync.Mutex // held while libpcap is at work
	pcap   *libpcap
	clock  clock
	number uint64
	more   bool      // the batch before was full
	read   time.Time // when the last batch was read
	stats  Stats
	last   [3]uint32 // libpcap's counters, as last read
	due    track.Instant
}

// OpenLive begins to capture. The interface is looked for in the network
// namespace of the calling thread, which must be locked if it has been switched
// to another one; the source itself may then be used on any thread.
func OpenLive(o LiveOptions) (*Live, error) {
	if o.Interface == "" {
		o.Interface = AnyInterface
	}
	if o.Snaplen <= 0 || o.Snaplen > maxSnaplen {
		o.Snaplen = defaultSnaplen
	}
	if o.Buffer <= 0 {
		o.Buffer = defaultBuffer
	}
	l, err := openLive(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Interface, err)
	}
	return l, nil
}

func openLive(o LiveOptions) (_ *Live, err error) {
	p, err := openLibpcap(o.Interface, o.Snaplen, o.Buffer, o.Promiscuous, BlockTimeout)
	switch {
	case errors.Is(err, errNoDevice):
		return nil, ErrNoInterface
	case errors.Is(err, errNotUp):
		return nil, ErrDown
	case errors.Is(err, errNotPermitted):
		if _, err := net.InterfaceByName(o.Interface); err != nil && o.Interface != AnyInterface {
			return nil, ErrNoInterface
		}
		return nil, permissionError()
	case err != nil:
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if !p.link.Supported() {
		return nil, fmt.Errorf("%w: %v", ErrLinkType, p.link)
	}
	l := &Live{name: o.Interface, snaplen: o.Snaplen, link: p.link, pcap: p}
	if l.name != AnyInterface {
		l.index, err = l.lookUp()
		if err != nil {
			return nil, err
		}
	}
	if l.name == loopback {
		// libpcap drops one of the two sightings of each packet there. Where the
		// kernel can, it does so before they take room and time.
		_ = unix.SetsockoptInt(p.fd(), unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	}
	if o.Expression != "" {
		if err := l.pcap.setFilter(o.Expression); err != nil {
			return nil, err
		}
		// Not every link type knows ICMP; then the expression alone must do.
		_ = l.pcap.setFilter(withICMP(o.Expression))
	}
	l.ready, err = newReadiness(p.fd())
	if err != nil {
		return nil, fmt.Errorf("wait for frames: %w", err)
	}
	return l, nil
}

// Link returns the link type of the frames.
func (l *Live) Link() LinkType { return l.link }

// Index returns the interface index of the frames, 0 for any.
func (l *Live) Index() uint32 { return l.index }

// Snaplen returns how many bytes of a frame are kept at most.
func (l *Live) Snaplen() int { return l.snaplen }

// Read waits for frames and fills the batch with what is there then, or after
// half a second with none; even so it tells how far time has got. It
// answers io.EOF once the source is closed, and [ErrDown] when the interface has
// gone away.
func (l *Live) Read(b *Batch) error {
	if l.closing.Load() { // not to wait for libpcap's closing, which takes a while
		return io.EOF
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing.Load() {
		return io.EOF
	}
	b.room(l.snaplen)
	if !l.more {
		if err := l.wait(); err != nil {
			return err
		}
	}
	if err := l.pcap.read(b); err != nil {
		if down := l.down(); down != nil {
			err = down
		}
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.more, l.read = b.full(), time.Now()
	if b.count == 0 {
		if err := l.down(); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	l.fill(b)
	return nil
}

// wait waits for frames: not before some may have gathered, for a wakeup for each
// block that fills up would cost more than its frames do.
func (l *Live) wait() error {
	l.waiting.Store(true)
	defer l.waiting.Store(false)
	if !l.ready.rest(BlockTimeout - time.Since(l.read)) {
		return io.EOF
	}
	if err := l.ready.wait(silence); err != nil {
		if l.closing.Load() {
			return io.EOF
		}
		return fmt.Errorf("%s: wait for frames: %w", l.name, err)
	}
	return nil
}

// Silent returns the moment up to which no frame is missing while a Read waits in
// vain: what had come by then would have ended the wait. It answers zero where no
// Read waits, and the batch it gives will tell. now is the present moment.
func (l *Live) Silent(now track.Instant) track.Instant {
	if !l.waiting.Load() {
		return 0
	}
	return now.Add(-blockDelay)
}

// fill makes frames of what libpcap gave.
func (l *Live) fill(b *Batch) {
	now := track.Instant(b.monotonic)
	b.Clock = track.ClockPair{}
	if l.clock.set(b.monotonic, b.wall) {
		b.Clock = track.ClockPair{At: now, Wall: b.wall}
	}
	b.Frames = b.Frames[:b.count]
	bytes := b.bytes
	for i, h := range b.headers[:b.count] {
		l.number++
		n := int(h.captured)
		b.Frames[i] = Frame{
			At: l.clock.at(int64(h.wall), now), Number: l.number, Link: l.link, Iface: l.index,
			Len: uint32(h.length), Data: bytes[:n:n],
		}
		bytes = bytes[n:]
	}
	b.Until = track.Instant(b.asked).Add(-blockDelay)
	if l.more {
		b.Until = b.Frames[b.count-1].At
	}
	if now >= l.due {
		l.due = now.Add(statsInterval)
		l.count()
	}
	b.Stats = l.stats
}

// count adds what libpcap's counters have grown by.
func (l *Live) count() {
	received, dropped, ifDropped, ok := l.pcap.counts()
	if !ok {
		return
	}
	l.stats.Received += uint64(received - l.last[0])
	l.stats.Dropped += uint64(dropped - l.last[1])
	l.stats.DroppedByInterface += uint64(ifDropped - l.last[2])
	l.last = [3]uint32{received, dropped, ifDropped}
}

// down returns an error that wraps ErrDown if the interface is not up any more.
func (l *Live) down() error {
	if l.name == AnyInterface {
		return nil
	}
	index, err := l.lookUp()
	if err == nil && index != l.index {
		return fmt.Errorf("%w: another one has its name", ErrDown)
	}
	return err
}

// lookUp returns the index of the interface if it is up, in the network
// namespace of the capture's socket.
func (l *Live) lookUp() (uint32, error) {
	r, err := unix.NewIfreq(l.name)
	if err != nil {
		return 0, ErrNoInterface
	}
	fd := l.pcap.fd()
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
		return 0, fmt.Errorf("%w: it is gone", ErrDown)
	}
	if r.Uint16()&unix.IFF_UP == 0 {
		return 0, ErrDown
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
		return 0, fmt.Errorf("%w: it is gone", ErrDown)
	}
	return r.Uint32(), nil
}

// Close ends the capture; a Read in progress returns at once. It may be called
// from any goroutine, and again.
func (l *Live) Close() error {
	if l.closing.Swap(true) {
		return nil
	}
	ended := l.ready.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pcap.close()
	return ended
}
