package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
)

// acknowledged tells whether the log has lost what it had kept. Every batch carries a number, one higher than the one
// before, and once it is synced that number is written into a file beside the store, which is not synced: the process may
// be killed at any moment and the file holds the last number, at the price of one short write. After a power cut the file
// may be behind or gone, never ahead. A store that ends before the number in the file is refused.
//
// The file: the number (8 bytes, big-endian), its CRC-32C (4 bytes).
type acknowledged struct {
	file   vfs.File
	number uint64 // of the last synced batch
}

// acknowledgedFile is its name.
const acknowledgedFile = "ACKNOWLEDGED"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openAcknowledged reads the number that the store ends at, and refuses it if a later one was acknowledged.
func (s *Store) openAcknowledged(dir string) error {
	v, ok, err := s.get(metaKey("acknowledged"))
	if err != nil {
		return err
	}
	if ok && len(v) != 8 {
		return errors.New("read store: the number of its last batch is damaged")
	}
	if ok {
		s.acknowledged.number = binary.BigEndian.Uint64(v)
	}
	f, err := s.disk.OpenReadWrite(s.disk.PathJoin(dir, acknowledgedFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	s.acknowledged.file = f
	var b [12]byte
	if _, err := f.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("open store: %w", err)
	}
	// What does not fit its checksum was torn by a power cut, or damaged: it tells nothing.
	told := binary.BigEndian.Uint64(b[:])
	if crc32.Checksum(b[:8], castagnoli) == binary.BigEndian.Uint32(b[8:]) && told > s.acknowledged.number {
		return carpel.Errorf(carpel.CodeInternal, "%s has lost data: write %d was acknowledged, its log ends at %d; a log is damaged or gone: restore a backup", dir, told, s.acknowledged.number)
	}
	return s.acknowledged.write()
}

// write writes the number into the file.
func (a *acknowledged) write() error {
	b := binary.BigEndian.AppendUint64(nil, a.number)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := a.file.WriteAt(b, 0); err != nil {
		return fmt.Errorf("store: write what is acknowledged: %w", err)
	}
	return nil
}

// close closes the file, once.
func (a *acknowledged) close() error {
	f := a.file
	a.file = nil
	if f == nil {
		return nil
	}
	return f.Close()
}

// Sync commits a batch, durably. After an error the store may not be used any more.
func (s *Store) Sync(b *pebble.Batch) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.fatal.isDead() { // an earlier call may not have returned
		return s.fatal.err
	}
	next := s.acknowledged.number + 1
	if err := b.Set(metaKey("acknowledged"), binary.BigEndian.AppendUint64(nil, next), nil); err != nil {
		return err
	}
	return s.fatal.guard(func() error {
		if err := b.Commit(pebble.Sync); err != nil {
			return err
		}
		s.acknowledged.number = next
		return s.acknowledged.write()
	})
}
