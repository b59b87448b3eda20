package carpel

import (
	"fmt"
	"strconv"
	"strings"
)

// Sentence says a condition in plain English, as one sentence without a full stop: the same in console, command line
// and API.
func Sentence(c Condition) string {
	g, ok := c.(*Group)
	if ok && g.Quantifier == AllOf && len(g.Of) > 1 {
		parts := make([]string, len(g.Of))
		for i, c := range g.Of {
			parts[i] = phrase(c)
		}
		return strings.Join(parts, ", and ")
	}
	return phrase(c)
}

// NodeSentence says one condition alone; a group is "all of these", "any of these" or "none of these".
func NodeSentence(c Condition) string {
	switch c := c.(type) {
	case *Group:
		return string(c.Quantifier) + " of these"
	case *Not:
		return "not this"
	}
	return phrase(c)
}

// phrase says a condition so that others may stand beside it.
func phrase(c Condition) string {
	switch c := c.(type) {
	case *Group:
		return groupPhrase(c)
	case *Not:
		return notPhrase(c.Of)
	case *Attribute:
		s := attributeName(c.Name) + " " + testPhrase(c.Test)
		if !c.For.IsZero() {
			s += ", and has been so for " + spell(c.For)
		}
		return s
	case *Property:
		return sayName(c.Name) + " " + testPhrase(c.Test)
	case *Activity:
		return activityPhrase(c, true)
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

func groupPhrase(g *Group) string {
	if len(g.Of) == 1 {
		switch g.Quantifier {
		case NoneOf:
			return notPhrase(g.Of[0])
		default:
			return phrase(g.Of[0])
		}
	}
	parts := make([]string, len(g.Of))
	for i, c := range g.Of {
		parts[i] = phrase(c)
	}
	switch g.Quantifier {
	case AnyOf:
		return "(either " + strings.Join(parts, ", or ") + ")"
	case NoneOf:
		return "(neither " + strings.Join(parts, ", nor ") + ")"
	}
	return "(" + strings.Join(parts, ", and ") + ")"
}

func notPhrase(c Condition) string {
	switch c := c.(type) {
	case *InSegment:
		return "is not in the segment " + sayName(c.Ref)
	case *Activity:
		if c.Measure.Kind == "" {
			never := *c
			never.Measure = Measure{Kind: MeasureCount, Compare: Compare{Op: CmpExactly, A: NumberValue(0)}}
			return activityPhrase(&never, true)
		}
	case *Device:
		if c.Count.Op == "" {
			return "has no " + strings.TrimPrefix(strings.TrimPrefix(devicePhrase(c), "has a "), "has an ")
		}
	}
	return "not (" + strings.TrimSuffix(strings.TrimPrefix(phrase(c), "("), ")") + ")"
}

func attributeName(name string) string {
	switch name {
	case AttrFirstSeen:
		return "first seen"
	case AttrLastSeen:
		return "last seen"
	}
	return sayName(name)
}

// sayName shows a name as it is; one that would be misread stands in quotes.
func sayName(name string) string {
	if strings.ContainsAny(name, `,()"`) || strings.TrimSpace(name) != name || name == "" {
		return strconv.Quote(name)
	}
	return name
}

// say shows a value; a text that would be misread stands in quotes.
func say(v Value) string {
	if v.Kind() == Text && (v.Text() == "" || strings.ContainsAny(v.Text(), `,()"`) || strings.TrimSpace(v.Text()) != v.Text() || plainDecimal(v.Text())) {
		return strconv.Quote(v.Text())
	}
	return v.Text()
}

func sayList(vs []Value) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = say(v)
	}
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " or " + parts[n-1]
	}
	return strings.Join(parts, "")
}

// sayPattern shows a pattern's alternatives joined by or.
func sayPattern(v Value) string {
	var parts []string
	part := ""
	for i := 0; i < len(v.Text()); i++ {
		switch c := v.Text()[i]; {
		case c == '|':
			parts, part = append(parts, part), ""
		case c == '\\' && i+1 < len(v.Text()):
			part += v.Text()[i : i+2]
			i++
		default:
			part += string(c)
		}
	}
	parts = append(parts, part)
	for i, p := range parts {
		parts[i] = say(TextValue(p))
	}
	return strings.Join(parts, " or ")
}

var unitNames = map[byte]string{'s': "second", 'm': "minute", 'h': "hour", 'd': "day", 'w': "week"}

// spell says a duration: "30 days".
func spell(d Duration) string {
	s := fmt.Sprintf("%d %s", d.N, unitNames[d.Unit])
	if d.N != 1 {
		s += "s"
	}
	return s
}

// opPhrases are the operators followed by one value.
var opPhrases = map[Op]string{
	OpIs: "is ", OpIsNot: "is not ", OpStartsWith: "starts with ", OpEndsWith: "ends with ", OpDoesNotStartWith: "does not start with ",
	OpDoesNotEndWith: "does not end with ", OpMatches: "matches the expression ", OpDoesNotMatch: "does not match the expression ",
	OpGreaterThan: "is greater than ", OpLessThan: "is less than ", OpAtLeast: "is at least ", OpAtMost: "is at most ",
	OpBefore: "is before ", OpAfter: "is after ", OpOn: "is on ",
}

func testPhrase(t Test) string {
	s := ""
	switch t.Op {
	case OpIsAnyOf:
		s = "is " + sayList(t.Values)
	case OpIsNoneOf:
		s = "is not " + sayList(t.Values)
	case OpContains:
		s = "contains " + sayPattern(t.Value)
	case OpDoesNotContain:
		s = "does not contain " + sayPattern(t.Value)
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
	case OpWithinLast:
		s = "is within the last " + spell(t.Duration)
	case OpMoreThanAgo:
		s = "is more than " + spell(t.Duration) + " ago"
	case OpWithinNext:
		s = "is within the next " + spell(t.Duration)
	case OpMoreThanAhead:
		s = "is more than " + spell(t.Duration) + " ahead"
	case OpAnniversaryWithinNext:
		s = "has its anniversary within the next " + spell(t.Duration)
		if t.Duration.N == 0 {
			s = "has its anniversary today"
		}
	case OpIsTime:
		s = "is a time"
	case OpHasItem:
		s = "has an item with " + innerPhrase(t.Item)
	default:
		s = opPhrases[t.Op] + say(t.Value)
	}
	if t.MatchCase {
		s += " (case matters)"
	}
	return s
}

// innerPhrase says conditions over properties in parentheses.
func innerPhrase(c Condition) string {
	s := phrase(asGroup(c))
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") && len(asGroup(c).(*Group).Of) > 1 {
		return s
	}
	return "(" + s + ")"
}

func countPhrase(c Compare) string {
	c = c.OrDefault()
	if c.Op == CmpBetween {
		return "between " + c.A.Text() + " and " + c.B.Text()
	}
	return compareWords[c.Op] + " " + c.A.Text()
}

func times(c Compare) string {
	c = c.OrDefault()
	if c.Op != CmpBetween && c.A == NumberValue(1) {
		if c.Op == CmpExactly {
			return "exactly once"
		}
		return compareWords[c.Op] + " once"
	}
	return countPhrase(c) + " times"
}

// activityPhrase says what was done; a step of a sequence is said without its "at least once".
func activityPhrase(a *Activity, alone bool) string {
	verb, object := "did", sayName(a.Name)
	switch a.Kind {
	case EventActivity:
		if a.Name == AnyEvent {
			verb, object = "was", "active"
		}
	case PageActivity, ScreenActivity:
		verb, object = "viewed", "the "+string(a.Kind)+" "+sayPattern(TextValue(a.Name))
		if a.Name == "*" {
			object = "a " + string(a.Kind)
		}
	case PageNameActivity:
		verb, object = "viewed", "a page named "+sayPattern(TextValue(a.Name))
	case MessageActivity:
		verb, object = messageWords(a)
	}
	m := a.Measure
	never := alone && m.Kind == MeasureCount && (m.Compare == Compare{Op: CmpExactly, A: NumberValue(0)} || m.Compare == Compare{Op: CmpAtMost, A: NumberValue(0)})
	s := verb + " " + object
	switch {
	case never && a.Kind == MessageActivity:
		s = "never " + s
	case never:
		s = "never " + verb + " " + object
		if a.Name == AnyEvent && a.Kind == EventActivity {
			s = "was never active"
		}
	default:
		s += measurePhrase(m)
	}
	s += whenPhrase(a.When)
	if a.Where != nil {
		s += " where " + innerPhrase(a.Where)
	}
	return s
}

// messageWords says what happened with a message from the person's side where they did it, from ours where not.
func messageWords(a *Activity) (verb, object string) {
	what := "a message"
	switch a.Name {
	case "email":
		what = "an email"
	case "push":
		what = "a push message"
	case "webhook":
		what = "a webhook"
	}
	if a.Campaign != "" {
		what += " of " + sayName(a.Campaign)
	}
	byMachine := ""
	if a.Machine {
		byMachine = " (machines counted too)"
	}
	switch a.Action {
	case "opened", "unsubscribed", "complained", "converted":
		link := map[string]string{"opened": "opened", "unsubscribed": "unsubscribed by", "complained": "complained about", "converted": "converted after"}[a.Action]
		return link, what + byMachine
	case "clicked":
		if a.Link != "" {
			return "clicked", "the link " + sayPattern(TextValue(a.Link)) + " in " + what + byMachine
		}
		return "clicked", "in " + what + byMachine
	case "sent":
		return "was sent", what + byMachine
	}
	passive := map[string]string{"delivered": "was delivered", "bounced": "had bounce", "failed": "had fail", "suppressed": "had suppressed"}
	return passive[a.Action], what + byMachine
}

func measurePhrase(m Measure) string {
	switch m.Kind {
	case MeasureCount:
		return " " + times(m.Compare)
	case MeasureDays:
		return " on " + countPhrase(m.Compare) + " different days"
	case MeasureDistinct:
		return " with " + countPhrase(m.Compare) + " different values of " + sayName(m.Of)
	case MeasureSum:
		return " with a sum of " + sayName(m.Of) + " of " + countPhrase(m.Compare)
	case MeasureAvg:
		return " with an average " + sayName(m.Of) + " of " + countPhrase(m.Compare)
	case MeasureMin:
		return " with a smallest " + sayName(m.Of) + " of " + countPhrase(m.Compare)
	case MeasureMax:
		return " with a largest " + sayName(m.Of) + " of " + countPhrase(m.Compare)
	case MeasureFirst, MeasureLast:
		return ", the " + string(m.Kind) + " time with " + innerPhrase(m.Where)
	case MeasureRegularly:
		often := "once"
		if m.Times != 1 {
			often = fmt.Sprintf("%d times", m.Times)
		}
		return fmt.Sprintf(" at least %s in at least %d of the last %d periods of %s", often, m.AtLeast, m.OfLast, spell(m.Period))
	}
	return ""
}

func whenPhrase(w When) string {
	switch w.Kind {
	case WhenLast:
		return " in the last " + spell(w.D1)
	case WhenBeforeLast:
		return " more than " + spell(w.D1) + " ago"
	case WhenBetween:
		return " between " + spell(w.D1) + " and " + spell(w.D2) + " ago"
	case WhenDates:
		s := ""
		if w.From.IsSet() {
			s += " from " + w.From.Text() + " on"
		}
		if w.Before.IsSet() {
			s += " before " + w.Before.Text()
		}
		return strings.Replace(s, " on before", " until before", 1)
	case WhenLastCalendarDays:
		switch w.N {
		case 0:
			return " today"
		case 1:
			return " today or yesterday"
		}
		return fmt.Sprintf(" today or on the %d days before", w.N)
	case WhenThis:
		if w.Period == "day" {
			return " today"
		}
		return " this " + w.Period
	case WhenPrevious:
		if w.Period == "day" {
			return " yesterday"
		}
		return " in the previous " + w.Period
	}
	return ""
}

func devicePhrase(d *Device) string {
	name := map[string]string{"any": "device", "mobile": "mobile device", "ios": "iOS device", "android": "Android device", "web": "web device"}[d.Platform]
	s := "has a " + name
	if d.Platform == "ios" || d.Platform == "android" {
		s = "has an " + name
	}
	if d.Count.Op != "" {
		s = "has " + countPhrase(d.Count) + " " + name + "s"
	}
	if d.Where != nil {
		s += " where " + innerPhrase(d.Where)
	}
	return s
}

func sequencePhrase(q *Sequence) string {
	var b strings.Builder
	for i, step := range q.Steps {
		switch {
		case i > 0 && q.LastNot && i == len(q.Steps)-1:
			b.WriteString(" and then not ")
		case i > 0:
			b.WriteString(", then ")
		}
		b.WriteString(activityPhrase(step, false))
	}
	if !q.Within.IsZero() {
		b.WriteString(", within " + spell(q.Within))
	}
	return "(" + b.String() + whenPhrase(q.When) + ")"
}
