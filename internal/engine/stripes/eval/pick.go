package eval

import (
	"math"
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
	} else if !x.bits.within(&r.Time, span{first, last}, within) {
		s.giveBack(x.bits)
		return picked{}, carpel.Never, nil
	}
	next := carpel.Never
	if sel.filter != nil {
		next = sel.filter.narrow(s, rowsAsked{r, 0, n, now}, x.bits)
	}
	return x, next, nil
}

// slots returns whose the rows [from, to) are that have their bit set.
func (b rowBits) slots(r *block.Rows, from, to int) (m block.Mask) {
	word, at := uint64(0), uint8(0) // of the mask; slots ascend, so each is finished before the next
	for w := from >> 6; w<<6 < to; w++ {
		of := r.SlotOf[w<<6:]
		for rows := b[w] & wordMask(w, from, to); rows != 0; rows &= rows - 1 {
			slot := of[bits.TrailingZeros64(rows)]
			if slot>>6 != at {
				m[at&3] |= word
				word, at = 0, slot>>6
			}
			word |= 1 << (slot & 63)
		}
	}
	m[at&3] |= word
	return m
}

// within sets the bits of the times in a span, clears the others, and reports whether any is set. all is what the times
// lie in.
func (b rowBits) within(times *block.Times, all, in span) bool {
	if in.first > in.last {
		return false
	}
	since := all.last <= in.last && all.first > -1<<62 && all.last < 1<<62 && in.first > -1<<62 && in.first < 1<<62
	base, near := times.Near()
	switch {
	case near == nil && since:
		return bitsSince(b, times.Far(), int64(in.first))
	case near == nil:
		return bitsWithin(b, times.Far(), in.first, in.last)
	case since:
		return bitsSince(b, near, int64(in.first-base))
	}
	first, last := uint64(max(in.first, base))-uint64(base), min(uint64(in.last)-uint64(base), math.MaxUint32)
	if in.last < base || first > last {
		clear(b)
		return false
	}
	return bitsWithin(b, near, uint32(first), uint32(last))
}

func bitsWithin[T uint32 | carpel.Millis](b rowBits, times []T, first, last T) bool {
	any := uint64(0)
	for w := range b {
		word := uint64(0)
		for i, t := range times[w<<6 : min(len(times), (w+1)<<6)] {
			word |= (bit(t >= first) & bit(t <= last)) << (i & 63)
		}
		b[w] = word
		any |= word
	}
	return any != 0
}

// bitsSince is within for a span without an end, of moments so near each other that their difference is one: its sign is the
// answer, and the bits of a word come in from the right, the last row's first, for one step a row.
func bitsSince[T uint32 | carpel.Millis](b rowBits, times []T, at int64) bool {
	any := uint64(0)
	for w := range b {
		rows := times[w<<6 : min(len(times), (w+1)<<6)]
		before, n := uint64(0), len(rows)
		for ; n >= 8; n -= 8 {
			t := (*[8]T)(rows[n-8:])
			before = before*2 + uint64(int64(t[7])-at)>>63
			before = before*2 + uint64(int64(t[6])-at)>>63
			before = before*2 + uint64(int64(t[5])-at)>>63
			before = before*2 + uint64(int64(t[4])-at)>>63
			before = before*2 + uint64(int64(t[3])-at)>>63
			before = before*2 + uint64(int64(t[2])-at)>>63
			before = before*2 + uint64(int64(t[1])-at)>>63
			before = before*2 + uint64(int64(t[0])-at)>>63
		}
		for ; n > 0; n-- {
			before = before*2 + uint64(int64(rows[n-1])-at)>>63
		}
		b[w] = ^before & wordMask(0, 0, len(rows))
		any |= b[w]
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
