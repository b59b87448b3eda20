package carpel

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// random makes valid conditions of every kind, with names and texts that are hard to write down.
type random struct {
	*rand.Rand
	left int // conditions that may still be made
}

func newRandom(seed uint64) *random { return &random{rand.New(rand.NewPCG(seed, 1)), 30} }

func pick[T any](r *random, of ...T) T { return of[r.IntN(len(of))] }

func (r *random) name() string {
	return pick(r, "plan", "Order Completed", "address.city", "is", "AND", "not", "first seen", "a", "42", "-1", "30d", "é", "ſet", "x y", `q"uote`, `back\slash`, "(paren)", "ünïcode",
		"last", "times", "true", "%", "a,b", "$x"[1:], "group_id", "mail@host", "line\nbreak", "‘’“”", "it's", ".", "-", "min", "漢字", "a  b", "\u2028", "1e5", "opened", "email", "did", "has")
}

func (r *random) text() string {
	if r.IntN(8) == 0 {
		return ""
	}
	return pick(r, r.name(), "2026-03-01", "pro", "team plan", "/pricing*", "true", "007", " ", "a|b", `\`, "+", "Z", "2026-03-01T14:00:00Z", "5min", strings.Repeat("long ", 20))
}

func (r *random) notEmpty() string {
	if s := r.text(); s != "" {
		return s
	}
	return "x"
}

func (r *random) pattern() string {
	return pick(r, "*", "/pricing*", "https://acme.com/docs/*|https://acme.com/help/*", "*checkout*", `a\|b`, "home", "gmail.com|yahoo.com", "é+", "and", "x y", EscapePattern(r.notEmpty()))
}

func (r *random) number() Value {
	v, _ := ParseNumber(pick(r, "0", "1", "-5", "3", "1.5", "0.0000001", "9007199254740993", "1234567890123456789012345678901234567890", "1e21", "100", "-0.25"))
	return v
}

func (r *random) value() Value {
	switch r.IntN(4) {
	case 0:
		return r.number()
	case 1:
		return BoolValue(r.IntN(2) == 0)
	}
	return TextValue(r.text())
}

func (r *random) time() Value {
	v, _ := ParseNumber("1700000000.5")
	return pick(r, v, TextValue("2026-03-01"), TextValue("2026-03-01T14:00:00Z"), TextValue("2026-03-01 14:00:00"), TextValue("1700000000"), NumberValue(1700000000000))
}

func (r *random) duration() Duration {
	return Duration{int64(1 + r.IntN(400)), pick(r, byte('s'), byte('m'), byte('h'), byte('d'), byte('w'))}
}

func (r *random) bounds() (Value, Value) {
	a, b := r.number(), r.number()
	if CompareNumbers(a, b) > 0 {
		a, b = b, a
	}
	return a, b
}

func (r *random) test(depth int) Test {
	t := Test{Op: Op(ops[r.IntN(len(ops))])}
	switch t.Op {
	case OpIs, OpIsNot:
		t.Value = r.value()
	case OpIsAnyOf, OpIsNoneOf:
		for range 1 + r.IntN(4) {
			t.Values = append(t.Values, r.value())
		}
	case OpContains, OpDoesNotContain:
		t.Value = TextValue(r.pattern())
	case OpStartsWith, OpEndsWith, OpDoesNotStartWith, OpDoesNotEndWith:
		t.Value = TextValue(r.notEmpty())
	case OpMatches, OpDoesNotMatch:
		t.Value = TextValue(pick(r, "^pro$", `a\.b`, "x|y", "[0-9]+", `"`))
	case OpGreaterThan, OpLessThan, OpAtLeast, OpAtMost:
		t.Value = r.number()
	case OpBetween:
		low, high := r.bounds()
		t.Values = []Value{low, high}
	case OpBefore, OpAfter:
		t.Value = r.time()
	case OpOn:
		t.Value = TextValue("2026-03-01")
	case OpWithinLast, OpMoreThanAgo, OpWithinNext, OpMoreThanAhead:
		t.Duration = r.duration()
	case OpAnniversaryWithinNext:
		t.Duration = Duration{int64(r.IntN(30)), 'd'}
	case OpHasItem:
		if t.Item = r.inner(depth + 1); t.Item == nil {
			t.Op = OpExists
		}
	}
	t.MatchCase = t.Op.comparesText() && r.IntN(4) == 0
	return t
}

// inner makes a group over properties, sometimes nil.
func (r *random) inner(depth int) Condition {
	if r.IntN(3) == 0 || depth > 6 {
		return nil
	}
	return asGroup(r.property(depth))
}

func (r *random) property(depth int) Condition {
	r.left--
	if depth < 5 && r.left > 0 {
		switch r.IntN(5) {
		case 0:
			return r.group(func() Condition { return r.property(depth + 1) })
		case 1:
			return &Not{r.property(depth + 1)}
		}
	}
	return &Property{pick(r, r.name(), "$context.campaign", "$context.page.url"), r.test(depth)}
}

func (r *random) group(of func() Condition) Condition {
	g := &Group{Quantifier: pick(r, AllOf, AnyOf, NoneOf)}
	for range 1 + r.IntN(3) {
		g.Of = append(g.Of, of())
	}
	return g
}

func (r *random) compare() Compare {
	switch r.IntN(3) {
	case 0:
		a, b := r.bounds()
		return Compare{CmpBetween, a, b}
	}
	return Compare{Op: pick(r, CmpAtLeast, CmpAtMost, CmpExactly, CmpMoreThan, CmpLessThan), A: r.number()}
}

func (r *random) measure(depth int) Measure {
	kind := MeasureKind(measureKeys[r.IntN(len(measureKeys))])
	m := Measure{Kind: kind, Compare: r.compare()}
	switch kind {
	case MeasureCount, MeasureDays:
	case MeasureFirst, MeasureLast:
		if m = (Measure{Kind: kind, Where: r.inner(depth + 1)}); m.Where == nil {
			return Measure{}
		}
	case MeasureRegularly:
		m = Measure{Kind: kind, Period: Duration{int64(1 + r.IntN(30)), 'd'}, OfLast: 1 + r.IntN(20), Times: 1 + r.IntN(3)}
		m.AtLeast = 1 + r.IntN(m.OfLast)
	default:
		m.Of = pick(r, r.name(), "$context.amount")
	}
	return m.normal()
}

func (r *random) when() When {
	switch r.IntN(9) {
	case 0:
		return When{Kind: WhenLast, D1: r.duration()}
	case 1:
		return When{Kind: WhenBeforeLast, D1: r.duration()}
	case 2:
		w := When{Kind: WhenBetween, D1: r.duration(), D2: r.duration()}
		if w.D1.Millis() <= w.D2.Millis() {
			w.D1 = Duration{w.D2.N + 1, w.D2.Unit}
		}
		return w
	case 3:
		w := When{Kind: WhenDates, From: r.time(), Before: r.time()}
		switch r.IntN(3) {
		case 0:
			w.From = Value{}
		case 1:
			w.Before = Value{}
		}
		return w
	case 4:
		return When{Kind: WhenLastCalendarDays, N: r.IntN(40)}
	case 5:
		return When{Kind: WhenThis, Period: pick(r, periods...)}
	case 6:
		return When{Kind: WhenPrevious, Period: pick(r, periods...)}
	}
	return When{}
}

func (r *random) activity(depth int, step bool) *Activity {
	a := &Activity{Kind: pick(r, EventActivity, PageActivity, PageNameActivity, ScreenActivity, MessageActivity)}
	switch a.Kind {
	case EventActivity:
		if a.Name = strings.TrimSpace(pick(r, r.name(), AnyEvent, "anything")); a.Name == "" {
			a.Name = "x"
		}
	case MessageActivity:
		a.Name, a.Action = pick(r, channels...), pick(r, messageActions...)
		if r.IntN(2) == 0 {
			a.Campaign = r.notEmpty()
		}
		if a.Action == "clicked" && r.IntN(2) == 0 {
			a.Link = r.pattern()
		}
		a.Machine = r.IntN(3) == 0
	default:
		a.Name = r.pattern()
	}
	a.Where = r.inner(depth + 1)
	if !step {
		a.Measure = r.measure(depth)
		if a.Measure.Kind != MeasureRegularly {
			a.When = r.when()
		}
	}
	return a
}

func (r *random) condition(depth int) Condition {
	r.left--
	kind := r.IntN(12)
	if depth > 5 || r.left <= 0 {
		kind = 4 + r.IntN(8)
	}
	switch kind {
	case 0, 1, 2:
		return r.group(func() Condition { return r.condition(depth + 1) })
	case 3:
		return &Not{r.condition(depth + 1)}
	case 4, 5:
		a := &Attribute{Name: pick(r, r.name(), AttrFirstSeen, AttrLastSeen), Test: r.test(depth)}
		if r.IntN(3) == 0 {
			a.For = r.duration()
		}
		return a
	case 6:
		d := &Device{Platform: pick(r, platforms...), Where: r.inner(depth + 1)}
		if r.IntN(2) == 0 {
			d.Count = r.compare().normal()
		}
		return d
	case 7:
		return &InSegment{pick(r, r.name(), "seg_1", "power-users")}
	case 8:
		q := &Sequence{When: r.when()}
		for range 2 + r.IntN(3) {
			q.Steps = append(q.Steps, r.activity(depth+1, true))
		}
		if q.LastNot = r.IntN(2) == 0; q.LastNot || r.IntN(2) == 0 {
			q.Within = r.duration()
		}
		return q
	case 9:
		return &Sample{pick(r, 0, 20, 33.5, 100, 0.001), r.text()}
	}
	return r.activity(depth, false)
}

func describe(c Condition) string {
	return fmt.Sprintf("%s\n%s\n%s", Canonical(c), FormatText(c), Sentence(c))
}
