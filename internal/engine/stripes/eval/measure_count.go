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
	some    block.Mask // slots with rows counted
	dated   bool       // newest is kept
}

// count answers "how many".
func (l *activityLeaf) count(s *scratch, q ask) (m block.Mask, next carpel.Millis, err error) {
	var c counter
	next = carpel.Never
	accept := &l.measure.accept
	// With one event to go until the answer changes, it is the newest that decides when.
	c.dated = q.timers && l.window.empties() && (accept.low64 == 1 || accept.high64 == 0)
	filterNext, err := l.tally(s, q, &c)
	if err != nil {
		return m, 0, err
	}
	if !q.timers && q.slots.Count() > fewSlots {
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
		switch {
		case (grows || shrinks) && c.pending.Has(slot):
			sweep.Set(slot)
		case shrinks && (in && accept.low64 == 1 || !in && accept.high64 == 0):
			next = min(next, max(l.window.leave(c.newest[slot]), q.now+1))
		case shrinks && (n > manyEvents || q.slots.Count() <= fewSlots):
			wanted := accept.low64
			if !in {
				wanted = accept.high64 + 1
			}
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
			for row := v.to - 1; row >= v.from && (len(times) < n || v.rows.Time[row] > times[n-1]); row-- {
				if v.bits != nil && !v.bits.has(row) {
					continue
				}
				at := v.rows.Time[row]
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
	}
	next := carpel.Never
	var err error
	if q.timers && last > in.last {
		var n carpel.Millis
		n, err = l.rows.each(s, p, q.slots, q.now, span{max(in.first, in.last+1), maxMillis}, func(v visit) {
			if v.bits == nil || l.rows.filter.timed || v.bits.count(v.from, v.to) > 0 {
				c.pending.Set(v.slot)
			}
		})
		next = min(next, n)
		if err != nil || first > in.last {
			return next, err
		}
	}
	n2, err := l.countRows(s, q, p, in, c)
	return min(next, n2), err
}

// countRows counts the rows of a part in the window. It is [selection.each], written out: most of the time of a count
// goes by here.
func (l *activityLeaf) countRows(s *scratch, q ask, p Part, in span, c *counter) (carpel.Millis, error) {
	first, last, _ := p.Span()
	r, err := p.Rows()
	if err != nil {
		return 0, err
	}
	if l.rows.filter != nil && l.rows.filter.never(r) {
		return carpel.Never, nil
	}
	whole := first >= in.first && last <= in.last
	if l.rows.filter == nil && whole && q.slots.Count() > fewSlots {
		for i, slot := range r.Slots {
			c.n[slot] += int32(r.Starts[i+1] - r.Starts[i])
			if c.dated {
				c.date(slot, r.Time[r.Starts[i+1]-1])
			}
		}
		return carpel.Never, nil
	}
	spans := s.spansOf(r, q.slots, in, whole)
	if len(spans) <= fewSlots || l.rows.filter == nil {
		return l.rows.over(s, r, spans, q.now, c.add)
	}
	bits := s.borrow(r.Len())
	defer s.giveBack(bits)
	next := l.rows.filter.bits(s, rowsAsked{r, spans[0].from, spans[len(spans)-1].to, q.now}, bits)
	for _, sp := range spans {
		n := bits.count(sp.from, sp.to)
		c.n[sp.slot] += int32(n)
		if c.dated && n > 0 {
			c.date(sp.slot, r.Time[bits.last(sp.from, sp.to)])
		}
	}
	return next, nil
}

// add counts the rows of a visit.
func (c *counter) add(v visit) {
	if v.bits == nil {
		c.n[v.slot] += int32(v.to - v.from)
		if c.dated {
			c.date(v.slot, v.rows.Time[v.to-1])
		}
		return
	}
	n := v.bits.count(v.from, v.to)
	c.n[v.slot] += int32(n)
	if c.dated && n > 0 {
		c.date(v.slot, v.rows.Time[v.bits.last(v.from, v.to)])
	}
}

func (c *counter) date(slot uint8, at carpel.Millis) {
	if !c.some.Has(slot) || at > c.newest[slot] {
		c.newest[slot] = at
		c.some.Set(slot)
	}
}

// count returns how many of the rows [from, to) pass.
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

// last returns the last of the rows [from, to) that passes, of which there is one.
func (b rowBits) last(from, to int) int {
	for w := (to - 1) >> 6; ; w-- {
		if word := b[w] & wordMask(w, from, to); word != 0 {
			return w<<6 + 63 - bits.LeadingZeros64(word)
		}
	}
}
