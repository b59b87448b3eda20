package stripes

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// members are the people of one stripe who are in a segment, and when each came in.
//
//	mask:32 (four words, little endian)  base:varint (the earliest entry)  { entry - base : uvarint } per member, by slot
//
// Nobody is no key.
type members struct {
	mask    block.Mask
	entered [block.Width]carpel.Millis // valid where mask is
}

func (m *members) encode() []byte {
	b := make([]byte, 0, 48+3*m.mask.Count())
	for _, w := range m.mask {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	base := carpel.Never
	for slot := range m.mask.Slots {
		base = min(base, m.entered[slot])
	}
	b = binary.AppendVarint(b, int64(base))
	for slot := range m.mask.Slots {
		b = binary.AppendUvarint(b, uint64(m.entered[slot]-base))
	}
	return b
}

var errMembers = errors.New("read members: a damaged entry")

// decodeMask reads only who the members are.
func decodeMask(b []byte) (m block.Mask, err error) {
	if len(b) < 33 {
		return m, errMembers
	}
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return m, nil
}

func decodeMembers(b []byte) (*members, error) {
	mask, err := decodeMask(b)
	if err != nil {
		return nil, err
	}
	m := &members{mask: mask}
	b = b[32:]
	base, n := binary.Varint(b)
	if n <= 0 {
		return nil, errMembers
	}
	b = b[n:]
	for slot := range mask.Slots {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errMembers
		}
		m.entered[slot], b = carpel.Millis(base)+carpel.Millis(d), b[n:]
	}
	return m, nil
}

// readMembers reads the members of a segment in a stripe; never nil without an error.
func (db *DB) readMembers(number, stripe uint32) (*members, error) {
	v, closer, err := db.store.DB().Get(membersKey(number, stripe))
	if errors.Is(err, pebble.ErrNotFound) {
		return &members{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	m, err := decodeMembers(v)
	return m, errors.Join(err, closer.Close())
}

// syncedMembers is readMembers for readers, who must not see what is not synced yet.
func (db *DB) syncedMembers(number, stripe uint32) (m *members, err error) {
	err = db.store.View(func() error {
		m, err = db.readMembers(number, stripe)
		return err
	})
	return m, err
}

// write puts the members of a segment in a stripe into a batch.
func (m *members) write(b *pebble.Batch, number, stripe uint32) error {
	if m.mask.IsEmpty() {
		return b.Delete(membersKey(number, stripe), nil)
	}
	return b.Set(membersKey(number, stripe), m.encode(), nil)
}
