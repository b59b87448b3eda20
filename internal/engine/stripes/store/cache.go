package store

import (
	"sync"
	"sync/atomic"

	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// entry is what is decoded of one name in one stripe: the parts of a table, an attribute's values or stamps, or, under
// the name 0, the people of the stripe. Immutable but for used; exactly one form is there. An entry that is empty says
// that the stripe has nothing under the name.
type entry struct {
	parts  []*part
	values *block.Values
	stamps *block.Stamps
	head   *head
	size   int64
	used   atomic.Bool // since the last sweep
}

// entryKey names an entry.
type entryKey struct{ name, stripe uint32 }

// headName is the number under which a stripe's people are cached; names are numbered from 1.
const headName = 0

// cache holds decoded entries up to a bound. Reading is lock-free: two loads. Past the bound a sweep lets go of the
// entries that nobody used since the sweep before (the clock algorithm).
type cache struct {
	limit int64
	bytes atomic.Int64

	mu     sync.Mutex // serialises growth and sweeps
	names  atomic.Pointer[[]*pages]
	swept  int // the name at which the next sweep begins; guarded by mu
	sweeps atomic.Int64
}

// pages are one name's entries by stripe, in pages of 256 that are made when first used.
type pages struct {
	page [maxPages]atomic.Pointer[page]
}

type page [pageStripes]atomic.Pointer[entry]

const (
	pageStripes = 256
	maxPages    = 1024 // 67 million people
)

func newCache(limit int64) *cache {
	c := &cache{limit: limit}
	c.names.Store(&[]*pages{})
	return c
}

// get returns an entry, nil when it is not there.
func (c *cache) get(k entryKey) *entry {
	names := *c.names.Load()
	if int(k.name) >= len(names) || names[k.name] == nil || k.stripe >= pageStripes*maxPages {
		return nil
	}
	p := names[k.name].page[k.stripe/pageStripes].Load()
	if p == nil {
		return nil
	}
	e := p[k.stripe%pageStripes].Load()
	if e != nil && !e.used.Load() {
		e.used.Store(true)
	}
	return e
}

// put stores an entry in place of what was there.
func (c *cache) put(k entryKey, e *entry) {
	if k.stripe >= pageStripes*maxPages {
		return // beyond what is cached: read from the store each time
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	names := *c.names.Load()
	if int(k.name) >= len(names) {
		grown := make([]*pages, max(int(k.name)+1, 2*len(names)))
		copy(grown, names)
		names = grown
		c.names.Store(&grown)
	}
	if names[k.name] == nil {
		grown := append([]*pages{}, names...)
		grown[k.name] = &pages{}
		names = grown
		c.names.Store(&grown)
	}
	slot := &names[k.name].page[k.stripe/pageStripes]
	if slot.Load() == nil {
		slot.Store(&page{})
	}
	old := slot.Load()[k.stripe%pageStripes].Swap(e)
	e.used.Store(true)
	c.bytes.Add(e.size)
	if old != nil {
		c.bytes.Add(-old.size)
	}
	if c.bytes.Load() > c.limit {
		c.sweep()
	}
}

// sweep lets go of entries until nine tenths of the bound are left. Two rounds are enough: the first clears every
// mark. The caller holds mu.
func (c *cache) sweep() {
	c.sweeps.Add(1)
	names := *c.names.Load()
	for round := 0; round < 2*len(names) && c.bytes.Load() > c.limit/10*9; round++ {
		c.swept = (c.swept + 1) % len(names)
		if names[c.swept] == nil {
			continue
		}
		for i := range names[c.swept].page {
			p := names[c.swept].page[i].Load()
			if p == nil {
				continue
			}
			for j := range p {
				if e := p[j].Load(); e != nil && !e.used.Swap(false) && p[j].CompareAndSwap(e, nil) {
					c.bytes.Add(-e.size)
				}
			}
		}
	}
}
