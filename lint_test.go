package carpel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLint(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string // code pointer
	}{
		{`plan is pro`, nil},
		{`plan is pro and plan is team`, nil}, // a list may hold both
		{`total > 100 and total < 50`, nil},   // likewise
		{`plan is pro and plan is not pro`, []string{"contradiction /all/1"}},
		{`plan is PRO and plan is not pro`, []string{"contradiction /all/1"}},
		{`id is PRO and id is not pro`, nil}, // ids are exact
		{`plan is PRO match case and plan is not pro`, []string{"contradiction /all/1"}},
		{`plan is PRO and plan is not PRO match case`, nil},
		{`plan is 42 and plan is not "42"`, []string{"contradiction /all/1"}},
		{`plan is any of (pro, team) and plan is none of (team, pro, x)`, []string{"contradiction /all/1"}},
		{`plan is any of (pro, team) and plan is none of (team)`, nil},
		{`plan is none of (pro) and plan is pro`, []string{"contradiction /all/1"}},
		{`plan is pro and plan does not exist`, []string{"contradiction /all/1"}},
		{`plan is not pro and plan does not exist`, nil},
		{`plan is not pro for 7d and plan does not exist`, nil},
		{`plan is pro for 7d and plan is not pro`, []string{"contradiction /all/1"}},
		{`plan is pro and plan is not pro for 7d`, nil}, // sound, not complete
		{`plan is pro and not plan is pro for 7d`, nil},
		{`email contains gmail and email does not exist`, []string{"contradiction /all/1"}},
		{`email is ana@gmail.com and email does not contain "gmail|yahoo"`, []string{"contradiction /all/1"}},
		{`email starts with anabel and email does not start with ana`, []string{"contradiction /all/1"}},
		{`email starts with ana and email does not start with anabel`, nil},
		{`email ends with .com and email does not end with x.com`, nil},
		{`email ends with x.com and email does not end with ".COM"`, []string{"contradiction /all/1"}},
		{`total > 100 and not total > 50`, []string{"contradiction /all/1"}},
		{`total > 100 and not total >= 100`, []string{"contradiction /all/1"}},
		{`total >= 100 and not total > 100`, nil},
		{`total between 5 and 7 and not total <= 7`, []string{"contradiction /all/1"}},
		{`total is "7" and not total <= 7`, []string{"contradiction /all/1"}},
		{`seen within last 7d and not seen within last 30d`, []string{"contradiction /all/1"}},
		{`seen within last 7d and seen more than 30d ago`, nil}, // a list may hold both
		{`$first_seen_at within last 7d and $first_seen_at more than 7d ago`, []string{"contradiction /all/1"}},
		{`$first_seen_at within last 8d and $first_seen_at more than 7d ago`, nil},

		{`plan is pro or plan is not pro`, []string{"always_true /any/1"}},
		{`plan exists or plan is not pro`, []string{"always_true /any/1"}},
		{`plan is pro or plan does not exist`, nil},
		{`total > 5 or not total > 7`, []string{"always_true /any/1"}},
		{`none of (plan is pro, plan is not pro)`, []string{"contradiction /none/1"}},
		{`in segment x1 and not in segment x1`, []string{"contradiction /all/1"}},
		{`in segment x1 and none of (in segment y1, in segment x1)`, []string{"contradiction /all/1/none/1"}},
		{`in segment x1 and not (in segment y1 or in segment x1)`, []string{"contradiction /all/1/not/any/1"}},
		{`in segment x1 and not (in segment y1 and in segment x1)`, nil},
		{`in segment x1 and in segment y1 and in segment x1`, []string{"duplicate /all/2"}},
		{`plan is pro or plan is pro`, []string{"duplicate /any/1"}},

		{`did x1 in the last 7d and did x1 exactly 0 times in the last 30d`, []string{"contradiction /all/1"}},
		{`did x1 in the last 30d and did x1 exactly 0 times in the last 7d`, nil},
		{`did x1 in the last 7d and did y1 exactly 0 times in the last 30d`, nil},
		{`did x1 in the last 7d and not did x1`, []string{"contradiction /all/1"}},
		{`did x1 in the last 7d and none of (did x1 in the last 7d)`, []string{"contradiction /all/1/none/0"}},
		{`did x1 at least 3 times and did x1 at most 2 times`, []string{"contradiction /all/1"}},
		{`did x1 at least 3 times or did x1 at most 2 times`, []string{"always_true /any/1"}},
		{`did x1 at least 3 times and did x1 at most 3 times`, nil},
		{`did x1 between 60d and 14d ago and did x1 exactly 0 times before the last 10d`, []string{"contradiction /all/1"}},
		{`did x1 in the last 7d where (p1 is 1) and did x1 exactly 0 times in the last 7d`, nil}, // sound, not complete

		{`did x1 at least 0 times`, []string{"always_true /count"}},
		{`did x1 more than -1 times`, []string{"always_true /count"}},
		{`did x1 less than 0 times`, []string{"contradiction /count"}},
		{`did x1 exactly 1.5 times`, []string{"contradiction /count"}},
		{`did x1 between 1.2 and 1.8 times`, []string{"contradiction /count"}},
		{`did x1 on at least 40 days in the last 30d`, []string{"contradiction /days"}},
		{`did x1 on at least 31 days in the last 30d`, nil},
		{`did x1 on at least 8 days this week`, []string{"contradiction /days"}},
		{`did x1 with at least 0 different sku`, []string{"always_true /distinct"}},
		{`has device ios count at most -1`, []string{"contradiction /count"}},
		{`did x1 from 2026-04-01 before 2026-03-01`, []string{"contradiction /when"}},
		{`did x1 from 2026-04-01 before 2026-04-01`, []string{"contradiction /when"}},
		{`did x1 exactly 0 times from 2026-04-01 before 2026-03-01`, []string{"always_true /when"}},
		{`did x1 from 2026-04-01 before "2026-04-01T05:00:00Z"`, nil}, // east of UTC the day began before
		{`did x1 with avg of p1 at most 5 from 2026-04-01 before 2026-03-01`, []string{"contradiction /when"}},
		{`sequence (did x1 then did y1) from 2026-04-01 before 2026-03-01`, []string{"contradiction /when"}},
		{`sample 100 percent seed x1`, []string{"always_true "}},
		{`sample 0 percent seed x1`, []string{"contradiction "}},

		{`email contains "a+b"`, []string{"wildcard /value"}},
		{`email contains "a\\+b"`, nil},
		{`viewed page "/a+|x"`, []string{"wildcard /page"}},
		{`message email clicked link "a+b"`, []string{"wildcard /link"}},
		{`did x1 where (p1 is 1 and p1 is not 1)`, []string{"contradiction /where/all/1"}},
		{`cart has item (p1 contains "a+b")`, []string{"wildcard /value/all/0/value"}},
	} {
		c, err := ParseText(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		var got []string
		for _, f := range Lint(c) {
			got = append(got, f.Code+" "+f.Pointer)
			if f.Message == "" || strings.Contains(f.Message, "%!") {
				t.Errorf("%s: message %q", tc.text, f.Message)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s\n%s", tc.text, diff)
		}
	}
}

func TestLintSuggestsThePlusSign(t *testing.T) {
	c, err := ParseText(`email contains "ana+news@|x\\+y"`)
	if err != nil {
		t.Fatal(err)
	}
	if got := Lint(c)[0].Suggestion; got != `ana\+news@|x\+y` {
		t.Errorf("got %q", got)
	}
}

// slowTest answers a few operators for one item, in the plainest way.
func slowTest(t Test, v Value) bool {
	fold := func(s string) string {
		if t.MatchCase {
			return s
		}
		return Fold(s)
	}
	number := func(ok func(order int) bool) bool {
		n, readable := v.AsNumber()
		return readable && ok(CompareNumbers(n, t.Value))
	}
	switch t.Op {
	case OpExists:
		return true
	case OpIs:
		return Equal(v, t.Value, t.MatchCase)
	case OpIsAnyOf:
		for _, w := range t.Values {
			if Equal(v, w, t.MatchCase) {
				return true
			}
		}
		return false
	case OpStartsWith:
		return strings.HasPrefix(fold(v.Text()), fold(t.Value.Text()))
	case OpContains:
		return strings.Contains(fold(v.Text()), fold(t.Value.Text()))
	case OpGreaterThan:
		return number(func(order int) bool { return order > 0 })
	case OpAtMost:
		return number(func(order int) bool { return order <= 0 })
	}
	panic("not tested here: " + t.Op)
}

// slowMatch answers groups of attribute conditions over one attribute, and of counts over the ages of events in days.
func slowMatch(c Condition, value Value, ages []int64) bool {
	switch c := c.(type) {
	case *Not:
		return !slowMatch(c.Of, value, ages)
	case *Group:
		n := 0
		for _, of := range c.Of {
			if slowMatch(of, value, ages) {
				n++
			}
		}
		return c.Quantifier == AllOf && n == len(c.Of) || c.Quantifier == AnyOf && n > 0 || c.Quantifier == NoneOf && n == 0
	case *Attribute:
		test := c.Test
		positive, negative := test.Op.Positive()
		test.Op = positive
		items := []Value{value}
		if value.Kind() == List {
			items = value.Items()
		}
		matched := false
		for _, item := range items {
			matched = matched || item.IsSet() && slowTest(test, item)
		}
		return matched != negative
	case *Activity:
		n := 0
		for _, age := range ages {
			switch w := c.When; w.Kind {
			case WhenLast:
				n += b2i(age < w.D1.N)
			case WhenBeforeLast:
				n += b2i(age >= w.D1.N)
			case WhenBetween:
				n += b2i(age < w.D1.N && age >= w.D2.N)
			default:
				n++
			}
		}
		return passes(c.Measure.Compare, NumberValue(float64(n)))
	}
	panic(fmt.Sprintf("not tested here: %T", c))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestLintIsSound holds what Lint says of random groups against random people.
func TestLintIsSound(t *testing.T) {
	claimed := 0
	for seed := range uint64(15_000) {
		r := newRandom(seed)
		leaf := func() Condition {
			if r.IntN(2) == 0 {
				a := &Activity{Kind: EventActivity, Name: "x", Measure: Measure{Kind: MeasureCount, Compare: Compare{
					Op: pick(r, CmpAtLeast, CmpAtMost, CmpExactly, CmpMoreThan, CmpLessThan), A: NumberValue(float64(r.IntN(4)))}}}
				days := func(n int64) Duration { return Duration{n, 'd'} }
				switch r.IntN(4) {
				case 0:
					a.When = When{Kind: WhenLast, D1: days(1 + int64(r.IntN(4)))}
				case 1:
					a.When = When{Kind: WhenBeforeLast, D1: days(1 + int64(r.IntN(4)))}
				case 2:
					a.When = When{Kind: WhenBetween, D1: days(4 + int64(r.IntN(2))), D2: days(1 + int64(r.IntN(3)))}
				}
				return a
			}
			test := Test{Op: pick(r, OpIs, OpIsNot, OpIsAnyOf, OpIsNoneOf, OpExists, OpDoesNotExist, OpStartsWith, OpDoesNotStartWith, OpContains, OpDoesNotContain, OpGreaterThan, OpAtMost)}
			text := func() Value { return TextValue(pick(r, "a", "A", "ab", "AB", "1", "15")) }
			switch positive, _ := test.Op.Positive(); positive {
			case OpIsAnyOf:
				test.Values = []Value{text(), pick(r, text(), NumberValue(1))}
			case OpGreaterThan, OpAtMost:
				test.Value = NumberValue(pick(r, 1.0, 2, 15))
			case OpIs:
				test.Value = pick(r, text(), NumberValue(1))
			case OpStartsWith, OpContains:
				test.Value = text()
			}
			test.MatchCase = test.Op.comparesText() && r.IntN(3) == 0
			return &Attribute{Name: "plan", Test: test}
		}
		g := &Group{Quantifier: pick(r, AllOf, AnyOf, NoneOf)}
		for range 2 + r.IntN(3) {
			c := leaf()
			switch r.IntN(5) {
			case 0:
				c = &Not{c}
			case 1:
				c = &Group{pick(r, AllOf, AnyOf, NoneOf), []Condition{c, leaf()}}
			}
			g.Of = append(g.Of, c)
		}
		l := &linter{}
		l.group(g, "")
		for _, f := range l.found {
			if f.Code == "duplicate" {
				continue
			}
			claimed++
			for range 30 {
				value := pick(r, Value{}, TextValue("a"), TextValue("AB"), TextValue("15"), NumberValue(1), NumberValue(15), mustValue(t, `["a","AB",15]`), mustValue(t, `["1","ab"]`), mustValue(t, `[]`))
				var ages []int64
				for range r.IntN(6) {
					ages = append(ages, int64(r.IntN(7)))
				}
				if got, want := slowMatch(g, value, ages), f.Code == "always_true"; got != want {
					t.Fatalf("%s is called %v, but %s and events of age %v say %v", FormatText(g), f, value.AppendJSON(nil), ages, got)
				}
			}
		}
	}
	if claimed < 1000 {
		t.Errorf("only %d claims were made: the test shows little", claimed)
	}
}
