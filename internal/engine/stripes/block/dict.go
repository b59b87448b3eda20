package block

import (
	"math"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// Dict is the different values of a column, by code; code 0 stands for no value. Texts lie behind each other in one text,
// which takes a quarter of the room that as many values take. Immutable once made; safe to share.
type Dict struct {
	text string
	ends []uint16       // where the text of a code ends in text; nil: the values are in vals
	vals []carpel.Value // by code
}

// newDict returns a dictionary of values, of which the first is the unset one. It keeps vals.
func newDict(vals []carpel.Value) *Dict {
	if text, ends, ok := appendTexts("", []uint16{0}, vals[1:]); ok {
		return &Dict{text: text, ends: ends}
	}
	return &Dict{vals: vals}
}

// appendTexts appends values to the texts of a dictionary; not ok when they are no texts, or too long together.
func appendTexts(text string, ends []uint16, vals []carpel.Value) (string, []uint16, bool) {
	size := len(text)
	for i := range vals {
		if _, _, s := vals[i].Parts(); vals[i] == carpel.TextValue(s) && size+len(s) <= math.MaxUint16 {
			size += len(s)
		} else {
			return "", nil, false
		}
	}
	var all strings.Builder
	all.Grow(size)
	all.WriteString(text)
	ends = append(make([]uint16, 0, len(ends)+len(vals)), ends...)
	for i := range vals {
		_, _, s := vals[i].Parts()
		all.WriteString(s)
		ends = append(ends, uint16(all.Len()))
	}
	return all.String(), ends, true
}

// Len returns the number of codes, that of no value included.
func (d *Dict) Len() int {
	if d.ends != nil {
		return len(d.ends)
	}
	return len(d.vals)
}

// Value returns the value of a code.
func (d *Dict) Value(code int) carpel.Value {
	switch {
	case d.ends == nil:
		return d.vals[code]
	case code == 0:
		return carpel.Value{}
	}
	return carpel.TextValue(d.text[d.ends[code-1]:d.ends[code]])
}

// Texts returns the texts of the dictionary behind each other, and where each ends, by code; nil when not all values are
// texts.
func (d *Dict) Texts() (all string, ends []uint16) { return d.text, d.ends }

// Has reports whether a value has a code.
func (d *Dict) Has(v carpel.Value) bool { return v.IsSet() && d.find(v) > 0 }

// find returns the code of a value; 0 when it has none.
func (d *Dict) find(v carpel.Value) int {
	if d.ends == nil {
		return max(0, slices.Index(d.vals, v))
	}
	_, _, text := v.Parts()
	if v != carpel.TextValue(text) {
		return 0
	}
	from := 0
	for code, end := range d.ends[1:] {
		if int(end)-from == len(text) && d.text[from:end] == text {
			return code + 1
		}
		from = int(end)
	}
	return 0
}

// values returns all values by code. The slice is the caller's.
func (d *Dict) values() []carpel.Value {
	all := make([]carpel.Value, d.Len())
	for code := range all {
		all[code] = d.Value(code)
	}
	return all
}

// with returns the dictionary with more values, which it does not have yet.
func (d *Dict) with(more []carpel.Value) *Dict {
	if len(more) == 0 {
		return d
	}
	if d.ends != nil {
		if text, ends, ok := appendTexts(d.text, d.ends, more); ok {
			return &Dict{text: text, ends: ends}
		}
	}
	return &Dict{vals: append(d.values(), more...)}
}

// replaced returns the dictionary with another value for a code, which it does not have yet.
func (d *Dict) replaced(code int, v carpel.Value) *Dict {
	_, _, text := v.Parts()
	if d.ends == nil || v != carpel.TextValue(text) || len(d.text)+len(text) > math.MaxUint16 {
		vals := d.values()
		vals[code] = v
		return newDict(vals)
	}
	from, to := int(d.ends[code-1]), int(d.ends[code])
	more := uint16(len(text) - (to - from)) // goes around when there is less
	ends := slices.Clone(d.ends)
	for i := code; i < len(ends); i++ {
		ends[i] += more
	}
	return &Dict{text: d.text[:from] + text + d.text[to:], ends: ends}
}

// size returns the bytes that the dictionary takes in memory, about.
func (d *Dict) size() int {
	n := 64 + len(d.text) + 2*len(d.ends) + 32*len(d.vals)
	for _, v := range d.vals {
		_, _, s := v.Parts()
		n += len(s)
	}
	return n
}

// finder gives values their codes in a growing dictionary: by looking through it while it is short, or for a few
// values, else by a map.
type finder struct {
	dict  *Dict          // what was there
	more  []carpel.Value // what came to it
	few   bool
	index map[carpel.Value]uint16
}

// shortDict is up to how many entries looking through is faster than a map.
const shortDict = 12

// emptyDict has the unset value alone.
var emptyDict = &Dict{ends: []uint16{0}}

func (f *finder) code(v carpel.Value) uint16 {
	n := f.dict.Len()
	if f.index == nil && !f.few && n+len(f.more) > shortDict {
		f.index = make(map[carpel.Value]uint16, 4*(n+len(f.more)))
		for code := 1; code < n; code++ {
			f.index[f.dict.Value(code)] = uint16(code)
		}
		for i, w := range f.more {
			f.index[w] = uint16(n + i)
		}
	}
	if f.index != nil {
		if code, ok := f.index[v]; ok {
			return code
		}
	} else {
		if code := f.dict.find(v); code > 0 {
			return uint16(code)
		}
		if i := slices.Index(f.more, v); i >= 0 {
			return uint16(n + i)
		}
	}
	code := uint16(n + len(f.more))
	f.more = append(f.more, v)
	if f.index != nil {
		f.index[v] = code
	}
	return code
}

// grown returns the dictionary as it is now.
func (f *finder) grown() *Dict { return f.dict.with(f.more) }
