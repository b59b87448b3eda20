package store

import (
	"cmp"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// part is a piece of a table within a stripe; see [eval.Part]. Immutable.
//
// Rows that arrive do not make a part anew each time: they collect in its tail, a small part of its own beside it, until
// that is long enough to be worth it. Evaluation reads both, the tail as one more part. On disk there are no tails.
type part struct {
	key         blockKey
	rows        *block.Rows
	first, last carpel.Millis
	size        int64      // about, in memory, with what the memo may take, without the tail
	tail        *part      // rows that came lately; nil for none. A tail has none itself
	memo        *eval.Memo // of a chunk; nil for other parts
}

// Span returns the least and greatest time of the part, and the number of rows.
func (p *part) Span() (first, last carpel.Millis, rows int) { return p.first, p.last, p.rows.Len() }

// Heavy returns the slot whose rows alone are in the part, and true, for a chunk.
func (p *part) Heavy() (slot uint8, ok bool) { return uint8(p.key.heavy - 1), p.key.heavy != 0 }

// Rows returns the rows.
func (p *part) Rows() (*block.Rows, error) { return p.rows, nil }

// Memo is where evaluation keeps what it found out about a chunk.
func (p *part) Memo() *eval.Memo { return p.memo }

// newPart makes a part; of a chunk so many rows are looked at together.
func newPart(k blockKey, r *block.Rows, together int) *part {
	p := &part{key: k, rows: r, size: int64(r.Size()) + 96}
	p.first, p.last, _ = r.Span()
	if k.heavy != 0 {
		p.memo = eval.NewMemo(together, p.memoBytes())
		p.size += p.memoBytes()
	}
	return p
}

// memoBytes is how much what is known of a chunk may take: twice as much as its rows, which is some hundred digests. It is
// counted with the chunk as if it were taken, for it is while many conditions ask about the chunk.
func (p *part) memoBytes() int64 { return 2 * int64(p.rows.Size()) }

// len returns how many rows the part has with its tail; 0 for nil.
func (p *part) len() int {
	switch {
	case p == nil:
		return 0
	case p.tail == nil:
		return p.rows.Len()
	}
	return p.rows.Len() + p.tail.rows.Len()
}

// whole returns the rows of the part and its tail; nil for nil.
func (p *part) whole() *block.Rows {
	switch {
	case p == nil:
		return nil
	case p.tail == nil:
		return p.rows
	}
	return p.rows.Insert(p.tail.rows)
}

// with returns the part with more rows. A tail is as long as makes the rows that are copied the fewest in the long run; a
// heavy person's chunks have none, so that they follow each other in time.
func (p *part) with(r *block.Rows) *part {
	if p.tail != nil {
		r = p.tail.rows.Insert(r)
	}
	if p.key.heavy != 0 || r.Len() > 8+p.rows.Len()/16 {
		return p.grown(r)
	}
	longer := *p
	longer.tail = newPart(p.key, r, 0)
	return &longer
}

// grown returns the part with more rows in it. What is known of a chunk stays known when they come after all others.
func (p *part) grown(r *block.Rows) *part {
	n := newPart(p.key, p.rows.Insert(r), 0)
	if n.memo = p.memo; p.memo != nil {
		first, _, _ := r.Span()
		n.memo = p.memo.Grown(first >= p.last, n.memoBytes())
	}
	return n
}

// table is a table of a stripe while the writer changes it. Parts are replaced, never changed.
type table struct {
	parts   []*part // with their tails
	options *Options
	shared  bool // parts is an entry's, and copied before it changes
	changes []change
}

// change is what is to be written of a part: at most one of each.
type change struct {
	key  blockKey
	rows *block.Rows // to be joined to what is stored; nil: what the table has of the part is to be stored instead
	data []byte      // what is stored of the part, when it is known already
}

func newTable(e *entry, o *Options) *table { return &table{parts: e.parts, options: o, shared: true} }

// find returns a part, nil when it is not there.
func (t *table) find(k blockKey) *part {
	for _, p := range t.parts {
		if p.key == k {
			return p
		}
	}
	return nil
}

// put replaces a part, or takes it out when p is nil.
func (t *table) put(k blockKey, p *part) {
	if t.shared {
		t.parts, t.shared = append(make([]*part, 0, len(t.parts)+1), t.parts...), false
	}
	i := slices.IndexFunc(t.parts, func(p *part) bool { return p.key == k })
	switch {
	case i < 0 && p != nil:
		t.parts = append(t.parts, p)
	case i >= 0 && p == nil:
		t.parts = slices.Delete(t.parts, i, i+1)
	case i >= 0:
		t.parts[i] = p
	}
}

// changed returns what is to be written of a part, and whether it was noted before.
func (t *table) changed(k blockKey) (c *change, noted bool) {
	for i := range t.changes {
		if t.changes[i].key == k {
			return &t.changes[i], true
		}
	}
	t.changes = append(t.changes, change{key: k})
	return &t.changes[len(t.changes)-1], false
}

// set replaces a part whole; no rows take it away.
func (t *table) set(k blockKey, r *block.Rows) {
	if r.Len() == 0 {
		t.put(k, nil)
	} else {
		t.put(k, newPart(k, r, t.options.together()))
	}
	c, _ := t.changed(k)
	c.rows, c.data = nil, nil
}

// adopt puts a part in that was made elsewhere, with what is to be stored of it.
func (t *table) adopt(p *part, data []byte) {
	t.put(p.key, p)
	c, _ := t.changed(p.key)
	c.rows, c.data = nil, data
}

// join adds rows to a part.
func (t *table) join(k blockKey, r *block.Rows) {
	p := t.find(k)
	if p == nil {
		t.set(k, r)
		return
	}
	t.put(k, p.with(r))
	c, noted := t.changed(k)
	c.data = nil
	switch {
	case !noted:
		c.rows = r
	case c.rows != nil:
		c.rows = c.rows.Insert(r)
	}
}

// encode returns the bytes to be written: of the rows that are joined, or of the whole part, nil when it is gone.
func (c *change) encode(t *table) []byte {
	if c.data != nil {
		return c.data
	}
	rows := c.rows
	if rows == nil {
		rows = t.find(c.key).whole()
	}
	return block.AppendRows(nil, rows)
}

// entry returns what evaluation reads of the table.
func (t *table) entry() *entry {
	t.shared = true
	return tableEntry(t.parts)
}

// tableEntry makes an entry of parts, which it puts in order of time. The slice is the entry's from then on.
func tableEntry(parts []*part) *entry {
	// Chunks of one person may share the moment at which one ends and the next begins: the one that ends first comes first.
	inOrder := func(a, b *part) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last), cmp.Compare(a.key.heavy, b.key.heavy), cmp.Compare(a.key.chunk, b.key.chunk))
	}
	if !slices.IsSortedFunc(parts, inOrder) {
		slices.SortFunc(parts, inOrder)
	}
	e := &entry{parts: parts, size: 64, views: make([]eval.Part, 0, len(parts)+2)}
	for _, p := range parts {
		e.views = append(e.views, p)
		e.size += p.size
		if p.tail != nil {
			e.views = append(e.views, p.tail)
			e.size += p.tail.size
		}
	}
	return e
}
