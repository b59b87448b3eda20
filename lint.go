package carpel

import (
	"fmt"
	"math"
)

// Finding is something that a definition says and that its writer may not mean. Codes: wildcard, contradiction,
// always_true, duplicate.
type Finding struct {
	Code       string `json:"code"`
	Pointer    string `json:"pointer"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// Lint returns what a definition alone gives away, in document order. It is sound: what it calls a contradiction
// matches nobody and what it calls always true everybody, whatever the data and the moment. It does not find all of
// them.
func Lint(c Condition) []Finding {
	l := &linter{}
	Walk(c, func(pointer string, c Condition) bool {
		switch c := c.(type) {
		case *Group:
			l.group(c, pointer)
		case *Attribute:
			l.test(c.Test, pointer)
		case *Property:
			l.test(c.Test, pointer)
		case *Activity:
			l.activity(c, pointer)
		case *Device:
			if c.Count.Op != "" {
				l.count(c.Count, pointer+"/count", "devices", math.MaxInt32)
			}
		case *Sequence:
			if emptyWindow(c.When) {
				l.add("contradiction", pointer+"/when", "The window ends before it begins.")
			}
		case *Sample:
			switch c.Percent {
			case 100:
				l.add("always_true", pointer, "A sample of 100 %% holds everybody.")
			case 0:
				l.add("contradiction", pointer, "A sample of 0 %% holds nobody.")
			}
		}
		return true
	})
	return l.found
}

// linter collects findings.
type linter struct{ found []Finding }

func (l *linter) add(code, pointer, format string, args ...any) {
	l.found = append(l.found, Finding{Code: code, Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (l *linter) test(t Test, at string) {
	switch t.Op {
	case OpContains, OpDoesNotContain:
		l.pattern(t.Value.Text(), at+"/value")
	}
}

// pattern notes a + that is a wildcard, and offers the same pattern with plus signs.
func (l *linter) pattern(src, at string) {
	p, err := CompilePattern(src, false)
	if err != nil || !p.HasWildcardPlus() {
		return
	}
	escaped := ""
	for i := 0; i < len(src); i++ {
		switch {
		case src[i] == '\\' && i+1 < len(src):
			escaped += src[i : i+2]
			i++
		case src[i] == '+':
			escaped += `\+`
		default:
			escaped += src[i : i+1]
		}
	}
	l.add("wildcard", at, `A + stands for any characters, at least one. For a plus sign write \+.`)
	l.found[len(l.found)-1].Suggestion = escaped
}

func (l *linter) activity(a *Activity, at string) {
	switch a.Kind {
	case PageActivity, PageNameActivity, ScreenActivity:
		l.pattern(a.Name, at+"/"+string(a.Kind))
	case MessageActivity:
		if a.Link != "" {
			l.pattern(a.Link, at+"/link")
		}
	}
	m := a.Measure
	if emptyWindow(a.When) {
		switch matched, known := holdsOfNothing(m); {
		case known && matched:
			l.add("always_true", at+"/when", "The window ends before it begins: it holds nothing, for everybody.")
		case known:
			l.add("contradiction", at+"/when", "The window ends before it begins: it holds nothing.")
		}
		return
	}
	here := at + "/" + string(m.Kind)
	switch m.Kind {
	case MeasureCount:
		l.count(m.Compare, here, "times", math.MaxInt32)
	case MeasureDays:
		l.count(m.Compare, here, "days", mostDays(a.When))
	case MeasureDistinct:
		l.count(m.Compare, here, "different values", math.MaxInt32)
	}
}

// count looks at a comparison of a whole number that is from 0 to most.
func (l *linter) count(c Compare, at, what string, most float64) {
	low, high := wholes(c)
	switch {
	case low <= 0 && math.IsInf(high, 1):
		l.add("always_true", at, "Everybody passes this: the number of %s is never below 0.", what)
	case high < 0:
		l.add("contradiction", at, "Nobody passes this: the number of %s is never below 0.", what)
	case low > high:
		l.add("contradiction", at, "The number of %s is a whole one: none lies in this range.", what)
	case low > most:
		l.add("contradiction", at, "The window holds at most %.0f %s.", most, what)
	}
}

// wholes returns the least and the greatest whole number that pass a comparison; infinities where there is no bound.
func wholes(c Compare) (low, high float64) {
	c = c.OrDefault()
	a := c.A.Float()
	switch c.Op {
	case CmpAtLeast:
		return math.Ceil(a), math.Inf(1)
	case CmpMoreThan:
		return math.Floor(a) + 1, math.Inf(1)
	case CmpAtMost:
		return math.Inf(-1), math.Floor(a)
	case CmpLessThan:
		return math.Inf(-1), math.Ceil(a) - 1
	case CmpBetween:
		return math.Ceil(a), math.Floor(c.B.Float())
	}
	return math.Ceil(a), math.Floor(a) // exactly
}

// mostDays returns on how many different local days a window can hold events, generously.
func mostDays(w When) float64 {
	const hour, day = 3_600_000, 86_400_000
	touched := func(span Millis) float64 { // a day more at each end, and days that clock changes shorten
		return float64((span+3*hour*(span/(90*day)+1))/day) + 2
	}
	switch w.Kind {
	case WhenLast:
		return touched(w.D1.Millis())
	case WhenBetween:
		return touched(w.D1.Millis() - w.D2.Millis())
	case WhenLastCalendarDays:
		return float64(w.N) + 1
	case WhenThis, WhenPrevious:
		return map[string]float64{"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[w.Period]
	}
	return math.MaxInt32
}

// emptyWindow reports whether a window of dates holds no moment in any time zone.
func emptyWindow(w When) bool {
	if w.Kind != WhenDates || !w.From.IsSet() || !w.Before.IsSet() {
		return false
	}
	from, ok1 := w.From.AsTime(utc)
	before, ok2 := w.Before.AsTime(utc)
	_, date1 := ParseDate(w.From.Text())
	_, date2 := ParseDate(w.Before.Text())
	if date1 != date2 {
		before += 26 * 3_600_000 // a bare date lies that far from the same in UTC at most
	}
	return ok1 && ok2 && from >= before
}

// holdsOfNothing reports whether a measure of no events passes its comparison, and whether that is known.
func holdsOfNothing(m Measure) (matched, known bool) {
	switch m.Kind {
	case "", MeasureCount, MeasureDays, MeasureDistinct, MeasureSum:
		return passes(m.Compare, NumberValue(0)), true
	case MeasureAvg, MeasureMin, MeasureMax, MeasureFirst, MeasureLast:
		return false, true
	}
	return false, false
}

// passes reports whether a number passes a comparison.
func passes(c Compare, n Value) bool {
	c = c.OrDefault()
	order := CompareNumbers(n, c.A)
	switch c.Op {
	case CmpAtLeast:
		return order >= 0
	case CmpAtMost:
		return order <= 0
	case CmpExactly:
		return order == 0
	case CmpMoreThan:
		return order > 0
	case CmpLessThan:
		return order < 0
	}
	return order >= 0 && CompareNumbers(n, c.B) <= 0
}
