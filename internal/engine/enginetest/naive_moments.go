package enginetest

import (
	"maps"
	"slices"

	"github.com/carpel/carpel"
)

// moments collects every moment at which time alone could change an answer: generously, for a moment too many does
// not matter. bases are the moments a person's data tell of; every duration of the condition leads from each of them.
type moments struct {
	v         view
	p         *person
	durations map[carpel.Millis]bool
	calendar  []carpel.When // windows that move at midnights
	yearly    []int         // days ahead of anniversary tests
	timed     bool          // an operator reads moments
	regular   []carpel.Measure
}

// momentsOf returns the moments of a condition for a person, ascending.
func (v view) momentsOf(p *person, c carpel.Condition) []carpel.Millis {
	m := &moments{v: v, p: p, durations: map[carpel.Millis]bool{0: true}}
	m.condition(c)
	set := map[carpel.Millis]bool{}
	for _, base := range m.bases() {
		for d := range m.durations {
			set[base-d], set[base+d] = true, true
		}
		for _, r := range m.regular {
			for i := range carpel.Millis(r.OfLast) {
				set[base+(i+1)*span(r.Period)] = true
			}
		}
		for _, w := range m.calendar {
			day := v.m.cal.dayOf(base)
			if w.Kind == carpel.WhenLastCalendarDays {
				set[v.m.cal.midnight(day.AddDate(0, 0, w.N+1))] = true
				continue
			}
			_, next := periodOf(day, w.Period)
			_, second := periodOf(next, w.Period)
			set[v.m.cal.midnight(next)], set[v.m.cal.midnight(second)] = true, true
		}
		for _, ahead := range m.yearly {
			m.anniversaries(base, ahead, set)
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// anniversaries adds the midnights at which an anniversary comes into reach and goes by, for some years.
func (m *moments) anniversaries(base carpel.Millis, ahead int, set map[carpel.Millis]bool) {
	cal := m.v.m.cal
	day := anniversaryDay(cal.dayOf(base))
	this := cal.dayOf(m.v.now).Year()
	first := cal.dayOf(m.p.firstSeen).Year()
	for year := first - 1; year <= this+9; year++ {
		on := day.AddDate(year-day.Year(), 0, 0)
		set[cal.midnight(on.AddDate(0, 0, -min(ahead, 366)))] = true
		set[cal.midnight(on.AddDate(0, 0, 1))] = true
	}
}

// condition notes what a condition asks of time.
func (m *moments) condition(c carpel.Condition) {
	switch c := c.(type) {
	case *carpel.Group:
		for _, of := range c.Of {
			m.condition(of)
		}
	case *carpel.Not:
		m.condition(c.Of)
	case *carpel.Attribute:
		m.durations[span(c.For)] = true
		m.test(c.Test)
	case *carpel.Property:
		m.test(c.Test)
	case *carpel.Activity:
		m.activity(c)
	case *carpel.Device:
		m.condition(c.Where)
	case *carpel.Sequence:
		m.durations[span(c.Within)] = true
		m.when(c.When)
		for _, s := range c.Steps {
			m.activity(s)
		}
	case *carpel.InSegment:
		if s := m.v.m.find(c.Ref); s != nil && s.def.Condition != nil {
			m.condition(s.def.Condition)
		}
	}
}

func (m *moments) activity(c *carpel.Activity) {
	m.when(c.When)
	m.condition(c.Where)
	m.condition(c.Measure.Where)
	if c.Measure.Kind == carpel.MeasureRegularly {
		m.regular = append(m.regular, c.Measure)
	}
}

func (m *moments) when(w carpel.When) {
	m.durations[span(w.D1)], m.durations[span(w.D2)] = true, true
	switch w.Kind {
	case carpel.WhenLastCalendarDays, carpel.WhenThis, carpel.WhenPrevious:
		m.calendar = append(m.calendar, w)
	}
}

func (m *moments) test(t carpel.Test) {
	m.condition(t.Item)
	switch t.Op {
	case carpel.OpWithinLast, carpel.OpMoreThanAgo, carpel.OpWithinNext, carpel.OpMoreThanAhead:
		m.timed = true
		m.durations[span(t.Duration)] = true
	case carpel.OpAnniversaryWithinNext:
		m.timed = true
		m.yearly = append(m.yearly, int(span(t.Duration)/86_400_000))
	}
}

// bases returns the moments that a person's data tell of.
func (m *moments) bases() []carpel.Millis {
	set := map[carpel.Millis]bool{m.p.firstSeen: true}
	var values func(r reading)
	values = func(r reading) {
		if at, ok := r.time(m.v.m.cal); ok {
			set[at] = true
		}
		for _, item := range r.items {
			values(item)
		}
		for _, field := range r.fields {
			values(field)
		}
	}
	for _, a := range m.p.attributes {
		set[a.since] = true
		if m.timed {
			values(a.value)
		}
	}
	props := func(props map[string]reading) {
		if m.timed {
			for _, r := range props {
				values(r)
			}
		}
	}
	for _, a := range m.p.activity {
		set[a.at] = true
		props(a.props)
	}
	for _, d := range m.p.devices {
		props(d.props)
	}
	return slices.Collect(maps.Keys(set))
}

// nextChange returns the first moment after the view's at which the answer is another.
func (v view) nextChange(p *person, c carpel.Condition) carpel.Millis {
	is := v.ask(p, c)
	for _, at := range v.momentsOf(p, c) {
		if at > v.now && v.m.at(at).ask(p, c) != is {
			return at
		}
	}
	return carpel.Never
}

// since returns the least moment from which the answer has been what it is, not before the person's first moment.
func (v view) since(p *person, c carpel.Condition) carpel.Millis {
	is := v.ask(p, c)
	since := v.now
	for _, at := range slices.Backward(append([]carpel.Millis{p.firstSeen}, v.after(p, c)...)) {
		if (view{v.m, at, true}).ask(p, c) != is {
			break
		}
		since = at
	}
	return since
}

// after returns the moments of a condition from the person's first moment up to now.
func (v view) after(p *person, c carpel.Condition) []carpel.Millis {
	return slices.DeleteFunc(v.momentsOf(p, c), func(at carpel.Millis) bool { return at <= p.firstSeen || at > v.now })
}
