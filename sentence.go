package carpel

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Sentence says a condition in plain English, as one sentence without a full stop: the same in console, command line
// and API.
func Sentence(c Condition) string { return openPhrase(c) }

// NodeSentence says one condition alone; a group is "all of these", "any of these" or "none of these".
func NodeSentence(c Condition) string {
	switch c := c.(type) {
	case *Group:
		return string(c.Quantifier) + " of these"
	case *Not:
		return "not this"
	}
	return openPhrase(c)
}

// openPhrase says a condition where nothing stands beside it.
func openPhrase(c Condition) string {
	switch c := c.(type) {
	case *Group:
		s, _ := groupPhrase(c)
		return s
	case *Not:
		return notPhrase(c.Of)
	case *Attribute:
		s := attributePhrase(c)
		if !c.For.IsZero() {
			s += " (unchanged for at least " + spell(c.For) + ")"
		}
		return s
	case *Property:
		return sayName(c.Name) + " " + testPhrase(c.Test)
	case *Activity:
		return activityPhrase(c)
	case *Device:
		return devicePhrase(c)
	case *InSegment:
		return "is in the segment " + sayName(c.Ref)
	case *Sequence:
		return sequencePhrase(c)
	case *Sample:
		return fmt.Sprintf("is in the %s%% sample %s", NumberValue(c.Percent).Text(), say(TextValue(c.Seed)))
	}
	return ""
}

// closedPhrase says a condition so that others may stand beside it.
func closedPhrase(c Condition) string {
	s := openPhrase(c)
	switch c := c.(type) {
	case *Sequence:
		return "(" + s + ")"
	case *Group:
		if _, parts := groupPhrase(c); parts > 1 {
			return "(" + s + ")"
		}
	}
	return s
}

// groupPhrase says a group, and of how many parts. None of some is said as not the first, and not the second.
func groupPhrase(g *Group) (string, int) {
	if len(g.Of) == 1 && g.Quantifier != NoneOf {
		if inner, ok := g.Of[0].(*Group); ok {
			return groupPhrase(inner)
		}
		return openPhrase(g.Of[0]), 1
	}
	var parts []string
	for _, c := range g.Of {
		inner, ok := c.(*Group)
		switch {
		case g.Quantifier == NoneOf:
			parts = append(parts, notPhrase(c))
		case g.Quantifier == AllOf && ok && inner.Quantifier == NoneOf:
			for _, c := range inner.Of {
				parts = append(parts, notPhrase(c))
			}
		default:
			parts = append(parts, closedPhrase(c))
		}
	}
	if g.Quantifier == AnyOf {
		return "either " + strings.Join(parts, ", or "), len(parts)
	}
	return strings.Join(parts, ", and "), len(parts)
}

// notPhrase says the complement of a condition so that others may stand beside it.
func notPhrase(c Condition) string {
	switch c := c.(type) {
	case *Attribute, *Property:
		if flipped, ok := flip(c); ok {
			return openPhrase(flipped)
		}
	case *InSegment:
		return "is not in the segment " + sayName(c.Ref)
	case *Activity:
		if c.Measure.normal().Kind == "" {
			never := *c
			never.Measure = Measure{Kind: MeasureCount, Compare: Compare{Op: CmpExactly, A: NumberValue(0)}}
			return activityPhrase(&never)
		}
	case *Device:
		if c.Count.normal().Op == "" {
			none := *c
			none.Count = Compare{Op: CmpExactly, A: NumberValue(0)}
			return devicePhrase(&none)
		}
	case *Group:
		if c.Quantifier == NoneOf {
			return closedPhrase(&Group{AnyOf, c.Of})
		}
	}
	return "not (" + openPhrase(c) + ")"
}

// flip returns an attribute or property condition with the opposite operator, where there is one.
func flip(c Condition) (Condition, bool) {
	switch c := c.(type) {
	case *Attribute:
		op, ok := opposite(c.Test.Op)
		flipped := *c
		flipped.Test.Op = op
		return &flipped, ok && c.For.IsZero()
	case *Property:
		op, ok := opposite(c.Test.Op)
		flipped := *c
		flipped.Test.Op = op
		return &flipped, ok
	}
	return nil, false
}

// opposite returns the operator that is the exact complement of op.
func opposite(op Op) (Op, bool) {
	for _, candidate := range ops {
		if positive, negative := Op(candidate).Positive(); negative && positive == op {
			return Op(candidate), true
		}
	}
	return op.Positive()
}

// attributePhrase says an attribute's test; our own attributes have words of their own.
func attributePhrase(a *Attribute) string {
	own := map[string]string{AttrFirstSeen: "first seen", AttrLastSeen: "last seen"}[a.Name]
	test := testPhrase(a.Test)
	if own == "" {
		return sayName(a.Name) + " " + test
	}
	switch a.Test.Op {
	case OpBefore, OpAfter, OpOn, OpWithinLast, OpMoreThanAgo, OpWithinNext, OpMoreThanAhead:
		return "was " + own + " " + strings.TrimPrefix(test, "is ")
	}
	return own + " " + test
}

// misread reports whether a text needs quotes to be told from the sentence around it.
func misread(s string) bool {
	return s == "" || strings.ContainsAny(s, `,()"`) || strings.TrimSpace(s) != s || strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0
}

// sayName shows a name as it is; one that would be misread stands in quotes.
func sayName(name string) string {
	if misread(name) {
		return strconv.Quote(name)
	}
	return name
}

// say shows a value; a text that would be misread stands in quotes.
func say(v Value) string {
	s := v.Text()
	if v.Kind() == Text && (misread(s) || plainDecimal(s)) || s == "true" || s == "false" {
		return strconv.Quote(s)
	}
	return s
}

// sayTime shows a moment; seconds since 1970 as the time that they are.
func sayTime(v Value) string {
	if v.Kind() == Number || digits(v.Text()) {
		if m, ok := v.AsTime(utc); ok {
			return m.String()
		}
	}
	return v.Text()
}

// maxSaid is how many values of a list a sentence names.
const maxSaid = 20

// sayList joins values: "a, b or c".
func sayList(vs []Value, last string) string {
	more := ""
	if len(vs) > maxSaid {
		vs, more = vs[:maxSaid-1], fmt.Sprintf("%d more", len(vs)-maxSaid+1)
	}
	var parts []string
	for _, v := range vs {
		parts = append(parts, say(v))
	}
	if more != "" {
		parts = append(parts, more)
	}
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " " + last + " " + parts[n-1]
	}
	return strings.Join(parts, "")
}

// sayPattern shows a pattern's alternatives joined by or.
func sayPattern(src string) string {
	var parts []string
	begin := 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '|':
			parts = append(parts, say(TextValue(src[begin:i])))
			begin = i + 1
		}
	}
	return strings.Join(append(parts, say(TextValue(src[begin:]))), " or ")
}

// spell says a duration: "30 days".
func spell(d Duration) string {
	unit := map[byte]string{'s': "second", 'm': "minute", 'h': "hour", 'd': "day", 'w': "week"}[d.Unit]
	return strconv.FormatInt(d.N, 10) + " " + plural(unit, d.N != 1)
}

// spellLast says a duration behind "the last" or "the next": "30 days", but "hour" for one.
func spellLast(d Duration) string { return strings.TrimPrefix(spell(d), "1 ") }

func plural(word string, many bool) string {
	if many {
		return word + "s"
	}
	return word
}

// opPhrases are the operators followed by one value.
var opPhrases = map[Op]string{
	OpIs: "is ", OpIsNot: "is not ", OpStartsWith: "starts with ", OpEndsWith: "ends with ", OpDoesNotStartWith: "does not start with ",
	OpDoesNotEndWith: "does not end with ", OpMatches: "matches the expression ", OpDoesNotMatch: "does not match the expression ",
	OpGreaterThan: "is greater than ", OpLessThan: "is less than ", OpAtLeast: "is at least ", OpAtMost: "is at most ",
}

func testPhrase(t Test) string {
	s := ""
	switch t.Op {
	case OpIsAnyOf:
		s = "is " + sayList(t.Values, "or")
	case OpIsNoneOf:
		s = "is neither " + sayList(t.Values, "nor")
		if len(t.Values) == 1 {
			s = "is not " + say(t.Values[0])
		}
	case OpContains:
		s = "contains " + sayPattern(t.Value.Text())
	case OpDoesNotContain:
		s = "does not contain " + sayPattern(t.Value.Text())
	case OpBetween:
		s = "is between " + say(t.Values[0]) + " and " + say(t.Values[1])
	case OpExists:
		s = "is set"
	case OpDoesNotExist:
		s = "is not set"
	case OpIsTrue:
		s = "is true"
	case OpIsFalse:
		s = "is false"
	case OpBefore, OpAfter, OpOn:
		s = "is " + string(t.Op) + " " + sayTime(t.Value)
	case OpWithinLast:
		s = "is within the last " + spellLast(t.Duration)
	case OpMoreThanAgo:
		s = "is more than " + spell(t.Duration) + " ago"
	case OpWithinNext:
		s = "is within the next " + spellLast(t.Duration)
	case OpMoreThanAhead:
		s = "is more than " + spell(t.Duration) + " ahead"
	case OpAnniversaryWithinNext:
		s = "has its anniversary within the next " + spellLast(t.Duration)
		if t.Duration.N == 0 {
			s = "has its anniversary today"
		}
	case OpIsTime:
		s = "is readable as a time"
	case OpHasItem:
		s = "has an item where " + innerPhrase(t.Item)
	default:
		s = opPhrases[t.Op] + say(t.Value)
	}
	if t.MatchCase {
		s += " (case matters)"
	}
	return s
}

// innerPhrase says conditions over properties in parentheses.
func innerPhrase(c Condition) string { return "(" + openPhrase(asGroup(c)) + ")" }
