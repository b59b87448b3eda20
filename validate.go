package carpel

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate checks a condition against every rule of the language: what [ParseCondition] gives is valid already. The
// error is a *[Error] with the JSON pointer of the first fault in the canonical form.
func Validate(c Condition) error {
	v := &validator{}
	v.condition(c, "", false, 1)
	if v.err != nil {
		return v.err
	}
	return v.counted.limits()
}

// validator keeps the first fault.
type validator struct {
	err     *Error
	counted conditionParser
}

func (v *validator) fault(at, code, format string, args ...any) {
	if v.err == nil {
		v.err = &Error{Code: code, Pointer: at, Message: fmt.Sprintf(format, args...)}
	}
}

func (v *validator) limit(at string, limit, actual int64, format string, args ...any) {
	if v.err == nil {
		v.err = &Error{Code: CodeLimit, Pointer: at, Limit: limit, Actual: actual, Message: fmt.Sprintf(format, args...)}
	}
}

func (v *validator) condition(c Condition, at string, inside bool, depth int) {
	if v.err != nil {
		return
	}
	v.counted.enter(at, depth)
	switch c := c.(type) {
	case *Group:
		v.group(c, at, inside, depth)
	case *Not:
		v.condition(c.Of, at+"/not", inside, depth+1)
	case *Property:
		if !inside {
			v.fault(at, CodeInvalid, `"property" is for where and has_item`)
		}
		v.property(c.Name, at+"/property")
		v.test(c.Test, at, depth)
	case *Attribute, *Activity, *Device, *InSegment, *Sequence, *Sample:
		if inside {
			v.fault(at, CodeInvalid, "inside where and has_item conditions are over property")
			return
		}
		v.subject(c, at, depth)
	default:
		v.fault(at, CodeInvalid, "a condition is missing")
	}
}

func (v *validator) group(g *Group, at string, inside bool, depth int) {
	if !slices.Contains([]Quantifier{AllOf, AnyOf, NoneOf}, g.Quantifier) {
		v.fault(at, CodeInvalid, "%.20q is no quantifier", string(g.Quantifier))
	}
	if len(g.Of) == 0 {
		v.fault(at+"/"+string(g.Quantifier), CodeInvalid, "an empty list of conditions: it would match nobody or everybody")
	}
	for i, c := range g.Of {
		v.condition(c, fmt.Sprintf("%s/%s/%d", at, g.Quantifier, i), inside, depth+1)
	}
}

func (v *validator) subject(c Condition, at string, depth int) {
	switch c := c.(type) {
	case *Attribute:
		v.name(c.Name, at+"/attribute")
		if strings.HasPrefix(c.Name, "$") && c.Name != AttrFirstSeen && c.Name != AttrLastSeen {
			v.fault(at+"/attribute", CodeReserved, "of the attributes that begin with $ there are %s and %s", AttrFirstSeen, AttrLastSeen)
		}
		v.optionalDuration(c.For, at+"/for")
		v.test(c.Test, at, depth)
	case *Activity:
		v.activity(c, at, depth, false)
	case *Device:
		v.oneOf(c.Platform, []string{"any", "mobile", "ios", "android", "web"}, at+"/device", "platform")
		v.inner(c.Where, at+"/where", depth)
		if c.Count.Op != "" {
			v.compare(c.Count, at+"/count")
		}
	case *InSegment:
		if c.Ref == "" {
			v.fault(at+"/segment", CodeInvalid, "a segment is named by its id or key")
		}
		v.texts(c.Ref, at+"/segment", MaxIDBytes)
	case *Sequence:
		v.sequence(c, at, depth)
	case *Sample:
		if !(c.Percent >= 0 && c.Percent <= 100) {
			v.fault(at+"/sample/percent", CodeInvalid, "a share is between 0 and 100 percent")
		}
		v.texts(c.Seed, at+"/sample/seed", MaxNameBytes)
	}
}

// name checks the name of an attribute, property or event.
func (v *validator) name(name, at string) {
	if name == "" {
		v.fault(at, CodeInvalid, "a name is empty")
	}
	v.texts(name, at, MaxNameBytes)
}

func (v *validator) property(name, at string) {
	v.name(name, at)
	if strings.HasPrefix(name, "$") && (!strings.HasPrefix(name, "$context.") || name == "$context.") {
		v.fault(at, CodeReserved, "of the properties that begin with $ there are $context.…")
	}
}

// texts checks that a text is UTF-8 without NUL, and not too long.
func (v *validator) texts(s, at string, limit int) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		v.fault(at, CodeEncoding, "the text is not UTF-8, or holds a NUL")
	case len(s) > limit:
		v.limit(at, int64(limit), int64(len(s)), "%s", TooLarge("the text", int64(len(s)), int64(limit)))
	}
}

func (v *validator) oneOf(s string, known []string, at, what string) {
	if v.err == nil && !slices.Contains(known, s) {
		v.err = &Error{Code: CodeInvalid, Pointer: at, Suggestion: Nearest(s, known), Message: fmt.Sprintf("%.40q is no %s; there are %s", s, what, strings.Join(known, ", "))}
	}
}

// inner checks conditions over properties. An all group there is the list that it may be written as, and no condition
// of its own for the limits.
func (v *validator) inner(c Condition, at string, depth int) {
	g, ok := c.(*Group)
	switch {
	case c == nil:
	case ok && g != nil && g.Quantifier == AllOf:
		v.group(g, at, true, depth)
	case ok:
		v.condition(c, at, true, depth+1)
	default:
		v.condition(c, at+"/all/0", true, depth+1) // a condition alone stands for all of one
	}
}

func (v *validator) duration(d Duration, at string) {
	if v.err == nil && !d.inRange() {
		v.adopt(durationLimit(d), at)
	}
}

func (v *validator) optionalDuration(d Duration, at string) {
	if !d.IsZero() {
		v.duration(d, at)
	}
}

// test checks an operator and its operands; at is the condition's pointer.
func (v *validator) test(t Test, at string, depth int) {
	value := at + "/value"
	if t.MatchCase && !t.Op.comparesText() {
		v.fault(at+"/match_case", CodeInvalid, "match_case is for operators that compare texts; %q does not", string(t.Op))
	}
	switch t.Op {
	case OpIs, OpIsNot:
		v.scalar(t.Value, value)
	case OpIsAnyOf, OpIsNoneOf:
		if len(t.Values) == 0 {
			v.fault(value, CodeInvalid, "an empty list matches nobody")
		}
		if len(t.Values) > MaxListValues {
			v.limit(value, MaxListValues, int64(len(t.Values)), "a list has at most %d values", MaxListValues)
		}
		for i, x := range t.Values {
			v.scalar(x, fmt.Sprintf("%s/%d", value, i))
		}
	case OpContains, OpDoesNotContain:
		v.pattern(t.Value, value, t.MatchCase)
	case OpMatches, OpDoesNotMatch:
		if t.Value.Kind() != Text {
			v.fault(value, CodeInvalid, "%q takes an expression", t.Op)
			return
		}
		v.texts(t.Value.Text(), value, MaxPatternBytes)
		v.adopt(errorOf(CompileMatch(t.Value.Text(), t.MatchCase)), value)
	case OpStartsWith, OpEndsWith, OpDoesNotStartWith, OpDoesNotEndWith:
		if t.Value.Kind() != Text || t.Value.Text() == "" {
			v.fault(value, CodeInvalid, "%q takes a text that is not empty: every text does that with nothing", t.Op)
		}
		v.texts(t.Value.Text(), value, MaxPatternBytes)
	case OpGreaterThan, OpLessThan, OpAtLeast, OpAtMost:
		if t.Value.Kind() != Number {
			v.fault(value, CodeInvalid, "%q takes a number", t.Op)
		}
	case OpBetween:
		v.between(t.Values, value)
	case OpBefore, OpAfter, OpOn:
		v.time(t, value)
	case OpWithinLast, OpMoreThanAgo, OpWithinNext, OpMoreThanAhead:
		v.duration(t.Duration, value)
	case OpAnniversaryWithinNext:
		if t.Duration != (Duration{0, 'd'}) {
			v.duration(t.Duration, value)
		}
		if t.Duration.Unit != 'd' && t.Duration.Unit != 'w' {
			v.fault(value, CodeInvalid, "an anniversary is counted in whole days: 0d is today")
		}
	case OpHasItem:
		if t.Item == nil {
			v.fault(value, CodeInvalid, "has_item takes a condition over property")
		}
		v.inner(t.Item, value, depth)
	case OpExists, OpDoesNotExist, OpIsTrue, OpIsFalse, OpIsTime:
	default:
		v.oneOf(string(t.Op), ops, at+"/op", "operator")
	}
}

// comparesText reports whether case can matter to an operator.
func (op Op) comparesText() bool {
	positive, _ := op.Positive()
	switch positive {
	case OpIs, OpIsAnyOf, OpContains, OpStartsWith, OpEndsWith, OpMatches:
		return true
	}
	return false
}

func errorOf[T any](_ T, err error) error { return err }

// adopt takes over the fault of a part.
func (v *validator) adopt(err error, at string) {
	if e, ok := err.(*Error); ok && e != nil && v.err == nil {
		moved := *e
		moved.Pointer = at + e.Pointer
		v.err = &moved
	}
}

func (v *validator) scalar(x Value, at string) {
	switch x.Kind() {
	case Text:
		v.texts(x.Text(), at, MaxValueBytes)
	case Number, Bool:
	default:
		v.fault(at, CodeInvalid, "a text, number or boolean is wanted")
	}
}

func (v *validator) pattern(x Value, at string, matchCase bool) {
	if x.Kind() != Text {
		v.fault(at, CodeInvalid, "a pattern is a text")
		return
	}
	v.texts(x.Text(), at, MaxPatternBytes)
	v.adopt(errorOf(CompilePattern(x.Text(), matchCase)), at)
}

func (v *validator) between(xs []Value, at string) {
	if len(xs) != 2 || xs[0].Kind() != Number || xs[1].Kind() != Number {
		v.fault(at, CodeInvalid, "between takes two numbers")
		return
	}
	if CompareNumbers(xs[0], xs[1]) > 0 {
		v.fault(at, CodeInvalid, "the bounds are reversed: %s is more than %s", xs[0].Text(), xs[1].Text())
	}
}

// time checks the operand of before, after and on.
func (v *validator) time(t Test, at string) {
	if t.Op == OpOn {
		if _, ok := ParseDate(t.Value.Text()); !ok || t.Value.Kind() != Text {
			v.fault(at, CodeInvalid, `"on" takes a date such as "2026-03-01"`)
		}
		return
	}
	if k := t.Value.Kind(); k != Text && k != Number || !readableTime(t.Value) {
		v.fault(at, CodeInvalid, `%q takes a time: "2026-03-01", "2026-03-01T14:00:00Z", or seconds since 1970`, t.Op)
	}
}

func readableTime(x Value) bool {
	_, ok := x.AsTime(utc)
	return ok
}

func (v *validator) compare(c Compare, at string) {
	if !slices.Contains(compareKeys, string(c.Op)) {
		v.fault(at, CodeInvalid, "a comparison is missing: one of %s", strings.Join(compareKeys, ", "))
		return
	}
	if c.A.Kind() != Number || c.Op == CmpBetween && c.B.Kind() != Number {
		v.fault(at+"/"+string(c.Op), CodeInvalid, "a measure is compared with a number")
		return
	}
	if c.Op == CmpBetween {
		v.between([]Value{c.A, c.B}, at+"/between")
	}
}

func (v *validator) activity(a *Activity, at string, depth int, step bool) {
	name := at + "/" + string(a.Kind)
	switch a.Kind {
	case EventActivity:
		v.name(a.Name, name)
		if strings.TrimSpace(a.Name) != a.Name {
			v.fault(name, CodeInvalid, "the name of an event has no blanks at its ends")
		}
	case PageActivity, PageNameActivity, ScreenActivity:
		v.pattern(TextValue(a.Name), name, false)
	case MessageActivity:
		v.message(a, at)
	default:
		v.fault(at, CodeInvalid, "%.20q is no kind of activity", string(a.Kind))
	}
	if a.Kind != MessageActivity && (a.Action != "" || a.Campaign != "" || a.Link != "" || a.Machine) {
		v.fault(at, CodeInvalid, "action, campaign, link and machine are for messages")
	}
	v.inner(a.Where, at+"/where", depth)
	if step {
		if a.Measure != (Measure{}) || a.When != (When{}) {
			v.fault(at, CodeInvalid, "a step of a sequence has no measure and no window of its own")
		}
		return
	}
	v.measure(a.Measure, at, depth)
	if a.Measure.Kind == MeasureRegularly && a.When.Kind != WhenEver {
		v.fault(at+"/when", CodeInvalid, `"regularly" has its own periods: no "when" beside it`)
	}
	v.when(a.When, at+"/when")
}

var messageActions = []string{"sent", "delivered", "opened", "clicked", "converted", "bounced", "failed", "unsubscribed", "complained", "suppressed"}

func (v *validator) message(a *Activity, at string) {
	v.oneOf(a.Name, []string{"email", "push", "webhook", "any"}, at+"/message", "channel")
	v.oneOf(a.Action, messageActions, at+"/action", "action")
	v.texts(a.Campaign, at+"/campaign", MaxIDBytes)
	if a.Link != "" {
		if a.Action != "clicked" {
			v.fault(at+"/link", CodeInvalid, `a link belongs to the action "clicked"`)
		}
		v.pattern(TextValue(a.Link), at+"/link", false)
	}
}

func (v *validator) measure(m Measure, at string, depth int) {
	here := at + "/" + string(m.Kind)
	switch m.Kind {
	case "":
	case MeasureFirst, MeasureLast:
		if m.Where == nil {
			v.fault(here, CodeInvalid, "%q takes where: conditions over property", m.Kind)
		}
		v.inner(m.Where, here+"/where", depth)
	case MeasureRegularly:
		v.duration(m.Period, here+"/period")
		switch {
		case m.OfLast < 1 || m.OfLast > MaxPeriods:
			v.limit(here+"/of_last", MaxPeriods, int64(m.OfLast), "of_last is from 1 to %d", MaxPeriods)
		case m.AtLeast < 1 || m.AtLeast > m.OfLast:
			v.limit(here+"/at_least", int64(m.OfLast), int64(m.AtLeast), "at_least is from 1 to of_last")
		case m.Times < 1:
			v.fault(here+"/times", CodeInvalid, "times is at least 1")
		case m.Period.Millis()*Millis(m.OfLast) > maxDuration:
			v.limit(here+"/of_last", maxDays, int64(m.Period.Millis()*Millis(m.OfLast)/86_400_000), "all periods together are longer than 36500d")
		}
	case MeasureCount, MeasureDays:
		v.compare(m.Compare, here)
	case MeasureDistinct, MeasureSum, MeasureAvg, MeasureMin, MeasureMax:
		v.property(m.Of, here+"/of")
		v.compare(m.Compare, here)
	default:
		v.oneOf(string(m.Kind), measureKeys, at, "measure")
	}
}

func (v *validator) when(w When, at string) {
	switch w.Kind {
	case WhenEver:
	case WhenLast, WhenBeforeLast:
		v.duration(w.D1, at+"/"+string(w.Kind))
	case WhenBetween:
		v.duration(w.D1, at+"/between/0")
		v.duration(w.D2, at+"/between/1")
		if w.D1.Millis() <= w.D2.Millis() {
			v.fault(at+"/between", CodeInvalid, "the longer duration comes first: between 60d and 14d ago")
		}
	case WhenDates:
		v.dates(w, at)
	case WhenLastCalendarDays:
		if w.N < 0 || w.N > maxDays {
			v.limit(at+"/last_calendar_days", maxDays, int64(w.N), "last_calendar_days is from 0 (today) to 36500")
		}
	case WhenThis, WhenPrevious:
		v.oneOf(w.Period, periods, at+"/"+string(w.Kind), "period")
	default:
		v.oneOf(string(w.Kind), whenKeys, at, "window")
	}
}

func (v *validator) dates(w When, at string) {
	for _, end := range []struct {
		key string
		at  Value
	}{{"from", w.From}, {"before", w.Before}} {
		if end.at.IsSet() && !readableTime(end.at) {
			v.fault(at+"/"+end.key, CodeInvalid, `%.40q is no time: "2026-03-01", "2026-03-01T14:00:00Z", or seconds since 1970`, end.at.Text())
		}
	}
	if !w.From.IsSet() && !w.Before.IsSet() {
		v.fault(at, CodeInvalid, "a window of dates needs from, before, or both")
	}
}

func (v *validator) sequence(q *Sequence, at string, depth int) {
	steps := at + "/sequence"
	if n := len(q.Steps); n < 2 || n > MaxSequenceSteps {
		v.limit(steps, MaxSequenceSteps, int64(n), "a sequence has 2 to %d steps", MaxSequenceSteps)
	}
	for i, step := range q.Steps {
		if step == nil {
			v.fault(fmt.Sprintf("%s/%d", steps, i), CodeInvalid, "a step is missing")
			return
		}
		here := fmt.Sprintf("%s/%d", steps, i)
		if q.LastNot && i == len(q.Steps)-1 {
			here += "/not"
		}
		v.counted.enter(here, depth+1)
		v.activity(step, here, depth+1, true)
	}
	v.optionalDuration(q.Within, at+"/within")
	if q.LastNot && q.Within.IsZero() {
		v.fault(at+"/within", CodeInvalid, `a last step that is "not" needs within: how long nothing may follow`)
	}
	v.when(q.When, at+"/when")
}
