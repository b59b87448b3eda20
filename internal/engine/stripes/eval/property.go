package eval

import (
	"fmt"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// propertyTest is a tree of conditions over the properties of a row or an object, compiled: a combination of others,
// or one operator on one property. Immutable; safe for concurrent use.
type propertyTest struct {
	op    combination // 0 for a property
	of    []*propertyTest
	probe *probe
	timed bool // the answer depends on now
}

// compileProperties compiles what stands in a where, or beside has_item; nil for nil.
func compileProperties(c carpel.Condition, zone *time.Location) (*propertyTest, error) {
	switch x := c.(type) {
	case nil:
		return nil, nil
	case *carpel.Group:
		op := map[carpel.Quantifier]combination{carpel.AllOf: combineAll, carpel.AnyOf: combineAny, carpel.NoneOf: combineNone}[x.Quantifier]
		return combineProperties(op, x.Of, zone)
	case *carpel.Not:
		return combineProperties(combineNone, []carpel.Condition{x.Of}, zone)
	case *carpel.Property:
		t, err := compileTest(x.Test, zone)
		if err != nil {
			return nil, err
		}
		return testOn(x.Name, t), nil
	}
	return nil, fmt.Errorf("a %T is no condition over properties", c)
}

func combineProperties(op combination, of []carpel.Condition, zone *time.Location) (*propertyTest, error) {
	p := &propertyTest{op: op}
	for _, c := range of {
		child, err := compileProperties(c, zone)
		if err != nil {
			return nil, err
		}
		p.of = append(p.of, child)
		p.timed = p.timed || child.timed
	}
	return p, nil
}

// testOn is one operator on the property of a name.
func testOn(name string, t *tester) *propertyTest {
	return &propertyTest{probe: &probe{places: placesOf(name), test: t}, timed: t.timed}
}

// both is the conjunction of two trees, either of which may be nil.
func both(a, b *propertyTest) *propertyTest {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &propertyTest{op: combineAll, of: []*propertyTest{a, b}, timed: a.timed || b.timed}
}

// MatchProperties holds conditions over properties, as they stand in where, against those of one event; nil fits all.
func MatchProperties(c carpel.Condition, properties map[string]carpel.Value, zone *time.Location, now carpel.Millis) (bool, error) {
	p, err := compileProperties(c, zone)
	if p == nil || err != nil {
		return err == nil, err
	}
	ok, _ := p.row(func(name string) carpel.Value { return properties[name] }, now)
	return ok, nil
}

// row answers for one row or object of which get returns the properties, and when time may next change the answer.
func (p *propertyTest) row(get func(string) carpel.Value, now carpel.Millis) (bool, carpel.Millis) {
	if p.probe != nil {
		return p.probe.test.answer(p.probe.value(get), now)
	}
	matched, next := p.op == combineAll, carpel.Never
	for _, child := range p.of {
		m, n := child.row(get, now)
		next = min(next, n)
		if p.op == combineAll {
			matched = matched && m
		} else {
			matched = matched || m
		}
	}
	return matched != (p.op == combineNone), next
}

// never reports whether no row of a part can pass, as its columns alone show.
func (p *propertyTest) never(r *block.Rows) bool {
	if p.probe != nil {
		return p.probe.never(r)
	}
	none := func(child *propertyTest) bool { return child.never(r) }
	switch p.op {
	case combineAll:
		return slices.ContainsFunc(p.of, none)
	case combineAny:
		return !slices.ContainsFunc(p.of, func(child *propertyTest) bool { return !none(child) })
	}
	return false
}

// never is propertyTest.never for one operator.
func (p *probe) never(r *block.Rows) bool {
	if p.test.negative {
		return false
	}
	for _, at := range p.places {
		if !r.Holds(at.column) {
			continue
		}
		// A column of numbers holds nothing that a comparison of numbers cannot read.
		if !p.test.unreadable || !p.test.numeric() || r.Column(at.column).Dict != nil {
			return false
		}
	}
	return true
}

// place is where a dotted name may be found: a column, and the path below its objects ("" for the value itself).
type place struct{ column, path string }

// placesOf returns the places of a name, the one that wins first: the whole name, then what its dots reach into.
func placesOf(name string) []place {
	places := []place{{column: name}}
	for i := 0; i < len(name); i++ {
		if name[i] == '.' && name[:i] != "$context" {
			places = append(places, place{name[:i], name[i+1:]})
		}
	}
	return places
}

// in returns the value that a column's value holds at the place.
func (p place) in(v carpel.Value) carpel.Value {
	if p.path == "" {
		return v
	}
	return v.Reach(p.path)
}

// probe is one operator on one name.
type probe struct {
	places []place
	test   *tester
}

func (p *probe) value(get func(string) carpel.Value) carpel.Value {
	for _, at := range p.places {
		if v := at.in(get(at.column)); v.IsSet() {
			return v
		}
	}
	return carpel.Value{}
}
