package carpel

import (
	"fmt"
	"strings"
)

// countPhrase says a comparison: "at least 3".
func countPhrase(c Compare) string {
	c = c.OrDefault()
	if c.Op == CmpBetween {
		return "between " + c.A.Text() + " and " + c.B.Text()
	}
	return compareWords[c.Op] + " " + c.A.Text()
}

// counted says a comparison and what is counted: "at least 3 devices", "exactly 1 device".
func counted(c Compare, what string) string {
	c = c.OrDefault()
	return countPhrase(c) + " " + plural(what, c.Op == CmpBetween || c.A != NumberValue(1))
}

// times says how often: "at least 3 times", "exactly once".
func times(c Compare) string {
	c = c.OrDefault()
	if c.Op != CmpBetween && c.A == NumberValue(1) {
		return compareWords[c.Op] + " once"
	}
	return countPhrase(c) + " times"
}

// isNever reports whether a comparison of a count lets only 0 through.
func isNever(c Compare) bool {
	zero, one := NumberValue(0), NumberValue(1)
	return (c.Op == CmpExactly || c.Op == CmpAtMost) && c.A == zero || c.Op == CmpLessThan && c.A == one
}

// activityPhrase says what was done, how often, when, and where.
func activityPhrase(a *Activity) string {
	m := a.Measure.normal()
	never := m.Kind == MeasureCount && isNever(m.Compare)
	s := doing(a, never)
	if !never {
		s += measurePhrase(m)
	}
	s += whenPhrase(a.When)
	if a.Where != nil {
		s += " where " + innerPhrase(a.Where)
	}
	return s
}

// doing says what was done, or never done.
func doing(a *Activity, never bool) string {
	say := func(verb, object string) string {
		if never {
			verb = "never " + verb
		}
		return verb + " " + object
	}
	switch a.Kind {
	case EventActivity:
		if a.Name != AnyEvent {
			return say("did", sayName(a.Name))
		}
		if never {
			return "was never active"
		}
		return "was active"
	case PageActivity, ScreenActivity:
		if a.Name == "*" {
			return say("viewed", "a "+string(a.Kind))
		}
		return say("viewed", "the "+string(a.Kind)+" "+sayPattern(a.Name))
	case PageNameActivity:
		return say("viewed", "a page named "+sayPattern(a.Name))
	}
	return say(messageWords(a))
}

// messageWords says what happened with a message from the person's side: a verb, and the rest.
func messageWords(a *Activity) (verb, object string) {
	message := map[string]string{"email": "an email", "push": "a push message", "webhook": "a webhook", "any": "a message"}[a.Name]
	if a.Campaign != "" {
		message += " of " + sayName(a.Campaign)
	}
	switch a.Action {
	case "opened":
		verb, object = "opened", message
	case "clicked":
		verb, object = "clicked", "a link in "+message
		if a.Link != "" {
			object = "the link " + sayPattern(a.Link) + " in " + message
		}
	case "converted":
		verb, object = "converted", "after "+message
	case "unsubscribed":
		verb, object = "unsubscribed", "from "+message
	case "complained":
		verb, object = "complained", "about "+message
	case "bounced":
		verb, object = "had", message+" bounce"
	case "failed":
		verb, object = "had", message+" fail"
	default: // sent, delivered, suppressed
		verb, object = "had", message+" "+a.Action
	}
	if a.Machine {
		object += " (machines counted too)"
	}
	return verb, object
}

func measurePhrase(m Measure) string {
	switch m.Kind {
	case MeasureCount:
		return " " + times(m.Compare)
	case MeasureDays:
		return " on " + strings.Replace(counted(m.Compare, "different day"), " 1 different day", " 1 day", 1)
	case MeasureDistinct:
		return " with " + strings.Replace(counted(m.Compare, "different value"), " 1 different value", " 1 value", 1) + " of " + sayName(m.Of)
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
		often := times(Compare{Op: CmpAtLeast, A: NumberValue(float64(m.Times))})
		return fmt.Sprintf(" %s in at least %d of the last %d periods of %s", often, m.AtLeast, m.OfLast, spell(m.Period))
	}
	return ""
}

func whenPhrase(w When) string {
	switch w.Kind {
	case WhenLast:
		return " in the last " + spellLast(w.D1)
	case WhenBeforeLast:
		return " more than " + spell(w.D1) + " ago"
	case WhenBetween:
		return " between " + spell(w.D1) + " and " + spell(w.D2) + " ago"
	case WhenDates:
		switch {
		case !w.Before.IsSet():
			return " from " + sayTime(w.From) + " on"
		case !w.From.IsSet():
			return " before " + sayTime(w.Before)
		}
		return " from " + sayTime(w.From) + " until before " + sayTime(w.Before)
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
	if count := d.Count.normal(); isNever(count) {
		s = "has no " + name
	} else if count.Op != "" {
		s = "has " + counted(count, name)
	}
	if d.Where != nil {
		s += " where " + innerPhrase(d.Where)
	}
	return s
}

func sequencePhrase(q *Sequence) string {
	var b strings.Builder
	for i, step := range q.Steps {
		if q.LastNot && i == len(q.Steps)-1 {
			never := *step
			never.Measure = Measure{Kind: MeasureCount, Compare: Compare{Op: CmpExactly, A: NumberValue(0)}}
			b.WriteString(", and then " + activityPhrase(&never) + " within the next " + spellLast(q.Within))
			continue
		}
		if i > 0 {
			b.WriteString(", then ")
		}
		b.WriteString(activityPhrase(step))
	}
	if !q.LastNot && !q.Within.IsZero() {
		b.WriteString(", all within " + spell(q.Within))
	}
	if when := whenPhrase(q.When); when != "" {
		b.WriteString("," + when)
	}
	return b.String()
}
