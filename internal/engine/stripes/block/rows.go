package block

import (
	"cmp"
	"slices"
	"sort"

	"github.com/carpel/carpel"
)

// MaxRows is the most rows one [Rows] holds. Whoever joins rows keeps to it: see [Rows.Insert].
const MaxRows = 65535

// maxColumns is how many properties have a column of their own. A hostile block can have a million names; those
// past this many are kept by their set values only, so that memory is in proportion to what was sent.
const maxColumns = 64

// rareColumn is a property past maxColumns: vals[i] is the value of rows[i], ascending.
type rareColumn struct {
	name string
	rows []uint16
	vals []carpel.Value
}

// Len returns the number of rows; 0 for nil.
func (r *Rows) Len() int {
	if r == nil {
		return 0
	}
	return r.Time.Len()
}

// Size returns the bytes that the rows take in memory, about.
func (r *Rows) Size() int {
	n := 256 + 3*len(r.Slots) + len(r.SlotOf) + r.Time.size()
	for i := range r.Cols {
		n += r.Cols[i].size()
	}
	for _, c := range r.rare {
		n += 64 + len(c.name) + 34*len(c.rows)
		for _, v := range c.vals {
			_, _, s := v.Parts()
			n += len(s)
		}
	}
	return n
}

// Span returns the least and the greatest time; ok is false when there are no rows.
func (r *Rows) Span() (first, last carpel.Millis, ok bool) {
	if r.Len() == 0 {
		return 0, 0, false
	}
	first, last = r.Time.At(0), r.Time.At(0)
	for i := range r.Slots {
		first = min(first, r.Time.At(int(r.Starts[i])))
		last = max(last, r.Time.At(int(r.Starts[i+1])-1))
	}
	return first, last, true
}

// Find returns the rows [from, to) of a slot, in order of time; from == to when it has none.
func (r *Rows) Find(slot uint8) (from, to int) {
	if r == nil {
		return 0, 0
	}
	i, ok := slices.BinarySearch(r.Slots, slot)
	if !ok {
		return 0, 0
	}
	return int(r.Starts[i]), int(r.Starts[i+1])
}

// Mask returns the slots that have rows; empty for nil.
func (r *Rows) Mask() Mask {
	if r == nil {
		return Mask{}
	}
	return r.mask
}

// seat fills in what follows from Slots and Starts.
func (r *Rows) seat() {
	r.SlotOf, r.mask = make([]uint8, r.Starts[len(r.Slots)]), Mask{}
	for i, slot := range r.Slots {
		r.mask.Set(slot)
		rows := r.SlotOf[r.Starts[i]:r.Starts[i+1]]
		for k := range rows {
			rows[k] = slot
		}
	}
}

// Column returns a property's column, nil when no row has it. Properties past the 64 most used ones are not in
// Names and Cols and found only here: their column is made anew by each call.
func (r *Rows) Column(name string) *Column {
	if r == nil {
		return nil
	}
	if i := r.column(name); i >= 0 {
		return &r.Cols[i]
	}
	if i, ok := r.findRare(name); ok {
		c := newColumn(r.Len(), r.rare[i].rows, r.rare[i].vals)
		return &c
	}
	return nil
}

// Holds reports whether some row has a property.
func (r *Rows) Holds(name string) bool {
	if r == nil {
		return false
	}
	if r.column(name) >= 0 {
		return true
	}
	_, ok := r.findRare(name)
	return ok
}

// column returns the place of a property's column; -1 when it has none.
func (r *Rows) column(name string) int {
	if len(r.Names) <= shortDict { // nearly always: equality looks at the length first, and mostly at no more
		for i := range r.Names {
			if r.Names[i] == name {
				return i
			}
		}
		return -1
	}
	if i, ok := slices.BinarySearch(r.Names, name); ok {
		return i
	}
	return -1
}

func (r *Rows) findRare(name string) (int, bool) {
	return sort.Find(len(r.rare), func(i int) int {
		switch {
		case name < r.rare[i].name:
			return -1
		case name > r.rare[i].name:
			return 1
		}
		return 0
	})
}

// Properties returns the names of all properties, rare ones included, ascending. The slice is the caller's.
func (r *Rows) Properties() []string {
	names := slices.Clone(r.Names)
	for _, c := range r.rare {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return names
}

// Row returns one row. Unset properties are absent; props is the caller's, nil when there are none.
func (r *Rows) Row(i int) (slot uint8, at carpel.Millis, props map[string]carpel.Value) {
	// Slots without rows do not occur, so the last start at or before i is the row's slot.
	s := sort.Search(len(r.Slots), func(s int) bool { return int(r.Starts[s+1]) > i })
	put := func(name string, v carpel.Value) {
		if props == nil {
			props = make(map[string]carpel.Value)
		}
		props[name] = v
	}
	for c := range r.Cols {
		if r.Cols[c].IsSet(i) {
			put(r.Names[c], r.Cols[c].Value(i))
		}
	}
	for _, c := range r.rare {
		if k, ok := slices.BinarySearch(c.rows, uint16(i)); ok {
			put(c.name, c.vals[k])
		}
	}
	return r.Slots[s], r.Time.At(i), props
}

// Filter returns the rows that keep holds for, given their index.
func (r *Rows) Filter(keep func(row int) bool) *Rows {
	var spans []span
	for i := range r.Len() {
		if keep(i) {
			spans = addRow(spans, i)
		}
	}
	return r.pick(spans)
}

// addRow adds a row at the end of spans.
func addRow(spans []span, i int) []span {
	if n := len(spans); n > 0 && spans[n-1].to == i {
		spans[n-1].to++
		return spans
	}
	return append(spans, span{from: i, to: i + 1})
}

// Slice returns the rows [from, to).
func (r *Rows) Slice(from, to int) *Rows {
	if from >= to {
		return r.pick(nil)
	}
	return r.pick([]span{{from: from, to: to}})
}

// Only returns the rows of one slot.
func (r *Rows) Only(slot uint8) *Rows { return r.Slice(r.Find(slot)) }

// Without returns the rows of every slot but these.
func (r *Rows) Without(slots Mask) *Rows {
	var spans []span
	if r != nil {
		for i, s := range r.Slots {
			if !slots.Has(s) {
				spans = append(spans, span{from: int(r.Starts[i]), to: int(r.Starts[i+1])})
			}
		}
	}
	return r.pick(spans)
}

// WithSlot returns all rows as those of one slot, in order of time.
func (r *Rows) WithSlot(slot uint8) *Rows {
	if r.Len() == 0 {
		return r.pick(nil)
	}
	if len(r.Slots) > 1 {
		order := make([]int, r.Len())
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Time.At(a), r.Time.At(b)) })
		spans := make([]span, len(order))
		for i, row := range order {
			spans[i] = span{from: row, to: row + 1}
		}
		r = r.pick(spans)
	}
	moved := *r
	moved.Slots = []uint8{slot}
	moved.Starts = []uint16{0, uint16(r.Len())}
	moved.seat()
	return &moved
}

// SplitByTime cuts the rows at the bounds, which ascend: part i has the rows with bounds[i-1] <= time < bounds[i],
// the first everything before bounds[0], the last everything from the last bound on. There are len(bounds)+1
// parts, some of them possibly without rows (never nil).
func (r *Rows) SplitByTime(bounds []carpel.Millis) []*Rows {
	spans := make([][]span, len(bounds)+1)
	for i := range r.Len() {
		part := sort.Search(len(bounds), func(b int) bool { return r.Time.At(i) < bounds[b] })
		spans[part] = addRow(spans[part], i)
	}
	parts := make([]*Rows, len(spans))
	for i := range parts {
		parts[i] = r.pick(spans[i])
	}
	return parts
}

// pick returns the rows of the spans, in their order, without columns and dictionary entries that none of them
// uses. Slots are right only when the order of slots is kept.
func (r *Rows) pick(spans []span) *Rows {
	n := 0
	for _, s := range spans {
		n += s.to - s.from
	}
	if n == 0 {
		return &Rows{Starts: []uint16{0}}
	}
	if n == r.Len() && len(spans) == 1 {
		return r
	}
	first, last, _ := r.Span()
	p := &Rows{Time: makeTimes(n, first, last)}
	for _, s := range spans {
		p.Time.put(&r.Time, s.from, s.to)
	}
	p.Slots, p.Starts = r.pickSlots(spans)
	p.seat()
	for i := range r.Cols {
		if c, any := r.Cols[i].pick(spans, n); any {
			p.Names = append(p.Names, r.Names[i])
			p.Cols = append(p.Cols, c)
		}
	}
	if len(r.rare) > 0 {
		p.rare = r.pickRare(spans)
	}
	return p
}

func (r *Rows) pickSlots(spans []span) (slots []uint8, starts []uint16) {
	s, n := 0, 0
	for _, sp := range spans {
		if sp.from < int(r.Starts[s]) { // the order of rows is not kept: see WithSlot
			s = 0
		}
		for row := sp.from; row < sp.to; {
			for int(r.Starts[s+1]) <= row {
				s++
			}
			if len(slots) == 0 || slots[len(slots)-1] != r.Slots[s] {
				slots, starts = append(slots, r.Slots[s]), append(starts, uint16(n))
			}
			end := min(sp.to, int(r.Starts[s+1]))
			n += end - row
			row = end
		}
	}
	return slots, append(starts, uint16(n))
}

// pickRare returns the rare columns of the rows in spans.
func (r *Rows) pickRare(spans []span) (rare []rareColumn) {
	to := make([]int32, r.Len()) // 1 + the new row of each old one; 0 for none
	n := int32(0)
	for _, s := range spans {
		for row := s.from; row < s.to; row++ {
			n++
			to[row] = n
		}
	}
	for _, c := range r.rare {
		p := rareColumn{name: c.name}
		for i, row := range c.rows {
			if to[row] != 0 {
				p.rows = append(p.rows, uint16(to[row]-1))
				p.vals = append(p.vals, c.vals[i])
			}
		}
		if p.rows != nil {
			p.sort()
			rare = append(rare, p)
		}
	}
	return rare
}

// sort puts the cells in order of row; those of the same row keep theirs.
func (c *rareColumn) sort() {
	if !slices.IsSorted(c.rows) {
		sort.Stable((*byRow)(c))
	}
}

type byRow rareColumn

func (c *byRow) Len() int           { return len(c.rows) }
func (c *byRow) Less(i, j int) bool { return c.rows[i] < c.rows[j] }
func (c *byRow) Swap(i, j int) {
	c.rows[i], c.rows[j] = c.rows[j], c.rows[i]
	c.vals[i], c.vals[j] = c.vals[j], c.vals[i]
}
