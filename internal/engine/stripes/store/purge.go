package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/carpel/carpel"
)

// An erasure takes a person out of every answer at once, and out of the files only when the tables that hold older
// versions are rewritten. The batch of an erasure leaves a note; whoever runs the store calls [Store.Purge] when the
// note is old enough, and [Store.Purged] when that went well.

// ErasureNote says that something erased may still be in files.
type ErasureNote struct {
	Since carpel.Millis // the oldest such erasure
	Seq   uint64        // of the batch with the newest one
}

// ErasureNote returns the note, as committed; false when nothing was erased since the last purge.
func (s *Store) ErasureNote() (ErasureNote, bool) {
	n := s.erasures.Load()
	if n == nil {
		return ErasureNote{}, false
	}
	return *n, true
}

func (s *Store) loadErasureNote() error {
	v, ok, err := s.get(metaKey("erased"))
	if err != nil || !ok {
		return err
	}
	if len(v) != 16 {
		return errors.New("read store: the note of erasures is damaged")
	}
	s.erasures.Store(&ErasureNote{carpel.Millis(binary.BigEndian.Uint64(v)), binary.BigEndian.Uint64(v[8:])})
	return nil
}

func (n *ErasureNote) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(n.Since)), n.Seq)
}

// noteErasure puts the note of an erasure of this transaction into the batch.
func (t *Tx) noteErasure() error {
	if !t.erased {
		return nil
	}
	t.erasure = &ErasureNote{t.now, t.meta.Seq}
	if have, ok := t.store.ErasureNote(); ok {
		t.erasure.Since = have.Since
	}
	return t.batch.Set(metaKey("erased"), t.erasure.encode(), nil)
}

// personal are the ranges of keys whose keys or values may hold something of a person: blocks, identities, journal, names
// of pages and links, people, statistics and what waits. Message ids and suppressions are keyed hashes.
var personal = [...][2]byte{{keyBlock, keyBlock}, {keyFollow, keyFollow}, {keyIdentity, keyJournal}, {keyName, keyPerson}, {keyStats, keyStats}, {keyWaiting, keyWaiting}}

// purgeBytes is about how much of the tables one compaction of a purge rewrites: it bounds for how long others wait for
// their turn, and the room it takes.
const purgeBytes = 64 << 20

// maxLogs is how many logs Pebble keeps for reuse, and one more, which is in use.
const maxLogs = memTables + 2

// Purge rewrites every file that may hold what was erased before the call: tables piece by piece, beside reads and
// writes, then the logs. It needs no transaction and may run beside one. It stops when ctx ends, with its error; what is
// done then is not done again.
func (s *Store) Purge(ctx context.Context) error {
	err := s.fatal.guard(s.db.Flush)
	for _, r := range personal {
		if err == nil {
			err = s.compact(ctx, []byte{r[0]}, []byte{r[1] + 1})
		}
	}
	// A log that is used again keeps its old bytes behind the new ones: those are dropped instead, one at each flush.
	s.disk.drop.Store(true)
	defer s.disk.drop.Store(false)
	for range maxLogs {
		if err == nil {
			err = errors.Join(ctx.Err(), s.fatal.guard(s.db.Flush))
		}
	}
	if err != nil {
		return fmt.Errorf("purge what was erased: %w", err)
	}
	return nil
}

// Purged ends a purge that began when the note was n, at the moment now: the note goes, unless somebody was erased
// since. The caller holds off transactions.
func (s *Store) Purged(n ErasureNote, now carpel.Millis) error {
	have, ok := s.ErasureNote()
	if !ok {
		return nil
	}
	b := s.db.NewBatch()
	defer b.Close()
	if have.Seq == n.Seq {
		if err := errors.Join(b.Delete(metaKey("erased"), nil), s.Sync(b)); err != nil {
			return fmt.Errorf("end a purge: %w", err)
		}
		s.erasures.Store(nil)
		return nil
	}
	left := &ErasureNote{now, have.Seq}
	if err := errors.Join(b.Set(metaKey("erased"), left.encode(), nil), s.Sync(b)); err != nil {
		return fmt.Errorf("end a purge: %w", err)
	}
	s.erasures.Store(left)
	return nil
}

// compact rewrites what lies from lower on and below upper.
func (s *Store) compact(ctx context.Context, lower, upper []byte) error {
	cuts, err := s.cuts(lower, upper)
	for i := 1; i < len(cuts) && err == nil; i++ {
		if err = ctx.Err(); err == nil {
			err = s.fatal.guard(func() error { return s.db.Compact(ctx, cuts[i-1], cuts[i], false) })
		}
	}
	return err
}

// cuts returns keys, lower first and upper last, between which there are about purgeBytes of tables.
func (s *Store) cuts(lower, upper []byte) ([][]byte, error) {
	levels, err := s.db.SSTables()
	if err != nil {
		return nil, err
	}
	type table struct {
		first []byte
		size  uint64
	}
	var tables []table
	for _, level := range levels {
		for _, t := range level {
			if first := t.Smallest.UserKey; bytes.Compare(first, lower) > 0 && bytes.Compare(first, upper) < 0 {
				tables = append(tables, table{slices.Clone(first), t.Size})
			}
		}
	}
	slices.SortFunc(tables, func(a, b table) int { return bytes.Compare(a.first, b.first) })
	cuts, size := [][]byte{lower}, uint64(0)
	for _, t := range tables {
		if size >= purgeBytes && bytes.Compare(t.first, cuts[len(cuts)-1]) > 0 {
			cuts, size = append(cuts, t.first), 0
		}
		size += t.size
	}
	return append(cuts, upper), nil
}
