package stripes

import "github.com/carpel/carpel"

// Flush writes what is in memory to tables.
func (db *DB) Flush() error { return db.store.DB().Flush() }

// Purge purges what was erased, when it is due, and waits until old files are deleted.
func (db *DB) Purge() error {
	err := db.purge(db.ctx)
	db.store.DB().TestOnlyWaitForCleaning()
	return err
}

// WaitFilled waits until the filter of message ids is filled: until then that takes a core.
func (db *DB) WaitFilled() {
	<-db.writing
	defer db.unlock()
	<-db.store.Filled()
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
