package stripes

import "github.com/carpel/carpel"

// Flush writes what is in memory to tables.
func (db *DB) Flush() error { return db.store.DB().Flush() }

// Compact rewrites all tables, so that what was deleted is gone from them.
func (db *DB) Compact() error {
	if err := db.Flush(); err != nil {
		return err
	}
	return db.store.DB().Compact(db.ctx, []byte{0}, []byte{0xff, 0xff}, false)
}

// Waiting returns how many commits wait for the writer.
func (db *DB) Waiting() int {
	db.queue.mu.Lock()
	defer db.queue.mu.Unlock()
	return len(db.queue.waiting)
}

// Timers returns how many entries the heap of timers holds.
func (db *DB) Timers() int {
	<-db.writing
	defer db.unlock()
	return len(db.live.timers.heap)
}

// TrimFeed lets go of old entries of the feed.
func (db *DB) TrimFeed(now carpel.Millis) error {
	<-db.writing
	defer db.unlock()
	return db.trimFeed(now)
}
