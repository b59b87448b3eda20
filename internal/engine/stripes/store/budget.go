package store

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Budget bounds what all stores that share it hold in memory: decoded data, the filters of message ids, and what the
// engine above tells of its own with [Budget.Note]. Past the bound every store lets go of the decoded entries that nobody
// used since its last sweep (the clock algorithm), the one after the other, until a tenth of the bound is free: a store
// that is busy keeps what it uses, one that is idle loses everything. Whoever notes bytes keeps them below a part of
// [Budget.Share]. Safe for concurrent use.
type Budget struct {
	limit int64
	bytes atomic.Int64

	mu     sync.Mutex
	caches []*cache // guarded by mu
	next   int      // the cache that is swept next; guarded by mu
	stores atomic.Int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{limit: bytes} }

// Share is the bytes that each of the stores that are open now would have if all had the same.
func (b *Budget) Share() int64 { return b.limit / max(1, b.stores.Load()) }

// Note counts bytes that are held besides decoded entries; fewer with a negative number.
func (b *Budget) Note(bytes int64) { b.bytes.Add(bytes) }

// Held is the bytes that are counted now.
func (b *Budget) Held() int64 { return b.bytes.Load() }

// full reports whether more is held than the bound.
func (b *Budget) full() bool { return b.bytes.Load() > b.limit }

// enough reports whether a sweep may end.
func (b *Budget) enough() bool { return b.bytes.Load() <= b.limit/10*9 }

func (b *Budget) join(c *cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.caches = append(b.caches, c)
	b.stores.Store(int64(len(b.caches)))
}

// leave takes a store's cache out, with all that it holds.
func (b *Budget) leave(c *cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.caches = slices.DeleteFunc(b.caches, func(x *cache) bool { return x == c })
	b.stores.Store(int64(len(b.caches)))
	b.bytes.Add(-c.bytes.Swap(0))
}

// sweep makes room. Two rounds are enough: the first clears every mark.
func (b *Budget) sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for round := 0; round < 2*len(b.caches) && !b.enough(); round++ {
		b.next = (b.next + 1) % len(b.caches)
		b.caches[b.next].sweep()
	}
}
