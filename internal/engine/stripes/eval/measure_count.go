package eval

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// counter counts the selected rows in the window, slot by slot.
type counter struct {
	n       [block.Width]int32
	newest  [block.Width]carpel.Millis
	pending block.Mask // slots with rows that come into the window later
	some    block.Mask // slots with rows counted; kept when dated or once
	dated   bool       // newest is kept
	once    bool       // only whether there are rows: n is not kept
}

// count answers "how many".
func (l *activityLeaf) count(s *scratch, q ask) (m block.Mask, next carpel.Millis, err error) {
	var c counter
	next = carpel.Never
	accept := &l.measure.accept
	many := !q.timers && q.slots.Count() > fewSlots
	c.once = many && accept.once()
	// With one event to go until the answer changes, it is the newest that decides when.
	c.dated = q.timers && l.window.empties() && (accept.low64 == 1 || accept.high64 == 0)
	filterNext, err := l.tally(s, q, &c)
	if err != nil {
		return m, 0, err
	}
	if many {
		return c.accepted(accept).And(q.slots), next, nil
	}
	if q.timers {
		next = filterNext
	}
	var sweep block.Mask
	for slot := range q.slots.Slots {
		n := int64(c.n[slot])
		in := accept.count(n)
		if in {
			m.Set(slot)
		}
		if !q.timers {
			continue
		}
		// Growing changes the answer below low, and where there is a high; shrinking where there is a low, and above high.
		grows := n < accept.low64 || in && accept.high64 < maxCount
		shrinks := l.window.empties() && n > 0 && (in && accept.low64 > 0 || n > accept.high64 && accept.high64 >= 0)
		wanted := accept.low64
		if !in {
			wanted = accept.high64 + 1
		}
		switch {
		case (grows || shrinks) && c.pending.Has(slot):
			sweep.Set(slot)
		case shrinks && (in && accept.low64 == 1 || !in && accept.high64 == 0):
			next = min(next, max(l.window.leave(c.newest[slot]), q.now+1))
		case shrinks && wanted <= manyEvents && (n > manyEvents || q.slots.Count() <= fewSlots):
			at, err := l.newest(s, q, slot, int(wanted))
			if err != nil {
				return m, 0, err
			}
			next = min(next, max(l.window.leave(at), q.now+1))
		case shrinks:
			sweep.Set(slot)
		}
	}
	if !sweep.IsEmpty() {
		n, err := l.sweep(s, q, sweep)
		return m, min(next, n), err
	}
	return m, next, nil
}

// accepted returns the people whose count is accepted.
func (c *counter) accepted(accept *accepted) (m block.Mask) {
	if c.once {
		if accept.count(0) {
			return block.Full.AndNot(c.some)
		}
		return c.some
	}
	for w := range m {
		for b, n := range c.n[w*64 : w*64+64] {
			m[w] |= (bit(int64(n) >= accept.low64) & bit(int64(n) <= accept.high64)) << b
		}
	}
	return m
}

// maxCount is more than anybody ever does.
const maxCount = 1 << 40

// manyEvents is how many events of one person are not all gathered only to find when a count changes.
const manyEvents = 1000

// newest returns the time of the n-th newest of a person's events in the window, of which there are as many. It reads
// the latest parts first, and none that can hold nothing newer than what was found.
func (l *activityLeaf) newest(s *scratch, q ask, slot uint8, n int) (carpel.Millis, error) {
	tables, err := l.rows.of(q.src)
	if err != nil {
		return 0, err
	}
	lo, hi := l.window.bounds(q.now)
	var all []Part
	for _, t := range tables {
		parts, err := q.src.Parts(t, lo, hi-1)
		if err != nil {
			return 0, err
		}
		all = append(all, parts...)
	}
	slices.SortFunc(all, func(a, b Part) int {
		_, x, _ := a.Span()
		_, y, _ := b.Span()
		return cmp.Compare(y, x)
	})
	var one block.Mask
	one.Set(slot)
	var times []carpel.Millis // of the newest, the newest first
	for _, p := range all {
		if _, last, _ := p.Span(); len(times) == n && last <= times[n-1] {
			break
		}
		_, err := l.rows.each(s, p, one, q.now, span{lo, hi - 1}, func(v visit) {
			for row := v.to - 1; row >= v.from && (len(times) < n || v.rows.Time.At(row) > times[n-1]); row-- {
				if v.bits != nil && !v.bits.has(row) {
					continue
				}
				at := v.rows.Time.At(row)
				i := len(times)
				for i > 0 && times[i-1] < at {
					i--
				}
				if times = slices.Insert(times, i, at); len(times) > n {
					times = times[:n]
				}
			}
		})
		if err != nil {
			return 0, err
		}
	}
	if len(times) < n {
		return 0, fmt.Errorf("the newest %d events of slot %d: there are %d", n, slot, len(times))
	}
	return times[n-1], nil
}

// tally counts all parts. It returns when time may next change what the filter says.
func (l *activityLeaf) tally(s *scratch, q ask, c *counter) (carpel.Millis, error) {
	tables, err := l.rows.of(q.src)
	if err != nil {
		return 0, err
	}
	lo, hi := l.window.bounds(q.now)
	last := hi - 1
	if q.timers {
		last = maxMillis
	}
	next := carpel.Never
	for _, t := range tables {
		parts, err := q.src.Parts(t, lo, last)
		if err != nil {
			return 0, err
		}
		for _, p := range parts {
			n, err := l.countPart(s, q, p, span{lo, hi - 1}, c)
			if err != nil {
				return 0, err
			}
			next = min(next, n)
		}
		if c.once && q.slots.AndNot(c.some).IsEmpty() {
			break
		}
	}
	return next, nil
}

func (l *activityLeaf) countPart(s *scratch, q ask, p Part, in span, c *counter) (carpel.Millis, error) {
	first, last, n := p.Span()
	slot, heavy := p.Heavy()
	if heavy {
		if !q.slots.Has(slot) {
			return carpel.Never, nil
		}
		if l.rows.filter == nil && first >= in.first && last <= in.last {
			c.n[slot] += int32(n)
			c.date(slot, last)
			return carpel.Never, nil
		}
		if l.lasting() && !q.exact && first >= in.first && last <= in.last {
			x, err := l.digestAt(s, q, p, digestKey{l.digest, wholeChunk}, slotSpan{0, n, slot})
			if err == nil && x.n > 0 {
				c.n[slot] += int32(x.n)
				c.date(slot, x.last)
			}
			return carpel.Never, err
		}
	}
	if q.timers && last > in.last {
		if err := l.await(s, q, p, in, c); err != nil || first > in.last {
			return carpel.Never, err
		}
	}
	if q.slots.Count() <= fewSlots {
		return l.rows.eachOfFew(s, p, q.slots, q.now, in, c.add)
	}
	x, next, err := l.rows.pick(s, p, q.now, in)
	if err == nil && x.rows != nil {
		c.take(x)
		s.release(x)
	}
	return next, err
}

// await finds who has rows in a part that come into the window later. Rows that a filter refuses now but not for ever are
// among them.
func (l *activityLeaf) await(s *scratch, q ask, p Part, in span, c *counter) error {
	rows := l.rows
	if rows.filter != nil && rows.filter.timed {
		rows.filter = nil
	}
	_, err := rows.each(s, p, q.slots, q.now, span{max(in.first, in.last+1), maxMillis}, func(v visit) { c.pending.Set(v.slot) })
	return err
}

// take counts rows of many people.
func (c *counter) take(x picked) {
	r := x.rows
	switch {
	case c.once && x.bits == nil:
		c.some = c.some.Or(r.Mask())
	case c.once:
		c.some = c.some.Or(x.bits.slots(r, 0, r.Len()))
	case x.bits == nil:
		for i, slot := range r.Slots {
			c.n[slot] += int32(r.Starts[i+1] - r.Starts[i])
			if c.dated {
				c.date(slot, r.Time.At(int(r.Starts[i+1])-1))
			}
		}
	case c.dated || len(r.Slots) == 1:
		for i, slot := range r.Slots {
			c.add(visit{r, slotSpan{int(r.Starts[i]), int(r.Starts[i+1]), slot}, x.bits})
		}
	default:
		for w, word := range x.bits {
			of := r.SlotOf[w<<6:]
			for ; word != 0; word &= word - 1 {
				c.n[of[bits.TrailingZeros64(word)]]++
			}
		}
	}
}

// add counts the rows of a visit.
func (c *counter) add(v visit) {
	n := v.to - v.from
	if v.bits != nil {
		n = v.bits.count(v.from, v.to)
	}
	c.n[v.slot] += int32(n)
	if c.dated && n > 0 {
		last := v.to - 1
		if v.bits != nil {
			last = v.bits.last(v.from, v.to)
		}
		c.date(v.slot, v.rows.Time.At(last))
	}
}

// date notes that a person has a counted row, and when.
func (c *counter) date(slot uint8, at carpel.Millis) {
	if !c.some.Has(slot) || at > c.newest[slot] {
		c.newest[slot] = at
		c.some.Set(slot)
	}
}
