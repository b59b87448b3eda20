package block

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// RowBuilder collects rows one by one. The zero value is ready. Not safe for concurrent use.
type RowBuilder struct {
	rows  []builtRow
	cols  []rareColumn // by the order of first use; their rows count in the order of adding
	index map[string]int
}

type builtRow struct {
	slot uint8
	at   carpel.Millis
	row  int // in the order of adding
}

// Add puts a row in. Unset properties are left out. It does not keep the map. It panics past MaxRows.
func (b *RowBuilder) Add(slot uint8, at carpel.Millis, props map[string]carpel.Value) {
	b.row(slot, at)
	for name, v := range props {
		if v.IsSet() {
			b.put(name, v)
		}
	}
}

func (b *RowBuilder) row(slot uint8, at carpel.Millis) {
	if len(b.rows) == MaxRows {
		panic(fmt.Sprintf("block: more than %d rows", MaxRows))
	}
	b.rows = append(b.rows, builtRow{slot, at, len(b.rows)})
}

// put sets a property of the row added last.
func (b *RowBuilder) put(name string, v carpel.Value) {
	c, row := b.column(name), uint16(len(b.rows)-1)
	if n := len(c.rows); n > 0 && c.rows[n-1] == row {
		c.vals[n-1] = v
		return
	}
	c.rows = append(c.rows, row)
	c.vals = append(c.vals, v)
}

// column finds the column of a name or adds it: by looking through them while there are few.
func (b *RowBuilder) column(name string) *rareColumn {
	if b.index != nil {
		if i, ok := b.index[name]; ok {
			return &b.cols[i]
		}
	} else {
		for i := range b.cols {
			if b.cols[i].name == name {
				return &b.cols[i]
			}
		}
		if len(b.cols) == shortDict {
			b.index = make(map[string]int)
			for i := range b.cols {
				b.index[b.cols[i].name] = i
			}
		}
	}
	if b.index != nil {
		b.index[name] = len(b.cols)
	}
	b.cols = append(b.cols, rareColumn{name: name})
	return &b.cols[len(b.cols)-1]
}

// Len returns how many rows were added.
func (b *RowBuilder) Len() int { return len(b.rows) }

// Rows returns the rows added so far, sorted; of equal slot and time in the order they were added. The builder
// can be added to afterwards.
func (b *RowBuilder) Rows() *Rows {
	r := &Rows{rare: slices.Clone(b.cols)}
	rows := slices.Clone(b.rows)
	times := make([]carpel.Millis, len(rows))
	slices.SortFunc(rows, func(x, y builtRow) int {
		return cmp.Or(cmp.Compare(x.slot, y.slot), cmp.Compare(x.at, y.at), cmp.Compare(x.row, y.row))
	})
	place := make([]uint16, len(rows)) // of a row, by the order of adding
	for i, row := range rows {
		place[row.row] = uint16(i)
		times[i] = row.at
		if i == 0 || row.slot != rows[i-1].slot {
			r.Slots, r.Starts = append(r.Slots, row.slot), append(r.Starts, uint16(i))
		}
	}
	r.Starts = append(r.Starts, uint16(len(rows)))
	if len(rows) > 0 {
		r.Time = timesOf(times, slices.Min(times), slices.Max(times))
	}
	r.seat()
	for i := range r.rare {
		c := &r.rare[i]
		c.rows = slices.Clone(c.rows)
		for k, row := range c.rows {
			c.rows[k] = place[row]
		}
	}
	return r.settled()
}

// settled returns rows of which the maxColumns most used properties, and no others, are columns. Names that are used
// equally often go by the alphabet. The rare columns of r may be in any order, and so may their rows.
func (r *Rows) settled() *Rows {
	if len(r.rare) == 0 && len(r.Cols) <= maxColumns {
		return r
	}
	type use struct {
		rareColumn
		col *Column // nil when it is rare now
		n   int
	}
	var uses []use
	for i := range r.Cols {
		uses = append(uses, use{rareColumn{name: r.Names[i]}, &r.Cols[i], r.Cols[i].set()})
	}
	for _, c := range r.rare {
		uses = append(uses, use{c, nil, len(c.rows)})
	}
	if len(uses) > maxColumns {
		slices.SortFunc(uses, func(x, y use) int {
			return cmp.Or(cmp.Compare(y.n, x.n), strings.Compare(x.name, y.name))
		})
	}
	often := uses[:min(len(uses), maxColumns)]
	slices.SortFunc(often, func(x, y use) int { return strings.Compare(x.name, y.name) })
	s := &Rows{Slots: r.Slots, Starts: r.Starts, SlotOf: r.SlotOf, Time: r.Time, mask: r.mask}
	for _, u := range often {
		s.Names = append(s.Names, u.name)
		if u.col != nil {
			s.Cols = append(s.Cols, *u.col)
		} else {
			s.Cols = append(s.Cols, newColumn(r.Len(), u.rows, u.vals))
		}
	}
	for _, u := range uses[len(often):] {
		if u.col != nil {
			u.rows, u.vals = u.col.cells()
		}
		u.vals = slices.Clone(u.vals) // shared with whom r came from
		u.sort()
		s.rare = append(s.rare, u.rareColumn)
	}
	slices.SortFunc(s.rare, byName)
	return s
}

func byName(x, y rareColumn) int { return strings.Compare(x.name, y.name) }
