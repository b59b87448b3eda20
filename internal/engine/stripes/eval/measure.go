package eval

import (
	"cmp"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// measure is what is measured over a person's events, compiled.
type measure struct {
	kind    carpel.MeasureKind // never empty
	of      []place            // distinct, sum, avg, min, max
	compare carpel.Compare
	accept  accepted      // count, days, distinct; sum in millionths
	where   *propertyTest // first, last
	zone    *time.Location

	period         carpel.Millis // regularly
	ofLast         int
	times, atLeast int
	timedWhere     bool
}

func measureOf(m carpel.Measure, zone *time.Location) (measure, error) {
	x := measure{kind: m.Kind, compare: m.Compare.OrDefault(), zone: zone}
	var err error
	switch m.Kind {
	case "":
		x.kind = carpel.MeasureCount
	case carpel.MeasureFirst, carpel.MeasureLast:
		x.where, err = compileProperties(m.Where, zone)
		x.timedWhere = err == nil && x.where.timed
	case carpel.MeasureRegularly:
		x.period, x.ofLast, x.times, x.atLeast = m.Period.Millis(), m.OfLast, m.Times, m.AtLeast
	}
	if m.Of != "" {
		x.of = placesOf(m.Of)
	}
	scale := int64(1)
	if m.Kind == carpel.MeasureSum {
		scale = micro
	}
	x.accept = acceptedBy(m.Compare, scale)
	return x, err
}

// needsRows reports whether more than the times of the events is read.
func (m *measure) needsRows() bool { return m.of != nil || m.where != nil }

// entry is one event of a person, as measures need it.
type entry struct {
	at    carpel.Millis
	value carpel.Value // distinct, sum, avg, min, max: of the property
	good  bool         // first, last: it satisfies the measure's where
}

// measured answers every measure but count: each person's events are gathered and tallied.
func (l *activityLeaf) measured(s *scratch, q ask) (m block.Mask, next carpel.Millis, err error) {
	lo, hi := l.window.bounds(q.now)
	last := hi - 1
	if q.timers {
		last = maxMillis
	}
	next, err = l.gather(s, q, span{lo, last}, true)
	if err != nil {
		return m, 0, err
	}
	if !q.timers {
		next = carpel.Never
	}
	t := l.measure.tally(q.now)
	for slot := range q.slots.Slots {
		h := s.hist[slot]
		in := tallied(t, h, &s.digested[slot], hi, q.now)
		if t.matches() {
			m.Set(slot)
		}
		if q.timers {
			next = min(next, l.change(stretchOf{h, 0, in, &s.digested[slot]}, q, t))
		}
	}
	return m, next, nil
}

// sweep returns the earliest change by time alone of the slots.
func (l *activityLeaf) sweep(s *scratch, q ask, slots block.Mask) (carpel.Millis, error) {
	q.slots = slots
	lo, hi := l.window.bounds(q.now)
	next, err := l.gather(s, q, span{lo, maxMillis}, true)
	if err != nil {
		return 0, err
	}
	t := l.measure.tally(q.now)
	for slot := range slots.Slots {
		h := s.hist[slot]
		in := tallied(t, h, &s.digested[slot], hi, q.now)
		next = min(next, l.change(stretchOf{h, 0, in, &s.digested[slot]}, q, t))
	}
	return next, nil
}

// tallied makes a tally of the events before hi, and returns how many of those gathered they are.
func tallied(t tally, h []entry, d *digested, hi, now carpel.Millis) (in int) {
	t.reset(now)
	for in < len(h) && h[in].at < hi {
		t.add(&h[in])
		in++
	}
	for _, x := range d.all {
		t.include(x)
	}
	return in
}

// gather collects the selected events of the slots in a span into s.hist, each person's in order of time. With digests,
// those in the middle of the window may be in s.digested instead. It returns when time may next change what the filters
// say.
func (l *activityLeaf) gather(s *scratch, q ask, in span, digests bool) (carpel.Millis, error) {
	for slot := range q.slots.Slots {
		s.hist[slot], s.digested[slot] = s.hist[slot][:0], digested{s.digested[slot].all[:0], carpel.Never}
	}
	digests = digests && !q.exact && l.lasting()
	tables, err := l.rows.of(q.src)
	if err != nil {
		return 0, err
	}
	next := carpel.Never
	for _, t := range tables {
		parts, err := q.src.Parts(t, in.first, in.last)
		if err != nil {
			return 0, err
		}
		var heavy []chunks
		for _, p := range parts {
			if slot, is := p.Heavy(); is && digests {
				if q.slots.Has(slot) {
					heavy = withChunk(heavy, slot, p)
				}
				continue
			}
			g := gatherer{l: l, s: s, now: q.now, next: carpel.Never}
			n, err := l.rows.each(s, p, q.slots, q.now, in, g.add)
			if err != nil {
				return 0, err
			}
			next = min(next, n, g.next)
		}
		if err := l.gatherChunks(s, q, heavy); err != nil {
			return 0, err
		}
	}
	for slot := range q.slots.Slots {
		byTime := func(a, b entry) int { return cmp.Compare(a.at, b.at) }
		if h := s.hist[slot]; !slices.IsSortedFunc(h, byTime) {
			slices.SortStableFunc(h, byTime)
		}
	}
	return next, nil
}

// gatherChunks is gather for chunks of a table, with digests.
func (l *activityLeaf) gatherChunks(s *scratch, q ask, heavy []chunks) error {
	lo, hi := l.window.bounds(q.now)
	for _, c := range heavy {
		e := edges{l: l, s: s, q: q, slot: c.slot, lo: lo, hi: hi}
		for _, p := range c.parts {
			if more, err := e.chunk(p); err != nil {
				return err
			} else if !more {
				break
			}
		}
	}
	return nil
}

// gatherer takes the rows of one part into the histories.
type gatherer struct {
	l    *activityLeaf
	s    *scratch
	now  carpel.Millis
	next carpel.Millis
	cols []*block.Column // of the measured property, by place; nil before the first visit
}

func (g *gatherer) add(v visit) {
	m := &g.l.measure
	if m.of != nil && g.cols == nil {
		for _, at := range m.of {
			g.cols = append(g.cols, v.rows.Column(at.column))
		}
	}
	var good rowBits
	if m.where != nil {
		good = g.s.borrow(v.rows.Len())
		defer g.s.giveBack(good)
		good.fill(v.from, v.to, true)
		g.next = min(g.next, m.where.narrow(g.s, rowsAsked{v.rows, v.from, v.to, g.now}, good))
	}
	h := g.s.hist[v.slot]
	for i := v.from; i < v.to; i++ {
		if v.bits != nil && !v.bits.has(i) {
			continue
		}
		e := entry{at: v.rows.Time.At(i)}
		if m.of != nil {
			e.value = g.value(i)
		}
		e.good = good != nil && good.has(i)
		h = append(h, e)
	}
	g.s.hist[v.slot] = h
	g.s.large = g.s.large || len(h) > largeHistory
}

// value returns the measured property of a row.
func (g *gatherer) value(row int) carpel.Value {
	for i, at := range g.l.measure.of {
		if col := g.cols[i]; col != nil && col.IsSet(row) {
			if v := at.in(col.Value(row)); v.IsSet() {
				return v
			}
		}
	}
	return carpel.Value{}
}
