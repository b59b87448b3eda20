package store

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// entry is what is decoded of one name in one stripe: the parts of a table, an attribute's values or stamps, or, under
// the name 0, the people of the stripe. Immutable but for used; exactly one form is there. An entry that is empty says
// that the stripe has nothing under the name.
type entry struct {
	parts  []*part
	views  []eval.Part // parts and their tails, as evaluation asks for them: all are *part
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

// cache holds the decoded entries of a store. Reading is lock-free: two loads.
type cache struct {
	budget *Budget
	bytes  atomic.Int64 // of this cache, which the budget counts as well

	mu    sync.Mutex                              // serialises growth and sweeps; taken after the budget's
	names atomic.Pointer[[]atomic.Pointer[pages]] // what it points to is made, grown and dropped under mu
	swept int                                     // the name at which the next sweep begins; guarded by mu
}

// pages are one name's entries by stripe, in pages that are made when first used and dropped when they are empty. A longer
// list takes the place of one that is too short.
type pages []atomic.Pointer[page]

type page [pageStripes]atomic.Pointer[entry]

// grown returns a list with the same pages, long enough for one more. p may be nil.
func (p *pages) grown(at int) *pages {
	if p == nil {
		p = &pages{}
	}
	longer := make(pages, max(at+1, 2*len(*p)))
	for i := range *p {
		longer[i].Store((*p)[i].Load())
	}
	return &longer
}

// bytes is what the list takes without its pages; 0 for nil.
func (p *pages) bytes() int64 {
	if p == nil {
		return 0
	}
	return int64(unsafe.Sizeof(*p)) + int64(len(*p))*int64(unsafe.Sizeof(atomic.Pointer[page]{}))
}

const (
	pageStripes = 64
	maxPages    = 4096 // 67 million people

	pageBytes = int64(unsafe.Sizeof(page{}))
)

func newCache(b *Budget) *cache {
	c := &cache{budget: b}
	c.names.Store(&[]atomic.Pointer[pages]{})
	b.join(c)
	return c
}

// count adds to the bytes held.
func (c *cache) count(bytes int64) {
	c.bytes.Add(bytes)
	c.budget.bytes.Add(bytes)
}

// get returns an entry, nil when it is not there.
func (c *cache) get(k entryKey) *entry {
	names := *c.names.Load()
	if int(k.name) >= len(names) || k.stripe >= pageStripes*maxPages {
		return nil
	}
	ps := names[k.name].Load()
	if ps == nil || int(k.stripe/pageStripes) >= len(*ps) {
		return nil
	}
	p := (*ps)[k.stripe/pageStripes].Load()
	if p == nil {
		return nil
	}
	e := p[k.stripe%pageStripes].Load()
	if e != nil && !e.used.Load() {
		e.used.Store(true)
	}
	return e
}

// put stores an entry in place of what was there, and keeps the bound.
func (c *cache) put(k entryKey, e *entry) {
	c.swap(k, e)
	if c.budget.full() {
		c.budget.sweep()
	}
}

// swap stores an entry in place of what was there.
func (c *cache) swap(k entryKey, e *entry) {
	if k.stripe >= pageStripes*maxPages {
		return // beyond what is cached: read from the store each time
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	names := *c.names.Load()
	if int(k.name) >= len(names) {
		grown := make([]atomic.Pointer[pages], max(int(k.name)+1, 2*len(names)))
		for i := range names {
			grown[i].Store(names[i].Load())
		}
		names = grown
		c.names.Store(&grown)
	}
	ps := names[k.name].Load()
	if at := int(k.stripe / pageStripes); ps == nil || at >= len(*ps) {
		longer := ps.grown(at)
		c.count(longer.bytes() - ps.bytes())
		names[k.name].Store(longer)
		ps = longer
	}
	slot := &(*ps)[k.stripe/pageStripes]
	if slot.Load() == nil {
		slot.Store(&page{})
		c.count(pageBytes)
	}
	old := slot.Load()[k.stripe%pageStripes].Swap(e)
	e.used.Store(true)
	c.count(e.size)
	if old != nil {
		c.count(-old.size)
	}
}

// sweep goes through the entries once, from where the last sweep ended, until the budget has room. The caller holds the
// budget's mu.
func (c *cache) sweep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := *c.names.Load()
	for round := 0; round < len(names) && !c.budget.enough(); round++ {
		c.swept = (c.swept + 1) % len(names)
		if ps := names[c.swept].Load(); ps != nil && c.sweepPages(ps) {
			names[c.swept].Store(nil)
			c.count(-ps.bytes())
		}
	}
}

// sweepPages goes through one name's entries and drops the pages that are empty then. It reports whether none is left.
// The caller holds mu, without which nothing is put.
func (c *cache) sweepPages(ps *pages) (empty bool) {
	empty = true
	for i := range *ps {
		p := (*ps)[i].Load()
		if p == nil {
			continue
		}
		left := false
		for j := range p {
			e := p[j].Load()
			if e == nil {
				continue
			}
			if e.used.Swap(false) {
				left = true
				continue
			}
			p[j].Store(nil)
			c.count(-e.size)
		}
		if left {
			empty = false
			continue
		}
		(*ps)[i].Store(nil)
		c.count(-pageBytes)
	}
	return empty
}
