// Package stripes is the embedded engine: one workspace's people, their data and their memberships, on Pebble, in
// stripes of 256 people.
//
// The way of the data, all of it in one step of the one writer (see [DB.Commit] and round.go):
//
//	items ─ store.Tx resolves and writes ─ what was touched, and what is due by time, is evaluated at one moment ─
//	memberships, timers and the feed go into the same batch ─ one sync ─ readers see all of it
//
// Because evaluation is part of the commit, memberships are exact for the last committed batch: there is no cursor
// between the two that could be behind, and nothing to catch up with after a crash. What is kept in memory beside the
// store (masks of members, states of the evaluator, timers) is derived and rebuilt at the start or when it is needed.
//
// Packages below: block knows columns and bytes, store keeps and resolves, eval answers conditions over a stripe.
// This package joins them and owns the segments.
package stripes

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// Options says how to open an engine. The zero value is valid.
type Options struct {
	FS         vfs.FS           // default: the disk
	Cache      *pebble.Cache    // shared between workspaces; default: one of its own
	Budget     *Budget          // of the decoded data and the evaluator's states, shared between workspaces; default: one of 512 MiB of its own
	StateBytes int64            // bound of the evaluator's states, of this workspace alone; default: a quarter of its share of the budget
	Zone       *time.Location   // of the workspace; default UTC
	Now        func() time.Time // default time.Now
	Log        *slog.Logger     // default: none
	// Fatal is told the first error after which the engine cannot go on: what was acknowledged is safe, and the process
	// must end and open it again. It must not call the engine. Default: nothing; every later call fails.
	Fatal func(error)
	// Manual does no work in the background: time passes only in Commit and Advance, and a build runs inside Define. For
	// tests, which decide when what happens.
	Manual bool
	// SplitRows and HeavyRows are the sizes at which blocks are split, MemTableBytes is that at which a table in memory is
	// written out; see [store.Options].
	SplitRows, HeavyRows int
	MemTableBytes        int64
}

func (o *Options) ensureDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Budget == nil {
		o.Budget = NewBudget(512 << 20)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fatal == nil {
		o.Fatal = func(error) {}
	}
}

// stateBytes is the bound of the evaluator's states.
func (o *Options) stateBytes() int64 { return cmp.Or(o.StateBytes, o.Budget.Share()/4) }

// Budget bounds what several engines hold in memory; see [store.Budget].
type Budget = store.Budget

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget { return store.NewBudget(bytes) }

// DB is one workspace's engine, open. Safe for concurrent use.
type DB struct {
	options Options
	store   *store.Store
	epoch   string // of the feed; new after each restore

	// writing holds a token: whoever has taken it out is the writer.
	writing chan struct{}
	queue   queue
	live    live // the writer's

	view     view // what readers see
	location atomic.Pointer[time.Location]
	program  atomic.Pointer[eval.Program] // of live, for whoever is not the writer

	readers gate
	closing sync.Once
	closed  error // what closing came to

	rate   rate
	ctx    context.Context // ends when the engine closes
	cancel context.CancelFunc
	done   sync.WaitGroup // background work
	wake   chan struct{}  // tells the background that there is something to build or an earlier timer
	failed atomic.Pointer[error]
}

var _ engine.Engine = (*DB)(nil)

// RestoredMarker is a file that a restore leaves in an engine's directory: the next Open begins a new epoch, so that
// cursors from before are refused, and removes it.
const RestoredMarker = "RESTORED"

// Open opens or creates the engine in dir. Builds that were under way go on.
func Open(dir string, o Options) (*DB, error) {
	o.ensureDefaults()
	db := &DB{options: o, writing: make(chan struct{}, 1), wake: make(chan struct{}, 1), live: live{budget: o.Budget}}
	s, err := store.Open(dir, store.Options{FS: o.FS, Cache: o.Cache, Budget: o.Budget, Zone: o.Zone, SplitRows: o.SplitRows, HeavyRows: o.HeavyRows, MemTableBytes: o.MemTableBytes,
		Fatal: func(err error) { _ = db.fail(err) }})
	if err != nil {
		return nil, err
	}
	db.store = s
	db.ctx, db.cancel = context.WithCancel(context.Background())
	db.view.changed = make(chan struct{})
	db.location.Store(o.Zone)
	if err := db.load(dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	db.rate.begin(db.now())
	db.writing <- struct{}{}
	if !o.Manual {
		db.done.Add(2)
		go db.background()
		go db.purges()
	}
	return db, nil
}

// load reads what is kept in memory.
func (db *DB) load(dir string) error {
	now, _, err := db.getNumber(keyNow)
	if err != nil {
		return err
	}
	if err := db.loadEpoch(dir); err != nil {
		return err
	}
	if err := db.loadSegments(); err != nil {
		return err
	}
	if err := db.loadTimers(); err != nil {
		return err
	}
	if err := db.loadFeed(); err != nil {
		return err
	}
	numbers, _, err := db.getNumber(keyNext)
	if err != nil {
		return err
	}
	db.live.now, db.live.numbers = carpel.Millis(now), uint32(numbers)
	db.view.position = engine.Position{Seq: db.store.Seq(), Now: min(db.live.now, db.live.timers.next()-1)}
	if err := db.loadZone(); err != nil {
		return err
	}
	return db.live.compile(db)
}

// loadZone marks everything to be evaluated anew when the zone is not the one it was evaluated in.
func (db *DB) loadZone() error {
	zone := db.options.Zone
	have, closer, err := db.store.DB().Get([]byte{keyZone})
	if err == nil {
		same := string(have) == zone.String()
		if err := closer.Close(); err != nil || same {
			return err
		}
	} else if !errors.Is(err, pebble.ErrNotFound) {
		return fmt.Errorf("read zone: %w", err)
	}
	b := db.store.DB().NewBatch()
	defer b.Close()
	if err := errors.Join(db.rezone(b, zone), db.store.Sync(b)); err != nil {
		return fmt.Errorf("set the zone: %w", err)
	}
	for _, s := range db.view.byID {
		s.Rebuild = s.rebuilt()
	}
	return nil
}

func (db *DB) loadEpoch(dir string) error {
	marker := db.options.FS.PathJoin(dir, RestoredMarker)
	_, restored := db.options.FS.Stat(marker)
	epoch, closer, err := db.store.DB().Get([]byte{keyEpoch})
	if err == nil {
		db.epoch = hex.EncodeToString(epoch)
		if err := closer.Close(); err != nil {
			return err
		}
		if errors.Is(restored, os.ErrNotExist) {
			return nil
		}
	} else if !errors.Is(err, pebble.ErrNotFound) {
		return fmt.Errorf("read epoch: %w", err)
	}
	fresh := make([]byte, 8)
	if _, err := rand.Read(fresh); err != nil {
		return err
	}
	if err := db.set([]byte{keyEpoch}, fresh); err != nil {
		return fmt.Errorf("begin epoch: %w", err)
	}
	db.epoch = hex.EncodeToString(fresh)
	if restored == nil {
		return db.options.FS.Remove(marker)
	}
	return nil
}

// fail notes that the engine cannot go on.
func (db *DB) fail(err error) error {
	if db.failed.CompareAndSwap(nil, &err) {
		db.options.Log.Error("engine stopped", "error", err)
		db.options.Fatal(err)
	}
	return err
}

// usable returns why the engine cannot be used any more.
func (db *DB) usable() error {
	if err := db.failed.Load(); err != nil {
		return fmt.Errorf("the engine has stopped: %w", *err)
	}
	if db.ctx.Err() != nil {
		return carpel.Errorf(carpel.CodeOverloaded, "the engine is closed")
	}
	return nil
}

// lock makes the caller the writer; unlock ends that.
func (db *DB) lock(ctx context.Context) error {
	select {
	case _, open := <-db.writing:
		if !open {
			return db.usable()
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := db.usable(); err != nil {
		db.unlock()
		return err
	}
	return nil
}

func (db *DB) unlock() { db.writing <- struct{}{} }

// now is the moment at which a reader's question is answered: the clock, but never before what was evaluated already.
func (db *DB) now() carpel.Millis { return max(carpel.MillisOf(db.options.Now()), db.Position().Now) }

// Position is the point up to which memberships are exact.
func (db *DB) Position() engine.Position {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	return db.view.position
}

// Watch returns a channel that is closed at the next commit or evaluation.
func (db *DB) Watch() <-chan struct{} {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	return db.view.changed
}

// Close ends the engine. It waits for the calls under way.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.cancel()
		db.done.Wait()
		<-db.writing // no writer from here on: the token is not given back
		close(db.writing)
		db.readers.shut()
		db.live.dropAll()
		if db.failed.Load() == nil {
			db.closed = db.writeNow() // time never goes back, also over a restart
		}
		db.closed = errors.Join(db.closed, db.store.Close())
	})
	return db.closed
}

// set writes one of the engine's own keys, durably.
func (db *DB) set(key, value []byte) error {
	b := db.store.DB().NewBatch()
	defer b.Close()
	return errors.Join(b.Set(key, value, nil), db.store.Sync(b))
}

// writeNow makes the engine's time durable. The writer's.
func (db *DB) writeNow() error {
	now := binary.BigEndian.AppendUint64(nil, uint64(db.live.now))
	if err := db.set([]byte{keyNow}, now); err != nil {
		return db.fail(fmt.Errorf("write the time: %w", err))
	}
	return nil
}

// Checkpoint writes a consistent copy into dir, which must not exist.
func (db *DB) Checkpoint(ctx context.Context, dir string) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	if err := db.store.DB().Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("copy engine: %w", err)
	}
	return nil
}
