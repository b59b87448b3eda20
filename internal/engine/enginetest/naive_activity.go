package enginetest

import (
	"math/big"
	"slices"
	"time"

	"github.com/carpel/carpel"
)

func wholeNumber(n int) *big.Rat { return big.NewRat(int64(n), 1) }

// compares answers the comparison of a measure; none stands for at least 1.
func compares(c carpel.Compare, n *big.Rat) bool {
	if c.Op == "" {
		return n.Cmp(wholeNumber(1)) >= 0
	}
	order := n.Cmp(readValue(c.A).number())
	switch c.Op {
	case carpel.CmpAtLeast:
		return order >= 0
	case carpel.CmpAtMost:
		return order <= 0
	case carpel.CmpExactly:
		return order == 0
	case carpel.CmpMoreThan:
		return order > 0
	case carpel.CmpLessThan:
		return order < 0
	case carpel.CmpBetween:
		return order >= 0 && n.Cmp(readValue(c.B).number()) <= 0
	}
	panic("no comparison: " + string(c.Op))
}

// isOf reports whether an activity is one that a condition or a step counts, whenever it was.
func (v view) isOf(a activity, c *carpel.Activity) bool {
	return v.isNamed(a, c) && v.properties(a.props, c.Where)
}

func (v view) isNamed(a activity, c *carpel.Activity) bool {
	switch c.Kind {
	case carpel.EventActivity:
		if c.Name == carpel.AnyEvent {
			return a.kind != carpel.ItemMessage
		}
		return a.kind == carpel.ItemEvent && a.name == c.Name
	case carpel.PageActivity:
		return a.kind == carpel.ItemPage && v.m.exprs.fitsAddress(c.Name, a.url)
	case carpel.PageNameActivity:
		return a.kind == carpel.ItemPage && v.m.exprs.fitsWhole(c.Name, a.name)
	case carpel.ScreenActivity:
		return a.kind == carpel.ItemScreen && v.m.exprs.fitsWhole(c.Name, a.name)
	case carpel.MessageActivity:
		if a.kind != carpel.ItemMessage || c.Action != a.message.Action || c.Name != "any" && c.Name != a.message.Channel {
			return false
		}
		machine := a.message.Machine && (c.Action == "opened" || c.Action == "clicked")
		return (c.Campaign == "" || c.Campaign == a.message.Campaign) && (c.Machine || !machine) &&
			(c.Link == "" || a.message.Link != "" && v.m.exprs.fitsAddress(c.Link, a.message.Link))
	}
	panic("no kind of activity: " + string(c.Kind))
}

// did answers an activity condition.
func (v view) did(p *person, c *carpel.Activity) bool {
	var counted []activity // in order of time
	for _, a := range p.activity {
		if v.m.cal.inWindow(c.When, a.at, v.now) && v.isOf(a, c) {
			counted = append(counted, a)
		}
	}
	slices.SortStableFunc(counted, func(a, b activity) int { return int(a.at - b.at) })
	m := c.Measure
	switch m.Kind {
	case "", carpel.MeasureCount:
		return compares(m.Compare, wholeNumber(len(counted)))
	case carpel.MeasureDays:
		days := map[time.Time]bool{}
		for _, a := range counted {
			days[v.m.cal.dayOf(a.at)] = true
		}
		return compares(m.Compare, wholeNumber(len(days)))
	case carpel.MeasureFirst, carpel.MeasureLast:
		return v.edge(counted, m)
	case carpel.MeasureRegularly:
		return v.regularly(counted, m)
	}
	var values []reading
	for _, a := range counted {
		r := lookup(a.props, m.Of)
		if r.kind == carpel.List {
			values = append(values, r.items...)
		} else {
			values = append(values, r)
		}
	}
	values = slices.DeleteFunc(values, func(r reading) bool { return !r.isSet() })
	if m.Kind == carpel.MeasureDistinct {
		return compares(m.Compare, wholeNumber(different(values)))
	}
	n := aggregate(m.Kind, values)
	return n != nil && compares(m.Compare, n)
}

// edge answers first and last: the activity at the least or greatest time satisfies the condition; of several at the
// same time one is enough.
func (v view) edge(counted []activity, m carpel.Measure) bool {
	if m.Kind == carpel.MeasureLast {
		slices.Reverse(counted)
	}
	for _, a := range counted {
		if a.at == counted[0].at && v.properties(a.props, m.Where) {
			return true
		}
	}
	return false
}

func (v view) regularly(counted []activity, m carpel.Measure) bool {
	good := 0
	for i := range carpel.Millis(m.OfLast) {
		n := 0
		for _, a := range counted {
			if v.now-(i+1)*span(m.Period) < a.at && a.at <= v.now-i*span(m.Period) {
				n++
			}
		}
		if n >= m.Times {
			good++
		}
	}
	return good >= m.AtLeast
}

// different counts values that differ in the sense of `is`.
func different(values []reading) int {
	var found []reading
	for _, r := range values {
		if !slices.ContainsFunc(found, func(f reading) bool { return sameValue(f, r, false) }) {
			found = append(found, r)
		}
	}
	return len(found)
}

// aggregate works out sum, avg, min or max over the values that are numbers; nil when there is none and it is no sum.
func aggregate(kind carpel.MeasureKind, values []reading) *big.Rat {
	sum, n := new(big.Rat), 0
	var least, greatest *big.Rat
	for _, r := range values {
		x := r.number()
		if x == nil {
			continue
		}
		n++
		sum.Add(sum, sixPlaces(x))
		if least == nil || x.Cmp(least) < 0 {
			least = x
		}
		if greatest == nil || x.Cmp(greatest) > 0 {
			greatest = x
		}
	}
	switch {
	case kind == carpel.MeasureSum:
		return sum
	case n == 0:
		return nil
	case kind == carpel.MeasureMin:
		return least
	case kind == carpel.MeasureMax:
		return greatest
	}
	return sum.Quo(sum, wholeNumber(n))
}

// sixPlaces rounds to six decimal places, halves away from zero.
func sixPlaces(x *big.Rat) *big.Rat {
	rounded, ok := new(big.Rat).SetString(x.FloatString(6))
	if !ok {
		panic("a decimal is no number: " + x.String())
	}
	return rounded
}

// sequence tries every choice of activities for the steps.
func (v view) sequence(p *person, q *carpel.Sequence) bool {
	steps := q.Steps
	if q.LastNot {
		steps = steps[:len(steps)-1]
	}
	used := make([]bool, len(p.activity))
	var try func(step int, first, previous carpel.Millis) bool
	try = func(step int, first, previous carpel.Millis) bool {
		if step == len(steps) {
			return !q.LastNot || v.nothingFollowed(p, q, used, previous)
		}
		for i, a := range p.activity {
			if used[i] || !v.m.cal.inWindow(q.When, a.at, v.now) || !v.isOf(a, steps[step]) {
				continue
			}
			begun := first
			if step == 0 {
				begun = a.at
			} else if a.at < previous || !q.LastNot && !q.Within.IsZero() && a.at-first > span(q.Within) {
				continue
			}
			used[i] = true
			if try(step+1, begun, a.at) {
				return true
			}
			used[i] = false
		}
		return false
	}
	return try(0, 0, 0)
}

// nothingFollowed reports whether the time within has passed since the last step, and no other activity of the last,
// negative step came in it.
func (v view) nothingFollowed(p *person, q *carpel.Sequence, used []bool, previous carpel.Millis) bool {
	if v.now < previous+span(q.Within) {
		return false
	}
	for i, a := range p.activity {
		if !used[i] && previous <= a.at && a.at <= previous+span(q.Within) && v.isOf(a, q.Steps[len(q.Steps)-1]) {
			return false
		}
	}
	return true
}
