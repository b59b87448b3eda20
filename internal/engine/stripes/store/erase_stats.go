package store

import (
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// forgotten is what the statistics must not keep of somebody who was erased: a value under a name, or, when rows is not
// zero, the name itself (of a page or a link) if nobody else was seen with it.
type forgotten struct {
	number uint32
	value  carpel.Value
	rows   int64
}

// forgetAttribute, called when somebody's value is replaced or removed, lets the statistics forget a value that nobody else in the stripe has: one that many have is nobody's.
func (t *Tx) forgetAttribute(name string, v carpel.Value, left *block.Values) {
	if !v.IsSet() {
		return
	}
	if isPlainNumber := left.Col.Dict == nil; isPlainNumber {
		for slot := range left.Mask().Slots {
			if left.Value(slot) == v {
				return
			}
		}
	} else if slices.Contains(left.Col.Dict, v) { // what nobody has is not in the dictionary
		return
	}
	t.forgetValue(nameKey{statAttr, name}, forgotten{value: v})
}

// forgetRows lets the statistics forget the values of rows that were taken from a table.
func (t *Tx) forgetRows(k entryKey, taken []*block.Rows) {
	type cell struct {
		property string
		value    carpel.Value
	}
	cells := map[cell]int64{}
	for _, r := range taken {
		for i := range r.Len() {
			_, _, props := r.Row(i)
			for name, v := range props {
				cells[cell{name, v}]++
			}
		}
	}
	table := t.store.names.of(k.name)
	left := t.tables[k]
	for c, n := range cells {
		switch eval.TableKind(table.kind) {
		case eval.EventTable:
			if !left.holds(c.property, c.value) {
				t.forgetValue(nameKey{statProperty, table.name + "\x00" + c.property}, forgotten{value: c.value})
			}
		case eval.DeviceTable:
			if !left.holds(c.property, c.value) {
				t.forgetValue(nameKey{statDevice, c.property}, forgotten{value: c.value})
			}
		case eval.PageTable:
			if c.property == "$url" {
				t.forgetValue(nameKey{statPage, c.value.Text()}, forgotten{rows: n})
			}
		case eval.MessageTable:
			if c.property == "$link" {
				t.forgetValue(nameKey{statLink, c.value.Text()}, forgotten{rows: n})
			}
		}
	}
}

// forgetValue notes what is to be forgotten under a name, if there is the name.
func (t *Tx) forgetValue(k nameKey, f forgotten) {
	if f.number = t.store.names.lookup(k); f.number != 0 {
		t.forgotten = append(t.forgotten, f)
	}
}

// holds reports whether a row of the table has the value.
func (t *table) holds(property string, v carpel.Value) bool {
	for _, p := range t.parts {
		c := p.whole().Column(property)
		if c == nil {
			continue
		}
		for row := range c.Len() {
			if c.Value(row) == v {
				return true
			}
		}
	}
	return false
}

// forget takes out of the statistics what must not be kept. They are written with this batch when somebody was erased.
func (s *Store) forget(b *pebble.Batch, all []forgotten, erased bool) error {
	if len(all) == 0 && !erased {
		return nil
	}
	a := s.stats
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fresh = a.fresh || erased
	for _, f := range all {
		st := a.byName[f.number]
		if st == nil {
			continue
		}
		a.dirty[f.number] = true
		if f.rows == 0 {
			st.drop(f.value)
			continue
		}
		if st.Count -= f.rows; st.Count > 0 {
			continue
		}
		k := s.names.of(f.number)
		delete(a.byName, f.number)
		delete(a.dirty, f.number)
		a.kinds[k.kind]--
		s.names.forget(f.number)
		if err := b.Delete(k.key(), nil); err != nil {
			return err
		}
		if err := b.Delete(binary.BigEndian.AppendUint32([]byte{keyStats}, f.number), nil); err != nil {
			return err
		}
	}
	return nil
}

// drop takes a value out of the top.
func (st *nameStats) drop(v carpel.Value) {
	st.indexed()
	i, ok := st.index[v]
	if !ok {
		return
	}
	last := len(st.Top) - 1
	st.Top[i] = st.Top[last]
	st.index[st.Top[i].Value] = i
	st.Top = st.Top[:last]
	delete(st.index, v)
}

// forget removes a name whose number nothing but statistics knows.
func (n *names) forget(number uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.number, n.name[number])
	n.kinds[n.name[number].kind]--
	n.name[number] = nameKey{}
}
