package carpel

import (
	"slices"
	"strconv"
	"strings"
)

// ParseText reads the text form. The error is a *[Error] that says where, and what was expected there.
//
//	expression = operand { "and" operand } | operand { "or" operand }        the two never mix without parentheses
//	operand    = "(" expression ")" | ("all"|"any"|"none") "of" "(" expression { "," expression } ")" | "not" operand
//	           | attribute | activity | "has device" … | "in segment" NAME | "sequence (" … ")" | "sample N percent seed TEXT"
//	attribute  = NAME test [ "match case" ] [ "for" DURATION ]
//	activity   = ("did" (TEXT | "anything") | "viewed page" PATTERN | "viewed page named" PATTERN | "viewed screen" PATTERN
//	           | "message" CHANNEL ACTION [ "campaign" TEXT ] [ "link" PATTERN ] [ "including machines" ])
//	             [ measure ] [ when ] [ "where (" expression ")" ]
//	measure    = compare "times" | "on" compare "days" | "with" compare "different" NAME | "with" ("sum"|"avg"|"min"|"max") "of" NAME compare
//	           | "the" ("first"|"last") "time with (" expression ")" | "regularly" N "times in at least" N "of the last" N "periods of" DURATION
//	compare    = ("at least"|"at most"|"exactly"|"more than"|"less than") N | "between" N "and" N
//	when       = "in the last" DURATION | "before the last" DURATION | "between" DURATION "and" DURATION "ago" | ["from" TIME] ["before" TIME]
//	           | "in the last N calendar days" | ("this"|"previous") PERIOD
//
// Names and texts need quotes unless they are letters, digits and _ . @ - and no keyword; bare 42 is a number, "42" a
// text; minutes are min. Input may also say =, !=, once, twice, never, "N times", 30 days.
func ParseText(text string) (Condition, error) {
	tokens, fault := lexText(text)
	if fault != nil {
		return nil, fault
	}
	p := &textParser{source: text, tokens: tokens}
	c := p.expression(false, 1)
	if p.err == nil && p.i < len(p.tokens) {
		p.fail("an end, or: and, or")
	}
	if p.err != nil {
		return nil, p.err
	}
	if err := Validate(c); err != nil {
		return nil, err
	}
	return c, nil
}

// textParser is a recursive descent. The first fault stays; after it every method returns at once.
type textParser struct {
	source string
	tokens []textToken
	i      int
	err    *Error
}

// fail notes what was expected where the parser is.
func (p *textParser) fail(expected string) {
	if p.err != nil {
		return
	}
	at, got := len(p.source), "the end"
	if p.i < len(p.tokens) {
		t := p.tokens[p.i]
		at, got = t.at, strconv.Quote(t.text)
		if len(got) > 60 {
			got = got[:60] + "…"
		}
	}
	p.err = textFault(p.source, at, "expected "+expected+", got "+got)
	if p.i < len(p.tokens) && !p.tokens[p.i].quoted {
		p.err.Suggestion = Nearest(p.tokens[p.i].text, textKeywords)
	}
}

// is reports whether the next tokens are these words or signs, without regard to case.
func (p *textParser) is(words ...string) bool {
	if p.err != nil || p.i+len(words) > len(p.tokens) {
		return false
	}
	for j, w := range words {
		if t := p.tokens[p.i+j]; t.quoted || !strings.EqualFold(t.text, w) {
			return false
		}
	}
	return true
}

// take steps over the words when they come next.
func (p *textParser) take(phrase string) bool {
	words := strings.Fields(phrase)
	if !p.is(words...) {
		return false
	}
	p.i += len(words)
	return true
}

// need steps over the words, which must come next.
func (p *textParser) need(phrase string) {
	if !p.take(phrase) {
		p.fail(strconv.Quote(phrase))
	}
}

// expression reads operands joined by and, or by or.
func (p *textParser) expression(inside bool, depth int) Condition {
	if depth > 2*MaxConditionDepth+2 {
		if p.err == nil {
			p.err = &Error{Code: CodeLimit, Pointer: "/text", Limit: MaxConditionDepth, Message: "conditions are nested too deeply"}
		}
		return nil
	}
	first := p.operand(inside, depth)
	for _, j := range []struct {
		word string
		q    Quantifier
	}{{"and", AllOf}, {"or", AnyOf}} {
		if !p.is(j.word) {
			continue
		}
		g := &Group{j.q, []Condition{first}}
		for p.take(j.word) {
			g.Of = append(g.Of, p.operand(inside, depth))
		}
		if p.is("and") || p.is("or") {
			p.fail("parentheses: and and or do not mix without them")
		}
		return g
	}
	return first
}

func (p *textParser) operand(inside bool, depth int) Condition {
	switch {
	case p.err != nil:
		return nil
	case p.take("("):
		c := p.expression(inside, depth+1)
		p.need(")")
		return c
	case p.is("all", "of", "("), p.is("any", "of", "("), p.is("none", "of", "("):
		g := &Group{Quantifier: Quantifier(strings.ToLower(p.tokens[p.i].text))}
		p.i += 3
		g.Of = append(g.Of, p.expression(inside, depth+1))
		for p.take(",") {
			g.Of = append(g.Of, p.expression(inside, depth+1))
		}
		p.need(")")
		return g
	case p.take("not"):
		return &Not{p.operand(inside, depth+1)}
	case inside:
		name := p.name("a property")
		return &Property{name, p.test(depth)}
	}
	return p.subject(depth)
}

func (p *textParser) subject(depth int) Condition {
	switch {
	case p.is("did"), p.is("never"), p.is("viewed"), p.is("message"):
		never := p.take("never")
		a := p.activity(depth, false)
		if never && a != nil {
			if a.Measure.Kind != "" {
				p.fail("no count after never")
			}
			a.Measure = Measure{Kind: MeasureCount, Compare: Compare{Op: CmpExactly, A: NumberValue(0)}}
		}
		return a
	case p.take("has device"):
		d := &Device{Platform: p.bareWord("any, mobile, ios, android or web")}
		if p.take("count") {
			d.Count = p.compare()
		}
		d.Where = p.where(depth)
		return d
	case p.take("in segment"):
		return &InSegment{p.name("a segment's id or key")}
	case p.is("sequence", "("):
		return p.sequence(depth)
	case p.is("sample") && p.i+1 < len(p.tokens) && plainDecimal(p.tokens[p.i+1].text):
		p.i++
		s := &Sample{Percent: p.number().Float()}
		if !p.take("%") {
			p.need("percent")
		}
		p.need("seed")
		s.Seed = p.string("a seed")
		return s
	}
	a := &Attribute{Name: p.name("a condition")}
	a.Test = p.test(depth)
	if p.take("for") {
		a.For = p.duration()
	}
	return a
}

// name reads a name: a quoted text, or a word that is no keyword.
func (p *textParser) name(what string) string {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].sign {
		p.fail(what)
		return ""
	}
	t := p.tokens[p.i]
	if !t.quoted && slices.ContainsFunc(textKeywords, func(k string) bool { return strings.EqualFold(k, t.text) }) {
		p.fail(what + ` (a name that is a keyword stands in quotes)`)
		return ""
	}
	p.i++
	return t.text
}

// string reads a text.
func (p *textParser) string(what string) string {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].sign {
		p.fail(what)
		return ""
	}
	p.i++
	return p.tokens[p.i-1].text
}

func (p *textParser) bareWord(what string) string {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].sign || p.tokens[p.i].quoted {
		p.fail(what)
		return ""
	}
	p.i++
	return strings.ToLower(p.tokens[p.i-1].text)
}

// value reads a text, a number, true or false.
func (p *textParser) value() Value {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].sign {
		p.fail("a value")
		return Value{}
	}
	t := p.tokens[p.i]
	p.i++
	switch {
	case t.quoted:
		return TextValue(t.text)
	case t.text == "true" || t.text == "false":
		return BoolValue(t.text == "true")
	case plainDecimal(t.text):
		if v, ok := ParseNumber(t.text); ok {
			return v
		}
		p.i--
		p.fail("a number in range")
	}
	return TextValue(t.text)
}

func (p *textParser) number() Value {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].quoted || !plainDecimal(p.tokens[p.i].text) {
		p.fail("a number")
		return Value{}
	}
	return p.value()
}

func (p *textParser) whole() int {
	n, err := strconv.Atoi(p.number().Text())
	if err != nil && p.err == nil {
		p.i--
		p.fail("a whole number")
	}
	return n
}

var durationUnits = map[string]byte{
	"s": 's', "sec": 's', "second": 's', "seconds": 's', "min": 'm', "minute": 'm', "minutes": 'm', "h": 'h', "hour": 'h', "hours": 'h',
	"d": 'd', "day": 'd', "days": 'd', "w": 'w', "week": 'w', "weeks": 'w',
}

// duration reads 30d, 5min, or 30 days.
func (p *textParser) duration() Duration {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].quoted {
		p.fail("a duration such as 30d")
		return Duration{}
	}
	word := strings.ToLower(p.tokens[p.i].text)
	n := 0
	for n < len(word) && word[n] >= '0' && word[n] <= '9' {
		n++
	}
	amount, unit := word[:n], word[n:]
	step := 1
	if unit == "" && p.i+1 < len(p.tokens) && !p.tokens[p.i+1].quoted {
		unit, step = strings.ToLower(p.tokens[p.i+1].text), 2
	}
	u, ok := durationUnits[unit]
	count, err := strconv.ParseInt(amount, 10, 64)
	if !ok || err != nil {
		p.fail("a duration such as 30d, 12h or 5min")
		return Duration{}
	}
	p.i += step
	return Duration{count, u}
}

// test reads an operator and its operand.
func (p *textParser) test(depth int) Test {
	var t Test
	p.operator(&t, depth)
	if p.take("match case") {
		t.MatchCase = true
	}
	return t
}

// plainOps are the operators that take one value, or none; longer phrases come before their beginnings.
var plainOps = []struct {
	phrase string
	op     Op
	value  bool
}{
	{"is a time", OpIsTime, false}, {"is not", OpIsNot, true}, {"is_true", OpIsTrue, false}, {"is_false", OpIsFalse, false},
	{"is", OpIs, true}, {"=", OpIs, true}, {"!=", OpIsNot, true}, {"contains", OpContains, true},
	{"does not contain", OpDoesNotContain, true}, {"starts with", OpStartsWith, true}, {"ends with", OpEndsWith, true},
	{"does not start with", OpDoesNotStartWith, true}, {"does not end with", OpDoesNotEndWith, true}, {"matches", OpMatches, true},
	{"does not match", OpDoesNotMatch, true}, {">=", OpAtLeast, true}, {"<=", OpAtMost, true}, {">", OpGreaterThan, true}, {"<", OpLessThan, true},
	{"does not exist", OpDoesNotExist, false}, {"exists", OpExists, false}, {"before", OpBefore, true}, {"after", OpAfter, true}, {"on", OpOn, true},
}

func (p *textParser) operator(t *Test, depth int) {
	switch {
	case p.take("is any of"):
		t.Op, t.Values = OpIsAnyOf, p.values()
	case p.take("is none of"):
		t.Op, t.Values = OpIsNoneOf, p.values()
	case p.take("between"):
		low := p.number()
		p.need("and")
		t.Op, t.Values = OpBetween, []Value{low, p.number()}
	case p.take("within last"), p.take("within the last"):
		t.Op, t.Duration = OpWithinLast, p.duration()
	case p.take("within next"), p.take("within the next"):
		t.Op, t.Duration = OpWithinNext, p.duration()
	case p.take("anniversary within next"):
		t.Op, t.Duration = OpAnniversaryWithinNext, p.duration()
	case p.take("more than"):
		t.Duration = p.duration()
		t.Op = OpMoreThanAgo
		if p.take("ahead") {
			t.Op = OpMoreThanAhead
		} else {
			p.need("ago")
		}
	case p.is("has", "item", "("):
		p.i += 2
		t.Op, t.Item = OpHasItem, p.inner(depth)
	default:
		for _, o := range plainOps {
			if p.take(o.phrase) {
				t.Op = o.op
				if o.value {
					t.Value = p.value()
				}
				return
			}
		}
		p.fail("an operator: is, is not, contains, >, exists, within last …")
	}
}

func (p *textParser) values() []Value {
	p.need("(")
	vs := []Value{p.value()}
	for p.take(",") {
		vs = append(vs, p.value())
	}
	p.need(")")
	return vs
}

// inner reads conditions over properties in parentheses, as a group.
func (p *textParser) inner(depth int) Condition {
	p.need("(")
	c := p.expression(true, depth+1)
	p.need(")")
	if c == nil {
		return nil
	}
	return asGroup(c)
}

func (p *textParser) where(depth int) Condition {
	if !p.take("where") {
		return nil
	}
	return p.inner(depth)
}
