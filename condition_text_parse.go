package carpel

import (
	"errors"
	"fmt"
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
// text; minutes are min. That is what [FormatText] writes. What people type besides (once, 3 times, last 30 days, is
// greater than, an event without did, …) is listed in docs/segment-language.md.
func ParseText(text string) (Condition, error) {
	tokens, fault := lexText(text)
	if fault != nil {
		return nil, fault
	}
	p := &textParser{source: text, tokens: tokens, began: map[Condition]int{}}
	c := p.expression(false, 1)
	if p.err == nil && p.i < len(p.tokens) {
		p.failNear("an end, and, or or", []string{"and", "or"})
		if t := p.tokens[p.i]; !t.quoted && !t.sign && !keyword(t.text) {
			p.err.Message += " (a text with blanks stands in quotes)"
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	if err := Validate(c); err != nil {
		return nil, p.placed(c, err)
	}
	return c, nil
}

// textParser is a recursive descent. The first fault stays; after it every method returns at once.
type textParser struct {
	source string
	tokens []textToken
	i      int
	err    *Error
	began  map[Condition]int // offset of the condition's first token
}

// placed turns a fault of [Validate] into one of the text: at the innermost condition that its pointer lies in.
func (p *textParser) placed(c Condition, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	at, longest := 0, -1
	Walk(c, func(pointer string, c Condition) bool {
		began, known := p.began[c]
		if known && len(pointer) > longest && (e.Pointer == pointer || strings.HasPrefix(e.Pointer, pointer+"/")) {
			at, longest = began, len(pointer)
		}
		return true
	})
	moved := *textFault(p.source, at, e.Message)
	moved.Code, moved.Suggestion = e.Code, e.Suggestion
	if e.Limit != 0 {
		moved.Limit, moved.Actual = e.Limit, e.Actual
	}
	return &moved
}

// fail notes what was expected where the parser is.
func (p *textParser) fail(expected string) {
	p.failNear(expected, textKeywords)
}

// failNear is fail with the words that may have been meant.
func (p *textParser) failNear(expected string, known []string) {
	if p.err != nil {
		return
	}
	at, got := len(p.source), "the end"
	if p.i < len(p.tokens) {
		t := p.tokens[p.i]
		at, got = t.at, strconv.Quote(t.text)
		if len(got) > 60 {
			got = fmt.Sprintf("%.60q…", t.text)
		}
	}
	p.err = textFault(p.source, at, "expected "+expected+", got "+got)
	if p.i < len(p.tokens) {
		if t := p.tokens[p.i]; !t.quoted && !t.sign && !plainDecimal(t.text) && !keyword(t.text) {
			p.err.Suggestion = Nearest(t.text, known)
		}
	}
}

// is reports whether the next tokens are these words or signs, without regard to case.
func (p *textParser) is(words ...string) bool { return p.isAhead(0, words...) }

// isAhead is is for the tokens from the n-th on.
func (p *textParser) isAhead(n int, words ...string) bool {
	if p.err != nil || p.i+n+len(words) > len(p.tokens) {
		return false
	}
	for j, w := range words {
		if t := p.tokens[p.i+n+j]; t.quoted || !strings.EqualFold(t.text, w) {
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
		p.failNear(strconv.Quote(phrase), strings.Fields(phrase)[:1])
	}
}

// tooDeep reports, once, that conditions are nested too deeply. Parentheses that mean nothing are let through.
func (p *textParser) tooDeep(depth int) bool {
	const most = 2*MaxConditionDepth + 2
	if depth > most && p.err == nil {
		p.err = textFault(p.source, p.tokens[min(p.i, len(p.tokens)-1)].at, "conditions are nested too deeply")
		p.err.Code, p.err.Limit, p.err.Actual = CodeLimit, most, int64(depth)
	}
	return p.err != nil
}

// expression reads operands joined by and, or by or.
func (p *textParser) expression(inside bool, depth int) Condition {
	began := p.i
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
		return p.note(g, began)
	}
	return first
}

// note remembers where a condition began, by its first token.
func (p *textParser) note(c Condition, token int) Condition {
	if p.err == nil && c != nil && token < len(p.tokens) {
		if _, known := p.began[c]; !known {
			p.began[c] = p.tokens[token].at
		}
	}
	return c
}

func (p *textParser) operand(inside bool, depth int) Condition {
	began := p.i
	if p.tooDeep(depth) {
		return nil
	}
	switch {
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
		return p.note(g, began)
	case p.take("not"):
		return p.note(&Not{p.operand(inside, depth+1)}, began)
	case inside:
		name := p.name("a property")
		return p.note(&Property{name, p.test(depth)}, began)
	}
	return p.note(p.subject(depth), began)
}

func (p *textParser) subject(depth int) Condition {
	switch {
	case p.startsActivity():
		return p.counted(depth)
	case p.is("has", "device"), p.is("has", "a"), p.is("has", "an"):
		return p.device(depth)
	case p.take("in segment"), p.take("in the segment"), p.take("is in segment"), p.take("is in the segment"):
		return &InSegment{p.name("a segment's id or key")}
	case p.take("is not in segment"), p.take("is not in the segment"):
		return &Not{&InSegment{p.name("a segment's id or key")}}
	case p.is("sequence", "("):
		return p.sequence(depth)
	case p.is("sample") && p.numberAt(1):
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

// device reads "has device ios", or "has an ios device".
func (p *textParser) device(depth int) Condition {
	d := &Device{}
	if p.take("has device") {
		d.Platform = p.oneOf("a platform", platforms)
	} else {
		p.i += 2 // has a
		d.Platform = "any"
		if !p.take("device") {
			d.Platform = p.oneOf("a platform", platforms)
			p.need("device")
		}
	}
	if p.take("count") {
		d.Count = p.compare().normal()
	}
	d.Where = p.where(depth)
	return d
}

// name reads a name: a quoted text, or a word that is no keyword.
func (p *textParser) name(what string) string {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].sign {
		p.fail(what)
		return ""
	}
	t := p.tokens[p.i]
	if !t.quoted && keyword(t.text) {
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

// oneOf reads one of some words.
func (p *textParser) oneOf(what string, known []string) string {
	if p.err == nil && p.i < len(p.tokens) && !p.tokens[p.i].quoted {
		if word := strings.ToLower(p.tokens[p.i].text); slices.Contains(known, word) {
			p.i++
			return word
		}
	}
	p.failNear(what+": "+strings.Join(known, ", "), known)
	return ""
}

// value reads a text, a number, true or false.
func (p *textParser) value() Value {
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].sign {
		p.fail("a value")
		return Value{}
	}
	t := p.tokens[p.i]
	if !t.quoted && keyword(t.text) && !strings.EqualFold(t.text, "true") && !strings.EqualFold(t.text, "false") {
		p.fail("a value (a text that is a keyword stands in quotes)")
		return Value{}
	}
	p.i++
	switch {
	case t.quoted:
		return TextValue(t.text)
	case strings.EqualFold(t.text, "true"), strings.EqualFold(t.text, "false"):
		return BoolValue(strings.EqualFold(t.text, "true"))
	case plainDecimal(t.text):
		if v, ok := ParseNumber(t.text); ok {
			return v
		}
		p.i--
		p.fail("a number in range")
	}
	return TextValue(t.text)
}

// numberAt reports whether the token n places ahead is a bare number.
func (p *textParser) numberAt(n int) bool {
	return p.err == nil && p.i+n < len(p.tokens) && !p.tokens[p.i+n].quoted && plainDecimal(p.tokens[p.i+n].text)
}

func (p *textParser) number() Value {
	if !p.numberAt(0) {
		p.fail("a number")
		return Value{}
	}
	return p.value()
}

func (p *textParser) whole() int {
	if !p.numberAt(0) {
		p.fail("a whole number")
		return 0
	}
	n, err := strconv.ParseInt(p.tokens[p.i].text, 10, 32)
	if err != nil {
		p.fail("a whole number")
	}
	p.i++
	return int(n)
}

// durationUnits are the units of durations as people write them.
func durationUnit(s string) (byte, bool) {
	switch strings.ToLower(s) {
	case "s", "sec", "secs", "second", "seconds":
		return 's', true
	case "min", "mins", "minute", "minutes":
		return 'm', true
	case "h", "hour", "hours":
		return 'h', true
	case "d", "day", "days":
		return 'd', true
	case "w", "week", "weeks":
		return 'w', true
	}
	return 0, false
}

// duration reads 30d, 5min, or 30 days.
func (p *textParser) duration() Duration {
	const wanted = "a duration such as 30d, 12h or 5min"
	if p.err != nil || p.i == len(p.tokens) || p.tokens[p.i].quoted {
		p.fail(wanted)
		return Duration{}
	}
	word := p.tokens[p.i].text
	n := 0
	for n < len(word) && word[n] >= '0' && word[n] <= '9' {
		n++
	}
	amount, unit, step := word[:n], word[n:], 1
	if unit == "" && p.i+1 < len(p.tokens) && !p.tokens[p.i+1].quoted {
		unit, step = p.tokens[p.i+1].text, 2
	}
	u, ok := durationUnit(unit)
	count, err := strconv.ParseInt(amount, 10, 64)
	if !ok || err != nil {
		switch p.fail(wanted); strings.ToLower(unit) {
		case "m":
			p.err.Message += " (minutes are min, as m could be months)"
		case "month", "months", "year", "years", "quarter", "quarters":
			p.err.Message += " (months and years differ in length: count days, or say this month, previous month)"
		}
		return Duration{}
	}
	p.i += step
	return Duration{count, u}
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
	if !p.is("(") {
		p.fail(`"(": the conditions of where stand in parentheses`)
	}
	return p.inner(depth)
}
