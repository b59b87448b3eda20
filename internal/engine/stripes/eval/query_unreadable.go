package eval

import (
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// readingTest asks who has a value that the operator of a condition cannot read.
type readingTest struct {
	pointer string
	leaf    leaf
}

// Unreadable returns, by the pointer of an attribute or property condition, who has a value that its operator cannot
// read, such as a text for a comparison of numbers: of a property, in an event of the condition's kind and window, or
// in a device. Conditions of which there is nobody are left out.
func (q *Query) Unreadable(src Source, now carpel.Millis) (map[string]block.Mask, error) {
	people := src.People()
	if people.IsEmpty() {
		return nil, nil
	}
	var out map[string]block.Mask
	for _, t := range q.reading {
		m, _, err := t.leaf.eval(ask{src: src, slots: people, now: now})
		if err != nil {
			return nil, err
		}
		if !m.IsEmpty() {
			if out == nil {
				out = map[string]block.Mask{}
			}
			out[t.pointer] = m
		}
	}
	return out, nil
}

// readingTests compiles the questions of [Query.Unreadable].
func readingTests(c carpel.Condition, zone *time.Location) ([]readingTest, error) {
	r := &reader{zone: zone}
	carpel.Walk(c, func(pointer string, c carpel.Condition) bool {
		switch x := c.(type) {
		case *carpel.Attribute:
			r.attribute(pointer, x)
			return false
		case *carpel.Activity:
			r.activity(pointer, x, x.When)
			return false
		case *carpel.Device:
			r.device(pointer, x)
			return false
		case *carpel.Sequence:
			carpel.Walk(x, func(at string, step carpel.Condition) bool {
				if a, ok := step.(*carpel.Activity); ok {
					r.activity(pointer+at, a, x.When)
					return false
				}
				return true
			})
			return false
		}
		return true
	})
	return r.tests, r.err
}

// reader collects the questions.
type reader struct {
	zone  *time.Location
	tests []readingTest
	err   error
}

// compiled returns the question for an operator; nil when it can read everything.
func (r *reader) compiled(t carpel.Test) *tester {
	x, err := compileTest(t, r.zone)
	if err != nil {
		r.err = err
		return nil
	}
	if !x.mayNotRead() {
		return nil
	}
	x.unreadable, x.timed = true, false
	return x
}

func (r *reader) attribute(pointer string, a *carpel.Attribute) {
	if t := r.compiled(a.Test); t != nil {
		r.tests = append(r.tests, readingTest{pointer, &attributeLeaf{name: a.Name, places: placesOf(a.Name), test: t}})
	}
}

func (r *reader) activity(pointer string, a *carpel.Activity, when carpel.When) {
	bare := *a
	bare.Where = nil
	r.properties(pointer, a, func() (selection, error) { return selectionOf(&bare, true, r.zone) }, windowOf(when, r.zone))
}

func (r *reader) device(pointer string, d *carpel.Device) {
	window := windowOf(carpel.When{}, r.zone)
	window.fixed = true
	r.properties(pointer, d, func() (selection, error) {
		filter, err := platformOn(d.Platform, r.zone)
		return selection{tables: []Table{{Kind: DeviceTable}}, filter: filter}, err
	}, window)
}

// properties asks of every property condition within c: in rows of the selection.
func (r *reader) properties(pointer string, c carpel.Condition, rows func() (selection, error), window window) {
	carpel.Walk(c, func(at string, inner carpel.Condition) bool {
		p, ok := inner.(*carpel.Property)
		if !ok {
			return true
		}
		t := r.compiled(p.Test)
		if t == nil {
			return false
		}
		l := &activityLeaf{window: window}
		var err error
		if l.rows, err = rows(); err == nil {
			l.measure, err = measureOf(carpel.Measure{}, r.zone)
		}
		if err != nil {
			r.err = err
			return false
		}
		l.rows.filter = both(l.rows.filter, testOn(p.Name, t))
		r.tests = append(r.tests, readingTest{pointer + at, l})
		return false // what lies in has_item is of items
	})
}
