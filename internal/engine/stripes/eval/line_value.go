package eval

import (
	"github.com/carpel/carpel"
)

// years is how far ahead of everything else anniversaries are looked at: within so many years every day of the calendar
// comes round, 29 February included.
const years = 9

// horizon is what lines are drawn over: from the person's first moment on, and of what comes round every year up to an
// end, past which lines mean nothing.
type horizon struct {
	from, to carpel.Millis
}

// line answers the operator for a value that may be unset, over time.
func (x *tester) line(v carpel.Value, h horizon) line {
	l := always(no)
	if v.IsSet() {
		l = x.setLine(v, h)
	}
	if x.negative {
		return l.not()
	}
	return l
}

func (x *tester) setLine(v carpel.Value, h horizon) line {
	if !x.timed {
		return always(truthOf(x.test(v, 0).matched))
	}
	var of []line
	switch {
	case x.op == carpel.OpHasItem:
		items := v.Items()
		if v.Kind() == carpel.Object {
			items = []carpel.Value{v}
		}
		for _, item := range items {
			if item.Kind() == carpel.Object {
				fields := item.Fields()
				of = append(of, x.item.line(func(name string) carpel.Value { return fields[name] }, h))
			}
		}
	case v.Kind() == carpel.List:
		var in []stretch
		for _, item := range v.Items() {
			if at, ok := item.AsTime(x.zone); ok {
				in = append(in, x.stretches(at, h)...)
			}
		}
		return within(in)
	default:
		if at, ok := v.AsTime(x.zone); ok {
			return within(x.stretches(at, h))
		}
	}
	if len(of) == 0 {
		return always(no)
	}
	return together(combineAny, of)
}

// stretches returns when an operator over time matches a moment.
func (x *tester) stretches(at carpel.Millis, h horizon) []stretch {
	switch x.op {
	case carpel.OpWithinLast:
		return []stretch{{at, at + x.span}}
	case carpel.OpMoreThanAgo:
		return []stretch{{at + x.span, carpel.Never}}
	case carpel.OpWithinNext:
		return []stretch{{at - x.span, at}}
	case carpel.OpMoreThanAhead:
		return []stretch{{minMillis, at - x.span}}
	}
	var in []stretch
	day := anniversaryDay(at, x.zone)
	first, last := carpel.DateOf(h.from, x.zone).Year-1, carpel.DateOf(h.to, x.zone).Year
	for year := first; year <= last+2+x.days/365; year++ { // so that the end of the last does not show before h.to
		d := carpel.Date{Year: year, Month: day.Month, Day: day.Day}
		in = append(in, stretch{d.AddDays(-x.days).Midnight(x.zone), d.AddDays(1).Midnight(x.zone)})
	}
	return in
}

// line answers the tree for one row or object over time.
func (p *propertyTest) line(get func(string) carpel.Value, h horizon) line {
	if p.probe != nil {
		return p.probe.test.line(p.probe.value(get), h)
	}
	of := make([]line, len(p.of))
	for i, child := range p.of {
		of[i] = child.line(get, h)
	}
	return together(p.op, of)
}
