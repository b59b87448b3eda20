package block

import (
	"math"

	"github.com/carpel/carpel"
)

// Len returns the number of rows.
func (c *Column) Len() int {
	if c.Dict == nil {
		return c.Nums.Len()
	}
	return c.Codes.Len()
}

// Value returns a row's value.
func (c *Column) Value(row int) carpel.Value {
	if c.Dict != nil {
		return c.Dict.Value(c.Codes.At(row))
	}
	if f := c.Nums.At(row); !math.IsNaN(f) {
		return carpel.NumberValue(f)
	}
	return carpel.Value{}
}

// IsSet reports whether a row has a value.
func (c *Column) IsSet(row int) bool {
	if c.Dict != nil {
		return c.Codes.At(row) != 0
	}
	return c.Nums.IsSet(row)
}

// Values yields the values of the column, each with how many of the rows have it. In the number form a value comes as often
// as rows have it, each time with 1.
func (c *Column) Values(yield func(v carpel.Value, rows int64) bool) {
	if c.Dict == nil {
		for row := range c.Len() {
			if v := c.Value(row); v.IsSet() && !yield(v, 1) {
				return
			}
		}
		return
	}
	rows := make([]int64, c.Dict.Len())
	for row := range c.Len() {
		rows[c.Codes.At(row)]++
	}
	for code, n := range rows {
		if n > 0 && code != 0 && !yield(c.Dict.Value(code), n) {
			return
		}
	}
}

// size returns the bytes the column takes in memory, about.
func (c *Column) size() int {
	if c.Dict == nil {
		return 64 + c.Nums.size()
	}
	return 64 + len(c.Codes.narrow) + 2*len(c.Codes.wide) + c.Dict.size()
}

// isPlain reports whether a value fits the number form.
func isPlain(v carpel.Value) bool {
	kind, _, str := v.Parts()
	return kind == carpel.Number && str == ""
}

// newColumn builds a column of n rows out of set values: vals[i] is that of rows[i].
func newColumn(n int, rows []uint16, vals []carpel.Value) Column {
	plain := true
	for i := range vals {
		if !isPlain(vals[i]) {
			plain = false
			break
		}
	}
	if plain {
		nums := unsetNums(make([]float64, n))
		for i, row := range rows {
			nums[row] = vals[i].Float()
		}
		return Column{Nums: newNums(nums)}
	}
	codes, find := make([]uint16, n), finder{dict: emptyDict}
	for i, row := range rows {
		codes[row] = find.code(vals[i])
	}
	d := find.grown()
	return Column{Dict: d, Codes: codesOf(codes, d.Len())}
}

func unsetNums(nums []float64) []float64 {
	for i := range nums {
		nums[i] = math.NaN()
	}
	return nums
}

// asDict returns the column in the dictionary form.
func (c *Column) asDict() *Column {
	if c.Dict != nil {
		return c
	}
	rows, vals := c.cells()
	codes, find := make([]uint16, c.Len()), finder{dict: emptyDict}
	for i, row := range rows {
		codes[row] = find.code(vals[i])
	}
	d := find.grown()
	return &Column{Dict: d, Codes: codesOf(codes, d.Len())}
}

// cells returns the rows that have a value, and the values.
func (c *Column) cells() (rows []uint16, vals []carpel.Value) {
	for i := range c.Len() {
		if c.IsSet(i) {
			rows = append(rows, uint16(i))
			vals = append(vals, c.Value(i))
		}
	}
	return rows, vals
}

// set returns how many rows have a value.
func (c *Column) set() (n int) {
	for row := range c.Len() {
		if c.IsSet(row) {
			n++
		}
	}
	return n
}

// span is a stretch of rows [from, to): of the other side when two are joined.
type span struct {
	from, to int
	other    bool
}

// pick returns the column of the rows in spans, n in all, with only the dictionary that they use, and whether any
// of them has a value.
func (c *Column) pick(spans []span, n int) (Column, bool) {
	if c.Dict == nil {
		nums, any := c.Nums.pick(spans, n)
		return Column{Nums: nums}, any
	}
	var used []carpel.Value // by new code
	codes, recode, plain, i := make([]uint16, n), make([]uint16, c.Dict.Len()), true, 0
	used = append(used, carpel.Value{})
	for _, s := range spans {
		for row := s.from; row < s.to; row++ {
			if old := c.Codes.At(row); old != 0 {
				if recode[old] == 0 {
					v := c.Dict.Value(old)
					recode[old] = uint16(len(used))
					used = append(used, v)
					plain = plain && isPlain(v)
				}
				codes[i] = recode[old]
			}
			i++
		}
	}
	if !plain || len(used) == 1 {
		return Column{Dict: newDict(used), Codes: codesOf(codes, len(used))}, len(used) > 1
	}
	nums := unsetNums(make([]float64, n))
	for i, code := range codes {
		if code != 0 {
			nums[i] = used[code].Float()
		}
	}
	return Column{Nums: newNums(nums)}, true
}
