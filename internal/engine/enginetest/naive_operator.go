package enginetest

import (
	"math/big"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// complements names the positive operator of every negative one.
func complements() map[carpel.Op]carpel.Op {
	return map[carpel.Op]carpel.Op{
		carpel.OpIsNot: carpel.OpIs, carpel.OpIsNoneOf: carpel.OpIsAnyOf, carpel.OpDoesNotContain: carpel.OpContains,
		carpel.OpDoesNotStartWith: carpel.OpStartsWith, carpel.OpDoesNotEndWith: carpel.OpEndsWith,
		carpel.OpDoesNotMatch: carpel.OpMatches, carpel.OpDoesNotExist: carpel.OpExists,
	}
}

// test answers an operator for a value that may be unset.
func (v view) test(t carpel.Test, r reading) bool {
	if positive, negative := complements()[t.Op]; negative {
		t.Op = positive
		return !v.test(t, r)
	}
	switch {
	case !r.isSet():
		return false
	case t.Op == carpel.OpExists:
		return true
	case t.Op == carpel.OpHasItem:
		return v.hasItem(t, r)
	case r.kind == carpel.List:
		for _, item := range r.items {
			if item.isSet() && v.one(t, item) {
				return true
			}
		}
		return false
	}
	return v.one(t, r)
}

func (v view) hasItem(t carpel.Test, r reading) bool {
	items := r.items
	if r.kind == carpel.Object {
		items = []reading{r}
	}
	for _, item := range items {
		if item.kind == carpel.Object && v.properties(item.fields, t.Item) {
			return true
		}
	}
	return false
}

// one answers a positive operator for one value that is set.
func (v view) one(t carpel.Test, r reading) bool {
	wanted := readValue(t.Value)
	switch t.Op {
	case carpel.OpIs:
		return sameValue(r, wanted, t.MatchCase)
	case carpel.OpIsAnyOf:
		for _, w := range t.Values {
			if sameValue(r, readValue(w), t.MatchCase) {
				return true
			}
		}
		return false
	case carpel.OpContains:
		return v.m.exprs.hasPart(wanted.text, r.text, t.MatchCase)
	case carpel.OpStartsWith:
		return v.literally(`\A`, wanted.text, ``, r.text, t.MatchCase)
	case carpel.OpEndsWith:
		return v.literally(``, wanted.text, `\z`, r.text, t.MatchCase)
	case carpel.OpMatches:
		mode := "(?i)"
		if t.MatchCase {
			mode = ""
		}
		return v.m.exprs.get(mode + wanted.text).MatchString(r.text)
	case carpel.OpGreaterThan, carpel.OpLessThan, carpel.OpAtLeast, carpel.OpAtMost, carpel.OpBetween:
		return numeric(t, r.number())
	case carpel.OpIsTrue:
		return truth(r, "true", "1")
	case carpel.OpIsFalse:
		return truth(r, "false", "0")
	}
	at, ok := r.time(v.m.cal)
	return ok && v.timely(t, at)
}

func (v view) literally(before, text, behind, in string, exact bool) bool {
	return v.m.exprs.literal(before, text, behind, exact).MatchString(in)
}

func truth(r reading, word, digit string) bool {
	switch r.kind {
	case carpel.Bool, carpel.Text, carpel.Number:
		return strings.EqualFold(r.text, word) || r.text == digit
	}
	return false
}

func numeric(t carpel.Test, n *big.Rat) bool {
	if n == nil {
		return false
	}
	if t.Op == carpel.OpBetween {
		return n.Cmp(readValue(t.Values[0]).number()) >= 0 && n.Cmp(readValue(t.Values[1]).number()) <= 0
	}
	order := n.Cmp(readValue(t.Value).number())
	switch t.Op {
	case carpel.OpGreaterThan:
		return order > 0
	case carpel.OpLessThan:
		return order < 0
	case carpel.OpAtLeast:
		return order >= 0
	}
	return order <= 0
}

// timely answers an operator over a moment.
func (v view) timely(t carpel.Test, at carpel.Millis) bool {
	cal, now, d := v.m.cal, v.now, span(t.Duration)
	wanted := readValue(t.Value)
	from, _ := wanted.time(cal)
	end := from // the first moment after what is wanted: the next millisecond, or the end of the day
	if day, bare := wanted.date(); bare {
		end = cal.midnight(day.AddDate(0, 0, 1))
	} else {
		end++
	}
	switch t.Op {
	case carpel.OpIsTime:
		return true
	case carpel.OpBefore:
		return at < from
	case carpel.OpAfter:
		return at >= end
	case carpel.OpOn:
		return from <= at && at < end
	case carpel.OpWithinLast:
		return now-d < at && at <= now
	case carpel.OpMoreThanAgo:
		return at <= now-d
	case carpel.OpWithinNext:
		return now < at && at <= now+d
	case carpel.OpMoreThanAhead:
		return at > now+d
	case carpel.OpAnniversaryWithinNext:
		day := anniversaryDay(cal.dayOf(at))
		today := cal.dayOf(now)
		for ahead := 0; ahead <= int(d/86_400_000) && ahead <= 366; ahead++ {
			next := today.AddDate(0, 0, ahead)
			if next.Month() == day.Month() && next.Day() == day.Day() {
				return true
			}
		}
		return false
	}
	panic("no operator: " + string(t.Op))
}

// anniversaryDay is the day whose day and month come round: 29 February counts as the 28th.
func anniversaryDay(day time.Time) time.Time {
	if day.Month() == time.February && day.Day() == 29 {
		return day.AddDate(0, 0, -1)
	}
	return day
}
