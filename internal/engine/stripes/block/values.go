package block

import (
	"math"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// newValues returns the values that a column of Width rows holds.
func newValues(c Column) *Values {
	v := &Values{Col: c}
	if c.Dict == nil {
		for i, f := range c.Nums {
			if f == f { // not NaN
				v.set[i>>6] |= 1 << (i & 63)
			}
		}
		return v
	}
	if len(c.Dict) > shortDict+1 {
		for i, code := range c.Codes {
			if code != 0 {
				v.set[i>>6] |= 1 << (i & 63)
			}
		}
		return v
	}
	v.holders = make([]Mask, len(c.Dict))
	for i, code := range c.Codes {
		v.holders[code][i>>6] |= 1 << (i & 63)
	}
	v.set = Full.AndNot(v.holders[0])
	return v
}

// joined returns the values with the texts of a dictionary that is not short laid behind each other, as Texts returns them.
// It changes v, which is nobody else's yet.
func (v *Values) joined() *Values {
	c := &v.Col
	size := 0
	for _, e := range c.Dict {
		kind, _, text := e.Parts()
		if size += len(text); kind > carpel.Unset && kind != carpel.Text {
			return v
		}
	}
	if len(c.Dict) <= shortDict+1 || size > math.MaxUint16 {
		return v
	}
	if c.text == "" {
		var b strings.Builder
		b.Grow(size)
		for _, e := range c.Dict[1:] {
			b.WriteString(e.Text())
		}
		c.text = b.String()
	}
	v.ends = make([]uint16, len(c.Dict))
	end := 0
	for code, e := range c.Dict[1:] {
		from := end
		end += len(e.Text())
		c.Dict[code+1] = carpel.TextValue(c.text[from:end]) // so that the texts are in memory once
		v.ends[code+1] = uint16(end)
	}
	return v
}

// Texts returns the texts of the dictionary behind each other, and where each ends, by code; nil when they do not lie so.
func (v *Values) Texts() (all string, ends []uint16) { return v.Col.text, v.ends }

// noValues returns the values of an attribute that nobody has.
func noValues() *Values {
	return newValues(Column{Dict: make([]carpel.Value, 1), Codes: make([]uint16, Width)})
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
		for b, code := range v.Col.Codes[w*64 : w*64+64] {
			word |= uint64(says[code]) << (b & 63)
		}
		m[w] = word
	}
	return m
}

// Size returns the bytes that the values take in memory, about.
func (v *Values) Size() int { return v.Col.size() + 32 + 32*len(v.holders) + 2*len(v.ends) }

// With returns the values with one slot's replaced, copied; a nil v has none. The unset value removes.
func (v *Values) With(slot uint8, value carpel.Value) *Values {
	var c *Column
	switch {
	case v == nil:
		c = &noValues().Col
		if isPlain(value) {
			c = &Column{Nums: unsetNums(make([]float64, Width))}
		}
	case v.Col.Dict == nil && value.IsSet() && !isPlain(value):
		c = v.Col.asDict() // a copy
	default:
		c = &Column{Dict: slices.Clone(v.Col.Dict), Codes: slices.Clone(v.Col.Codes), Nums: slices.Clone(v.Col.Nums)}
	}
	if c.Dict == nil {
		c.Nums[slot] = math.NaN()
		if value.IsSet() {
			c.Nums[slot] = value.Float()
		}
		return newValues(*c)
	}
	c.put(int(slot), value)
	return newValues(*c)
}

// put replaces a value of a dictionary column in place, and takes the old one out of the dictionary when no other
// row has it, so that a long history leaves nothing behind.
func (c *Column) put(row int, value carpel.Value) {
	old, code := c.Codes[row], uint16(0)
	if value.IsSet() {
		code = uint16(len(c.Dict))
		if i := slices.Index(c.Dict, value); i > 0 {
			code = uint16(i)
		} else {
			c.Dict = append(c.Dict, value)
		}
	}
	c.Codes[row] = code
	if old == 0 || slices.Contains(c.Codes, old) {
		return
	}
	last := uint16(len(c.Dict) - 1)
	c.Dict[old] = c.Dict[last]
	c.Dict = c.Dict[:last]
	for i, code := range c.Codes {
		if code == last {
			c.Codes[i] = old
		}
	}
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
			return newValues(c.spread(m)).joined(), m, nil
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
	return newValues(newColumn(Width, rows, set)).joined(), all, nil
}

// values decodes one run: the slots, and a column with a row for each.
func (run run) values() (Mask, Column, error) {
	r := run.reader()
	m := r.slots()
	n := m.Count()
	if n == 0 {
		r.failed()
	}
	tag := r.byte()
	var c Column
	if tag&formMask == formDict {
		c = r.column(tag, make([]uint16, n), nil)
	} else {
		c = r.column(tag, nil, make([]float64, n))
	}
	return m, c, r.err("values")
}

// spread returns a column of Width rows: row i of c at the i-th slot of m, the others unset.
func (c *Column) spread(m Mask) Column {
	i := 0
	if c.Dict != nil {
		codes := make([]uint16, Width)
		for s := range m.Slots {
			codes[s] = c.Codes[i]
			i++
		}
		return Column{Dict: c.Dict, Codes: codes, text: c.text}
	}
	nums := unsetNums(make([]float64, Width))
	for s := range m.Slots {
		nums[s] = c.Nums[i]
		i++
	}
	return Column{Nums: nums}
}
