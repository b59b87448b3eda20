package block

import (
	"bytes"
	"math"
)

// Codes is a code per row, in a byte each as long as all fit. Immutable once made; safe to share.
type Codes struct {
	narrow []uint8
	wide   []uint16
}

// maxNarrow is the greatest code of a byte.
const maxNarrow = math.MaxUint8

// makeCodes returns room for n codes below most.
func makeCodes(n, most int) Codes {
	if most <= maxNarrow+1 {
		return Codes{narrow: make([]uint8, n)}
	}
	return Codes{wide: make([]uint16, n)}
}

// codesOf returns codes below most.
func codesOf(all []uint16, most int) Codes {
	c := makeCodes(len(all), most)
	for i, code := range all {
		c.set(i, code)
	}
	return c
}

// Len returns the number of rows.
func (c *Codes) Len() int { return len(c.narrow) + len(c.wide) }

// At returns the code of a row.
func (c *Codes) At(row int) int {
	if c.wide != nil {
		return int(c.wide[row])
	}
	return int(c.narrow[row])
}

// Narrow returns the codes as bytes; nil when some do not fit.
func (c *Codes) Narrow() []uint8 { return c.narrow }

func (c *Codes) set(row int, code uint16) {
	if c.wide != nil {
		c.wide[row] = code
	} else {
		c.narrow[row] = uint8(code)
	}
}

// clone returns a copy with room for codes below most.
func (c *Codes) clone(most int) Codes {
	w := makeCodes(c.Len(), most)
	w.put(0, c, span{to: c.Len()})
	return w
}

// count returns how many rows have a code.
func (c *Codes) count(code int) (n int) {
	if c.wide == nil {
		return bytes.Count(c.narrow, []byte{uint8(code)})
	}
	for _, x := range c.wide {
		if int(x) == code {
			n++
		}
	}
	return n
}

// put copies rows of another one, whose codes fit.
func (c *Codes) put(at int, o *Codes, s span) {
	switch {
	case c.wide == nil && o.wide == nil:
		copy(c.narrow[at:], o.narrow[s.from:s.to])
	case c.wide != nil && o.wide != nil:
		copy(c.wide[at:], o.wide[s.from:s.to])
	default:
		for i := s.from; i < s.to; i++ {
			c.set(at+i-s.from, uint16(o.At(i)))
		}
	}
}
