package block

import (
	"github.com/carpel/carpel"
)

// newValues returns the values that a column of Width rows holds.
func newValues(c Column) *Values {
	v := &Values{Col: c}
	if c.Dict == nil || c.Dict.Len() > shortDict+1 {
		for i := range Width {
			if c.IsSet(i) {
				v.set[i>>6] |= 1 << (i & 63)
			}
		}
		return v
	}
	v.holders = make([]Mask, c.Dict.Len())
	for i := range Width {
		v.holders[c.Codes.At(i)].Set(uint8(i))
	}
	v.set = Full.AndNot(v.holders[0])
	return v
}

// noValues returns the values of an attribute that nobody has.
func noValues() *Values {
	return newValues(Column{Dict: emptyDict, Codes: makeCodes(Width, 1)})
}

// Value returns a slot's value; unset for nil.
func (v *Values) Value(slot uint8) carpel.Value {
	if v == nil {
		return carpel.Value{}
	}
	return v.Col.Value(int(slot))
}

// Mask returns the slots that have a value; empty for nil.
func (v *Values) Mask() Mask {
	if v == nil {
		return Mask{}
	}
	return v.set
}

// Having returns the slots whose entry of the dictionary is marked with 1; says has 0 or 1 for every entry.
func (v *Values) Having(says []uint8) (m Mask) {
	if v.holders != nil {
		for code, who := range v.holders {
			if says[code] != 0 {
				m = m.Or(who)
			}
		}
		return m
	}
	for w := range m {
		word := uint64(0)
		for b := range 64 {
			word |= uint64(says[v.Col.Codes.At(w*64+b)]) << (b & 63)
		}
		m[w] = word
	}
	return m
}

// Size returns the bytes that the values take in memory, about.
func (v *Values) Size() int { return v.Col.size() + 64 + 32*len(v.holders) }

// With returns the values with one slot's replaced, copied; a nil v has none. The unset value removes.
func (v *Values) With(slot uint8, value carpel.Value) *Values {
	var c *Column
	switch {
	case v == nil && isPlain(value):
		c = &Column{Nums: newNums(unsetNums(make([]float64, Width)))}
	case v == nil:
		c = &noValues().Col
	case v.Col.Dict == nil && value.IsSet() && !isPlain(value):
		c = v.Col.asDict()
	default:
		c = &v.Col
	}
	if c.Dict == nil {
		return newValues(Column{Nums: c.Nums.with(int(slot), value)})
	}
	return newValues(c.with(int(slot), value))
}

// with returns a dictionary column with one row's value replaced, copied, and without the old one in the dictionary when no
// other row has it, so that a long history leaves nothing behind.
func (c *Column) with(row int, value carpel.Value) Column {
	old, code, d := c.Codes.At(row), 0, c.Dict
	leaves := old != 0 && c.Codes.count(old) == 1
	if value.IsSet() {
		if code = d.find(value); code == 0 {
			if leaves {
				return Column{Dict: d.replaced(old, value), Codes: c.Codes}
			}
			code = d.Len()
			d = d.with([]carpel.Value{value})
		}
	}
	if code == old {
		return *c
	}
	codes := c.Codes.clone(d.Len())
	codes.set(row, uint16(code))
	if !leaves {
		return Column{Dict: d, Codes: codes}
	}
	vals := d.values()
	last := len(vals) - 1
	vals[old] = vals[last]
	for i := range codes.Len() {
		if codes.At(i) == last {
			codes.set(i, uint16(old))
		}
	}
	return Column{Dict: newDict(vals[:last]), Codes: codes.clone(last)}
}

// AppendValues appends one run that overlays the given slots with their values in v, unset ones included; a nil v
// has none. Nothing is appended for no slots. A block written anew needs only v.Mask().
func AppendValues(dst []byte, v *Values, slots Mask) []byte {
	n := slots.Count()
	if n == 0 {
		return dst
	}
	w := newWriter(dst)
	w.slots(slots)
	if v == nil {
		v = noValues()
	}
	spans := make([]span, 0, n)
	for s := range slots.Slots {
		spans = addRow(spans, int(s))
	}
	c, _ := v.Col.pick(spans, n)
	f := formOf(&c)
	w.byte(f.tag)
	w.column(&c, f)
	return w.finish(headValues)
}

// DecodeValues folds the runs of data: the last run that has a slot wins. No data is no values (never nil). It
// fails on bytes that are no such runs. data is not kept.
func DecodeValues(data []byte) (*Values, error) {
	v, _, err := foldValues(data)
	return v, err
}

// foldValues also returns the slots that the runs overlay.
func foldValues(data []byte) (*Values, Mask, error) {
	var all Mask
	var vals [Width]carpel.Value
	for len(data) > 0 {
		run, rest, err := nextRun(data, headValues)
		if err != nil {
			return nil, all, err
		}
		m, c, err := run.values()
		if err != nil {
			return nil, all, err
		}
		if all.IsEmpty() && len(rest) == 0 { // the usual case: one run
			return newValues(c.spread(m)), m, nil
		}
		i := 0
		for s := range m.Slots {
			vals[s] = c.Value(i)
			i++
		}
		all, data = all.Or(m), rest
	}
	var rows []uint16
	var set []carpel.Value
	for s, val := range vals {
		if val.IsSet() {
			rows, set = append(rows, uint16(s)), append(set, val)
		}
	}
	if set == nil {
		return noValues(), all, nil
	}
	return newValues(newColumn(Width, rows, set)), all, nil
}

// values decodes one run: the slots, and a column with a row for each.
func (run run) values() (Mask, Column, error) {
	r := run.reader()
	m := r.slots()
	n := m.Count()
	if n == 0 {
		r.failed()
	}
	c := r.column(r.byte(), n)
	return m, c, r.err("values")
}

// spread returns a column of Width rows: row i of c at the i-th slot of m, the others unset.
func (c *Column) spread(m Mask) Column {
	if m == Full {
		return *c
	}
	i := 0
	if c.Dict != nil {
		codes := makeCodes(Width, c.Dict.Len())
		for s := range m.Slots {
			codes.set(int(s), uint16(c.Codes.At(i)))
			i++
		}
		return Column{Dict: c.Dict, Codes: codes}
	}
	nums := c.Nums.like(Width)
	unsetNums(nums.raw)
	for s := range m.Slots {
		nums.put(int(s), c.Nums, span{from: i, to: i + 1})
		i++
	}
	return Column{Nums: nums}
}
