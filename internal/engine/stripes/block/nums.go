package block

import (
	"math"

	"github.com/carpel/carpel"
)

// Nums is numbers, one a row, all of which a float64 holds exactly as written: as whole multiples of a power of ten, in one,
// two or four bytes, where they are such, as money and counts are; else as float64. Immutable once made; safe to share.
type Nums struct {
	raw   []float64 // NaN where unset; nil in the packed form
	base  int64     // the multiple that 1 stands for; 0 stands for unset
	scale byte      // multiples of 10^-scale
	one   []uint8
	two   []uint16
	four  []uint32
}

// maxMultiple is beyond all multiples that are told apart as float64.
const maxMultiple = 1 << 53

// newNums packs numbers, NaN for unset. It keeps raw.
func newNums(raw []float64) *Nums {
	f := scaledForm(len(raw), func(row int) float64 { return raw[row] })
	if f.tag&formMask == formRaw || f.width > 4 {
		return &Nums{raw: raw}
	}
	p := pow10(f.scale)
	n := &Nums{scale: f.scale, base: f.base}
	most := f.span + 1
	if f.base > 0 && widthOf(uint64(f.base)+most) == widthOf(most) { // so that smaller ones fit that come later
		n.base, most = 0, uint64(f.base)+most
	}
	if most > math.MaxUint32 {
		return &Nums{raw: raw}
	}
	n.make(len(raw), uint32(most))
	for row, num := range raw {
		if !math.IsNaN(num) {
			m, _ := multiple(num, p)
			n.set(row, uint32(m-n.base)+1)
		}
	}
	return n
}

// make makes room for n rows of at most most.
func (n *Nums) make(rows int, most uint32) {
	switch {
	case most <= math.MaxUint8:
		n.one = make([]uint8, rows)
	case most <= math.MaxUint16:
		n.two = make([]uint16, rows)
	default:
		n.four = make([]uint32, rows)
	}
}

// most is the greatest that fits the packed form as it is.
func (n *Nums) most() uint32 {
	switch {
	case n.one != nil:
		return math.MaxUint8
	case n.two != nil:
		return math.MaxUint16
	}
	return math.MaxUint32
}

func (n *Nums) set(row int, stored uint32) {
	switch {
	case n.one != nil:
		n.one[row] = uint8(stored)
	case n.two != nil:
		n.two[row] = uint16(stored)
	default:
		n.four[row] = stored
	}
}

// stored is what a row of the packed form has.
func (n *Nums) stored(row int) uint32 {
	switch {
	case n.one != nil:
		return uint32(n.one[row])
	case n.two != nil:
		return uint32(n.two[row])
	}
	return n.four[row]
}

// Len returns the number of rows.
func (n *Nums) Len() int { return len(n.raw) + len(n.one) + len(n.two) + len(n.four) }

// At returns a row's number; NaN where unset.
func (n *Nums) At(row int) float64 {
	if n.raw != nil {
		return n.raw[row]
	}
	if s := n.stored(row); s != 0 {
		return n.number(s)
	}
	return math.NaN()
}

// number is the number that something stored stands for.
func (n *Nums) number(stored uint32) float64 {
	m := float64(n.base + int64(stored) - 1)
	if n.scale == 0 {
		return m
	}
	return m / pow10(n.scale)
}

// Word returns the numbers of the 64 rows from 64*w on, or of as many as there are: in buf, when they are packed.
func (n *Nums) Word(w int, buf *[64]float64) []float64 {
	from := w << 6
	to := min(from+64, n.Len())
	switch {
	case n.raw != nil:
		return n.raw[from:to]
	case n.one != nil:
		return unpackWord(n, n.one[from:to], buf)
	case n.two != nil:
		return unpackWord(n, n.two[from:to], buf)
	}
	return unpackWord(n, n.four[from:to], buf)
}

func unpackWord[T uint8 | uint16 | uint32](n *Nums, stored []T, buf *[64]float64) []float64 {
	out, p, base := buf[:len(stored)], pow10(n.scale), n.base-1
	for i, s := range stored {
		if out[i] = float64(base+int64(s)) / p; s == 0 {
			out[i] = math.NaN()
		}
	}
	return out
}

// IsSet reports whether a row has a number.
func (n *Nums) IsSet(row int) bool {
	if n.raw != nil {
		return !math.IsNaN(n.raw[row])
	}
	return n.stored(row) != 0
}

// Raw, One, Two and Four return the rows in the form they have; nil of those that they do not have. [Nums.Range] and
// [Nums.Find] say what numbers are in the packed forms.
func (n *Nums) Raw() []float64 { return n.raw }
func (n *Nums) One() []uint8   { return n.one }
func (n *Nums) Two() []uint16  { return n.two }
func (n *Nums) Four() []uint32 { return n.four }

// Range returns the least and the greatest that a row of the packed form has whose number is in [low, high]; least is
// greater when there is no such number.
func (n *Nums) Range(low, high float64) (least, greatest uint32) {
	least, greatest = 1, n.most()
	if guess := low * pow10(n.scale); guess > float64(n.base) {
		least = uint32(min(guess-float64(n.base), float64(greatest-1))) + 1
	}
	for least > 1 && n.number(least-1) >= low {
		least--
	}
	for n.number(least) < low {
		if least == greatest {
			return 1, 0
		}
		least++
	}
	if guess := high * pow10(n.scale); guess < float64(n.base)+float64(greatest-1) {
		greatest = uint32(max(guess-float64(n.base), 0)) + 1
	}
	for greatest < n.most() && n.number(greatest+1) <= high {
		greatest++
	}
	for n.number(greatest) > high {
		if greatest <= least {
			return 1, 0
		}
		greatest--
	}
	return least, greatest
}

// Find returns what a row of the packed form has whose number is f; 0 for a number that no row can have.
func (n *Nums) Find(f float64) uint32 {
	m, exact := multiple(f, pow10(n.scale))
	if !exact || m < n.base || uint64(m-n.base) >= uint64(n.most()) {
		return 0
	}
	return uint32(m-n.base) + 1
}

// pick returns the rows of the spans, count in all, and whether any of them has a number.
func (n *Nums) pick(spans []span, count int) (*Nums, bool) {
	p := n.like(count)
	at := 0
	for _, s := range spans {
		p.put(at, n, s)
		at += s.to - s.from
	}
	for row := range count {
		if p.IsSet(row) {
			return p, true
		}
	}
	return p, false
}

// like returns room for rows of the same form, unset but for the raw form.
func (n *Nums) like(rows int) *Nums {
	if n.raw != nil {
		return &Nums{raw: make([]float64, rows)}
	}
	p := &Nums{base: n.base, scale: n.scale}
	p.make(rows, n.most())
	return p
}

// put copies rows of one that has the same form.
func (n *Nums) put(at int, o *Nums, s span) {
	switch {
	case n.raw != nil:
		copy(n.raw[at:], o.raw[s.from:s.to])
	case n.one != nil:
		copy(n.one[at:], o.one[s.from:s.to])
	case n.two != nil:
		copy(n.two[at:], o.two[s.from:s.to])
	default:
		copy(n.four[at:], o.four[s.from:s.to])
	}
}

// joinNums returns the numbers of both sides of a pair, count in all: in the form of p.r when those of p.o fit it.
func joinNums(p pair, spans []span, count int) *Nums {
	if p.r != nil && p.r.Nums.raw == nil {
		if n := p.r.Nums.joined(p.o, spans, count); n != nil {
			return n
		}
	}
	raw := make([]float64, 0, count)
	for _, s := range spans {
		c := p.r
		if s.other {
			c = p.o
		}
		for row := s.from; row < s.to; row++ {
			if c == nil {
				raw = append(raw, math.NaN())
			} else {
				raw = append(raw, c.Nums.At(row))
			}
		}
	}
	return newNums(raw)
}

// joined returns packed numbers and those of another column, nil for none, in the same form; nil when these do not fit it.
func (n *Nums) joined(o *Column, spans []span, count int) *Nums {
	var few [16]uint32
	stored := few[:0]
	if o != nil {
		for row := range o.Nums.Len() {
			f := o.Nums.At(row)
			s := uint32(0)
			if !math.IsNaN(f) {
				if s = n.Find(f); s == 0 {
					return nil
				}
			}
			stored = append(stored, s)
		}
	}
	j := n.like(count)
	at := 0
	for _, s := range spans {
		switch {
		case !s.other:
			j.put(at, n, s)
		case o != nil:
			for i, x := range stored[s.from:s.to] {
				j.set(at+i, x)
			}
		}
		at += s.to - s.from
	}
	return j
}

// with returns the numbers with one row's replaced, copied.
func (n *Nums) with(row int, v carpel.Value) *Nums {
	if n.raw == nil {
		s := uint32(0)
		if v.IsSet() {
			s = n.Find(v.Float())
		}
		if s != 0 || !v.IsSet() {
			w := n.like(n.Len())
			w.put(0, n, span{to: n.Len()})
			w.set(row, s)
			return w
		}
	}
	raw := make([]float64, n.Len())
	for i := range raw {
		raw[i] = n.At(i)
	}
	if raw[row] = math.NaN(); v.IsSet() {
		raw[row] = v.Float()
	}
	return newNums(raw)
}

// size returns the bytes that the numbers take in memory, about.
func (n *Nums) size() int { return 128 + 8*len(n.raw) + len(n.one) + 2*len(n.two) + 4*len(n.four) }
