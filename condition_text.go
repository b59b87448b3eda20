package carpel

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FormatText writes a condition in the text form. [ParseText] gives the same condition back.
//
//	plan is pro and did "Order Completed" at least 3 times in the last 30d where (total > 100)
//
// The grammar stands at [ParseText].
func FormatText(c Condition) string {
	f := &textWriter{}
	f.expression(c)
	return f.b.String()
}

// textWriter appends words.
type textWriter struct{ b strings.Builder }

func (f *textWriter) word(words ...string) {
	for _, w := range words {
		if s := f.b.String(); s != "" && s[len(s)-1] != '(' {
			f.b.WriteByte(' ')
		}
		f.b.WriteString(w)
	}
}

func (f *textWriter) open()  { f.word("(") }
func (f *textWriter) close() { f.b.WriteByte(')') }

// expression writes a condition where nothing stands beside it: groups of several need no parentheses.
func (f *textWriter) expression(c Condition) {
	g, ok := c.(*Group)
	if !ok || len(g.Of) < 2 || g.Quantifier == NoneOf {
		f.operand(c)
		return
	}
	between := "and"
	if g.Quantifier == AnyOf {
		between = "or"
	}
	for i, c := range g.Of {
		if i > 0 {
			f.word(between)
		}
		f.operand(c)
	}
}

// operand writes a condition beside which others may stand.
func (f *textWriter) operand(c Condition) {
	switch c := c.(type) {
	case *Group:
		f.group(c)
	case *Not:
		f.word("not")
		f.operand(c.Of)
	case *Attribute:
		f.word(textName(c.Name))
		f.test(c.Test)
		if !c.For.IsZero() {
			f.word("for", textDuration(c.For))
		}
	case *Property:
		f.word(textName(c.Name))
		f.test(c.Test)
	case *Activity:
		f.activity(c)
	case *Device:
		f.word("has", "device", c.Platform)
		if count := c.Count.normal(); count.Op != "" {
			f.word("count")
			f.compare(count)
		}
		f.where(c.Where)
	case *InSegment:
		f.word("in", "segment", textName(c.Ref))
	case *Sequence:
		f.sequence(c)
	case *Sample:
		f.word("sample", NumberValue(c.Percent).Text(), "percent", "seed", textString(c.Seed))
	}
}

func (f *textWriter) group(g *Group) {
	if g.Quantifier != NoneOf && len(g.Of) > 1 {
		f.open()
		f.expression(g)
		f.close()
		return
	}
	f.word(string(g.Quantifier), "of")
	f.open()
	for i, c := range g.Of {
		if i > 0 {
			f.b.WriteByte(',')
		}
		f.expression(c)
	}
	f.close()
}

// where writes conditions over properties in parentheses.
func (f *textWriter) where(c Condition) {
	if c != nil {
		f.word("where")
		f.inner(c)
	}
}

// inner writes a group over properties in parentheses; an all group of one that is no group itself is just that one.
func (f *textWriter) inner(c Condition) {
	f.open()
	g := asGroup(c).(*Group)
	if len(g.Of) == 1 && g.Quantifier == AllOf {
		if _, nested := g.Of[0].(*Group); !nested {
			f.operand(g.Of[0])
			f.close()
			return
		}
	}
	f.expression(g)
	f.close()
}

// opWords are the operators as the text form prints them. The parser takes the words, and the symbols besides.
var opWords = map[Op]string{
	OpIs: "is", OpIsNot: "is not", OpIsAnyOf: "is any of", OpIsNoneOf: "is none of", OpContains: "contains", OpDoesNotContain: "does not contain",
	OpStartsWith: "starts with", OpEndsWith: "ends with", OpDoesNotStartWith: "does not start with", OpDoesNotEndWith: "does not end with",
	OpMatches: "matches", OpDoesNotMatch: "does not match", OpGreaterThan: ">", OpLessThan: "<", OpAtLeast: ">=", OpAtMost: "<=", OpBetween: "between",
	OpExists: "exists", OpDoesNotExist: "does not exist", OpIsTrue: "is_true", OpIsFalse: "is_false", OpBefore: "before", OpAfter: "after", OpOn: "on",
	OpWithinLast: "within last", OpMoreThanAgo: "more than ago", OpWithinNext: "within next", OpMoreThanAhead: "more than ahead",
	OpAnniversaryWithinNext: "anniversary within next", OpIsTime: "is a time", OpHasItem: "has item",
}

func (f *textWriter) test(t Test) {
	switch t.Op {
	case OpMoreThanAgo:
		f.word("more", "than", textDuration(t.Duration), "ago")
	case OpMoreThanAhead:
		f.word("more", "than", textDuration(t.Duration), "ahead")
	default:
		f.word(opWords[t.Op])
	}
	switch t.Op {
	case OpExists, OpDoesNotExist, OpIsTrue, OpIsFalse, OpIsTime, OpMoreThanAgo, OpMoreThanAhead:
	case OpIsAnyOf, OpIsNoneOf:
		f.open()
		for i, v := range t.Values {
			if i > 0 {
				f.b.WriteByte(',')
			}
			f.word(textValue(v))
		}
		f.close()
	case OpBetween:
		f.word(textValue(t.Values[0]), "and", textValue(t.Values[1]))
	case OpWithinLast, OpWithinNext, OpAnniversaryWithinNext:
		f.word(textDuration(t.Duration))
	case OpHasItem:
		f.inner(t.Item)
	default:
		f.word(textValue(t.Value))
	}
	if t.MatchCase {
		f.word("match", "case")
	}
}

var compareWords = map[CompareOp]string{
	CmpAtLeast: "at least", CmpAtMost: "at most", CmpExactly: "exactly", CmpMoreThan: "more than", CmpLessThan: "less than", CmpBetween: "between",
}

func (f *textWriter) compare(c Compare) {
	f.word(compareWords[c.Op], c.A.Text())
	if c.Op == CmpBetween {
		f.word("and", c.B.Text())
	}
}

func (f *textWriter) activity(a *Activity) {
	switch a.Kind {
	case EventActivity:
		f.word("did")
		if a.Name == AnyEvent {
			f.word("anything")
		} else {
			f.word(textString(a.Name))
		}
	case PageActivity:
		f.word("viewed", "page", textQuoted(a.Name))
	case PageNameActivity:
		f.word("viewed", "page", "named", textQuoted(a.Name))
	case ScreenActivity:
		f.word("viewed", "screen", textQuoted(a.Name))
	case MessageActivity:
		f.word("message", a.Name, a.Action)
		if a.Campaign != "" {
			f.word("campaign", textString(a.Campaign))
		}
		if a.Link != "" {
			f.word("link", textQuoted(a.Link))
		}
		if a.Machine {
			f.word("including", "machines")
		}
	}
	f.measure(a.Measure.normal())
	f.when(a.When)
	f.where(a.Where)
}

func (f *textWriter) measure(m Measure) {
	switch m.Kind {
	case MeasureCount:
		f.compare(m.Compare.OrDefault())
		f.word("times")
	case MeasureDays:
		f.word("on")
		f.compare(m.Compare.OrDefault())
		f.word("days")
	case MeasureDistinct:
		f.word("with")
		f.compare(m.Compare.OrDefault())
		f.word("different", textName(m.Of))
	case MeasureSum, MeasureAvg, MeasureMin, MeasureMax:
		f.word("with", string(m.Kind), "of", textName(m.Of))
		f.compare(m.Compare.OrDefault())
	case MeasureFirst, MeasureLast:
		f.word("the", string(m.Kind), "time", "with")
		f.inner(m.Where)
	case MeasureRegularly:
		f.word("regularly", strconv.Itoa(m.Times), "times", "in", "at", "least", strconv.Itoa(m.AtLeast), "of", "the", "last", strconv.Itoa(m.OfLast),
			"periods", "of", textDuration(m.Period))
	}
}

func (f *textWriter) when(w When) {
	switch w.Kind {
	case WhenLast:
		f.word("in", "the", "last", textDuration(w.D1))
	case WhenBeforeLast:
		f.word("before", "the", "last", textDuration(w.D1))
	case WhenBetween:
		f.word("between", textDuration(w.D1), "and", textDuration(w.D2), "ago")
	case WhenDates:
		if w.From.IsSet() {
			f.word("from", textValue(w.From))
		}
		if w.Before.IsSet() {
			f.word("before", textValue(w.Before))
		}
	case WhenLastCalendarDays:
		f.word("in", "the", "last", strconv.Itoa(w.N), "calendar", "days")
	case WhenThis, WhenPrevious:
		f.word(string(w.Kind), w.Period)
	}
}

func (f *textWriter) sequence(q *Sequence) {
	f.word("sequence")
	f.open()
	for i, step := range q.Steps {
		if i > 0 {
			f.word("then")
		}
		if q.LastNot && i == len(q.Steps)-1 {
			f.word("not")
		}
		f.activity(step)
	}
	f.close()
	if !q.Within.IsZero() {
		f.word("within", textDuration(q.Within))
	}
	f.when(q.When)
}

// textDuration writes minutes as min: m could be months.
func textDuration(d Duration) string {
	s := d.String()
	if d.Unit == 'm' {
		s += "in"
	}
	return s
}

// textKeywords are the words that names and texts must be quoted for.
var textKeywords = strings.Fields(`a after ago ahead all an and anniversary any anything at avg before between calendar campaign case contain contains
	count days device did different does end ends exactly exist exists for from greater has in including is is_false is_true item last least less link
	machines match matches max message min more most named never next none not of on once one or page percent periods previous regularly sample screen seed
	segment sequence set start starts sum than the then this time times today true false twice viewed where with within yesterday`)

// keyword reports whether a word is one of textKeywords, without regard to case.
func keyword(s string) bool {
	return slices.ContainsFunc(textKeywords, func(k string) bool { return strings.EqualFold(k, s) })
}

// bare reports whether a word needs no quotes: letters and digits of any script and _ . @ -, not a number, no keyword.
func bare(s string) bool {
	if s == "" || plainDecimal(s) || s[0] == '-' || s[0] == '.' {
		return false
	}
	for _, r := range s {
		if r < utf8.RuneSelf && !wordByte(byte(r)) || r >= utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return !keyword(s)
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '@' || c == '-'
}

// textString writes a text, quoted where it must be.
func textString(s string) string {
	if bare(s) {
		return s
	}
	return textQuoted(s)
}

// textName writes a name; those of ours begin with a bare $.
func textName(s string) string {
	if rest, ok := strings.CutPrefix(s, "$"); ok && bare(rest) {
		return s
	}
	return textString(s)
}

func textQuoted(s string) string { return string(appendJSONString(nil, s)) }

func textValue(v Value) string {
	if v.Kind() == Text {
		return textString(v.Text())
	}
	return v.Text()
}
