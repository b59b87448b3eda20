package store

import (
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
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
		if held := b.bytes.Load(); held > 1<<20 || held < pageBytes {
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

// What is known of a heavy person's chunk is counted with the chunk, whether it is found yet or not, and so does not come on
// top of the budget.
func TestChunksCountWhatIsKnownOfThem(t *testing.T) {
	var b block.RowBuilder
	for i := range 200 {
		b.Add(7, carpel.Millis(i), map[string]carpel.Value{"total": carpel.NumberValue(float64(i))})
	}
	rows := b.Rows()
	shared, chunk := newPart(blockKey{name: 1}, rows, 16), newPart(blockKey{name: 1, heavy: 8}, rows, 16)
	if more := chunk.size - shared.size; more != chunk.memoBytes() || more < int64(rows.Size()) {
		t.Errorf("a chunk counts %d bytes more than a part that people share, want %d", more, chunk.memoBytes())
	}
	var next block.RowBuilder
	next.Add(7, 1000, map[string]carpel.Value{"total": carpel.NumberValue(1)})
	if grown := chunk.grown(next.Rows()); grown.size < chunk.size {
		t.Errorf("a chunk of %d bytes has %d when it has grown", chunk.size, grown.size)
	}
}
