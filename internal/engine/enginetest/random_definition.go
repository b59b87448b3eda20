package enginetest

import (
	"fmt"
	"slices"

	"github.com/carpel/carpel"
)

// definition makes a valid definition.
func (m *maker) definition() carpel.Condition {
	for {
		c := m.condition(pick(m, 0, 1, 1, 2, 3))
		// Through JSON, as every definition comes.
		parsed, err := carpel.ParseCondition(carpel.Canonical(c))
		if err == nil {
			return parsed
		}
		panic(fmt.Sprintf("the random test made an invalid definition: %v: %s", err, carpel.Canonical(c)))
	}
}

func (m *maker) condition(depth int) carpel.Condition {
	if depth > 0 {
		if m.chance(20) {
			return &carpel.Not{Of: m.condition(depth - 1)}
		}
		g := &carpel.Group{Quantifier: pick(m, carpel.AllOf, carpel.AnyOf, carpel.NoneOf)}
		for range 1 + m.IntN(3) {
			g.Of = append(g.Of, m.condition(depth-1-m.IntN(depth)))
		}
		return g
	}
	switch n := m.IntN(100); {
	case n < 30:
		return m.attributeCondition()
	case n < 68:
		return m.activityCondition(false)
	case n < 76:
		return m.deviceCondition()
	case n < 84:
		return m.sequenceCondition()
	case n < 96:
		return &carpel.InSegment{Ref: pick(m, "s1", "s2", "s3", "s4", "s5", "s1-key", "s2-key", "m1", "m2", "m1-key", "m2-key")}
	}
	return &carpel.Sample{Percent: pick(m, 0, 10, 33.3, 50, 90, 100), Seed: pick(m, "a", "b")}
}

func (m *maker) duration() carpel.Duration {
	if m.chance(80) {
		return pick(m, m.spans...)
	}
	return pick(m, durations()...)
}

func durations() []carpel.Duration {
	return []carpel.Duration{{N: 1, Unit: 'h'}, {N: 12, Unit: 'h'}, {N: 1, Unit: 'd'}, {N: 2, Unit: 'd'},
		{N: 3, Unit: 'd'}, {N: 1, Unit: 'w'}, {N: 14, Unit: 'd'}, {N: 30, Unit: 'd'},
		{N: 1, Unit: 's'}, {N: 90, Unit: 'm'}}
}

func (m *maker) attributeCondition() carpel.Condition {
	a := &carpel.Attribute{Name: pick(m, append(slices.Clone(m.attrs), "address.city", "address.geo.lat", "email", "id", "nothing")...)}
	if m.chance(20) {
		a.Name = pick(m, carpel.AttrFirstSeen, carpel.AttrLastSeen)
	}
	kind := a.Name
	if a.Name == carpel.AttrFirstSeen || a.Name == carpel.AttrLastSeen {
		kind = "renews_at"
	}
	a.Test = m.test(kind)
	if m.chance(20) {
		a.For = m.duration()
	}
	return a
}

func (m *maker) text(name string) carpel.Value {
	switch name {
	case "plan":
		return carpel.TextValue(pick(m, "pro", "PRO", "free", "o", "STRASSE", "straße", "K", "σ", "STRA"))
	case "tags", "sku":
		return carpel.TextValue(pick(m, "a", "B", "b", "1", "true"))
	case "address.city", "address":
		return carpel.TextValue(pick(m, "berlin", "Bonn", "b"))
	case "email":
		return carpel.TextValue(pick(m, "e1@x.io", "E2@x.IO", "e"))
	case "id":
		return carpel.TextValue(pick(m, "u1", "U1", "u2"))
	}
	return carpel.TextValue(pick(m, "5", "1", "a", "x", "true"))
}

func (m *maker) number() carpel.Value {
	return jsonValue(pick(m, "0", "1", "2", "2.5", "5", "0.1", "10", "-3", "9007199254740992", "9007199254740993"))
}

// test makes an operator that makes sense for a name, more often than not.
func (m *maker) test(name string) carpel.Test {
	var t carpel.Test
	family := m.IntN(4)
	switch name {
	case "renews_at", "when", "last_used", "created_at":
		family = pick(m, 4, 4, 4, 4, 3, 0)
	case "seats", "total", "address.geo.lat", "n", "app_version":
		family = pick(m, 2, 2, 2, 0, 1, 3)
	case "orders", "items":
		family = pick(m, 5, 5, 5, 3)
	case "active":
		family = pick(m, 3, 3, 0)
	}
	t.MatchCase = family <= 1 && m.chance(20)
	switch family {
	case 0:
		t.Op = pick(m, carpel.OpIs, carpel.OpIsNot, carpel.OpIsAnyOf, carpel.OpIsNoneOf)
		one := func() carpel.Value { return pick(m, m.text(name), m.text(name), m.number(), carpel.BoolValue(true)) }
		if t.Op == carpel.OpIs || t.Op == carpel.OpIsNot {
			t.Value = one()
		} else {
			t.Values = []carpel.Value{one(), one()}
		}
	case 1:
		t.Op = pick(m, carpel.OpContains, carpel.OpDoesNotContain, carpel.OpStartsWith, carpel.OpEndsWith, carpel.OpDoesNotStartWith,
			carpel.OpDoesNotEndWith, carpel.OpMatches, carpel.OpDoesNotMatch)
		t.Value = m.text(name)
		switch t.Op {
		case carpel.OpContains, carpel.OpDoesNotContain:
			t.Value = carpel.TextValue(pick(m, "r", "pro|free", "p*o", "p+o", "+n+", `plan\+`, "*e", "b|B", "o+", "1|5", "ER*I", "k+p", "σ*Σ", "ß", "+k", "a+b"))
		case carpel.OpMatches, carpel.OpDoesNotMatch:
			t.Value = carpel.TextValue(pick(m, "^p", "o$", "r|l", "[0-9]+", "(?i)PRO", "^a?b?$", "k p", "[σ]$", "a.b", "S"))
		}
	case 2:
		t.Op = pick(m, carpel.OpGreaterThan, carpel.OpLessThan, carpel.OpAtLeast, carpel.OpAtMost, carpel.OpBetween)
		t.Value = m.number()
		if t.Op == carpel.OpBetween {
			t.Value, t.Values = carpel.Value{}, pick(m, []carpel.Value{jsonValue("1"), jsonValue("5")}, []carpel.Value{jsonValue("0"), jsonValue("0.1")}, []carpel.Value{jsonValue("5"), jsonValue("5")})
		}
	case 3:
		t.Op = pick(m, carpel.OpExists, carpel.OpDoesNotExist, carpel.OpIsTrue, carpel.OpIsFalse, carpel.OpIsTime)
	case 4:
		m.timeTest(&t)
	default:
		t.Op, t.Item = carpel.OpHasItem, m.inner([]string{"sku", "n", "when"})
	}
	return t
}

func (m *maker) timeTest(t *carpel.Test) {
	t.Op = pick(m, carpel.OpBefore, carpel.OpAfter, carpel.OpOn, carpel.OpWithinLast, carpel.OpMoreThanAgo, carpel.OpWithinNext, carpel.OpMoreThanAhead,
		carpel.OpAnniversaryWithinNext)
	switch t.Op {
	case carpel.OpBefore, carpel.OpAfter:
		t.Value = m.moment()
	case carpel.OpOn:
		t.Value = carpel.TextValue((m.now + pick(m, -7*day, -day, 0, day)).Time().Format("2006-01-02"))
	case carpel.OpAnniversaryWithinNext:
		t.Duration = carpel.Duration{N: pick[int64](m, 0, 1, 7, 30, 365), Unit: 'd'}
	default:
		t.Duration = m.duration()
	}
}

// inner makes conditions over properties.
func (m *maker) inner(names []string) carpel.Condition {
	g := &carpel.Group{Quantifier: pick(m, carpel.AllOf, carpel.AllOf, carpel.AllOf, carpel.AnyOf, carpel.NoneOf)}
	for range 1 + m.IntN(2) {
		name := pick(m, names...)
		var c carpel.Condition = &carpel.Property{Name: name, Test: m.test(name)}
		if m.chance(15) {
			c = &carpel.Not{Of: c}
		}
		g.Of = append(g.Of, c)
	}
	return g
}

func (m *maker) compare(numbers ...string) carpel.Compare {
	c := carpel.Compare{Op: pick(m, carpel.CmpAtLeast, carpel.CmpAtLeast, carpel.CmpAtLeast, carpel.CmpAtMost, carpel.CmpExactly, carpel.CmpMoreThan, carpel.CmpLessThan, carpel.CmpBetween)}
	c.A = jsonValue(pick(m, numbers...))
	if c.Op == carpel.CmpBetween {
		c.B = jsonValue(pick(m, numbers...))
		if c.B.Float() < c.A.Float() {
			c.A, c.B = c.B, c.A
		}
	}
	return c
}

// activityCondition makes an activity, or a step of a sequence.
func (m *maker) activityCondition(step bool) *carpel.Activity {
	a := &carpel.Activity{Kind: carpel.EventActivity, Name: pick(m, append(slices.Clone(m.events), "*")...)}
	switch n := m.IntN(100); {
	case n < 12:
		a.Kind, a.Name = carpel.PageActivity, pick(m, "/pricing", "/pricing*", "*acme.com/docs*", "/docs/*|https://acme.com", "*checkout*", "/", "*", "Pricing", "/DOCS+")
	case n < 16:
		a.Kind, a.Name = carpel.PageNameActivity, pick(m, "home", "*i*", "Docs|Pricing")
	case n < 22:
		a.Kind, a.Name = carpel.ScreenActivity, pick(m, "home", "Set*", "*")
	case n < 34:
		a.Kind, a.Name = carpel.MessageActivity, pick(m, "email", "push", "any")
		a.Action, a.Campaign, a.Machine = pick(m, "sent", "opened", "clicked", "bounced"), pick(m, "", "", "c1"), m.chance(30)
		if a.Action == "clicked" && m.chance(40) {
			a.Link = pick(m, "/pricing*", "*docs*", "https://acme.com")
		}
	}
	if m.chance(30) {
		a.Where = m.inner(append(slices.Clone(m.props), "$context.campaign.name", "$context.campaign"))
	}
	if step {
		return a
	}
	a.Measure = m.measure()
	if a.Measure.Kind != carpel.MeasureRegularly {
		a.When = m.window()
	}
	return a
}

func (m *maker) measure() carpel.Measure {
	kind := pick(m, "", "", carpel.MeasureCount, carpel.MeasureCount, carpel.MeasureCount, carpel.MeasureCount, carpel.MeasureCount, carpel.MeasureCount, carpel.MeasureDays, carpel.MeasureDistinct, carpel.MeasureSum,
		carpel.MeasureAvg, carpel.MeasureMin, carpel.MeasureMax, carpel.MeasureFirst, carpel.MeasureLast, carpel.MeasureRegularly)
	x := carpel.Measure{Kind: kind}
	switch kind {
	case carpel.MeasureCount, carpel.MeasureDays:
		x.Compare = m.compare("0", "1", "2", "2", "3", "3", "1.5")
	case carpel.MeasureDistinct:
		x.Of, x.Compare = pick(m, append(slices.Clone(m.props), "$context.campaign.name")...), m.compare("0", "1", "2", "3")
	case carpel.MeasureSum, carpel.MeasureAvg, carpel.MeasureMin, carpel.MeasureMax:
		x.Of, x.Compare = pick(m, "total", "total", pick(m, m.props...)), m.compare("0", "0.1", "1", "2.5", "5", "7", "10", "9007199254740993", "-3")
	case carpel.MeasureFirst, carpel.MeasureLast:
		x.Where = m.inner(m.props)
	case carpel.MeasureRegularly:
		x.Period, x.OfLast, x.Times = m.duration(), 1+m.IntN(4), 1+m.IntN(2)
		x.AtLeast = 1 + m.IntN(x.OfLast)
	}
	return x
}

func (m *maker) window() carpel.When {
	w := carpel.When{Kind: pick(m, carpel.WhenEver, carpel.WhenLast, carpel.WhenLast, carpel.WhenLast, carpel.WhenLast, carpel.WhenBeforeLast, carpel.WhenBetween, carpel.WhenDates,
		carpel.WhenLastCalendarDays, carpel.WhenThis, carpel.WhenPrevious)}
	switch w.Kind {
	case carpel.WhenLast, carpel.WhenBeforeLast:
		w.D1 = m.duration()
	case carpel.WhenBetween:
		for w.D1.Millis() <= w.D2.Millis() {
			w.D1, w.D2 = m.duration(), m.duration()
		}
	case carpel.WhenDates:
		if m.chance(60) {
			w.From = m.moment()
		}
		if !w.From.IsSet() || m.chance(50) {
			w.Before = m.moment()
		}
	case carpel.WhenLastCalendarDays:
		w.N = pick(m, 0, 1, 2, 7, 30)
	case carpel.WhenThis, carpel.WhenPrevious:
		w.Period = pick(m, "day", "week", "month", "quarter", "year")
	}
	return w
}

func (m *maker) sequenceCondition() carpel.Condition {
	q := &carpel.Sequence{When: m.window()}
	for range 2 + m.IntN(pick(m, 2, 2, 4)) {
		q.Steps = append(q.Steps, m.activityCondition(true))
	}
	if m.chance(50) {
		q.Within = m.duration()
		q.LastNot = m.chance(50)
	}
	return q
}

func (m *maker) deviceCondition() carpel.Condition {
	d := &carpel.Device{Platform: pick(m, "any", "any", "mobile", "ios", "android", "web")}
	if m.chance(50) {
		d.Where = m.inner([]string{"app_version", "last_used", "platform", "last_used"})
	}
	if m.chance(40) {
		d.Count = m.compare("0", "1", "2")
	}
	return d
}
