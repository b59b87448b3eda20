package eval

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// span is a range of moments, both ends included.
type span struct{ first, last carpel.Millis }

// fewSlots is up to how many people are looked up in a part one by one; for more of them all of its rows are gone through.
const fewSlots = 8

// slotSpan is rows [from, to) of a slot within a part.
type slotSpan struct {
	from, to int
	slot     uint8
}

// visit is some rows of one slot, as each hands them over: those of [from, to) that have their bit set, or all when
// there are no bits.
type visit struct {
	rows *block.Rows
	slotSpan
	bits rowBits
}

// each hands over the selected rows of a part with times in the span, slot by slot, of slots that have such rows. It
// returns when time may next change what the filter says of a row in the span.
func (sel *selection) each(s *scratch, p Part, slots block.Mask, now carpel.Millis, within span, fn func(visit)) (carpel.Millis, error) {
	if slot, heavy := p.Heavy(); heavy && !slots.Has(slot) {
		return carpel.Never, nil
	}
	if slots.Count() <= fewSlots {
		return sel.eachOfFew(s, p, slots, now, within, fn)
	}
	x, next, err := sel.pick(s, p, now, within)
	if err != nil || x.rows == nil {
		return next, err
	}
	for i, slot := range x.rows.Slots {
		v := visit{x.rows, slotSpan{int(x.rows.Starts[i]), int(x.rows.Starts[i+1]), slot}, x.bits}
		if slots.Has(slot) && (x.bits == nil || x.bits.count(v.from, v.to) > 0) {
			fn(v)
		}
	}
	s.release(x)
	return next, nil
}

// eachOfFew is each for people who are looked up.
func (sel *selection) eachOfFew(s *scratch, p Part, slots block.Mask, now carpel.Millis, within span, fn func(visit)) (carpel.Millis, error) {
	next := carpel.Never
	r, err := p.Rows()
	if err != nil || sel.filter != nil && sel.filter.never(r) {
		return next, err
	}
	first, last, n := p.Span()
	whole := first >= within.first && last <= within.last
	var bits rowBits
	for slot := range slots.Slots {
		from, to := r.Find(slot)
		if !whole {
			from, to = trim(&r.Time, from, to, within)
		}
		if from == to {
			continue
		}
		if sel.filter == nil {
			fn(visit{r, slotSpan{from, to, slot}, nil})
			continue
		}
		if bits == nil {
			bits = s.borrow(n)
		}
		bits.fill(from, to, true)
		next = min(next, sel.filter.narrow(s, rowsAsked{r, from, to, now}, bits))
		if bits.count(from, to) > 0 {
			fn(visit{r, slotSpan{from, to, slot}, bits})
		}
	}
	if bits != nil {
		s.giveBack(bits)
	}
	return next, nil
}

// trim cuts rows [from, to), which ascend in time, to those within a span.
func trim(times *block.Times, from, to int, within span) (int, int) {
	if from < to && times.At(to-1) < within.first { // most people did nothing lately
		return to, to
	}
	from = times.Search(from, to, within.first)
	if to > from && times.At(to-1) > within.last {
		to = times.Search(from, to, within.last+1)
	}
	return from, to
}
