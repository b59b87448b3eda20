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

// MayBeUnreadable returns the pointers of the attribute and property conditions whose operators cannot read every value.
func (q *Query) MayBeUnreadable() []string {
	out := make([]string, len(q.reading))
	for i := range q.reading {
		out[i] = q.reading[i].pointer
	}
	return out
}

// Unreadable calls fn for the i-th of [Query.MayBeUnreadable] with the people of a stripe, if there are any, who have a
// value that its operator cannot read, such as a text for a comparison of numbers: of a property, in an event of the
// condition's kind and window, or in a device.
func (a *Evaluation) Unreadable(src Source, fn func(i int, people block.Mask)) error {
	if len(a.q.reading) == 0 {
		return nil
	}
	q := ask{src: src, slots: src.People(), now: a.ask.now}
	if q.slots.IsEmpty() {
		return nil
	}
	for i := range a.q.reading {
		m, _, err := a.q.reading[i].leaf.eval(q)
		if err != nil {
			return err
		}
		if !m.IsEmpty() {
			fn(i, m)
		}
	}
	return nil
}

// readingTests compiles the questions of [Evaluation.Unreadable].
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
	bare.Where, bare.When, bare.Measure = nil, carpel.When{}, carpel.Measure{}
	r.properties(pointer, a, &bare, func() (selection, error) { return selectionOf(&bare, true, r.zone) }, windowOf(when, r.zone))
}

func (r *reader) device(pointer string, d *carpel.Device) {
	bare := *d
	bare.Where, bare.Count = nil, carpel.Compare{}
	r.properties(pointer, d, &bare, func() (selection, error) {
		filter, err := platformOn(d.Platform, r.zone)
		return selection{tables: []Table{{Kind: DeviceTable}}, filter: filter}, err
	}, anyTime(r.zone))
}

// properties asks of every property condition within c: in rows of the selection, which is what bare means.
func (r *reader) properties(pointer string, c, bare carpel.Condition, rows func() (selection, error), window window) {
	carpel.Walk(c, func(at string, inner carpel.Condition) bool {
		p, ok := inner.(*carpel.Property)
		if !ok {
			return true
		}
		t := r.compiled(p.Test)
		if t == nil {
			return false
		}
		l := newActivityLeaf(window, r.zone, bare, p)
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
