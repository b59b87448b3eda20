package eval

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// TouchedTable is what changed in a table: people, and, when nothing else of theirs in it did, the rows that were added.
type TouchedTable struct {
	Table
	Slots block.Mask
	Added *block.Rows // nil: they may have changed in any way
}

// addition is rows that were added to a table, put to a leaf whose answer without them is known.
type addition struct {
	rows    *block.Rows
	members block.Mask // who matched before
	now     carpel.Millis
}

// effect is what an addition means for a leaf: the people who have to be asked about, those who match now, and when time
// may next change the answer for these.
type effect struct {
	ask, in block.Mask
	next    carpel.Millis
}

// added finds what new rows mean from these rows alone, without reading what the people did before, where that can be
// told: rows that the filter turns away or that have left the window mean nothing; where more rows never make an answer
// false, one that is true stays so, and no shorter; and where one row is enough, the first makes it true.
func (l *activityLeaf) added(a addition) effect {
	e := effect{next: carpel.Never}
	filter := l.rows.filter
	if filter != nil && (filter.timed || filter.never(a.rows)) {
		if filter.timed {
			e.ask = a.rows.Mask()
		}
		return e
	}
	var bits rowBits
	if filter != nil {
		s := getScratch()
		defer putScratch(s)
		bits = s.borrow(a.rows.Len())
		defer s.giveBack(bits)
		bits.fill(0, a.rows.Len(), true)
		filter.narrow(s, rowsAsked{a.rows, 0, a.rows.Len(), a.now}, bits)
	}
	lo, hi := l.window.bounds(a.now)
	for i, slot := range a.rows.Slots {
		for row := int(a.rows.Starts[i+1]) - 1; row >= int(a.rows.Starts[i]); row-- {
			at := a.rows.Time.At(row)
			if at < lo {
				break // and so are those before it
			}
			if bits != nil && !bits.has(row) {
				continue
			}
			if at < hi && l.measure.grows() {
				if a.members.Has(slot) {
					continue
				}
				if l.measure.kind == carpel.MeasureCount && l.measure.accept.low64 == 1 {
					e.in.Set(slot)
					e.next = min(e.next, max(l.window.leave(at), a.now+1))
					continue
				}
			}
			e.ask.Set(slot)
			break
		}
	}
	return e
}

// grows reports whether more events never make the answer false.
func (m *measure) grows() bool {
	switch m.kind {
	case carpel.MeasureCount, carpel.MeasureDays, carpel.MeasureDistinct:
		return m.accept.high64 >= maxCount
	}
	return false
}

// addition puts rows that were added to a table to the leaves that read it.
func (p *Program) addition(k *marks, leaves []int, t *TouchedTable, now carpel.Millis, st *State) {
	for _, i := range leaves {
		l, ok := p.nodes[i].leaf.(*activityLeaf)
		if !ok || t.Added == nil {
			k.mark(i, t.Slots)
			continue
		}
		e := l.added(addition{t.Added, st.Masks[i], now})
		if e.in = e.in.AndNot(e.ask).And(st.people); !e.in.IsEmpty() {
			st.Next[i] = min(st.Next[i], e.next)
			st.due = min(st.due, e.next)
			p.change(k, i, st, st.Masks[i].Or(e.in))
		}
		if !e.ask.IsEmpty() {
			k.mark(i, e.ask)
		}
	}
}
