package eval

import (
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// ask is one question put to a leaf: for these people, at this moment.
type ask struct {
	src    Source
	slots  block.Mask
	now    carpel.Millis
	timers bool // the next change is wanted too
}

// activityLeaf measures the rows of some tables that pass a filter and lie in a window. Devices are rows as well: of a
// window that holds everything.
type activityLeaf struct {
	scratches
	rows    selection
	window  window
	measure measure
}

// selection is rows of a stripe: those of some tables that pass a filter.
type selection struct {
	tables   []Table
	anyEvent bool          // every event, page and screen table instead
	filter   *propertyTest // nil: all
}

// of returns the tables of a stripe that hold such rows.
func (s *selection) of(src Source) ([]Table, error) {
	if !s.anyEvent {
		return s.tables, nil
	}
	names, err := src.EventNames()
	if err != nil {
		return nil, err
	}
	tables := make([]Table, 0, len(names)+2)
	for _, name := range names {
		tables = append(tables, Table{Kind: EventTable, Name: name})
	}
	return append(tables, Table{Kind: PageTable}, Table{Kind: ScreenTable}), nil
}

func compileActivity(a *carpel.Activity, zone *time.Location) (leaf, error) {
	m, err := measureOf(a.Measure, zone)
	if err != nil {
		return nil, err
	}
	rows, err := selectionOf(a, m.needsRows(), zone)
	if err != nil {
		return nil, err
	}
	l := &activityLeaf{rows: rows, measure: m, window: windowOf(a.When, zone)}
	if m.kind == carpel.MeasureRegularly {
		all := carpel.Duration{N: int64(m.period) / 1000 * int64(m.ofLast), Unit: 's'}
		l.window = windowOf(carpel.When{Kind: carpel.WhenLast, D1: all}, zone)
	}
	return l, nil
}

// selectionOf says which rows an activity is about. needsRows: more than their times.
func selectionOf(a *carpel.Activity, needsRows bool, zone *time.Location) (selection, error) {
	var s selection
	where, err := compileProperties(a.Where, zone)
	if err != nil {
		return s, err
	}
	switch a.Kind {
	case carpel.EventActivity:
		switch name := strings.TrimSpace(a.Name); {
		case name != carpel.AnyEvent:
			s.tables = []Table{{Kind: EventTable, Name: name}}
		case where == nil && !needsRows:
			s.tables = []Table{{Kind: ActivityTable}}
		default:
			s.anyEvent = true
		}
	case carpel.PageActivity:
		s.tables = []Table{{Kind: PageTable}}
		s.filter, err = fitOn("$url", opFitsURL, a.Name)
	case carpel.PageNameActivity:
		s.tables = []Table{{Kind: PageTable}}
		s.filter, err = fitOn("$name", opFits, a.Name)
	case carpel.ScreenActivity:
		s.tables = []Table{{Kind: ScreenTable}}
		s.filter, err = fitOn("$name", opFits, a.Name)
	case carpel.MessageActivity:
		s.tables = []Table{{Kind: MessageTable}}
		s.filter, err = messageFilter(a, zone)
	}
	s.filter = both(s.filter, where)
	return s, err
}

// fitOn is a pattern held against a property; nil for the one that everything fits.
func fitOn(name string, op carpel.Op, pattern string) (*propertyTest, error) {
	if pattern == "*" {
		return nil, nil
	}
	t, err := compileFit(op, pattern)
	return testOn(name, t), err
}

// messageFilter picks the rows of messages that a condition is about.
func messageFilter(a *carpel.Activity, zone *time.Location) (*propertyTest, error) {
	var all *propertyTest
	is := func(name, text string, op carpel.Op) error {
		t, err := compileTest(carpel.Test{Op: op, Value: carpel.TextValue(text), MatchCase: true}, zone)
		all = both(all, testOn(name, t))
		return err
	}
	err := is("$action", a.Action, carpel.OpIs)
	if err == nil && a.Name != "any" {
		err = is("$channel", a.Name, carpel.OpIs)
	}
	if err == nil && a.Campaign != "" {
		err = is("$campaign", a.Campaign, carpel.OpIs)
	}
	if err == nil && a.Link != "" {
		var t *tester
		t, err = compileFit(opFitsURL, a.Link)
		all = both(all, testOn("$link", t)) // also for *: there must be a link
	}
	if err == nil && !a.Machine && (a.Action == "opened" || a.Action == "clicked") {
		err = is("$machine", "true", carpel.OpIsNot)
	}
	return all, err
}

func (l *activityLeaf) reads() reads {
	return reads{tables: l.rows.tables, anyEvent: l.rows.anyEvent}
}

func (l *activityLeaf) eval(q ask) (block.Mask, carpel.Millis, error) {
	s := l.get()
	defer l.put(s)
	if l.measure.kind == carpel.MeasureCount {
		return l.count(s, q)
	}
	return l.measured(s, q)
}

// slotSpan is rows [from, to) of a slot within a part.
type slotSpan struct {
	from, to int
	slot     uint8
}

// fewSlots is up to how many stretches of rows a part is filtered stretch by stretch instead of as a whole.
const fewSlots = 8

// span is a range of moments, both ends included.
type span struct{ first, last carpel.Millis }

// spansOf returns the rows of the slots with times in the span, in order of slots. They are valid until the next call.
func (s *scratch) spansOf(r *block.Rows, slots block.Mask, within span, whole bool) []slotSpan {
	out := s.spans[:0]
	add := func(slot uint8, from, to int) {
		if !whole {
			from, to = trim(r.Time, from, to, within)
		}
		if from < to {
			out = append(out, slotSpan{from, to, slot})
		}
	}
	if slots.Count() <= fewSlots {
		for slot := range slots.Slots {
			from, to := r.Find(slot)
			add(slot, from, to)
		}
	} else {
		for i, slot := range r.Slots {
			if slots.Has(slot) {
				add(slot, int(r.Starts[i]), int(r.Starts[i+1]))
			}
		}
	}
	s.spans = out
	return out
}

// trim cuts rows [from, to), which ascend in time, to those within a span.
func trim(times []carpel.Millis, from, to int, within span) (int, int) {
	if from < to && times[to-1] < within.first { // most people did nothing lately
		return to, to
	}
	from = search(times, from, to, within.first)
	if to > from && times[to-1] > within.last {
		to = search(times, from, to, within.last+1)
	}
	return from, to
}

// search returns the first of rows [from, to) that is not before at.
func search(times []carpel.Millis, from, to int, at carpel.Millis) int {
	if from < to && times[from] >= at {
		return from
	}
	for from < to {
		if mid := int(uint(from+to) >> 1); times[mid] < at {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from
}

// visit is some rows of one slot, as each hands them over: those of [from, to) that have their bit set, or all when
// there are no bits.
type visit struct {
	rows *block.Rows
	slotSpan
	bits rowBits
}

// each hands over the selected rows of a part with times in the span, slot by slot. It returns when time may next
// change what the filter says of one of them.
func (sel *selection) each(s *scratch, p Part, slots block.Mask, now carpel.Millis, within span, fn func(visit)) (carpel.Millis, error) {
	if slot, heavy := p.Heavy(); heavy && !slots.Has(slot) {
		return carpel.Never, nil
	}
	first, last, _ := p.Span()
	r, err := p.Rows()
	if err != nil {
		return 0, err
	}
	if sel.filter != nil && sel.filter.never(r) {
		return carpel.Never, nil
	}
	spans := s.spansOf(r, slots, within, first >= within.first && last <= within.last)
	return sel.over(s, r, spans, now, fn)
}

// over is each for some rows of a part.
func (sel *selection) over(s *scratch, r *block.Rows, spans []slotSpan, now carpel.Millis, fn func(visit)) (carpel.Millis, error) {
	if len(spans) == 0 {
		return carpel.Never, nil
	}
	if sel.filter == nil {
		for _, sp := range spans {
			fn(visit{r, sp, nil})
		}
		return carpel.Never, nil
	}
	bits, next := s.borrow(r.Len()), carpel.Never
	defer s.giveBack(bits)
	if len(spans) > fewSlots {
		next = sel.filter.bits(s, rowsAsked{r, spans[0].from, spans[len(spans)-1].to, now}, bits)
		for _, sp := range spans {
			fn(visit{r, sp, bits})
		}
		return next, nil
	}
	for _, sp := range spans {
		next = min(next, sel.filter.bits(s, rowsAsked{r, sp.from, sp.to, now}, bits))
		fn(visit{r, sp, bits})
	}
	return next, nil
}
