package eval

import (
	"math/bits"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// rowBits is a bit per row of a part.
type rowBits []uint64

// picked is some rows of a part: those that have their bit set, or all when there are no bits.
type picked struct {
	rows *block.Rows
	bits rowBits // borrowed from scratch memory; whoever has done with them gives them back
}

// pick finds the rows of a part with times in a span that pass the filter, whosever they are: the way of questions about
// many people, which cost less by the row than by the person. No rows: there are none. It returns when time may next
// change what the filter says of a row in the span.
func (sel *selection) pick(s *scratch, p Part, now carpel.Millis, within span) (picked, carpel.Millis, error) {
	r, err := p.Rows()
	if err != nil || sel.filter != nil && sel.filter.never(r) {
		return picked{}, carpel.Never, err
	}
	first, last, n := p.Span()
	whole := first >= within.first && last <= within.last
	if whole && sel.filter == nil {
		return picked{rows: r}, carpel.Never, nil
	}
	x := picked{r, s.borrow(n)}
	if whole {
		x.bits.fill(0, n, true)
	} else if !x.bits.within(r.Time, within) {
		s.giveBack(x.bits)
		return picked{}, carpel.Never, nil
	}
	next := carpel.Never
	if sel.filter != nil {
		next = sel.filter.narrow(s, rowsAsked{r, 0, n, now}, x.bits)
	}
	return x, next, nil
}

// within sets the bits of the times in a span, clears the others, and reports whether any is set.
func (b rowBits) within(times []carpel.Millis, in span) bool {
	if in.first > in.last {
		return false
	}
	width, any := uint64(in.last)-uint64(in.first), uint64(0)
	for w := range b {
		rows := times[w<<6 : min(len(times), (w+1)<<6)]
		word, at := uint64(0), 0
		for ; at+8 <= len(rows); at += 8 {
			// Taken from the first moment without a sign, what lies before it is larger than anything in the span.
			t := (*[8]carpel.Millis)(rows[at:])
			word |= (bit(uint64(t[0])-uint64(in.first) <= width) |
				bit(uint64(t[1])-uint64(in.first) <= width)<<1 |
				bit(uint64(t[2])-uint64(in.first) <= width)<<2 |
				bit(uint64(t[3])-uint64(in.first) <= width)<<3 |
				bit(uint64(t[4])-uint64(in.first) <= width)<<4 |
				bit(uint64(t[5])-uint64(in.first) <= width)<<5 |
				bit(uint64(t[6])-uint64(in.first) <= width)<<6 |
				bit(uint64(t[7])-uint64(in.first) <= width)<<7) << (at & 63)
		}
		for ; at < len(rows); at++ {
			word |= bit(uint64(rows[at])-uint64(in.first) <= width) << (at & 63)
		}
		b[w] = word
		any |= word
	}
	return any != 0
}

// fill sets or clears the rows [from, to), and clears whatever else lies in their words.
func (b rowBits) fill(from, to int, on bool) {
	for w := from >> 6; w<<6 < to; w++ {
		if b[w] = 0; on {
			b[w] = wordMask(w, from, to)
		}
	}
}

// wordMask is the bits of a word that stand for rows in [from, to).
func wordMask(w, from, to int) uint64 {
	mask := ^uint64(0)
	if base := w << 6; base < from {
		mask <<= uint(from - base)
	}
	if end := (w + 1) << 6; end > to {
		mask &= ^uint64(0) >> uint(end-to)
	}
	return mask
}

// has reports whether a row has its bit set.
func (b rowBits) has(row int) bool { return b[row>>6]>>(row&63)&1 != 0 }

// count returns how many of the rows [from, to), of which there is one, have their bit set.
func (b rowBits) count(from, to int) int {
	first, last := from>>6, (to-1)>>6
	if first == last {
		return bits.OnesCount64(b[first] & wordMask(first, from, to))
	}
	n := bits.OnesCount64(b[first]&wordMask(first, from, to)) + bits.OnesCount64(b[last]&wordMask(last, from, to))
	for _, w := range b[first+1 : last] {
		n += bits.OnesCount64(w)
	}
	return n
}

// last returns the last of the rows [from, to) that has its bit set, of which there is one.
func (b rowBits) last(from, to int) int {
	for w := (to - 1) >> 6; ; w-- {
		if word := b[w] & wordMask(w, from, to); word != 0 {
			return w<<6 + 63 - bits.LeadingZeros64(word)
		}
	}
}
