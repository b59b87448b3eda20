package enginetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// rewritten writes a condition otherwise, so that it means the same of everybody. A form that is past a limit of
// definitions gives way to the one it was made of.
func rewritten(m *maker, c carpel.Condition) carpel.Condition {
	parsed, err := carpel.ParseCondition(carpel.Canonical(rewrite(m, c)))
	if carpel.ErrorCode(err) == carpel.CodeLimit {
		return c
	}
	if err != nil {
		panic(fmt.Sprintf("rewriting made an invalid definition: %v: %s", err, carpel.Canonical(c)))
	}
	return parsed
}

func rewrite(m *maker, c carpel.Condition) carpel.Condition {
	switch c := c.(type) {
	case *carpel.Group:
		return wrap(m, rewriteGroup(m, c))
	case *carpel.Not:
		if of := rewrite(m, c.Of); m.chance(30) {
			return &carpel.Group{Quantifier: carpel.NoneOf, Of: []carpel.Condition{of}}
		} else {
			return wrap(m, &carpel.Not{Of: of})
		}
	case *carpel.Attribute:
		return wrap(m, rewriteAttribute(m, c))
	case *carpel.Property:
		return wrap(m, rewriteProperty(m, c))
	case *carpel.Activity:
		return wrap(m, rewriteActivity(m, c))
	}
	return wrap(m, c)
}

// wrap puts a condition into a group of one, or turns it round twice.
func wrap(m *maker, c carpel.Condition) carpel.Condition {
	if !m.chance(12) {
		return c
	}
	switch m.IntN(4) {
	case 0:
		return &carpel.Not{Of: &carpel.Not{Of: c}}
	case 1:
		return &carpel.Not{Of: &carpel.Group{Quantifier: carpel.NoneOf, Of: []carpel.Condition{c}}}
	}
	return &carpel.Group{Quantifier: pick(m, carpel.AllOf, carpel.AnyOf), Of: []carpel.Condition{c}}
}

// rewriteGroup puts the children in another order, flattens or nests them, and goes over to the group's dual by De
// Morgan's laws.
func rewriteGroup(m *maker, c *carpel.Group) carpel.Condition {
	g := &carpel.Group{Quantifier: c.Quantifier}
	for _, of := range c.Of {
		child := rewrite(m, of)
		// all of all is all, any of any is any, and none of any is none.
		inner, ok := child.(*carpel.Group)
		if ok && m.chance(50) && inner.Quantifier != carpel.NoneOf && (inner.Quantifier == g.Quantifier || g.Quantifier == carpel.NoneOf && inner.Quantifier == carpel.AnyOf) {
			g.Of = append(g.Of, inner.Of...)
			continue
		}
		g.Of = append(g.Of, child)
	}
	m.Shuffle(len(g.Of), func(i, j int) { g.Of[i], g.Of[j] = g.Of[j], g.Of[i] })
	if len(g.Of) > 2 && m.chance(25) {
		within := g.Quantifier
		if within == carpel.NoneOf {
			within = carpel.AnyOf
		}
		g.Of = append([]carpel.Condition{&carpel.Group{Quantifier: within, Of: slices.Clone(g.Of[:2])}}, g.Of[2:]...)
	}
	if m.chance(60) {
		return g
	}
	switch g.Quantifier {
	case carpel.AllOf:
		return pick[carpel.Condition](m, &carpel.Not{Of: &carpel.Group{Quantifier: carpel.AnyOf, Of: negated(g.Of)}}, &carpel.Group{Quantifier: carpel.NoneOf, Of: negated(g.Of)})
	case carpel.AnyOf:
		return pick[carpel.Condition](m, &carpel.Not{Of: &carpel.Group{Quantifier: carpel.AllOf, Of: negated(g.Of)}}, &carpel.Not{Of: &carpel.Group{Quantifier: carpel.NoneOf, Of: g.Of}})
	}
	return pick[carpel.Condition](m, &carpel.Not{Of: &carpel.Group{Quantifier: carpel.AnyOf, Of: g.Of}}, &carpel.Group{Quantifier: carpel.AllOf, Of: negated(g.Of)})
}

func negated(all []carpel.Condition) []carpel.Condition {
	out := make([]carpel.Condition, len(all))
	for i, c := range all {
		out[i] = &carpel.Not{Of: c}
	}
	return out
}

// rewriteTest writes an operator otherwise; with makes the condition that asks it. A negative operator is the
// complement of its positive one, and a list of values is an any of single ones.
func rewriteTest(m *maker, t carpel.Test, complement bool, with func(carpel.Test) carpel.Condition) carpel.Condition {
	if t.Item != nil {
		t.Item = rewrite(m, t.Item)
	}
	if op, negative := t.Op.Positive(); negative && complement && m.chance(40) {
		t.Op = op
		return &carpel.Not{Of: rewriteTest(m, t, complement, with)}
	}
	var op carpel.Op
	var values []carpel.Value
	switch {
	case t.Op == carpel.OpIsAnyOf:
		op, values = carpel.OpIs, t.Values
	case t.Op == carpel.OpContains && !strings.Contains(t.Value.Text(), `\`):
		op = carpel.OpContains
		for part := range strings.SplitSeq(t.Value.Text(), "|") {
			values = append(values, carpel.TextValue(part))
		}
	}
	if len(values) == 0 || m.chance(50) {
		return with(t)
	}
	g := &carpel.Group{Quantifier: carpel.AnyOf}
	for _, v := range values {
		g.Of = append(g.Of, with(carpel.Test{Op: op, Value: v, MatchCase: t.MatchCase}))
	}
	m.Shuffle(len(g.Of), func(i, j int) { g.Of[i], g.Of[j] = g.Of[j], g.Of[i] })
	return g
}

// rewriteAttribute rewrites an attribute's operator. That the value has been the same for a time is asked beside the
// operator, so the complement of one is not the complement of both.
func rewriteAttribute(m *maker, c *carpel.Attribute) carpel.Condition {
	return rewriteTest(m, c.Test, c.For == (carpel.Duration{}), func(t carpel.Test) carpel.Condition {
		return &carpel.Attribute{Name: c.Name, Test: t, For: c.For}
	})
}

func rewriteProperty(m *maker, c *carpel.Property) carpel.Condition {
	return rewriteTest(m, c.Test, true, func(t carpel.Test) carpel.Condition { return &carpel.Property{Name: c.Name, Test: t} })
}

// rewriteActivity rewrites what an activity must satisfy and how it is counted. What was done at least once where one
// of several things holds was done at least once where this one holds, or where that one does.
func rewriteActivity(m *maker, c *carpel.Activity) carpel.Condition {
	out := *c
	if out.Where != nil {
		out.Where = rewrite(m, out.Where)
	}
	if out.Measure.Where != nil {
		out.Measure.Where = rewrite(m, out.Measure.Where)
	}
	once := out.Measure == carpel.Measure{}
	if g, ok := out.Where.(*carpel.Group); ok && once && g.Quantifier == carpel.AnyOf && m.chance(60) {
		any := &carpel.Group{Quantifier: carpel.AnyOf}
		for _, of := range g.Of {
			part := out
			part.Where = of
			any.Of = append(any.Of, &part)
		}
		return any
	}
	if once && m.chance(30) {
		return recount(m, &out, pick(m, "at_least 1", "more_than 0", "not exactly 0", "not less_than 1"))
	}
	return rewriteCompare(m, &out)
}

// recount returns an activity that counts as the words say.
func recount(m *maker, c *carpel.Activity, words string) carpel.Condition {
	out := *c
	words, not := strings.CutPrefix(words, "not ")
	op, n, _ := strings.Cut(words, " ")
	out.Measure = carpel.Measure{Kind: carpel.MeasureCount, Compare: carpel.Compare{Op: carpel.CompareOp(op), A: jsonValue(n)}}
	if not {
		return &carpel.Not{Of: &out}
	}
	return &out
}

// rewriteCompare turns a comparison into its complement's complement, and between into both of its bounds: for what has
// a value for everybody, which the mean, the least and the greatest of nothing have not.
func rewriteCompare(m *maker, c *carpel.Activity) carpel.Condition {
	switch c.Measure.Kind {
	case carpel.MeasureCount, carpel.MeasureDays, carpel.MeasureDistinct, carpel.MeasureSum:
	default:
		return c
	}
	compare := func(op carpel.CompareOp, a carpel.Value) *carpel.Activity {
		out := *c
		out.Measure.Compare = carpel.Compare{Op: op, A: a}
		return &out
	}
	a := c.Measure.Compare.OrDefault()
	if m.chance(50) {
		return c
	}
	switch a.Op {
	case carpel.CmpAtLeast:
		return &carpel.Not{Of: compare(carpel.CmpLessThan, a.A)}
	case carpel.CmpAtMost:
		return &carpel.Not{Of: compare(carpel.CmpMoreThan, a.A)}
	case carpel.CmpMoreThan:
		return &carpel.Not{Of: compare(carpel.CmpAtMost, a.A)}
	case carpel.CmpLessThan:
		return &carpel.Not{Of: compare(carpel.CmpAtLeast, a.A)}
	case carpel.CmpExactly:
		return &carpel.Group{Quantifier: carpel.AllOf, Of: []carpel.Condition{compare(carpel.CmpAtLeast, a.A), compare(carpel.CmpAtMost, a.A)}}
	case carpel.CmpBetween:
		return &carpel.Group{Quantifier: carpel.NoneOf, Of: []carpel.Condition{compare(carpel.CmpLessThan, a.A), compare(carpel.CmpMoreThan, a.B)}}
	}
	return c
}
