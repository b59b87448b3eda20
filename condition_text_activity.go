package carpel

import (
	"slices"
	"strings"
)

// platforms and channels are what devices and messages may be of.
var (
	platforms = []string{"any", "mobile", "ios", "android", "web"}
	channels  = []string{"email", "push", "webhook", "any"}
)

// startsActivity reports whether an activity comes next: one of its own words, a message's action and channel, or a
// name that a count or a window follows ("purchased 3 times").
func (p *textParser) startsActivity() bool {
	if p.is("did") || p.is("never") || p.is("viewed") || p.is("message") || p.messageTokens() > 0 {
		return true
	}
	n := 0
	for p.nameAt(n) {
		n++
		if p.tailAt(n) {
			return true
		}
	}
	return false
}

// nameAt reports whether the token n places ahead may be a name, or a part of one.
func (p *textParser) nameAt(n int) bool {
	if p.err != nil || p.i+n >= len(p.tokens) {
		return false
	}
	t := p.tokens[p.i+n]
	return t.quoted || !t.sign && !keyword(t.text)
}

// tailAt reports whether the tokens from the n-th on can only follow the name of an event.
func (p *textParser) tailAt(n int) bool {
	counts := func(n int) bool { return p.numberAt(n) && (p.isAhead(n+1, "times") || p.isAhead(n+1, "time")) }
	once := func(n int) bool { return p.isAhead(n, "once") || p.isAhead(n, "twice") }
	for _, compare := range [][]string{{"at", "least"}, {"at", "most"}, {"exactly"}, {"more", "than"}, {"less", "than"}} {
		if after := n + len(compare); p.isAhead(n, compare...) {
			return counts(after) || once(after)
		}
	}
	return counts(n) || once(n) || p.isAhead(n, "in", "the", "last") || p.isAhead(n, "last") || p.isAhead(n, "today") || p.isAhead(n, "yesterday") ||
		p.isAhead(n, "this") || p.isAhead(n, "previous") || p.isAhead(n, "where")
}

// messageTokens returns how many tokens "opened an email", "clicked push" and the like take; 0 when none comes next.
func (p *textParser) messageTokens() int {
	if p.err != nil || p.i >= len(p.tokens) || p.tokens[p.i].quoted || !slices.Contains(messageActions, strings.ToLower(p.tokens[p.i].text)) {
		return 0
	}
	n := 1
	if p.isAhead(1, "a") || p.isAhead(1, "an") {
		n = 2
	}
	if p.i+n < len(p.tokens) && !p.tokens[p.i+n].quoted && slices.Contains([]string{"email", "push", "webhook", "message"}, strings.ToLower(p.tokens[p.i+n].text)) {
		return n + 1
	}
	return 0
}

// counted reads an activity with never, or did not, before it.
func (p *textParser) counted(depth int) Condition {
	never := p.take("never")
	if p.is("did", "not") {
		never = true
		p.tokens[p.i+1] = p.tokens[p.i] // did not X is never did X
		p.i++
	}
	began := p.i
	a := p.activity(depth, false)
	if never && p.err == nil {
		if a.Measure.Kind != "" {
			p.i = began
			p.fail("no count after never, as in never did x")
		}
		a.Measure = Measure{Kind: MeasureCount, Compare: Compare{Op: CmpExactly, A: NumberValue(0)}}
	}
	return a
}

// activity reads what somebody did; a step of a sequence has neither measure nor window.
func (p *textParser) activity(depth int, step bool) *Activity {
	a := &Activity{}
	began := p.i
	switch {
	case p.take("did anything"):
		a.Kind, a.Name = EventActivity, AnyEvent
	case p.take("did"):
		a.Kind, a.Name = EventActivity, p.eventName()
	case p.take("viewed"):
		p.viewed(a)
	case p.take("message"):
		a.Kind, a.Name = MessageActivity, p.oneOf("a channel", channels)
		a.Action = p.oneOf("what became of it", messageActions)
		p.message(a)
	case p.messageTokens() > 0:
		n := p.messageTokens()
		a.Kind, a.Action, a.Name = MessageActivity, strings.ToLower(p.tokens[p.i].text), strings.ToLower(p.tokens[p.i+n-1].text)
		if a.Name == "message" {
			a.Name = "any"
		}
		p.i += n
		p.message(a)
	default:
		a.Kind, a.Name = EventActivity, p.eventName()
	}
	p.note(a, began)
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

// eventName reads the name of an event: a quoted text, or words up to the next keyword or count.
func (p *textParser) eventName() string {
	quoted := p.i < len(p.tokens) && p.tokens[p.i].quoted
	words := []string{p.name("the name of an event")}
	for !quoted && p.nameAt(0) && !p.tokens[p.i].quoted && !p.tailAt(0) {
		words = append(words, p.tokens[p.i].text)
		p.i++
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// viewed reads a page or a screen.
func (p *textParser) viewed(a *Activity) {
	switch {
	case p.take("page named"), p.take("a page named"):
		a.Kind, a.Name = PageNameActivity, p.string("a pattern")
	case p.take("page"), p.take("the page"):
		a.Kind, a.Name = PageActivity, p.string("a pattern")
	case p.take("screen"), p.take("the screen"):
		a.Kind, a.Name = ScreenActivity, p.string("a pattern")
	case p.take("a page"):
		a.Kind, a.Name = PageActivity, "*"
	case p.take("a screen"):
		a.Kind, a.Name = ScreenActivity, "*"
	default:
		a.Kind, a.Name = PageActivity, p.name("page, screen or a pattern of addresses")
	}
}

// message reads what may follow a message's channel and action.
func (p *textParser) message(a *Activity) {
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

// times reads how often: a comparison and times, "3 times" (at least), once, twice. It reports false when none comes.
func (p *textParser) times() (Compare, bool) {
	op := CmpAtLeast
	began := p.i
	for _, candidate := range []CompareOp{CmpAtLeast, CmpAtMost, CmpExactly, CmpMoreThan, CmpLessThan} {
		if p.take(compareWords[candidate]) {
			op = candidate
			break
		}
	}
	switch {
	case p.take("once"):
		return Compare{Op: op, A: NumberValue(1)}, true
	case p.take("twice"):
		return Compare{Op: op, A: NumberValue(2)}, true
	case p.numberAt(0) && (p.isAhead(1, "times") || p.isAhead(1, "time")):
		c := Compare{Op: op, A: p.number()}
		p.i++
		return c, true
	case p.i == began && p.is("between") && p.numberAt(1) && p.isAhead(2, "and") && p.numberAt(3):
		c := p.compare()
		p.need("times")
		return c, true
	case p.i > began && op == CmpMoreThan:
		p.i = began // more than 30d ago
		return Compare{}, false
	case p.i > began:
		p.number()
		p.need("times")
	}
	return Compare{}, false
}

// measure reads a measure when one comes next.
func (p *textParser) measure(a *Activity, depth int) {
	if p.err != nil {
		return
	}
	if c, ok := p.times(); ok {
		a.Measure = Measure{Kind: MeasureCount, Compare: c}.normal()
		return
	}
	switch {
	case p.take("on"):
		a.Measure = Measure{Kind: MeasureDays, Compare: p.compare()}
		p.take("different")
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
	case p.err != nil:
		return
	case p.take("today"):
		*w = When{Kind: WhenThis, Period: "day"}
	case p.take("yesterday"):
		*w = When{Kind: WhenPrevious, Period: "day"}
	case p.take("in the last"), p.take("last"):
		p.last(w)
	case p.take("before the last"):
		*w = When{Kind: WhenBeforeLast, D1: p.duration()}
	case p.take("more than"):
		*w = When{Kind: WhenBeforeLast, D1: p.duration()}
		p.need("ago")
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
	case p.take("this"), p.take("in this"):
		*w = When{Kind: WhenThis, Period: p.oneOf("a period", periods)}
	case p.take("previous"), p.take("in the previous"):
		*w = When{Kind: WhenPrevious, Period: p.oneOf("a period", periods)}
	}
	if !allowed && p.i != start && p.err == nil {
		p.i = start
		p.fail("no window: regularly has its own periods")
	}
}

// last reads what follows in the last: a duration, calendar days, or a period, which is the previous one.
func (p *textParser) last(w *When) {
	switch {
	case p.numberAt(0) && p.isAhead(1, "calendar"):
		*w = When{Kind: WhenLastCalendarDays, N: p.whole()}
		p.need("calendar days")
	case p.is("day"), p.is("week"), p.is("month"), p.is("quarter"), p.is("year"):
		*w = When{Kind: WhenPrevious, Period: p.oneOf("a period", periods)}
	default:
		*w = When{Kind: WhenLast, D1: p.duration()}
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
		if p.err != nil || q.LastNot || !p.take("then") {
			break
		}
	}
	if q.LastNot && p.is("then") {
		p.fail(`")": only the last step may be not`)
	}
	p.need(")")
	if p.take("within") {
		q.Within = p.duration()
	}
	p.when(&q.When, true)
	return q
}
