package eval

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Evaluation answers a query at a moment, stripe after stripe, in memory that it uses again. Used by one goroutine.
type Evaluation struct {
	q     *Query
	ask   ask
	known []block.Mask // by node: for whom the answer is known
	is    []block.Mask // by node: what it is
	masks []block.Mask // known and is
}

// Evaluation begins an evaluation at a moment.
func (q *Query) Evaluation(now carpel.Millis) *Evaluation {
	masks := make([]block.Mask, 2*q.all)
	return &Evaluation{q: q, ask: ask{now: now}, known: masks[:q.all], is: masks[q.all:], masks: masks}
}

// begin turns to a stripe.
func (a *Evaluation) begin(src Source) {
	clear(a.masks)
	a.ask.src = src
}

// Matched returns who of a stripe matches.
func (a *Evaluation) Matched(src Source) (block.Mask, error) { return a.Among(src, src.People()) }

// Among returns who of some people of a stripe matches.
func (a *Evaluation) Among(src Source, people block.Mask) (block.Mask, error) {
	if people.IsEmpty() {
		return people, nil
	}
	a.begin(src)
	return a.of(a.q.root, people)
}

// of answers a node for some people, asking no more of the data than it takes.
func (a *Evaluation) of(n *queryNode, slots block.Mask) (block.Mask, error) {
	need := slots.AndNot(a.known[n.id])
	if !need.IsEmpty() {
		m, err := a.fresh(n, need)
		if err != nil {
			return m, err
		}
		a.known[n.id] = a.known[n.id].Or(need)
		a.is[n.id] = a.is[n.id].Or(m)
	}
	return a.is[n.id].And(slots), nil
}

func (a *Evaluation) fresh(n *queryNode, slots block.Mask) (block.Mask, error) {
	if n.leaf != nil {
		q := a.ask
		q.slots = slots
		m, _, err := n.leaf.eval(q)
		return m.And(slots), err
	}
	left := slots // all: who may still match; any and none: who has not matched yet
	for _, k := range n.cheapest {
		if left.IsEmpty() {
			break
		}
		m, err := a.of(k, left)
		if err != nil {
			return m, err
		}
		if n.op == combineAll || n.op == combineSame {
			left = m
		} else {
			left = left.AndNot(m)
		}
	}
	if n.op == combineAny {
		return slots.AndNot(left), nil
	}
	return left, nil
}

// Answer is what a query says of a stripe.
type Answer struct {
	Matched block.Mask
	Nodes   []NodeAnswer // in document order, root first
}

// NodeAnswer is the effect of one condition; see [engine.NodeCount].
type NodeAnswer struct {
	Pointer    string
	Alone      block.Mask
	Left       block.Mask
	Without    block.Mask
	HasWithout bool
}

// Eval answers every condition outside where for a stripe.
func (a *Evaluation) Eval(src Source) (*Answer, error) {
	people := src.People()
	a.begin(src)
	q := a.q
	for _, n := range q.nodes {
		if people.IsEmpty() {
			break
		}
		if _, err := a.of(n, people); err != nil {
			return nil, err
		}
	}
	out := &Answer{Matched: a.is[q.root.id], Nodes: make([]NodeAnswer, len(q.nodes))}
	for i, n := range q.nodes {
		x := &out.Nodes[i]
		x.Pointer, x.Alone = n.pointer, a.is[n.id]
		if x.Left = x.Alone; n.parent == nil {
			continue
		}
		at := slices.Index(n.parent.children, n)
		x.Left = a.combine(n.parent, people, func(i int) (block.Mask, bool) { return a.is[n.parent.children[i].id], i <= at })
		if x.HasWithout = len(n.parent.children) > 1; x.HasWithout {
			x.Without = a.without(n, people)
		}
	}
	return out, nil
}

// combine answers a combination from masks of its children: child returns one, and whether it counts.
func (a *Evaluation) combine(n *queryNode, people block.Mask, child func(i int) (block.Mask, bool)) block.Mask {
	all, any := people, block.Mask{}
	for i := range n.children {
		if m, counts := child(i); counts {
			all, any = all.And(m), any.Or(m)
		}
	}
	switch n.op {
	case combineAny:
		return any
	case combineNone:
		return people.AndNot(any)
	}
	return all
}

// without answers the whole definition with a condition removed, from the masks of the others.
func (a *Evaluation) without(n *queryNode, people block.Mask) block.Mask {
	at, up := n, n.parent
	m := a.combine(up, people, func(i int) (block.Mask, bool) { return a.is[up.children[i].id], up.children[i] != at })
	for at, up = up, up.parent; up != nil; at, up = up, up.parent {
		below := m
		m = a.combine(up, people, func(i int) (block.Mask, bool) {
			if up.children[i] == at {
				return below, true
			}
			return a.is[up.children[i].id], true
		})
	}
	return m
}
