package eval

import (
	"cmp"
	"slices"
	"sort"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// presence is an event with conditions that change with time, and when it counts: while the filter passes it and it lies in the window.
type presence struct {
	entry
	in     []stretch
	better line // first, last: when it satisfies a where that time changes; nil: as the entry says
}

// presenceStep is a moment at which something of an event changes.
type presenceStep struct {
	at     carpel.Millis
	x      *presence
	kind   presenceChange
	period int32 // regularly
}

type presenceChange uint8

const (
	presenceBegins presenceChange = iota
	presenceEnds
	presenceBetter
	presenceWorse
)

// line measures the person's events at every moment at which one comes in or goes out.
func (l *activityLeaf) line(p past) (line, error) {
	if l.rows.filter != nil && l.rows.filter.timed || l.measure.where != nil && l.measure.where.timed {
		return l.timedLine(p)
	}
	s := &scratch{}
	lo, _ := l.window.bounds(p.h.from)
	if _, err := l.gather(s, ask{src: p.src, slots: p.only(), now: p.h.from}, span{lo, maxMillis}, false); err != nil {
		return nil, err
	}
	t := l.measure.tally(p.h.from)
	h := stretchOf{events: s.hist[p.slot], digested: &s.digested[p.slot]}
	var out line
	draw := func(at carpel.Millis) bool {
		out = out.add(at, truthOf(t.matches()))
		return true
	}
	if periods, ok := t.(*periodTally); ok {
		for i := range h.events {
			periods.add(&h.events[i])
		}
		out = always(truthOf(t.matches()))
		periods.walk(h, p.h.from, draw)
		return out, nil
	}
	clock := windowClock{window: &l.window}
	for ; h.in < len(h.events) && clock.enter(h.events[h.in].at) <= p.h.from; h.in++ {
		if l.window.fixed || clock.leave(h.events[h.in].at) > p.h.from {
			t.add(&h.events[h.in])
		} else {
			h.out = h.in + 1
		}
	}
	out = always(truthOf(t.matches()))
	l.window.walk(h, t, draw)
	return out, nil
}

// timedLine is line with conditions on the events that change with time.
func (l *activityLeaf) timedLine(p past) (line, error) {
	all, err := l.timedPresences(p)
	if err != nil {
		return nil, err
	}
	t := l.measure.tally(p.h.from)
	periods, _ := t.(*periodTally)
	do := func(s presenceStep) {
		switch {
		case s.kind == presenceBetter, s.kind == presenceWorse:
			s.x.good = s.kind == presenceBetter
		case periods != nil && s.kind == presenceBegins:
			periods.put(int(s.period), 1)
		case periods != nil:
			periods.put(int(s.period), -1)
		case s.kind == presenceBegins:
			t.add(&s.x.entry)
		default:
			t.remove(&s.x.entry)
		}
	}
	var steps []presenceStep
	for i := range all {
		steps = all[i].steps(steps, &l.measure)
	}
	slices.SortStableFunc(steps, func(a, b presenceStep) int { return cmp.Compare(a.at, b.at) })
	first := sort.Search(len(steps), func(i int) bool { return steps[i].at > p.h.from })
	for _, s := range steps[:first] {
		do(s)
	}
	out := always(truthOf(t.matches()))
	for i, s := range steps[first:] {
		do(s)
		if i+first+1 == len(steps) || steps[i+first+1].at != s.at {
			out = out.add(s.at, truthOf(t.matches()))
		}
	}
	return out, nil
}

// steps adds the moments of an event.
func (x *presence) steps(steps []presenceStep, m *measure) []presenceStep {
	add := func(s stretch, period int32) {
		if s.from >= s.to {
			return
		}
		steps = append(steps, presenceStep{at: s.from, x: x, kind: presenceBegins, period: period})
		if s.to < carpel.Never {
			steps = append(steps, presenceStep{at: s.to, x: x, kind: presenceEnds, period: period})
		}
	}
	for _, s := range x.in {
		if m.kind != carpel.MeasureRegularly {
			add(s, 0)
			continue
		}
		for k := range m.ofLast {
			from := x.at + carpel.Millis(k)*m.period
			add(stretch{max(s.from, from), min(s.to, from+m.period)}, int32(k))
		}
	}
	for i, g := range x.better {
		kind := presenceWorse
		if g.is == yes {
			kind = presenceBetter
		}
		if i > 0 || g.is == yes {
			steps = append(steps, presenceStep{at: g.from, x: x, kind: kind})
		}
	}
	return steps
}

// stay returns when a moment is in the window.
func (w *window) stay(t carpel.Millis) []stretch {
	if w.fixed {
		return []stretch{{minMillis, carpel.Never}}
	}
	if enter := w.enter(t); enter < carpel.Never {
		return []stretch{{enter, w.leave(t)}}
	}
	return nil
}

// timedPresences asks the conditions of every event row by row, for they change with time.
func (l *activityLeaf) timedPresences(p past) ([]presence, error) {
	var all []presence
	lo, _ := l.window.bounds(p.h.from)
	err := eachRow(&l.rows, p, span{lo, maxMillis}, func(rows *block.Rows, row int) {
		get := func(name string) carpel.Value {
			if col := rows.Column(name); col != nil {
				return col.Value(row)
			}
			return carpel.Value{}
		}
		x := presence{entry: entry{at: rows.Time.At(row)}}
		x.in = l.window.stay(x.at)
		if l.rows.filter != nil && len(x.in) > 0 {
			passes := l.rows.filter.line(get, p.h)
			x.in = together(combineAll, []line{passes, within(x.in)}).stretches()
		}
		if len(x.in) == 0 {
			return
		}
		for _, at := range l.measure.of {
			if x.value = at.in(get(at.column)); x.value.IsSet() {
				break
			}
		}
		if l.measure.where != nil {
			x.better = l.measure.where.line(get, p.h)
		}
		all = append(all, x)
	})
	slices.SortStableFunc(all, func(a, b presence) int { return cmp.Compare(a.at, b.at) })
	return all, err
}

// eachRow hands over the person's rows of a selection's tables with times in a span, whatever the filter says.
func eachRow(sel *selection, p past, in span, fn func(rows *block.Rows, row int)) error {
	tables, err := sel.of(p.src)
	if err != nil {
		return err
	}
	every, s := selection{}, &scratch{}
	for _, t := range tables {
		parts, err := p.src.Parts(t, in.first, in.last)
		if err != nil {
			return err
		}
		for _, part := range parts {
			_, err := every.each(s, part, p.only(), p.h.from, in, func(v visit) {
				for row := v.from; row < v.to; row++ {
					fn(v.rows, row)
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
