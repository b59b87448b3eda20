package eval

import (
	"fmt"
	"slices"
	"time"

	"github.com/carpel/carpel"
)

// Query is one definition with its conditions known by JSON pointer: for previews and explanations. Immutable; safe for
// concurrent use.
type Query struct {
	zone    *time.Location
	root    *queryNode
	nodes   []*queryNode // those asked of a person, in document order
	all     int          // how many there are, with those of definitions that references mean
	reading []readingTest
}

// queryNode is one condition. A reference that is evaluated in place has one child, the root of what it means, which may
// be shared.
type queryNode struct {
	id       int
	pointer  string
	of       carpel.Condition
	op       combination // 0 for a leaf
	children []*queryNode
	cheapest []*queryNode // children, in the order they are best asked
	parent   *queryNode
	leaf     leaf
	yearly   bool // a leaf that asks for anniversaries
	cost     int
}

// CompileQuery compiles a definition. resolve returns the definition that a reference means, to be evaluated in place,
// or false for a reference that is read through [Source.Segment]. It fails with CodeCycle when references form a cycle.
func CompileQuery(c carpel.Condition, zone *time.Location, resolve func(ref string) (carpel.Condition, bool)) (*Query, error) {
	q := &queryCompiler{Query: &Query{zone: zone}, resolve: resolve, references: map[string]*queryNode{}}
	var err error
	if q.root, err = q.node("", c, true); err != nil {
		return nil, err
	}
	if q.reading, err = readingTests(c, zone); err != nil {
		return nil, err
	}
	return q.Query, nil
}

type queryCompiler struct {
	*Query
	resolve    func(string) (carpel.Condition, bool)
	references map[string]*queryNode // nil while being compiled
}

// node compiles a condition; asked says that it stands in the definition itself.
func (q *queryCompiler) node(pointer string, c carpel.Condition, asked bool) (*queryNode, error) {
	n := &queryNode{id: q.all, pointer: pointer, of: c}
	q.all++
	if asked {
		q.nodes = append(q.nodes, n)
	}
	child := func(at string, c carpel.Condition) error {
		k, err := q.node(at, c, asked)
		if err != nil {
			return err
		}
		k.parent = n
		n.children = append(n.children, k)
		return nil
	}
	switch x := c.(type) {
	case *carpel.Group:
		n.op = map[carpel.Quantifier]combination{carpel.AllOf: combineAll, carpel.AnyOf: combineAny, carpel.NoneOf: combineNone}[x.Quantifier]
		for i, of := range x.Of {
			if err := child(fmt.Sprintf("%s/%s/%d", pointer, x.Quantifier, i), of); err != nil {
				return nil, err
			}
		}
	case *carpel.Not:
		n.op = combineNone
		if err := child(pointer+"/not", x.Of); err != nil {
			return nil, err
		}
	case *carpel.InSegment:
		if means, err := q.reference(x.Ref); err != nil {
			return nil, err
		} else if means != nil {
			n.op, n.children = combineSame, []*queryNode{means}
		}
	}
	if n.op == 0 {
		l, err := compileLeaf(c, q.zone)
		if err != nil {
			return nil, err
		}
		n.leaf, n.cost, n.yearly = l, costOf(c), asksYearly(c)
	}
	n.cheapest = slices.Clone(n.children)
	slices.SortStableFunc(n.cheapest, func(a, b *queryNode) int { return a.cost - b.cost })
	for _, k := range n.children {
		n.cost += k.cost
	}
	return n, nil
}

// reference compiles what a reference means, once; nil when it is read through the source.
func (q *queryCompiler) reference(ref string) (*queryNode, error) {
	if n, ok := q.references[ref]; ok {
		if n == nil {
			return nil, carpel.Errorf(carpel.CodeCycle, "the segment %s refers to itself", ref)
		}
		return n, nil
	}
	c, ok := q.resolve(ref)
	if !ok {
		return nil, nil
	}
	q.references[ref] = nil
	n, err := q.node("", c, false)
	if err != nil {
		return nil, fmt.Errorf("segment %s: %w", ref, err)
	}
	q.references[ref] = n
	return n, nil
}

// costOf ranks leaves by how long they take, roughly.
func costOf(c carpel.Condition) int {
	switch x := c.(type) {
	case *carpel.InSegment:
		return 1
	case *carpel.Attribute:
		if x.Name == carpel.AttrLastSeen {
			return 20
		}
		return 2
	case *carpel.Sample, *carpel.Device:
		return 5
	case *carpel.Activity:
		cost := 10
		if x.When.Kind == carpel.WhenEver || x.When.Kind == carpel.WhenBeforeLast {
			cost = 20
		}
		if x.Where != nil {
			cost *= 2
		}
		if x.Measure.Kind != "" && x.Measure.Kind != carpel.MeasureCount {
			cost *= 4
		}
		if x.Kind == carpel.EventActivity && x.Name == carpel.AnyEvent {
			cost *= 4
		}
		return cost
	}
	return 200
}
