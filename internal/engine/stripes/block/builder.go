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
	cells []builtCell
}

type builtRow struct {
	slot uint8
	at   carpel.Millis
	row  int // in the order of adding
}

type builtCell struct {
	name string
	row  int
	v    carpel.Value
}

// Add puts a row in. Unset properties are left out. It does not keep the map. It panics past MaxRows.
func (b *RowBuilder) Add(slot uint8, at carpel.Millis, props map[string]carpel.Value) {
	row := len(b.rows)
	if row == MaxRows {
		panic(fmt.Sprintf("block: more than %d rows", MaxRows))
	}
	b.rows = append(b.rows, builtRow{slot, at, row})
	for name, v := range props {
		if v.IsSet() {
			b.cells = append(b.cells, builtCell{name, row, v})
		}
	}
}

// Len returns how many rows were added.
func (b *RowBuilder) Len() int { return len(b.rows) }

// Rows returns the rows added so far, sorted; of equal slot and time in the order they were added. The builder
// can be added to afterwards.
func (b *RowBuilder) Rows() *Rows {
	r := &Rows{Time: make([]carpel.Millis, len(b.rows))}
	rows := slices.Clone(b.rows)
	slices.SortFunc(rows, func(x, y builtRow) int {
		return cmp.Or(cmp.Compare(x.slot, y.slot), cmp.Compare(x.at, y.at), cmp.Compare(x.row, y.row))
	})
	place := make([]uint16, len(rows)) // of a row, by the order of adding
	for i, row := range rows {
		place[row.row] = uint16(i)
		r.Time[i] = row.at
		if i == 0 || row.slot != rows[i-1].slot {
			r.Slots, r.Starts = append(r.Slots, row.slot), append(r.Starts, uint16(i))
		}
	}
	r.Starts = append(r.Starts, uint16(len(rows)))
	r.rare = b.columns(place)
	return r.settled()
}

// columns gathers the cells of each name. Their rows come in the order of place.
func (b *RowBuilder) columns(place []uint16) (all []rareColumn) {
	cells := slices.Clone(b.cells)
	slices.SortFunc(cells, func(x, y builtCell) int {
		return cmp.Or(strings.Compare(x.name, y.name), cmp.Compare(place[x.row], place[y.row]))
	})
	rows, vals := make([]uint16, len(cells)), make([]carpel.Value, len(cells))
	for i, c := range cells {
		rows[i], vals[i] = place[c.row], c.v
	}
	for from := 0; from < len(cells); {
		to := from + 1
		for to < len(cells) && cells[to].name == cells[from].name {
			to++
		}
		all = append(all, rareColumn{cells[from].name, rows[from:to:to], vals[from:to:to]})
		from = to
	}
	return all
}

// settled returns rows of which the maxColumns most used properties, and no others, are columns. Names that are used
// equally often go by the alphabet.
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
	slices.SortFunc(uses, func(x, y use) int {
		return cmp.Or(cmp.Compare(y.n, x.n), strings.Compare(x.name, y.name))
	})
	often := uses[:min(len(uses), maxColumns)]
	slices.SortFunc(often, func(x, y use) int { return strings.Compare(x.name, y.name) })
	s := &Rows{Slots: r.Slots, Starts: r.Starts, Time: r.Time}
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
		s.rare = append(s.rare, u.rareColumn)
	}
	slices.SortFunc(s.rare, byName)
	return s
}

func byName(x, y rareColumn) int { return strings.Compare(x.name, y.name) }
