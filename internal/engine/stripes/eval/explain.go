package eval

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Explain says of every condition of the query why a person matches it or does not, in document order: what is and what
// is wanted, what decided it, since when the answer has been the same, and when time alone next changes it. The answers
// over time are drawn as lines, leaf by leaf, and combined; so both moments are exact.
func (q *Query) Explain(src Source, slot uint8, now carpel.Millis) ([]engine.ExplainedNode, error) {
	first := min(src.FirstSeen()[slot], now)
	x := &explanation{q: q, now: now, first: first, yearly: q.yearly()}
	x.past = past{src: src, slot: slot, h: horizon{from: first, to: later(now, years*366*86_400_000)}}
	if err := x.draw(); err != nil {
		return nil, err
	}
	out := make([]engine.ExplainedNode, len(q.nodes))
	for i, n := range q.nodes {
		out[i] = x.node(n)
		d, err := x.describe(n)
		if err != nil {
			return nil, err
		}
		out[i].Actual, out[i].Wanted, out[i].Evidence = d.actual, d.wanted, d.evidence
	}
	return out, nil
}

// explanation is one person under explanation.
type explanation struct {
	past
	q      *Query
	now    carpel.Millis
	first  carpel.Millis // the person's first moment, now at most
	yearly bool          // some leaf asks for anniversaries
	back   []line        // by node: with what was unknown, for looking back
	ahead  []line        // by node
}

// draw makes the lines of all nodes. What comes round every year is drawn to some years after anything else happens.
func (x *explanation) draw() error {
	for {
		x.back, x.ahead = make([]line, x.q.all), make([]line, x.q.all)
		if err := x.lines(x.q.root); err != nil {
			return err
		}
		last := x.now
		for _, n := range x.q.leaves() {
			if l := x.ahead[n.id]; l != nil && !n.yearly {
				last = max(last, l[len(l)-1].from)
			}
		}
		if to := later(last, years*366*86_400_000); to > x.h.to && x.yearly {
			x.h.to = to
			continue
		}
		return nil
	}
}

// lines draws a node and all below it.
func (x *explanation) lines(n *queryNode) error {
	if x.ahead[n.id] != nil {
		return nil
	}
	if n.leaf != nil {
		l, err := n.leaf.line(x.past)
		if err != nil {
			return err
		}
		x.back[n.id], x.ahead[n.id] = l, l
		if a, ok := n.leaf.(*attributeLeaf); ok {
			v, err := a.value(x.past)
			if err != nil {
				return err
			}
			if v.known > minMillis {
				x.back[n.id] = l.cut(always(unknown), v.known)
			}
		}
		return nil
	}
	back, ahead := make([]line, len(n.children)), make([]line, len(n.children))
	for i, k := range n.children {
		if err := x.lines(k); err != nil {
			return err
		}
		back[i], ahead[i] = x.back[k.id], x.ahead[k.id]
	}
	x.back[n.id], x.ahead[n.id] = together(n.op, back), together(n.op, ahead)
	return nil
}

// node reads off the lines.
func (x *explanation) node(n *queryNode) engine.ExplainedNode {
	ahead, back := x.ahead[n.id], x.back[n.id]
	is := ahead[ahead.at(x.now)].is
	out := engine.ExplainedNode{Pointer: n.pointer, Matched: is == yes, Since: x.now, NextChange: ahead.next(x.now)}
	if x.yearly && out.NextChange > x.h.to {
		out.NextChange = carpel.Never
	}
	if p := back[back.at(x.now)]; p.is == is {
		out.Since = max(p.from, x.first)
	}
	return out
}

// leaves returns the leaves of the query, those of references included, each once.
func (q *Query) leaves() (all []*queryNode) {
	seen := make([]bool, q.all)
	var visit func(n *queryNode)
	visit = func(n *queryNode) {
		if seen[n.id] {
			return
		}
		seen[n.id] = true
		if n.leaf != nil {
			all = append(all, n)
		}
		for _, k := range n.children {
			visit(k)
		}
	}
	visit(q.root)
	return all
}

// yearly reports whether some leaf asks for anniversaries.
func (q *Query) yearly() bool {
	for _, n := range q.leaves() {
		if n.yearly {
			return true
		}
	}
	return false
}

// asksYearly reports whether a condition, or one inside it, asks for anniversaries.
func asksYearly(c carpel.Condition) (found bool) {
	carpel.Walk(c, func(_ string, c carpel.Condition) bool {
		switch x := c.(type) {
		case *carpel.Attribute:
			found = found || x.Test.Op == carpel.OpAnniversaryWithinNext
		case *carpel.Property:
			found = found || x.Test.Op == carpel.OpAnniversaryWithinNext
		}
		return !found
	})
	return found
}
