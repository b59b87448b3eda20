package block

import (
	"encoding/binary"
	"math"

	"github.com/carpel/carpel"
)

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
	base  int64  // scaled: the least multiple
	span  uint64 // scaled: how far the greatest is above it
	width int    // of a row
}

// maxScale is the most decimal places of the scaled form.
const maxScale = 6

var powersOf10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 7: 1} // one more, so that k&7 is within bounds

func pow10(k byte) float64 { return powersOf10[k&7] }

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
	return scaledForm(c.Len(), c.Nums.At)
}

// scaledForm chooses how to store numbers, NaN where unset.
func scaledForm(n int, at func(row int) float64) form {
	f := form{tag: formScaled | formFull}
	for row := range n {
		num := at(row)
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
	return f.measured(n, at)
}

func rawForm() form { return form{tag: formRaw, width: 8} }

// measured finds the bounds of the multiples, now that the scale is known. A number that was exact at a smaller
// scale may be too large for this one.
func (f form) measured(n int, at func(row int) float64) form {
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	p := pow10(f.scale)
	for row := range n {
		num := at(row)
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
	f.base, f.span = least, uint64(most-least)
	stored := f.span
	if f.tag&formFull == 0 {
		stored++ // 0 is unset
	}
	f.width = widthOf(stored)
	return f
}

func dictForm(c *Column) form {
	f := form{tag: formDict | formFull}
	for row := range c.Len() {
		if c.Codes.At(row) == 0 {
			f.tag = formDict
			break
		}
	}
	f.width = codeWidth(f.tag, c.Dict.Len()-1)
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
		for row := range c.Len() {
			w.float(c.Nums.At(row))
		}
	case formScaled:
		w.byte(f.scale)
		w.byte(byte(f.width))
		w.varint(f.base)
		p, unset := pow10(f.scale), uint64(0)
		if f.tag&formFull == 0 {
			unset = 1
		}
		for row := range c.Len() {
			num := c.Nums.At(row)
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
	n := c.Dict.Len()
	w.uvarint(n - 1)
	for code := 1; code < n; code++ {
		w.value(c.Dict.Value(code))
	}
	less := 0
	if f.tag&formFull != 0 {
		less = 1
	}
	for row := range c.Len() {
		switch code := c.Codes.At(row) - less; f.width {
		case 1:
			w.dst = append(w.dst, byte(code))
		case 2:
			w.uint16(uint16(code))
		}
	}
}

// column reads a column of n rows.
func (r *reader) column(tag byte, n int) Column {
	switch tag & formMask {
	case formDict:
		return r.codes(tag, n)
	case formRaw:
		src := r.take(8 * n)
		raw := make([]float64, len(src)/8)
		for i := range raw {
			raw[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
			if math.IsInf(raw[i], 0) {
				r.failed()
			}
		}
		return Column{Nums: &Nums{raw: raw}}
	case formScaled:
		return Column{Nums: r.scaled(tag, n)}
	}
	r.failed()
	return Column{}
}

func (r *reader) scaled(tag byte, n int) *Nums {
	scale, width, base := r.byte(), int(r.byte()), r.varint()
	if scale > maxScale || width > 8 {
		r.failed()
		return nil
	}
	src := r.take(width * n)
	if r.bad {
		return nil
	}
	less := int64(0) // what is stored is so much more than what is above the base
	if tag&formFull == 0 {
		less = 1
	}
	if width <= 4 && base > -maxMultiple && base < maxMultiple-1<<33 {
		if nums := packed(scale, base, uint32(1-less), src, width, n); nums != nil {
			return nums
		}
	}
	p, raw := pow10(scale), make([]float64, n)
	var above [1]int64
	for i := range raw {
		unpack(above[:], src[i*width:(i+1)*width], width, 0)
		if raw[i] = float64(base+above[0]-less) / p; above[0] < less {
			raw[i] = math.NaN()
		}
	}
	return &Nums{raw: raw}
}

// packed returns the numbers that n rows of a width hold, when what [Nums] stores is so much more; nil when it is too much.
func packed(scale byte, base int64, more uint32, src []byte, width, n int) *Nums {
	all, most := make([]uint32, n), uint32(0)
	unpack(all, src, width, 0)
	for _, x := range all {
		most = max(most, x)
	}
	if most+more < most {
		return nil
	}
	nums := &Nums{scale: scale, base: base}
	nums.make(n, most+more)
	for i, x := range all {
		nums.set(i, x+more)
	}
	return nums
}

// dict reads n values.
func (r *reader) dict(n int) *Dict {
	before, all, ends := *r, r.text, make([]uint16, n+1)
	end := 0
	for i := 1; i <= n; i++ {
		switch r.byte() {
		case byte(carpel.Text) | tagStr:
			end += len(r.str())
		case byte(carpel.Text):
		default:
			end = math.MaxUint16 + 1
		}
		if end > math.MaxUint16 || r.bad {
			*r = before
			return r.values(n)
		}
		ends[i] = uint16(end)
	}
	return &Dict{text: all[:end], ends: ends}
}

// values reads n values that are not all texts.
func (r *reader) values(n int) *Dict {
	vals := make([]carpel.Value, n+1)
	for i := 1; i <= n; i++ {
		vals[i] = r.value()
	}
	return newDict(vals)
}

func (r *reader) codes(tag byte, rows int) Column {
	n := r.count(1)
	if n >= MaxRows+1 {
		r.failed()
		return Column{}
	}
	d := r.dict(n)
	width, more := codeWidth(tag, n), uint16(0)
	if tag&formFull != 0 {
		more = 1
	}
	src := r.take(width * rows)
	if r.bad {
		return Column{}
	}
	codes, most := makeCodes(rows, n+1), uint16(0)
	switch {
	case width == 2 && codes.wide != nil:
		for i := range codes.wide {
			code := binary.LittleEndian.Uint16(src[2*i:]) + more
			codes.wide[i] = code
			most = max(most, code)
		}
	case width == 1 && codes.narrow != nil:
		least := uint8(math.MaxUint8)
		for i := range codes.narrow {
			code := src[i] + uint8(more)
			codes.narrow[i] = code
			most = max(most, uint16(code))
			least = min(least, code)
		}
		if uint16(least) < more { // it went around
			r.failed()
		}
	case width == 1: // 256 values, every row set
		for i := range codes.wide {
			codes.wide[i] = uint16(src[i]) + more
			most = max(most, codes.wide[i])
		}
	case width == 0:
		for i := range rows {
			codes.set(i, more)
			most = more
		}
	}
	if int(most) > n || r.bad {
		r.failed()
		return Column{}
	}
	return Column{Dict: d, Codes: codes}
}
