package session

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/tcpwatch/tcpwatch/track"
)

// Reply is an answer of the kernel's socket table as it came: netlink messages,
// and what has to be known of them to read them again.
type Reply struct {
	Began, Ended track.Instant
	Changes      bool     `json:",omitempty"` // a whole walk: sockets that are not in it were as before, but for the missed
	Missed       []uint64 `json:",omitempty"` // cookies of those that the walk did not meet, in ascending order
	Absent       []uint64 `json:",omitempty"` // cookies asked for by name, and no longer there
	Elsewhere    []uint64 `json:",omitempty"` // cookies of sockets whose packets leave by another interface
	Chunks       []Chunk  `json:",omitempty"` // when the pieces of Raw were written
	Raw          []byte   `json:"-"`
}

// Chunk is a piece of a reply, which starts where the one before ends.
type Chunk struct {
	At  track.Instant
	End int // offset in Raw
}

// Record returns the record of r: the length of the JSON in 32 bits, the JSON,
// and the raw bytes.
func (r *Reply) Record() (Record, error) {
	head, err := json.Marshal(r)
	if err != nil {
		return Record{}, fmt.Errorf("encode reply: %w", err)
	}
	data := make([]byte, 0, 4+len(head)+len(r.Raw))
	data = binary.LittleEndian.AppendUint32(data, uint32(len(head)))
	data = append(append(data, head...), r.Raw...)
	return Record{Kind: KindReply, At: r.Ended, Data: data}, nil
}

// Reply returns the reply that a record holds. Raw shares the record's memory.
func (r Record) Reply() (*Reply, error) {
	if r.Kind != KindReply {
		return nil, fmt.Errorf("decode reply: record of kind %d", r.Kind)
	}
	if len(r.Data) < 4 {
		return nil, fmt.Errorf("decode reply: %d bytes are too short", len(r.Data))
	}
	n, rest := binary.LittleEndian.Uint32(r.Data), r.Data[4:]
	if uint64(n) > uint64(len(rest)) {
		return nil, fmt.Errorf("decode reply: a head of %d bytes has only %d", n, len(rest))
	}
	reply := new(Reply)
	if err := json.Unmarshal(rest[:n], reply); err != nil {
		return nil, fmt.Errorf("decode reply: %w", err)
	}
	reply.Raw = rest[n:]
	end := 0
	for _, c := range reply.Chunks {
		if c.End < end || c.End > len(reply.Raw) {
			return nil, fmt.Errorf("decode reply: a piece ends at byte %d, after byte %d of %d", c.End, end, len(reply.Raw))
		}
		end = c.End
	}
	return reply, nil
}
