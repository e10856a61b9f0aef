package capture

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/tcpwatch/tcpwatch/internal/lab/labtest"
	"github.com/tcpwatch/tcpwatch/track"
)

// corpus returns the files of a folder of captures that are not part of the
// project.
func corpus(t testing.TB, folder string) []string {
	t.Helper()
	folder = labtest.Captures(t, folder)
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s: %v", folder, err)
	}
	return files
}

// digest is what both decoders tell of a segment.
type digest struct {
	Frame    uint64
	Src, Dst uint16
	Seq, Ack uint32
	Flags    track.Flags
	Window   uint16
	Len      uint32
	TSVal    uint32
	SACKs    int
}

// The segments that gopacket's layers find are those that we find.
func TestDecodeAsGopacket(t *testing.T) {
	total := 0
	for _, file := range corpus(t, "tcp") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r, err := Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var ours, theirs []digest
			for {
				var f Frame
				if err := r.Next(&f); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if f.Link == LinkNFLog { // gopacket knows none
					f.Link, f.Data = LinkRaw, nflogPayload(f.Data)
					f.Len = uint32(len(f.Data))
				}
				var seg track.Segment
				switch kind := Decode(&f, &seg, new(track.ICMP)); kind {
				case TCP:
					ours = append(ours, digest{f.Number, seg.Src.Port(), seg.Dst.Port(), seg.Seq, seg.Ack, seg.Flags, seg.Window, seg.Len, seg.TSVal, int(seg.NSACK)})
				case Undecodable:
					t.Errorf("frame %d is undecodable", f.Number)
				}
				if d, ok := digestOf(&f); ok {
					theirs = append(theirs, d)
				}
			}
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("%d segments, gopacket finds %d:\n%s", len(ours), len(theirs), diff)
			}
			total += len(ours)
		})
	}
	if t.Logf("%d segments", total); total == 0 {
		t.Error("no segments at all")
	}
}

// nflogPayload returns the packet of a netfilter log message, as libpcap's
// description of the format has it.
func nflogPayload(b []byte) []byte {
	const header, typePayload = 4, 9
	for b = b[header:]; len(b) >= 4; {
		n, kind := int(b[0])|int(b[1])<<8, int(b[2])|int(b[3])<<8
		if kind == typePayload {
			return b[4:n]
		}
		b = b[(n+3)&^3:]
	}
	return nil
}

// digestOf returns the innermost segment that gopacket finds in a frame.
func digestOf(f *Frame) (d digest, ok bool) {
	first := map[LinkType]gopacket.Decoder{LinkEthernet: layers.LayerTypeEthernet, LinkNull: layers.LayerTypeLoopback,
		LinkRaw: layers.LinkTypeRaw, LinkLinuxSLL: layers.LayerTypeLinuxSLL, LinkLinuxSLL2: layers.LayerTypeLinuxSLL2}[f.Link]
	var payload int // of IP
	for _, l := range gopacket.NewPacket(f.Data, first, gopacket.NoCopy).Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			payload = int(l.Length) - int(l.IHL)*4
			if l.FragOffset != 0 {
				return d, false
			}
		case *layers.IPv6:
			payload = int(l.Length)
		case *layers.TCP:
			ok = true
			d = digest{Frame: f.Number, Src: uint16(l.SrcPort), Dst: uint16(l.DstPort), Seq: l.Seq, Ack: l.Ack,
				Flags: track.Flags(l.Contents[13]), Window: l.Window, Len: uint32(payload - int(l.DataOffset)*4)}
			for _, o := range l.Options {
				switch o.OptionType {
				case layers.TCPOptionKindTimestamps:
					d.TSVal = be32(o.OptionData)
				case layers.TCPOptionKindSACK:
					d.SACKs += len(o.OptionData) / 8
				}
			}
		}
	}
	return d, ok
}

// Odd files must do no harm, and link types that are supported are decoded.
func TestDecodeOdd(t *testing.T) {
	kinds := map[Kind]int{}
	for _, folder := range []string{"odd", "kernel"} {
		for _, file := range corpus(t, folder) {
			r, err := Open(file)
			if err != nil {
				continue
			}
			undecodable := 0
			var f Frame
			for err = r.Next(&f); err == nil; err = r.Next(&f) {
				kind := Decode(&f, new(track.Segment), new(track.ICMP))
				kinds[kind]++
				if kind == Undecodable && f.Link.Supported() {
					undecodable++
				}
			}
			if undecodable > 0 {
				t.Logf("%s: %d of %d frames are undecodable", filepath.Base(file), undecodable, f.Number)
			}
			var damaged *FileError
			if err != io.EOF && !errors.As(err, &damaged) {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
			r.Close()
		}
	}
	if t.Logf("other, TCP, ICMP errors, undecodable: %v", kinds); kinds[TCP] == 0 {
		t.Errorf("found %v", kinds)
	}
}
