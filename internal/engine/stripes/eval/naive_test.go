package eval

import (
	"math/big"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// naive answers a condition for one person by the words of the language, one event at a time.
type naive struct {
	m    *memory
	slot uint8
	now  carpel.Millis
}

func (n naive) matches(c carpel.Condition) bool {
	p := n.m.people[n.slot]
	switch x := c.(type) {
	case *carpel.Group:
		return group(x, n.matches)
	case *carpel.Not:
		return !n.matches(x.Of)
	case *carpel.Attribute:
		v, since := n.attribute(x.Name)
		t := x.Test
		if x.Name == "id" {
			t.MatchCase = true
		}
		return n.value(t, v) && (x.For.IsZero() || n.now-since >= x.For.Millis())
	case *carpel.Activity:
		return n.activity(x)
	case *carpel.Device:
		count := 0
		for _, d := range p.devices {
			platform := d["platform"].Text()
			fits := x.Platform == "any" || x.Platform == platform || x.Platform == "mobile" && (platform == "ios" || platform == "android")
			if fits && n.where(x.Where, d) {
				count++
			}
		}
		return compared(x.Count.OrDefault(), big.NewRat(int64(count), 1))
	case *carpel.InSegment:
		in := n.m.segments[x.Ref]
		return in.Has(n.slot)
	case *carpel.Sequence:
		return n.sequence(x)
	case *carpel.Sample:
		return SampleShare(x.Seed, n.m.Person(n.slot)) < x.Percent/100
	}
	panic("no such condition")
}

func group(g *carpel.Group, matches func(carpel.Condition) bool) bool {
	n := 0
	for _, c := range g.Of {
		if matches(c) {
			n++
		}
	}
	return map[carpel.Quantifier]bool{carpel.AllOf: n == len(g.Of), carpel.AnyOf: n > 0, carpel.NoneOf: n == 0}[g.Quantifier]
}

func (n naive) attribute(name string) (v carpel.Value, since carpel.Millis) {
	p := n.m.people[n.slot]
	since = p.firstSeen
	switch name {
	case carpel.AttrFirstSeen:
		return carpel.TimeValue(p.firstSeen), since
	case carpel.AttrLastSeen:
		for _, e := range p.events {
			if k := e.table.Kind; k == MessageTable || e.at > n.now {
				continue
			}
			if !v.IsSet() || float64(e.at) > v.Float() {
				v, since = carpel.TimeValue(e.at), e.at
			}
		}
		return v, since
	}
	stamped := false
	for i, at := range placesOf(name) {
		a, ok := p.attributes[at.column]
		if !ok {
			continue
		}
		if !stamped || a.Since > since {
			since, stamped = a.Since, true
		}
		if !v.IsSet() {
			v = at.in(a.Value)
		}
		if i == 0 && v.IsSet() {
			break
		}
	}
	return v, since
}

// value answers an operator for a value that may be unset.
func (n naive) value(t carpel.Test, v carpel.Value) bool {
	op, negative := t.Op.Positive()
	t.Op = op
	items := []carpel.Value{v}
	if v.Kind() == carpel.List && op != carpel.OpExists && op != carpel.OpHasItem {
		items = v.Items()
	}
	matched := false
	for _, item := range items {
		matched = matched || item.IsSet() && n.scalar(t, item)
	}
	return matched != negative
}

func (n naive) scalar(t carpel.Test, v carpel.Value) bool {
	fold := func(s string) string {
		if t.MatchCase {
			return s
		}
		return carpel.Fold(s)
	}
	text, operand := fold(v.Text()), fold(t.Value.Text())
	switch t.Op {
	case carpel.OpIs:
		return text == operand
	case carpel.OpIsAnyOf:
		return slices.ContainsFunc(t.Values, func(o carpel.Value) bool { return fold(o.Text()) == text })
	case carpel.OpContains:
		p, _ := carpel.CompilePattern(t.Value.Text(), t.MatchCase)
		return p.Contains(v.Text())
	case carpel.OpStartsWith:
		return strings.HasPrefix(text, operand)
	case carpel.OpEndsWith:
		return strings.HasSuffix(text, operand)
	case carpel.OpExists:
		return true
	case carpel.OpIsTrue:
		return strings.EqualFold(v.Text(), "true") || v.Text() == "1"
	case carpel.OpIsFalse:
		return strings.EqualFold(v.Text(), "false") || v.Text() == "0"
	case carpel.OpGreaterThan, carpel.OpLessThan, carpel.OpAtLeast, carpel.OpAtMost, carpel.OpBetween:
		x, ok := v.AsNumber()
		if !ok {
			return false
		}
		if t.Op == carpel.OpBetween {
			return ratOf(x).Cmp(ratOf(t.Values[0])) >= 0 && ratOf(x).Cmp(ratOf(t.Values[1])) <= 0
		}
		c := ratOf(x).Cmp(ratOf(t.Value))
		return map[carpel.Op]bool{carpel.OpGreaterThan: c > 0, carpel.OpLessThan: c < 0, carpel.OpAtLeast: c >= 0, carpel.OpAtMost: c <= 0}[t.Op]
	case carpel.OpHasItem:
		items := v.Items()
		if v.Kind() == carpel.Object {
			items = []carpel.Value{v}
		}
		return slices.ContainsFunc(items, func(item carpel.Value) bool {
			return item.Kind() == carpel.Object && n.where(t.Item, item.Fields())
		})
	}
	at, ok := v.AsTime(n.m.zone)
	d := t.Duration.Millis()
	switch {
	case !ok:
		return false
	case t.Op == carpel.OpIsTime:
		return true
	case t.Op == carpel.OpWithinLast:
		return n.now-d < at && at <= n.now
	case t.Op == carpel.OpMoreThanAgo:
		return at <= n.now-d
	case t.Op == carpel.OpWithinNext:
		return n.now < at && at <= n.now+d
	case t.Op == carpel.OpMoreThanAhead:
		return at > n.now+d
	case t.Op == carpel.OpAnniversaryWithinNext:
		day := carpel.DateOf(at, n.m.zone)
		for ahead := range int(d/86_400_000) + 1 {
			today := carpel.DateOf(n.now, n.m.zone).AddDays(ahead)
			if today.Month == day.Month && (today.Day == day.Day || day.Month == 2 && day.Day == 29 && today.Day == 28) && !(day.Month == 2 && day.Day == 29 && today.Day == 29) {
				return true
			}
		}
		return false
	}
	from, _ := t.Value.AsTime(n.m.zone)
	to := from
	if day, ok := carpel.ParseDate(t.Value.Text()); ok {
		to = day.AddDays(1).Midnight(n.m.zone) - 1
	}
	switch t.Op {
	case carpel.OpBefore:
		return at < from
	case carpel.OpAfter:
		return at > to
	case carpel.OpOn:
		return from <= at && at <= to
	}
	panic("no such operator")
}

func (n naive) where(c carpel.Condition, props map[string]carpel.Value) bool {
	switch x := c.(type) {
	case nil:
		return true
	case *carpel.Group:
		return group(x, func(c carpel.Condition) bool { return n.where(c, props) })
	case *carpel.Not:
		return !n.where(x.Of, props)
	}
	x := c.(*carpel.Property)
	return n.value(x.Test, property(props, x.Name))
}

func property(props map[string]carpel.Value, name string) carpel.Value {
	for _, at := range placesOf(name) {
		if v := at.in(props[at.column]); v.IsSet() {
			return v
		}
	}
	return carpel.Value{}
}

// fits reports whether an event is of the kind of an activity and passes its where.
func (n naive) fits(a *carpel.Activity, e happened) bool {
	pattern := func(text string) *carpel.Pattern { p, _ := carpel.CompilePattern(text, false); return p }
	ok := false
	switch a.Kind {
	case carpel.EventActivity:
		ok = a.Name == "*" && e.table.Kind != MessageTable || e.table.Kind == EventTable && e.table.Name == a.Name
	case carpel.PageActivity:
		ok = e.table.Kind == PageTable && pattern(a.Name).FitsURL(e.props["$url"].Text())
	case carpel.PageNameActivity:
		ok = e.table.Kind == PageTable && pattern(a.Name).Fits(e.props["$name"].Text())
	case carpel.ScreenActivity:
		ok = e.table.Kind == ScreenTable && pattern(a.Name).Fits(e.props["$name"].Text())
	case carpel.MessageActivity:
		ok = e.table.Kind == MessageTable && (a.Name == "any" || e.props["$channel"].Text() == a.Name) && e.props["$action"].Text() == a.Action &&
			(a.Campaign == "" || e.props["$campaign"].Text() == a.Campaign) && (a.Link == "" || pattern(a.Link).FitsURL(e.props["$link"].Text())) &&
			(a.Machine || e.props["$machine"].Text() != "true" || a.Action != "opened" && a.Action != "clicked")
	}
	return ok && n.where(a.Where, e.props)
}

func (n naive) activity(a *carpel.Activity) bool {
	lo, hi := a.When.Bounds(n.now, n.m.zone)
	var in []happened
	for _, e := range n.m.people[n.slot].events {
		if n.fits(a, e) && e.at <= n.now && (a.Measure.Kind == carpel.MeasureRegularly || lo <= e.at && e.at < hi) {
			in = append(in, e)
		}
	}
	return n.measure(a.Measure, in)
}

func (n naive) measure(m carpel.Measure, in []happened) bool {
	var values []carpel.Value
	for _, e := range in {
		v := property(e.props, m.Of)
		if v.Kind() == carpel.List {
			values = append(values, v.Items()...)
		} else {
			values = append(values, v)
		}
	}
	var numbers []*big.Rat
	different := map[string]bool{}
	sum := new(big.Rat)
	for _, v := range values {
		if v.IsSet() {
			different[carpel.Fold(v.Text())] = true
		}
		if x, ok := v.AsNumber(); ok {
			numbers = append(numbers, ratOf(x))
			sum.Add(sum, new(big.Rat).SetFrac(roundMicro(x), big.NewInt(micro)))
		}
	}
	slices.SortFunc(numbers, func(a, b *big.Rat) int { return a.Cmp(b) })
	c := m.Compare.OrDefault()
	switch m.Kind {
	case "", carpel.MeasureCount:
		return compared(c, big.NewRat(int64(len(in)), 1))
	case carpel.MeasureDays:
		days := map[carpel.Date]bool{}
		for _, e := range in {
			days[carpel.DateOf(e.at, n.m.zone)] = true
		}
		return compared(c, big.NewRat(int64(len(days)), 1))
	case carpel.MeasureDistinct:
		return compared(c, big.NewRat(int64(len(different)), 1))
	case carpel.MeasureSum:
		return compared(c, sum)
	case carpel.MeasureAvg:
		return len(numbers) > 0 && compared(c, sum.Quo(sum, big.NewRat(int64(max(1, len(numbers))), 1)))
	case carpel.MeasureMin:
		return len(numbers) > 0 && compared(c, numbers[0])
	case carpel.MeasureMax:
		return len(numbers) > 0 && compared(c, numbers[len(numbers)-1])
	case carpel.MeasureRegularly:
		good := 0
		for i := range carpel.Millis(m.OfLast) {
			count, p := 0, m.Period.Millis()
			for _, e := range in {
				if n.now-(i+1)*p < e.at && e.at <= n.now-i*p {
					count++
				}
			}
			if count >= m.Times {
				good++
			}
		}
		return good >= m.AtLeast
	}
	for _, e := range in {
		end := !slices.ContainsFunc(in, func(o happened) bool {
			return m.Kind == carpel.MeasureFirst && o.at < e.at || m.Kind == carpel.MeasureLast && o.at > e.at
		})
		if end && n.where(m.Where, e.props) {
			return true
		}
	}
	return false
}

func compared(c carpel.Compare, x *big.Rat) bool {
	a := x.Cmp(ratOf(c.A))
	switch c.Op {
	case carpel.CmpAtLeast:
		return a >= 0
	case carpel.CmpAtMost:
		return a <= 0
	case carpel.CmpExactly:
		return a == 0
	case carpel.CmpMoreThan:
		return a > 0
	case carpel.CmpLessThan:
		return a < 0
	}
	return a >= 0 && x.Cmp(ratOf(c.B)) <= 0
}

// sequence tries every choice of events.
func (n naive) sequence(q *carpel.Sequence) bool {
	events := n.m.people[n.slot].events
	lo, hi := q.When.Bounds(n.now, n.m.zone)
	steps := q.Steps
	if q.LastNot {
		steps = steps[:len(steps)-1]
	}
	var choose func(chosen []int) bool
	choose = func(chosen []int) bool {
		if len(chosen) == len(steps) {
			end := events[chosen[len(chosen)-1]].at
			if !q.LastNot {
				return q.Within.IsZero() || end-events[chosen[0]].at <= q.Within.Millis()
			}
			until := end + q.Within.Millis()
			return until <= n.now && !slices.ContainsFunc(indexes(events), func(i int) bool {
				return !slices.Contains(chosen, i) && events[i].at >= end && events[i].at <= until && n.fits(q.Steps[len(steps)], events[i])
			})
		}
		for i, e := range events {
			if e.at < lo || e.at >= hi || slices.Contains(chosen, i) || len(chosen) > 0 && e.at < events[chosen[len(chosen)-1]].at || !n.fits(steps[len(chosen)], e) {
				continue
			}
			if choose(append(slices.Clone(chosen), i)) {
				return true
			}
		}
		return false
	}
	return choose(nil)
}

func indexes(events []happened) []int {
	all := make([]int, len(events))
	for i := range all {
		all[i] = i
	}
	return all
}
