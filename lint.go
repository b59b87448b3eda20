package carpel

import "fmt"

// Finding is something that a definition says and that its writer may not mean. Codes: wildcard, contradiction,
// always_true.
type Finding struct {
	Code       string `json:"code"`
	Pointer    string `json:"pointer"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// Lint returns what a definition alone gives away, in document order. It is sound: a contradiction matches nobody and
// an always-true part everybody, whatever the data. It does not find all of them.
func Lint(c Condition) []Finding {
	var found []Finding
	add := func(code, pointer, format string, args ...any) {
		found = append(found, Finding{Code: code, Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	Walk(c, func(pointer string, c Condition) bool {
		switch c := c.(type) {
		case *Group:
			lintGroup(c, pointer, add)
		case *Attribute:
			lintTest(c.Test, pointer, add)
		case *Property:
			lintTest(c.Test, pointer, add)
		case *Activity:
			lintActivity(c, pointer, add)
		case *Device:
			lintCount(c.Count, pointer+"/count", add)
		case *Sample:
			if c.Percent == 100 {
				add("always_true", pointer, "A sample of 100 %% holds everybody.")
			} else if c.Percent == 0 {
				add("contradiction", pointer, "A sample of 0 %% holds nobody.")
			}
		}
		return true
	})
	return found
}

type addFinding func(code, pointer, format string, args ...any)

// lintGroup looks for two conditions of an all or any group that exclude or complete each other.
func lintGroup(g *Group, at string, add addFinding) {
	for i, a := range g.Of {
		for j := range i {
			b := g.Of[j]
			here := fmt.Sprintf("%s/%s/%d", at, g.Quantifier, i)
			switch {
			case string(Canonical(a)) == string(Canonical(complement(b))):
				if g.Quantifier == AllOf {
					add("contradiction", here, "Nobody matches both this and its opposite (number %d of the list).", j+1)
				} else {
					add("always_true", here, "Everybody matches this or its opposite (number %d of the list).", j+1)
				}
			case g.Quantifier == AllOf && excludes(a, b):
				add("contradiction", here, "Nobody matches both this and number %d of the list.", j+1)
			}
		}
		if i > 64 {
			return // a long list is compared only in its beginning: the work stays small
		}
	}
}

// complement returns the condition that matches exactly where c does not, in its simplest form.
func complement(c Condition) Condition {
	switch c := c.(type) {
	case *Not:
		return c.Of
	case *Attribute:
		if c.For.IsZero() {
			if op, ok := opposite(c.Test.Op); ok {
				flipped := *c
				flipped.Test.Op = op
				return &flipped
			}
		}
	}
	return &Not{c}
}

// excludes reports whether no value can satisfy both of two attribute conditions. Lists satisfy a condition by any
// item, so only tests that a list cannot pass twice count: those of being set.
func excludes(a, b Condition) bool {
	x, ok1 := a.(*Attribute)
	y, ok2 := b.(*Attribute)
	if !ok1 || !ok2 || x.Name != y.Name {
		return false
	}
	if x.Test.Op == OpDoesNotExist {
		x, y = y, x
	}
	if y.Test.Op != OpDoesNotExist {
		return false
	}
	_, negative := x.Test.Op.Positive()
	return !negative // every positive operator asks for a value
}

func lintTest(t Test, at string, add addFinding) {
	switch t.Op {
	case OpContains, OpDoesNotContain:
		lintPattern(t.Value.Text(), at+"/value", add)
	}
}

func lintPattern(src, at string, add addFinding) {
	if p, err := CompilePattern(src, false); err == nil && p.HasWildcardPlus() {
		add("wildcard", at, `A + stands for any characters, at least one. For a plus sign write \+.`)
	}
}

func lintActivity(a *Activity, at string, add addFinding) {
	switch a.Kind {
	case PageActivity, PageNameActivity, ScreenActivity:
		lintPattern(a.Name, at+"/"+string(a.Kind), add)
	case MessageActivity:
		if a.Link != "" {
			lintPattern(a.Link, at+"/link", add)
		}
	}
	if a.Measure.Kind == MeasureCount || a.Measure.Kind == MeasureDays || a.Measure.Kind == MeasureDistinct {
		lintCount(a.Measure.Compare, at+"/"+string(a.Measure.Kind), add)
	}
	if from, ok := a.When.From.AsTime(utc); ok && a.When.Kind == WhenDates {
		const zones = 26 * 3_600_000 // bare dates of any zone
		if before, ok := a.When.Before.AsTime(utc); ok && from >= before+zones && a.Measure.Kind == "" {
			add("contradiction", at+"/when", "The window ends before it begins.")
		}
	}
}

// lintCount looks at a comparison of something that is a whole number from 0 on.
func lintCount(c Compare, at string, add addFinding) {
	n := c.A.Float()
	switch c.Op {
	case CmpAtLeast:
		if n <= 0 {
			add("always_true", at, "Everybody has at least 0.")
		}
	case CmpMoreThan:
		if n < 0 {
			add("always_true", at, "Everybody has more than that.")
		}
	case CmpAtMost:
		if n < 0 {
			add("contradiction", at, "Nobody has less than 0.")
		}
	case CmpLessThan:
		if n <= 0 {
			add("contradiction", at, "Nobody has less than 0.")
		}
	case CmpExactly:
		if n < 0 || n != float64(int64(n)) {
			add("contradiction", at, "A count is a whole number from 0 on.")
		}
	case CmpBetween:
		if c.B.Float() < 0 {
			add("contradiction", at, "Nobody has less than 0.")
		}
	}
}
