package eval

import (
	"math/bits"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// reducer measures many people at once, without keeping anybody's events.
type reducer interface {
	// take takes in rows.
	take(x picked)
	// matched returns who of the slots is as the measure wants it.
	matched(slots block.Mask) block.Mask
}

// reduced measures many people as they are now. It reports false for a measure that needs each person's events in a row:
// see [activityLeaf.measured].
func (l *activityLeaf) reduced(s *scratch, q ask) (m block.Mask, ok bool, err error) {
	lo, hi := l.window.bounds(q.now)
	in := span{lo, hi - 1}
	if err = l.partsIn(s, q.src, in); err != nil {
		return m, false, err
	}
	to := l.reducer(s, in)
	if to == nil {
		return m, false, nil
	}
	for _, p := range s.parts {
		x, _, err := l.rows.pick(s, p, q.now, in)
		if err != nil {
			return m, false, err
		}
		if x.rows != nil {
			to.take(x)
			s.release(x)
		}
	}
	return to.matched(q.slots), true, nil
}

// partsIn puts the parts that may hold selected rows of a span into s.parts.
func (l *activityLeaf) partsIn(s *scratch, src Source, in span) error {
	s.parts = s.parts[:0]
	tables, err := l.rows.of(src)
	if err != nil {
		return err
	}
	for _, t := range tables {
		parts, err := src.Parts(t, in.first, in.last)
		if err != nil {
			return err
		}
		s.parts = append(s.parts, parts...)
	}
	return nil
}

// reducer returns the reducer of the measure, empty; nil when it has none.
func (l *activityLeaf) reducer(s *scratch, in span) reducer {
	m := &l.measure
	switch m.kind {
	case carpel.MeasureDays:
		if s.days.reset(m, s.parts, in) {
			return &s.days
		}
	case carpel.MeasureSum, carpel.MeasureAvg:
		if len(m.of) == 1 {
			s.sums.reset(m)
			return &s.sums
		}
	case carpel.MeasureMin, carpel.MeasureMax:
		if len(m.of) == 1 {
			s.extremes = extremes{m: m}
			return &s.extremes
		}
	}
	return nil
}

// word returns the bits of a word's rows.
func (x *picked) word(w int) uint64 {
	if x.bits == nil {
		return wordMask(w, 0, x.rows.Len())
	}
	return x.bits[w]
}

// dayMarks marks the local days on which people did something: a bit a day and person.
type dayMarks struct {
	m     *measure
	day   localDay
	first int64    // the day of the first bit
	words int      // of a person
	marks []uint64 // by person
}

// manyDays is on how many days apart things may have been done to be marked: eleven years.
const manyDays = 4096

// reset forgets everything, and makes room for the days of the parts that lie in a span. It reports false when they are
// too many.
func (d *dayMarks) reset(m *measure, parts []Part, in span) bool {
	d.m, d.day = m, localDay{zone: m.zone, from: 1}
	all := span{maxMillis, minMillis}
	for _, p := range parts {
		first, last, _ := p.Span()
		all.first, all.last = min(all.first, first), max(all.last, last)
	}
	all.first, all.last = max(all.first, in.first), min(all.last, in.last)
	d.first, d.words = 0, 1
	if all.first <= all.last {
		d.first = d.day.of(all.first)
		n := d.day.of(all.last) - d.first
		if n < 0 || n >= manyDays {
			return false
		}
		d.words = int(n)>>6 + 1
	}
	n := block.Width * d.words
	if cap(d.marks) < n {
		d.marks = make([]uint64, n)
	}
	d.marks = d.marks[:n]
	clear(d.marks)
	return true
}

func (d *dayMarks) take(x picked) {
	times, of := &x.rows.Time, x.rows.SlotOf
	start := d.first * dayLength // no row is from before that day, so that dividing what is after it rounds down
	for w := 0; w<<6 < len(of); w++ {
		for word := x.word(w); word != 0; word &= word - 1 {
			row := w<<6 + bits.TrailingZeros64(word)
			t := times.At(row)
			if t < d.day.from || t >= d.day.to {
				d.day.move(t)
			}
			day := max(d.day.least, d.first+(int64(t+d.day.offset)-start)/dayLength) - d.first
			d.marks[int(of[row])*d.words+int(day>>6)] |= 1 << (day & 63)
		}
	}
}

func (d *dayMarks) matched(slots block.Mask) (m block.Mask) {
	for slot := range slots.Slots {
		n := 0
		for _, word := range d.marks[int(slot)*d.words:][:d.words] {
			n += bits.OnesCount64(word)
		}
		if d.m.accept.count(int64(n)) {
			m.Set(slot)
		}
	}
	return m
}

// sums adds up people's numbers.
type sums struct {
	m   *measure
	sum [block.Width]sum
	n   [block.Width]int32
}

func (t *sums) reset(m *measure) {
	t.m = m
	clear(t.sum[:])
	clear(t.n[:])
}

func (t *sums) take(x picked) {
	at, of := t.m.of[0], x.rows.SlotOf
	col := x.rows.Column(at.column)
	if col == nil {
		return
	}
	if col.Dict != nil {
		for w := 0; w<<6 < len(of); w++ {
			for word := x.word(w); word != 0; word &= word - 1 {
				row := w<<6 + bits.TrailingZeros64(word)
				slot := of[row]
				eachNumber(at.in(col.Value(row)), func(n carpel.Value) { t.sum[slot].add(n, 1); t.n[slot]++ })
			}
		}
		return
	}
	var buf [64]float64
	for w := 0; w<<6 < len(of); w++ {
		word := x.word(w)
		if word == 0 {
			continue
		}
		nums, of := col.Nums.Word(w, &buf), of[w<<6:]
		for ; word != 0; word &= word - 1 {
			i := bits.TrailingZeros64(word)
			f, slot := nums[i], of[i]
			if f != f { // unset
				continue
			}
			t.n[slot]++
			if n, ok := microOfFloat(f); ok {
				t.sum[slot].addMicro(n)
			} else {
				t.sum[slot].add(carpel.NumberValue(f), 1)
			}
		}
	}
}

func (t *sums) matched(slots block.Mask) (m block.Mask) {
	for slot := range slots.Slots {
		one := sumTally{m: t.m, sum: t.sum[slot], n: int64(t.n[slot])}
		if one.matches() {
			m.Set(slot)
		}
	}
	return m
}

// extremes keeps everybody's least number, or greatest.
type extremes struct {
	m    *measure
	best [block.Width]carpel.Value // unset: none yet
}

func (t *extremes) take(x picked) {
	at, of := t.m.of[0], x.rows.SlotOf
	col := x.rows.Column(at.column)
	if col == nil {
		return
	}
	if col.Dict != nil {
		for w := 0; w<<6 < len(of); w++ {
			for word := x.word(w); word != 0; word &= word - 1 {
				row := w<<6 + bits.TrailingZeros64(word)
				best := &t.best[of[row]]
				eachNumber(at.in(col.Value(row)), func(n carpel.Value) { t.better(best, n) })
			}
		}
		return
	}
	var buf [64]float64
	for w := 0; w<<6 < len(of); w++ {
		word := x.word(w)
		if word == 0 {
			continue
		}
		nums, of := col.Nums.Word(w, &buf), of[w<<6:]
		for ; word != 0; word &= word - 1 {
			i := bits.TrailingZeros64(word)
			if f := nums[i]; f == f { // set
				t.better(&t.best[of[i]], carpel.NumberValue(f))
			}
		}
	}
}

// better puts a number in place of a worse one.
func (t *extremes) better(best *carpel.Value, n carpel.Value) {
	if best.IsSet() {
		c := carpel.CompareNumbers(n, *best)
		if t.m.kind == carpel.MeasureMax {
			c = -c
		}
		if c >= 0 {
			return
		}
	}
	*best = n
}

func (t *extremes) matched(slots block.Mask) (m block.Mask) {
	for slot := range slots.Slots {
		n := t.best[slot]
		if n.IsSet() && passes(t.m.compare, func(operand carpel.Value) int { return carpel.CompareNumbers(n, operand) }) {
			m.Set(slot)
		}
	}
	return m
}
