// Package store keeps the people of one workspace and their data in Pebble, a stripe at a time, and resolves what
// arrives: identity, repeats, the order of attribute changes, moves between people. It evaluates nothing and knows
// no segment.
//
// One writer at a time holds a [Tx]. A transaction reads its own writes through [Tx.Stripe]; nobody else sees them
// before [Tx.Commit] has synced. Readers use [Store.Stripe] and never wait for the writer's computation, only for the
// moment of a sync when they read something that is not in memory.
//
// Keys whose first byte is 0x80 or more belong to the engine above (memberships, feed, timers, definitions); the
// store only carries them in its batches.
package store

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Options says how to open a store. The zero value is valid.
type Options struct {
	FS     vfs.FS         // default: the disk
	Cache  *pebble.Cache  // shared between workspaces; default: one of 64 MiB of its own
	Budget *Budget        // of what is held in memory, shared between workspaces; default: one of 512 MiB of its own
	Rand   io.Reader      // of person keys; default crypto/rand
	Zone   *time.Location // of bare dates in created_at; default UTC
	// Fatal is told the first error after which Pebble cannot go on; it must not call the store. Default: nothing.
	Fatal func(error)

	// The sizes at which blocks are split, for tests; see split.go.
	SplitRows int // default 512
	HeavyRows int // default 4096

	MemTableBytes int64 // of one table in memory; default 16 MiB

	KeepFollowed int64 // items that are kept unread; default 10 million
}

func (o *Options) ensureDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Budget == nil {
		o.Budget = NewBudget(512 << 20)
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.SplitRows == 0 {
		o.SplitRows = 512
	}
	if o.HeavyRows == 0 {
		o.HeavyRows = 4096
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 16 << 20
	}
	if o.KeepFollowed == 0 {
		o.KeepFollowed = keepFollowed
	}
}

// Store is open for one workspace. Safe for concurrent use, but for the single writer's [Tx].
type Store struct {
	options      Options
	db           *pebble.DB
	cache        *cache
	names        *names
	stats        *allStats
	hashKey      []byte
	recent       recent                           // the writer's
	waitingSizes generations[string, waitingSize] // of the anonymous ids that were asked for last, as committed; the writer's
	messages     messageFilter                    // the writer's
	fatal        *fatal
	disk         *disk
	syncing      sync.Mutex   // held while a batch syncs
	acknowledged acknowledged // guarded by syncing

	following  atomic.Pointer[following]   // nil: nothing is followed
	followRead atomic.Pointer[FollowPlace] // up to where the reader has it
	followKept []followKept                // by batch; the writer's
	followSize followKept                  // of all of it together; the writer's

	erasures atomic.Pointer[ErasureNote] // as committed; nil: nothing was erased since the last purge

	// visible is held by the writer while a batch syncs and is installed, and by readers while they load what is not
	// in memory: what is not synced is never seen.
	visible sync.RWMutex
	meta    atomic.Pointer[meta] // as committed
}

// meta is what the store knows of itself, written with every batch.
type meta struct {
	NextOrdinal uint32
	Seq         uint64
	People      int64 // identified people now
	Waiting     int64 // items that wait under anonymous ids
	Events      int64 // rows of events, pages, screens and messages
	Arrival     uint64
	JournalFrom uint64 // the oldest batch whose journal is kept
	Journalled  uint64 // items that all batches put into the journal
	Suppressed  int64  // suppressed ids and emails
}

// formatVersion is the layout of keys and blocks. A store of a later one is refused, one of format 1 is brought to it.
const formatVersion = 2

// Open opens or creates the store in dir.
func Open(dir string, o Options) (s *Store, err error) {
	o.ensureDefaults()
	decoded := newCache(o.Budget)
	s = &Store{options: o, cache: decoded, fatal: newFatal(o.Fatal), disk: &disk{FS: o.FS}}
	defer func() {
		if err != nil {
			o.Budget.leave(decoded)
		}
	}()
	if !hasFormat(o.FS, dir) {
		// A new store is closed and opened again: only then is its log of the newest format, in which a flipped bit is
		// found. A store without the marker of that format counts as new.
		if err := s.openPebble(dir); err != nil {
			return nil, err
		}
		if err := s.fatal.guard(s.db.Close); err != nil {
			return nil, fmt.Errorf("create store: %w", err)
		}
	}
	if err := s.checkLogs(dir); err != nil {
		return nil, err
	}
	if err := s.openPebble(dir); err != nil {
		return nil, err
	}
	err = s.openAcknowledged(dir)
	if err == nil {
		err = s.load()
	}
	if err != nil {
		s.stopMessages()
		return nil, errors.Join(err, s.acknowledged.close(), s.fatal.guard(s.db.Close))
	}
	return s, nil
}

// hasFormat reports whether dir holds a store that was opened with a format before.
func hasFormat(fs vfs.FS, dir string) bool {
	names, err := fs.List(dir)
	return err == nil && slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "marker.format-version.") })
}

// memTables is how many tables in memory there may be before writes wait.
const memTables = 4

// blockBytes is the size of Pebble's blocks. Twice its default takes 2 % less disk, and no more time to scan.
const blockBytes = 8 << 10

// compression is MinLZ at every level, also where it saves little. Zstd at the lowest would take another tenth off, but
// Pebble makes a decoder for each block when it is built without cgo: a cold read took four times as long.
func compression() pebble.DBCompressionSettings {
	p := *pebble.DBCompressionFastest.Levels[0]
	p.MinReductionPercent = 2
	return pebble.UniformDBCompressionSettings(&p)
}

func (s *Store) openPebble(dir string) error {
	o := &pebble.Options{
		FS: s.disk, Cache: s.options.Cache, Merger: merger(), FormatMajorVersion: pebble.FormatNewest, Logger: s.fatal, EventListener: s.fatal.events(),
		MemTableSize: uint64(s.options.MemTableBytes), MemTableStopWritesThreshold: memTables, CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		L0CompactionThreshold: 4,
		MaxManifestFileSize:   1 << 20, // it holds the first and last key of every table: what was erased is not to stay in it
	}
	if s.options.Cache == nil {
		o.Cache = pebble.NewCache(64 << 20)
		defer o.Cache.Unref()
	}
	o.ApplyCompressionSettings(compression)
	for i := range o.Levels {
		o.Levels[i].BlockSize = blockBytes
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	o.Levels[len(o.Levels)-1].FilterPolicy = pebble.NoFilterPolicy // Pebble's Get does not look at the lowest level's
	var db *pebble.DB
	err := s.fatal.guard(func() (err error) {
		db, err = pebble.Open(dir, o)
		return err
	})
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	s.db = db
	return nil
}

// load reads what the store keeps in memory.
func (s *Store) load() error {
	version, ok, err := s.get(metaKey("version"))
	if err != nil {
		return err
	}
	if !ok {
		return s.create()
	}
	if len(version) != 4 {
		return errors.New("read store: its version is damaged")
	}
	switch v := binary.BigEndian.Uint32(version); {
	case v > formatVersion:
		return carpel.Errorf(carpel.CodeConflict, "the data were written by a newer carpel (format %d, this one knows %d): use that one", v, formatVersion)
	case v < 2:
		if err := s.packMessages(); err != nil {
			return err
		}
	}
	if s.hashKey, _, err = s.get(metaKey("hash")); err != nil {
		return err
	}
	m, ok, err := s.get(metaKey("state"))
	if err != nil {
		return err
	}
	state := &meta{}
	if ok {
		if state, err = decodeMeta(m); err != nil {
			return err
		}
	}
	s.meta.Store(state)
	if s.names, err = s.loadNames(); err != nil {
		return err
	}
	return errors.Join(s.loadStats(), s.loadErasureNote(), s.loadFollowing(), s.fill(state.Events+state.People))
}

func (s *Store) create() error {
	s.hashKey = make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, s.hashKey); err != nil {
		return err
	}
	b := s.db.NewBatch()
	defer b.Close()
	err := errors.Join(b.Set(metaKey("hash"), s.hashKey, nil), b.Set(metaKey("version"), binary.BigEndian.AppendUint32(nil, formatVersion), nil), s.Sync(b))
	if err != nil {
		return fmt.Errorf("create store: %w", err)
	}
	s.meta.Store(&meta{JournalFrom: 1})
	if s.names, err = s.loadNames(); err != nil {
		return err
	}
	return errors.Join(s.loadStats(), s.fill(0))
}

// get returns a copy of a key's value.
func (s *Store) get(key []byte) ([]byte, bool, error) {
	v, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read store: %w", err)
	}
	v = append([]byte{}, v...)
	return v, true, closer.Close()
}

// has reports whether a key is there.
func (s *Store) has(key []byte) (bool, error) {
	_, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read store: %w", err)
	}
	return true, closer.Close()
}

// scan calls fn for every key that begins with prefix, in order. Key and value are valid only during the call.
func (s *Store) scan(prefix []byte, fn func(key, value []byte) error) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: successor(prefix)})
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	for it.First(); it.Valid(); it.Next() {
		v, err := it.ValueAndErr()
		if err == nil {
			err = fn(it.Key(), v)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
	}
	return it.Close()
}

// Close ends the store. Nothing may be under way.
func (s *Store) Close() error {
	s.options.Budget.leave(s.cache)
	s.stopMessages()
	if s.fatal.isDead() {
		return s.fatal.err // Pebble may not be called any more, not even to close
	}
	b := s.db.NewBatch()
	s.stats.written = 0
	err := errors.Join(s.writeStats(b, statsEvery), s.Sync(b), b.Close())
	if err = errors.Join(err, s.acknowledged.close(), s.fatal.guard(s.db.Close)); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// DB is the store's Pebble, for the engine's own keys.
func (s *Store) DB() *pebble.DB { return s.db }

// Stripes returns how many stripes there are: people have ordinals below Stripes()*block.Width.
func (s *Store) Stripes() uint32 { return stripesOf(s.meta.Load().NextOrdinal) }

func stripesOf(people uint32) uint32 { return (people + block.Width - 1) / block.Width }

// Seq returns the sequence number of the last committed batch.
func (s *Store) Seq() uint64 { return s.meta.Load().Seq }

// Counts returns how many people there are, how many items wait under anonymous ids, and how many events are stored.
func (s *Store) Counts() (people, waiting, events int64) {
	m := s.meta.Load()
	return m.People, m.Waiting, m.Events
}

// CacheBytes returns the size of the decoded data in memory.
func (s *Store) CacheBytes() int64 { return s.cache.bytes.Load() }

// View calls read with a consistent state of everything committed, held off from commits while it runs: short reads
// only.
func (s *Store) View(read func() error) error {
	s.visible.RLock()
	defer s.visible.RUnlock()
	return read()
}

// Resolve finds the person a reference means, as committed.
func (s *Store) Resolve(ref carpel.PersonRef) (ordinal uint32, ok bool, err error) {
	s.visible.RLock()
	defer s.visible.RUnlock()
	return s.resolve(ref)
}

// resolve is Resolve for whoever holds visible.
func (s *Store) resolve(ref carpel.PersonRef) (uint32, bool, error) {
	kind, text := refKey(ref)
	if kind == 0 {
		return 0, false, nil
	}
	v, ok, err := s.get(identityKey(kind, text))
	if err != nil || !ok {
		return 0, false, err
	}
	n, err := decodeOrdinal(v)
	return n, err == nil, err
}

// decodeOrdinal reads whom an identity means.
func decodeOrdinal(v []byte) (uint32, error) {
	if len(v) != 4 {
		return 0, errors.New("read store: a damaged identity")
	}
	return binary.BigEndian.Uint32(v), nil
}

// refKey returns the identity that a reference goes by: of key, user id, email and anonymous id the first that is set.
func refKey(ref carpel.PersonRef) (kind byte, text string) {
	switch {
	case ref.Key != "":
		return 'k', ref.Key
	case ref.UserID != "":
		return 'u', ref.UserID
	case ref.Email != "":
		return 'e', carpel.Fold(ref.Email)
	case ref.Token != "":
		return 'd', ref.Token
	case ref.AnonymousID != "":
		return 'a', ref.AnonymousID
	}
	return 0, ""
}

func encodeMeta(m *meta) []byte {
	var b []byte
	for _, n := range []uint64{uint64(m.NextOrdinal), m.Seq, uint64(m.People), uint64(m.Waiting), uint64(m.Events), m.Arrival, m.JournalFrom, m.Journalled, uint64(m.Suppressed)} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func decodeMeta(b []byte) (*meta, error) {
	var n [9]uint64
	for i := range n {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return nil, errors.New("read store: its state is damaged")
		}
		n[i], b = v, b[size:]
	}
	return &meta{uint32(n[0]), n[1], int64(n[2]), int64(n[3]), int64(n[4]), n[5], n[6], n[7], int64(n[8])}, nil
}
