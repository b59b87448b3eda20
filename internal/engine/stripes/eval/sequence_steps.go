package eval

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// stepped is the rows [from, to) of a part, and by step which of them fit it.
type stepped struct {
	rows     *block.Rows
	from, to int
	steps    []sequenceStep
	words    int     // that hold a bit for every row of the part
	bits     rowBits // so many words for the first step, for the second, and so on; borrowed
}

// fits returns which rows fit a step.
func (x *stepped) fits(step int) rowBits { return x.bits[step*x.words : (step+1)*x.words] }

// fitSteps finds the rows of a part that fit the steps, puts them into s.stepped, and adds whose they are to have, by
// step. It returns when time may next change what a filter says.
func fitSteps(s *scratch, q ask, p Part, steps []sequenceStep, in span, have *[carpel.MaxSequenceSteps]block.Mask) (carpel.Millis, error) {
	next, every := carpel.Never, selection{}
	if slot, heavy := p.Heavy(); heavy && !q.slots.Has(slot) {
		return next, nil
	}
	take := func(r *block.Rows, from, to int, among rowBits) {
		x := stepped{rows: r, from: from, to: to, steps: steps}
		next = min(next, x.fit(s, q.now, among))
		for i, step := range steps {
			have[step.place] = have[step.place].Or(x.fits(i).slots(r, from, to))
		}
		s.stepped = append(s.stepped, x)
	}
	if q.slots.Count() <= fewSlots {
		_, err := every.eachOfFew(s, p, q.slots, q.now, in, func(v visit) { take(v.rows, v.from, v.to, nil) })
		return next, err
	}
	x, _, err := every.pick(s, p, q.now, in)
	if err == nil && x.rows != nil {
		take(x.rows, 0, x.rows.Len(), x.bits)
		s.release(x)
	}
	return next, err
}

// fit asks the steps about those of the rows that have their bit set; about all when there are no bits.
func (x *stepped) fit(s *scratch, now carpel.Millis, among rowBits) carpel.Millis {
	next := carpel.Never
	x.words = (x.rows.Len() + 63) >> 6
	x.bits = s.borrow(len(x.steps) * x.words << 6)
	for i, step := range x.steps {
		b := x.fits(i)
		if among == nil {
			b.fill(x.from, x.to, true)
		} else {
			copy(b, among)
		}
		if step.filter != nil {
			next = min(next, step.filter.narrow(s, rowsAsked{x.rows, x.from, x.to, now}, b))
		}
	}
	return next
}

// gather adds the rows of some people that fit a step to s.happened, and gives the bits back.
func (x *stepped) gather(s *scratch, whose block.Mask) {
	for w := x.from >> 6; w<<6 < x.to; w++ {
		any := uint64(0)
		for i := range x.steps {
			any |= x.bits[i*x.words+w]
		}
		for ; any != 0; any &= any - 1 {
			row := w<<6 + bits.TrailingZeros64(any)
			slot := x.rows.SlotOf[row]
			if !whose.Has(slot) {
				continue
			}
			h := happening{at: x.rows.Time.At(row)}
			for i, step := range x.steps {
				h.steps |= uint16(x.bits[i*x.words+w]>>(row&63)&1) << step.place
			}
			s.happened[slot] = append(s.happened[slot], h)
		}
	}
	s.giveBack(x.bits)
}

// inOrder puts a person's events in order of time. Those of one table mostly are; two tables are merged.
func (s *scratch) inOrder(h []happening) {
	at := descent(h)
	if at == len(h) {
		return
	}
	if at+descent(h[at:]) < len(h) {
		slices.SortFunc(h, func(a, b happening) int { return cmp.Compare(a.at, b.at) })
		return
	}
	s.merged = append(s.merged[:0], h[:at]...)
	first, second := s.merged, h[at:]
	for i := range h { // what is left of second stands at the end of h already
		switch {
		case len(first) == 0:
			return
		case len(second) == 0 || first[0].at <= second[0].at:
			h[i], first = first[0], first[1:]
		default:
			h[i], second = second[0], second[1:]
		}
	}
}

// descent returns the first event that is earlier than the one before it; len(h) for none.
func descent(h []happening) int {
	for i := 1; i < len(h); i++ {
		if h[i].at < h[i-1].at {
			return i
		}
	}
	return len(h)
}
