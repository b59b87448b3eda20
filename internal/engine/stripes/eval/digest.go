package eval

import (
	"maps"
	"sync"
	"unique"
	"unsafe"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Whoever did very much has chunks of their own. A measure reads the rows of such a person only where they are about to
// leave the window or to come into it; of all in between it takes digests: what it needs to know of a chunk, or of a
// block of rows of one, found once and kept with the chunk. What has a digest stays while a timer is looked for: the
// timer comes when the first of its events would go, early perhaps, never late.

// digest is what a measure needs to know of some of a person's events that are in its window together. Immutable once
// kept.
type digest struct {
	upTo        int           // it is about the rows of the part before this one
	n           int           // events that pass the filter; the rest is about them
	first, last carpel.Millis // when there are any

	// What the measure wants.
	days    []dayCount            // days
	values  []string              // distinct: folded, ascending
	set     unique.Handle[string] // distinct: the same of digests with the same values
	tooMany bool                  // distinct: there are more than are kept; the rows are to be read
	sum     sum                   // sum, avg
	numbers int64                 // avg: how many were added
	best    []carpel.Value        // min, max: none or one
	ends    []*entry              // first, last: a good event of the first moment and of the last, or one that is not
	steps   uint16                // of a sequence: the steps that some event fits
}

// Memo keeps the digests of a chunk: made with it, dropped with it. Safe for concurrent use.
type Memo struct {
	rows  int   // of a block
	limit int64 // of bytes

	mu      sync.Mutex
	bytes   int64                 // of digests, about; guarded by mu
	digests map[digestKey]*digest // guarded by mu
}

// digestKey names a digest: of what, and of which block; wholeChunk for all.
type digestKey struct {
	of    unique.Handle[string]
	block int
}

const wholeChunk = -1

// NewMemo returns an empty memo. A block has so many rows, and a digest keeps no more different values than that; all
// digests together take no more than so many bytes, which whoever keeps the chunk counts as taken.
func NewMemo(rows int, bytes int64) *Memo { return &Memo{rows: max(rows, 1), limit: bytes} }

// Grown returns the memo of a chunk with more rows; what is kept holds on when they are at its end.
func (m *Memo) Grown(atEnd bool, bytes int64) *Memo {
	if !atEnd {
		return NewMemo(m.rows, bytes)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memo{rows: m.rows, limit: bytes, bytes: m.bytes, digests: maps.Clone(m.digests)}
}

func (m *Memo) get(k digestKey) *digest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.digests[k]
}

// put keeps a digest in place of an older one. For want of room others go, one by one and whichever; a digest that is
// larger than all the room is not kept.
func (m *Memo) put(k digestKey, d *digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(k)
	n := d.size()
	if n > m.limit {
		return
	}
	for other := range m.digests {
		if m.bytes+n <= m.limit {
			break
		}
		m.drop(other)
	}
	if m.digests == nil {
		m.digests = map[digestKey]*digest{}
	}
	m.digests[k] = d
	m.bytes += n
}

// drop takes a digest out, if it is there. The caller holds mu.
func (m *Memo) drop(k digestKey) {
	if d := m.digests[k]; d != nil {
		m.bytes -= d.size()
		delete(m.digests, k)
	}
}

// size is the bytes that a kept digest takes, about, with its key.
func (d *digest) size() int64 {
	n := int64(unsafe.Sizeof(*d)) + 2*int64(unsafe.Sizeof(digestKey{})) + 16
	n += int64(len(d.days)) * int64(unsafe.Sizeof(dayCount{}))
	n += int64(len(d.ends)) * int64(unsafe.Sizeof(entry{}))
	n += int64(len(d.best)) * int64(unsafe.Sizeof(carpel.Value{}))
	for _, v := range d.values {
		n += int64(unsafe.Sizeof(v)) + 2*int64(len(v)) // and once in the name of the set
	}
	return n
}

// lasting reports whether what the condition says of an event is the same at every moment.
func (l *activityLeaf) lasting() bool {
	return (l.rows.filter == nil || !l.rows.filter.timed) && !l.measure.timedWhere
}

// digested is the digests of a person's events in the window, and until when they and the events gathered are all that
// matters.
type digested struct {
	all   []*digest
	until carpel.Millis
}

// chunks is one person's chunks of a table, in order of time.
type chunks struct {
	slot  uint8
	parts []Part
}

// withChunk puts a chunk with the others of its person.
func withChunk(all []chunks, slot uint8, p Part) []chunks {
	for i := range all {
		if all[i].slot == slot {
			all[i].parts = append(all[i].parts, p)
			return all
		}
	}
	return append(all, chunks{slot, []Part{p}})
}

// edges goes through a person's chunks of one table.
type edges struct {
	l           *activityLeaf
	s           *scratch
	q           ask
	slot        uint8
	lo, hi      carpel.Millis // the window
	old, coming int           // rows gathered of those that leave first, and of those that come in
}

// chunk gathers rows at the edges of the window, and takes digests of the others. It reports false when later chunks do
// not matter.
func (e *edges) chunk(p Part) (bool, error) {
	r, err := p.Rows()
	if err != nil {
		return false, err
	}
	n, block, d := r.Len(), p.Memo().rows, &e.s.digested[e.slot]
	from := r.Time.Search(0, n, e.lo)
	to := r.Time.Search(from, n, e.hi)
	for row := from; row < to; {
		end, x, err := e.digest(p, r, row, to)
		if err != nil {
			return false, err
		}
		if x == nil {
			e.old += end - row
			e.gather(r, row, end)
		} else if x.n > 0 {
			d.all = append(d.all, x)
			d.until = min(d.until, e.l.measure.moves(&e.l.window, r.Time.At(row), e.q.now))
		}
		row = end
	}
	if !e.q.timers || to == n {
		return true, nil
	}
	end := min(n, to+block-e.coming)
	if to < end {
		e.coming += end - to
		e.gather(r, to, end)
	}
	if end < n {
		d.until = min(d.until, e.l.window.enter(r.Time.At(end)))
	}
	return end == n, nil
}

// digest returns the digest of rows [row, end), of at most to; nil when they are to be gathered.
func (e *edges) digest(p Part, r *block.Rows, row, to int) (end int, x *digest, err error) {
	n, block := r.Len(), p.Memo().rows
	near := e.q.timers && e.l.window.empties() && e.old < block
	if row == 0 && to == n && !near {
		x, err = e.l.digestAt(e.s, e.q, p, digestKey{e.l.digest, wholeChunk}, slotSpan{0, n, e.slot})
		if err != nil || e.l.measure.takes(x, e.q.now) {
			return n, x, err
		}
	}
	begin := row / block * block
	end = min(begin+block, to)
	if near || row > begin || end < min(begin+block, n) {
		return end, nil, nil
	}
	x, err = e.l.digestAt(e.s, e.q, p, digestKey{e.l.digest, row / block}, slotSpan{row, end, e.slot})
	if err != nil || e.l.measure.takes(x, e.q.now) {
		return end, x, err
	}
	return end, nil, nil
}

// gather puts the selected ones of some rows into the person's history.
func (e *edges) gather(r *block.Rows, from, to int) {
	g := gatherer{l: e.l, s: e.s, now: e.q.now, next: carpel.Never}
	v := visit{r, slotSpan{from, to, e.slot}, nil}
	if filter := e.l.rows.filter; filter != nil {
		v.bits = e.s.borrow(r.Len())
		v.bits.fill(from, to, true)
		filter.narrow(e.s, rowsAsked{r, from, to, e.q.now}, v.bits)
		defer e.s.giveBack(v.bits)
	}
	g.add(v)
}

// digestAt returns the digest of some rows of a chunk: the one kept, brought up to date when the chunk has grown.
func (l *activityLeaf) digestAt(s *scratch, q ask, p Part, k digestKey, of slotSpan) (*digest, error) {
	memo := p.Memo()
	have := memo.get(k)
	if have != nil && have.upTo == of.to {
		return have, nil
	}
	r, err := p.Rows()
	if err != nil {
		return nil, err
	}
	t, x := l.measure.tally(q.now), &digest{}
	if have != nil {
		x.n, x.first, x.last = have.n, have.first, have.last
		t.include(have)
		of.from = have.upTo
	}
	before := len(s.hist[of.slot])
	e := edges{l: l, s: s, q: q, slot: of.slot}
	e.gather(r, of.from, of.to)
	events := s.hist[of.slot][before:]
	for i := range events {
		t.add(&events[i])
	}
	if len(events) > 0 {
		if x.n == 0 {
			x.first = events[0].at
		}
		x.n, x.last = x.n+len(events), events[len(events)-1].at
	}
	t.digest(x)
	if x.tooMany = have != nil && have.tooMany || len(x.values) > memo.rows; x.tooMany {
		x.values = nil
	}
	x.upTo = of.to
	s.hist[of.slot] = s.hist[of.slot][:before]
	memo.put(k, x)
	return x, nil
}

// takes reports whether a digest will do for the measure.
func (m *measure) takes(x *digest, now carpel.Millis) bool {
	if m.kind == carpel.MeasureRegularly && x.n > 0 {
		return (now-x.first)/m.period == (now-x.last)/m.period
	}
	return !x.tooMany
}

// moves returns the first moment after now at which an event in the window does not count as it does now.
func (m *measure) moves(w *window, at, now carpel.Millis) carpel.Millis {
	if m.kind == carpel.MeasureRegularly {
		return at + ((now-at)/m.period+1)*m.period
	}
	return w.leave(at)
}
