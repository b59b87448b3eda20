package store

import (
	"encoding/binary"

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
	} else if left.Col.Dict.Has(v) { // what nobody has is not in the dictionary
		return
	}
	t.forgetValue(nameKey{statAttr, name}, forgotten{value: v})
}

// forgetRows lets the statistics forget what only the rows that were taken from a table had.
func (t *Tx) forgetRows(k entryKey, taken []*block.Rows) {
	columns := map[string][]*block.Column{}
	for _, r := range taken {
		for _, property := range r.Properties() {
			columns[property] = append(columns[property], r.Column(property))
		}
	}
	table := t.store.names.of(k.name)
	for property, from := range columns {
		switch eval.TableKind(table.kind) {
		case eval.EventTable:
			t.forgetValues(nameKey{statProperty, table.name + "\x00" + property}, from, t.tables[k], property)
		case eval.DeviceTable:
			t.forgetValues(nameKey{statDevice, property}, from, t.tables[k], property)
		case eval.PageTable:
			if property == "$url" {
				t.forgetNames(statPage, from)
			}
		case eval.MessageTable:
			if property == "$link" {
				t.forgetNames(statLink, from)
			}
		}
	}
}

// forgetValues lets the statistics forget the values they keep under a name that were taken and that no row left has.
// forgetValue notes what is to be forgotten under a name, if there is the name.
func (t *Tx) forgetValues(k nameKey, from []*block.Column, left *table, property string) {
	number := t.store.names.lookup(k)
	if number == 0 {
		return
	}
	kept, seen, gone := t.store.stats.kept(number), t.sighted.under(number, t.sights), map[carpel.Value]bool{}
	for _, c := range from {
		for v := range c.Values {
			if kept[v] || seen[v] {
				gone[v] = true
			}
		}
	}
	for _, p := range left.parts {
		for ; p != nil && len(gone) > 0; p = p.tail {
			if c := p.rows.Column(property); c != nil {
				for v := range c.Values {
					delete(gone, v)
				}
			}
		}
	}
	for v := range gone {
		t.forgotten = append(t.forgotten, forgotten{number: number, value: v})
	}
}

// forgetNames takes rows that had a name from the count of it.
func (t *Tx) forgetNames(kind byte, from []*block.Column) {
	for _, c := range from {
		for v, rows := range c.Values {
			t.forgetValue(nameKey{kind, v.Text()}, forgotten{rows: rows})
		}
	}
}

// sighted are the values that a transaction saw, by name. The statistics do not know of them yet.
type sighted struct {
	values map[uint32]map[carpel.Value]bool
	known  int // how many sights are in values
}

// under returns the values under a name, in all sights so far.
func (x *sighted) under(number uint32, sights []sight) map[carpel.Value]bool {
	if x.values == nil {
		x.values = map[uint32]map[carpel.Value]bool{}
	}
	for _, s := range sights[x.known:] {
		if x.values[s.number] == nil {
			x.values[s.number] = map[carpel.Value]bool{}
		}
		x.values[s.number][s.value] = true
	}
	x.known = len(sights)
	return x.values[number]
}

// kept returns the values that are kept under a name.
func (a *allStats) kept(number uint32) map[carpel.Value]bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := map[carpel.Value]bool{}
	if st := a.byName[number]; st != nil {
		for _, x := range st.Top {
			all[x.Value] = true
		}
	}
	return all
}

// forgetValue notes what is to be forgotten under a name, if there is the name.
func (t *Tx) forgetValue(k nameKey, f forgotten) {
	if f.number = t.store.names.lookup(k); f.number != 0 {
		t.forgotten = append(t.forgotten, f)
	}
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
