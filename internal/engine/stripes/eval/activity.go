package eval

import (
	"strings"
	"time"
	"unique"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// ask is one question put to a leaf: for these people, at this moment.
type ask struct {
	src    Source
	slots  block.Mask
	now    carpel.Millis
	timers bool // the next change is wanted too
	exact  bool // and not a moment before it; no digests are used
}

// activityLeaf measures the rows of some tables that pass a filter and lie in a window. Devices are rows as well: of a
// window that holds everything.
type activityLeaf struct {
	rows    selection
	window  window
	measure measure
	digest  unique.Handle[string] // names what is measured of which events
}

// newActivityLeaf returns a leaf without rows and measure. The conditions name what it is to measure of which events: leaves
// that differ in that must differ in them.
func newActivityLeaf(w window, zone *time.Location, of ...carpel.Condition) *activityLeaf {
	var name []byte
	for _, c := range of {
		name = append(append(name, carpel.Canonical(c)...), '\n')
	}
	return &activityLeaf{window: w, digest: unique.Make(string(name) + zone.String())}
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
	of := *a
	of.When, of.Measure.Compare = carpel.When{}, carpel.Compare{}
	l := newActivityLeaf(windowOf(a.When, zone), zone, &of)
	l.rows, l.measure = rows, m
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
	s := getScratch()
	defer putScratch(s)
	if l.measure.kind == carpel.MeasureCount {
		return l.count(s, q)
	}
	if !q.timers && q.slots.Count() > fewSlots {
		if m, ok, err := l.reduced(s, q); ok || err != nil {
			return m, carpel.Never, err
		}
	}
	return l.measured(s, q)
}
