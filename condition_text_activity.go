package carpel

import "strings"

// activity reads what somebody did; a step of a sequence has neither measure nor window.
func (p *textParser) activity(depth int, step bool) *Activity {
	a := &Activity{}
	switch {
	case p.take("did"):
		a.Kind = EventActivity
		if p.take("anything") {
			a.Name = AnyEvent
		} else {
			a.Name = strings.TrimSpace(p.name("the name of an event"))
		}
	case p.take("viewed page named"):
		a.Kind, a.Name = PageNameActivity, p.string("a pattern")
	case p.take("viewed page"):
		a.Kind, a.Name = PageActivity, p.string("a pattern")
	case p.take("viewed screen"):
		a.Kind, a.Name = ScreenActivity, p.string("a pattern")
	case p.take("message"):
		p.message(a)
	default:
		p.activityNamed(a)
	}
	if !step {
		p.measure(a, depth)
		p.when(&a.When, a.Measure.Kind != MeasureRegularly)
		if a.Measure.Kind == "" { // the count may stand behind the window as well
			p.measure(a, depth)
		}
	}
	a.Where = p.where(depth)
	return a
}

// activityNamed reads what follows never when did is left out.
func (p *textParser) activityNamed(a *Activity) {
	a.Kind, a.Name = EventActivity, p.name(`did, viewed page, viewed screen or message`)
}

func (p *textParser) message(a *Activity) {
	a.Kind = MessageActivity
	a.Name = p.bareWord("email, push, webhook or any")
	a.Action = p.bareWord("what became of it: sent, delivered, opened, clicked …")
	if p.take("campaign") {
		a.Campaign = p.string("a campaign's id")
	}
	if p.take("link") {
		a.Link = p.string("a pattern")
	}
	a.Machine = p.take("including machines")
}

// compare reads a comparison with one number or two.
func (p *textParser) compare() Compare {
	for _, op := range []CompareOp{CmpAtLeast, CmpAtMost, CmpExactly, CmpMoreThan, CmpLessThan} {
		if p.take(compareWords[op]) {
			return Compare{Op: op, A: p.number()}
		}
	}
	if p.take("between") {
		low := p.number()
		p.need("and")
		return Compare{Op: CmpBetween, A: low, B: p.number()}
	}
	p.fail("at least, at most, exactly, more than, less than or between")
	return Compare{}
}

// numberAt reports whether the token n places ahead is a bare number.
func (p *textParser) numberAt(n int) bool {
	return p.err == nil && p.i+n < len(p.tokens) && !p.tokens[p.i+n].quoted && plainDecimal(p.tokens[p.i+n].text)
}

// measure reads a measure when one comes next.
func (p *textParser) measure(a *Activity, depth int) {
	count := func(c Compare) {
		a.Measure = Measure{Kind: MeasureCount, Compare: c}
		if c == (Compare{}).OrDefault() {
			a.Measure = Measure{}
		}
	}
	exactly := func(n float64) { count(Compare{Op: CmpExactly, A: NumberValue(n)}) }
	switch {
	case p.take("once"):
		exactly(1)
	case p.take("twice"):
		exactly(2)
	case p.numberAt(0) && p.i+1 < len(p.tokens) && strings.EqualFold(p.tokens[p.i+1].text, "times"):
		count(Compare{Op: CmpAtLeast, A: p.number()})
		p.need("times")
	case p.is("at", "least"), p.is("at", "most"), p.is("exactly"), p.is("more", "than"), p.is("less", "than"), p.is("between") && p.numberAt(1) && p.i+2 < len(p.tokens) && strings.EqualFold(p.tokens[p.i+2].text, "and"):
		c := p.compare()
		if !p.take("times") {
			p.need("time")
		}
		count(c)
	case p.take("on"):
		a.Measure = Measure{Kind: MeasureDays, Compare: p.compare()}
		p.need("days")
	case p.take("with"):
		p.aggregate(a)
	case p.is("the", "first", "time"), p.is("the", "last", "time"):
		a.Measure = Measure{Kind: MeasureKind(strings.ToLower(p.tokens[p.i+1].text))}
		p.i += 3
		p.need("with")
		a.Measure.Where = p.inner(depth)
	case p.take("regularly"):
		m := Measure{Kind: MeasureRegularly, Times: p.whole()}
		p.need("times in at least")
		m.AtLeast = p.whole()
		p.need("of the last")
		m.OfLast = p.whole()
		p.need("periods of")
		m.Period = p.duration()
		a.Measure = m
	}
}

// aggregate reads what follows with.
func (p *textParser) aggregate(a *Activity) {
	for _, kind := range []MeasureKind{MeasureSum, MeasureAvg, MeasureMin, MeasureMax} {
		if p.take(string(kind) + " of") {
			a.Measure.Kind, a.Measure.Of = kind, p.name("a property")
			a.Measure.Compare = p.compare()
			return
		}
	}
	a.Measure.Kind, a.Measure.Compare = MeasureDistinct, p.compare()
	p.need("different")
	a.Measure.Of = p.name("a property")
}

// when reads a window when one comes next.
func (p *textParser) when(w *When, allowed bool) {
	start := p.i
	switch {
	case p.take("in the last"), p.take("last"):
		if p.numberAt(0) && p.i+1 < len(p.tokens) && strings.EqualFold(p.tokens[p.i+1].text, "calendar") {
			*w = When{Kind: WhenLastCalendarDays, N: p.whole()}
			p.need("calendar days")
			break
		}
		*w = When{Kind: WhenLast, D1: p.duration()}
	case p.take("before the last"):
		*w = When{Kind: WhenBeforeLast, D1: p.duration()}
	case p.take("between"):
		*w = When{Kind: WhenBetween, D1: p.duration()}
		p.need("and")
		w.D2 = p.duration()
		p.need("ago")
	case p.is("from"), p.is("before"):
		w.Kind = WhenDates
		if p.take("from") {
			w.From = p.value()
		}
		if p.take("before") {
			w.Before = p.value()
		}
	case p.is("this"), p.is("previous"):
		*w = When{Kind: WhenKind(p.bareWord("this or previous")), Period: p.bareWord("day, week, month, quarter or year")}
	}
	if !allowed && p.i != start && p.err == nil {
		p.i = start
		p.fail("no window: regularly has its own periods")
	}
}

func (p *textParser) sequence(depth int) Condition {
	p.need("sequence (")
	q := &Sequence{}
	for {
		if p.take("not") {
			q.LastNot = true
		}
		q.Steps = append(q.Steps, p.activity(depth+1, true))
		if q.LastNot || !p.take("then") {
			break
		}
	}
	p.need(")")
	if p.take("within") {
		q.Within = p.duration()
	}
	p.when(&q.When, true)
	return q
}
