package stripes

import (
	"context"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
)

// What was erased is out of all files within 7 days: a purge is due a day after the first erasure since the last purge,
// so that there is at most one a day. The other days are for an engine that is not running, and for the purge itself.
const (
	purgeAfter = 24 * time.Hour
	purgeEvery = time.Hour // how often the background looks whether one is due
)

// purgeDue is when the next purge is due; Never when nothing was erased.
func (db *DB) purgeDue() carpel.Millis {
	n, ok := db.store.ErasureNote()
	if !ok {
		return carpel.Never
	}
	return n.Since + carpel.Millis(purgeAfter.Milliseconds())
}

// purges purges what is due, until the engine closes. It runs beside the background: compactions take minutes, and only
// the note at the end is written as the writer.
func (db *DB) purges() {
	defer db.done.Done()
	nap := time.NewTimer(0)
	defer nap.Stop()
	for {
		select {
		case <-db.ctx.Done():
			return
		case <-nap.C:
		}
		err := db.purge(db.ctx)
		switch {
		case db.ctx.Err() != nil:
			return
		case errors.Is(err, pebble.ErrCorruption):
			// Whoever reads the damaged table is told; the rest of the workspace goes on.
			db.options.Log.Error("what was erased is not purged from disk; it is tried again in an hour", "error", err)
		case err != nil:
			db.fail(err)
			return
		}
		nap.Reset(purgeEvery)
	}
}

// purge rewrites the files that may hold what was erased, when it is due.
func (db *DB) purge(ctx context.Context) error {
	began := carpel.MillisOf(db.options.Now())
	note, ok := db.store.ErasureNote()
	if !ok || began < db.purgeDue() {
		return nil
	}
	if err := db.store.Purge(ctx); err != nil {
		return err
	}
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	return db.store.Purged(note, began)
}
