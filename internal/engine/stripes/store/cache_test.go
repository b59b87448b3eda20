package store

import (
	"testing"
)

// The tables that find entries count as well, and go with them: many names with little in each stay within the budget.
func TestCacheCountsItsTables(t *testing.T) {
	b := NewBudget(1 << 20)
	c := newCache(b)
	for name := range uint32(2000) {
		k := entryKey{name, name * 100}
		e := &entry{size: 10}
		c.put(k, e)
		if c.get(k) != e {
			t.Fatalf("name %d is not there", name)
		}
		if held := b.bytes.Load(); held > 1<<20 || held < pagesBytes+pageBytes {
			t.Fatalf("%d bytes are held after %d names", held, name+1)
		}
	}
	for range 2 { // the first clears every mark
		b.limit = 0 // never enough
		c.sweep()
	}
	if held := c.bytes.Load(); held != 0 {
		t.Errorf("%d bytes are counted in an empty cache", held)
	}
	for name := range uint32(2000) {
		if c.get(entryKey{name, name * 100}) != nil {
			t.Fatalf("name %d is still there", name)
		}
	}
}
