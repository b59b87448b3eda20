package block

import (
	"encoding/binary"
	"math"

	"github.com/carpel/carpel"
)

// Len returns the number of rows.
func (c *Column) Len() int {
	if c.Dict == nil {
		return len(c.Nums)
	}
	return len(c.Codes)
}

// Value returns a row's value.
func (c *Column) Value(row int) carpel.Value {
	if c.Dict != nil {
		return c.Dict[c.Codes[row]]
	}
	if f := c.Nums[row]; !math.IsNaN(f) {
		return carpel.NumberValue(f)
	}
	return carpel.Value{}
}

// IsSet reports whether a row has a value.
func (c *Column) IsSet(row int) bool {
	if c.Dict != nil {
		return c.Codes[row] != 0
	}
	return !math.IsNaN(c.Nums[row])
}

// Values yields the values of the column, each with how many of the rows have it. In the number form a value comes as often
// as rows have it, each time with 1.
func (c *Column) Values(yield func(v carpel.Value, rows int64) bool) {
	rows := make([]int64, len(c.Dict))
	for _, code := range c.Codes {
		rows[code]++
	}
	for code, n := range rows {
		if n > 0 && code != 0 && !yield(c.Dict[code], n) {
			return
		}
	}
	for _, f := range c.Nums {
		if !math.IsNaN(f) && !yield(carpel.NumberValue(f), 1) {
			return
		}
	}
}

// size returns the bytes the column takes in memory, about.
func (c *Column) size() int {
	n := 80 + 2*len(c.Codes) + 8*len(c.Nums)
	for _, v := range c.Dict {
		_, _, s := v.Parts()
		n += 32 + len(s)
	}
	return n
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
		return Column{Nums: nums}
	}
	c := Column{Dict: make([]carpel.Value, 1, min(len(vals), 16)+1), Codes: make([]uint16, n)}
	find := finder{dict: c.Dict}
	for i, row := range rows {
		c.Codes[row] = find.code(vals[i])
	}
	c.Dict = find.dict
	return c
}

func unsetNums(nums []float64) []float64 {
	for i := range nums {
		nums[i] = math.NaN()
	}
	return nums
}

// finder gives values their codes in a growing dictionary: by looking through it while it is short, or for a few
// values, else by a map.
type finder struct {
	dict  []carpel.Value
	few   bool
	index map[carpel.Value]uint16
}

// shortDict is up to how many entries looking through is faster than a map.
const shortDict = 12

func (f *finder) code(v carpel.Value) uint16 {
	if f.index == nil {
		for i := 1; i < len(f.dict); i++ {
			if f.dict[i] == v {
				return uint16(i)
			}
		}
		if len(f.dict) > shortDict && !f.few {
			f.index = make(map[carpel.Value]uint16, 4*len(f.dict))
			for i, w := range f.dict[1:] {
				f.index[w] = uint16(i + 1)
			}
		}
	} else if i, ok := f.index[v]; ok {
		return i
	}
	code := uint16(len(f.dict))
	f.dict = append(f.dict, v)
	if f.index != nil {
		f.index[v] = code
	}
	return code
}

// asDict returns the column in the dictionary form.
func (c *Column) asDict() *Column {
	if c.Dict != nil {
		return c
	}
	rows, vals := c.cells()
	find := finder{dict: make([]carpel.Value, 1, 17)}
	d := &Column{Codes: make([]uint16, len(c.Nums))}
	for i, row := range rows {
		d.Codes[row] = find.code(vals[i])
	}
	d.Dict = find.dict
	return d
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
	for _, code := range c.Codes {
		if code != 0 {
			n++
		}
	}
	for _, f := range c.Nums {
		if !math.IsNaN(f) {
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
		nums, any := make([]float64, 0, n), false
		for _, s := range spans {
			nums = append(nums, c.Nums[s.from:s.to]...)
		}
		for _, f := range nums {
			any = any || !math.IsNaN(f)
		}
		return Column{Nums: nums}, any
	}
	codes := make([]uint16, 0, n)
	for _, s := range spans {
		codes = append(codes, c.Codes[s.from:s.to]...)
	}
	dict, recode, plain := make([]carpel.Value, 1, min(n+1, len(c.Dict))), make([]uint16, len(c.Dict)), true
	for i, old := range codes {
		if old == 0 {
			continue
		}
		if recode[old] == 0 {
			recode[old] = uint16(len(dict))
			dict = append(dict, c.Dict[old])
			plain = plain && isPlain(c.Dict[old])
		}
		codes[i] = recode[old]
	}
	if !plain || len(dict) == 1 {
		return Column{Dict: dict, Codes: codes}, len(dict) > 1
	}
	nums := make([]float64, n)
	for i, code := range codes {
		nums[i] = math.NaN()
		if code != 0 {
			nums[i] = dict[code].Float()
		}
	}
	return Column{Nums: nums}, true
}

// The forms of a stored column, with a flag when every row has a value.
const (
	formDict   = 1
	formScaled = 2 // numbers as whole multiples of 10^-scale
	formRaw    = 3 // numbers as float64
	formMask   = 0x0f
	formFull   = 0x10
)

// form is how a column is stored.
type form struct {
	tag   byte
	scale byte
	base  int64 // scaled: the least multiple
	width int   // of a row
}

// maxScale is the most decimal places of the scaled form.
const maxScale = 6

func pow10(k byte) float64 { return [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}[k] }

// multiple returns f as a whole multiple m of 1/p, exact when float64(m)/p is f again.
func multiple(f, p float64) (m int64, exact bool) {
	scaled := f * p
	if !(math.Abs(scaled) < 1<<53) {
		return 0, false
	}
	m = int64(math.RoundToEven(scaled))
	return m, float64(m)/p == f
}

// formOf chooses how to store a column.
func formOf(c *Column) form {
	if c.Dict != nil {
		return dictForm(c)
	}
	f := form{tag: formScaled | formFull}
	for _, num := range c.Nums {
		if math.IsNaN(num) {
			f.tag = formScaled
			continue
		}
		for _, exact := multiple(num, pow10(f.scale)); !exact; _, exact = multiple(num, pow10(f.scale)) {
			if f.scale++; f.scale > maxScale {
				return rawForm()
			}
		}
	}
	return f.measured(c)
}

func rawForm() form { return form{tag: formRaw, width: 8} }

// measured finds the bounds of the multiples, now that the scale is known. A number that was exact at a smaller
// scale may be too large for this one.
func (f form) measured(c *Column) form {
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	p := pow10(f.scale)
	for _, num := range c.Nums {
		if math.IsNaN(num) {
			continue
		}
		m, exact := multiple(num, p)
		if !exact {
			return rawForm()
		}
		least, most = min(least, m), max(most, m)
	}
	if least > most {
		least, most = 0, 0
	}
	f.base = least
	span := uint64(most - least)
	if f.tag&formFull == 0 {
		span++ // 0 is unset
	}
	f.width = widthOf(span)
	return f
}

func dictForm(c *Column) form {
	f := form{tag: formDict | formFull}
	for _, code := range c.Codes {
		if code == 0 {
			f.tag = formDict
			break
		}
	}
	f.width = codeWidth(f.tag, len(c.Dict)-1)
	return f
}

// codeWidth returns the bytes of a code into n values. With every row set, codes are stored one less.
func codeWidth(tag byte, n int) int {
	if tag&formFull != 0 {
		n--
	}
	return widthOf(uint64(max(n, 0)))
}

// column writes the rows of a column; its tag is written elsewhere.
func (w *writer) column(c *Column, f form) {
	switch f.tag & formMask {
	case formDict:
		w.codes(c, f)
	case formRaw:
		for _, num := range c.Nums {
			w.float(num)
		}
	case formScaled:
		w.byte(f.scale)
		w.byte(byte(f.width))
		w.varint(f.base)
		p, unset := pow10(f.scale), uint64(0)
		if f.tag&formFull == 0 {
			unset = 1
		}
		for _, num := range c.Nums {
			if math.IsNaN(num) {
				w.fixed(0, f.width)
				continue
			}
			m, _ := multiple(num, p)
			w.fixed(uint64(m-f.base)+unset, f.width)
		}
	}
}

func (w *writer) codes(c *Column, f form) {
	w.uvarint(len(c.Dict) - 1)
	for _, v := range c.Dict[1:] {
		w.value(v)
	}
	less := uint16(0)
	if f.tag&formFull != 0 {
		less = 1
	}
	switch f.width {
	case 1:
		for _, code := range c.Codes {
			w.dst = append(w.dst, byte(code-less))
		}
	case 2:
		for _, code := range c.Codes {
			w.uint16(code - less)
		}
	}
}

// column reads a column into one of the slices, whose length is the number of rows: codes for the dictionary form,
// nums for the others.
func (r *reader) column(tag byte, codes []uint16, nums []float64) Column {
	switch tag & formMask {
	case formDict:
		return r.codes(tag, codes)
	case formRaw:
		src := r.take(8 * len(nums))
		for i := range len(src) / 8 {
			nums[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
			if math.IsInf(nums[i], 0) {
				r.failed()
			}
		}
		return Column{Nums: nums}
	case formScaled:
		return r.scaled(tag, nums)
	}
	r.failed()
	return Column{}
}

func (r *reader) scaled(tag byte, nums []float64) Column {
	scale, width, base := r.byte(), int(r.byte()), r.varint()
	if scale > maxScale || width > 8 {
		r.failed()
		return Column{}
	}
	src := r.take(width * len(nums))
	if r.bad {
		return Column{}
	}
	p := pow10(scale)
	var part [128]int64
	for at := 0; at < len(nums); at += len(part) {
		n := min(len(part), len(nums)-at)
		unpack(part[:n], src[at*width:(at+n)*width], width, 0)
		out := nums[at : at+n]
		switch {
		case tag&formFull == 0:
			for i := range out {
				out[i] = float64(base+part[i]-1) / p
				if part[i] == 0 {
					out[i] = math.NaN()
				}
			}
		case scale == 0:
			for i := range out {
				out[i] = float64(base + part[i])
			}
		default:
			for i := range out {
				out[i] = float64(base+part[i]) / p
			}
		}
	}
	return Column{Nums: nums}
}

func (r *reader) codes(tag byte, codes []uint16) Column {
	n := r.count(1)
	if n >= MaxRows+1 {
		r.failed()
		return Column{}
	}
	dict, all, texts := make([]carpel.Value, n+1), r.text, true
	for i := 1; i <= n; i++ {
		dict[i] = r.value()
		texts = texts && dict[i].Kind() == carpel.Text
	}
	if r.bad || !texts {
		all = ""
	} else {
		all = all[:len(all)-len(r.text)]
	}
	width, more := codeWidth(tag, n), uint16(0)
	if tag&formFull != 0 {
		more = 1
	}
	src := r.take(width * len(codes))
	if r.bad {
		return Column{}
	}
	most := uint16(0)
	switch width {
	case 0:
		for i := range codes {
			codes[i], most = more, more
		}
	case 1:
		src = src[:len(codes)]
		for i := range codes {
			code := uint16(src[i]) + more
			codes[i] = code
			most = max(most, code)
		}
	case 2:
		for i := range codes {
			code := binary.LittleEndian.Uint16(src[2*i:]) + more
			codes[i] = code
			most = max(most, code)
		}
	}
	if int(most) > n {
		r.failed()
		return Column{}
	}
	return Column{Dict: dict, Codes: codes, text: all}
}
