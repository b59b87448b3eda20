package carpel

import (
	"fmt"
	"math"
	"strings"
)

// A claim is a condition or its complement: what a group's children come to when negative operators, not, and none are
// taken apart.
type claim struct {
	pointer string    // of what is shown: with the nots that stand before it
	path    string    // of the condition itself
	of      Condition // never a Not, nor an attribute or property condition with a negative operator
	denied  bool
	index   int // which child of the group it came from
}

// maxClaims bounds the pairs that are compared.
const maxClaims = 64

// group looks for children of a group that repeat, exclude or complete each other.
func (l *linter) group(g *Group, at string) {
	var claims []claim
	for i, c := range g.Of {
		pointer := fmt.Sprintf("%s/%s/%d", at, g.Quantifier, i)
		claims = appendClaims(claims, claim{pointer, pointer, c, g.Quantifier == NoneOf, i}, g.Quantifier != AnyOf)
	}
	seen := map[[32]byte]int{}
	for i, c := range g.Of {
		h := Hash(c)
		if first, twice := seen[h]; twice {
			l.add("duplicate", fmt.Sprintf("%s/%s/%d", at, g.Quantifier, i), "This says the same as number %d of the list.", first+1)
		} else {
			seen[h] = i
		}
	}
	if len(claims) > maxClaims {
		claims = claims[:maxClaims] // a long list is compared only in its beginning: the work stays small
	}
	for i, b := range claims {
		for _, a := range claims[:i] {
			if a.index != b.index && l.pair(g.Quantifier, a, b) {
				break
			}
		}
	}
}

// pair notes two claims of a group that cannot both hold, or of which one always holds.
func (l *linter) pair(q Quantifier, a, b claim) bool {
	if q == AnyOf { // one of them always holds where their opposites exclude each other
		a.denied, b.denied = !a.denied, !b.denied
	}
	if !excludes(a, b) {
		return false
	}
	switch q {
	case AnyOf:
		l.add("always_true", b.pointer, "Everybody matches this or number %d of the list.", a.index+1)
	case NoneOf:
		l.add("contradiction", b.pointer, "Everybody matches this or number %d of the list, so none of them matches nobody.", a.index+1)
	default:
		l.add("contradiction", b.pointer, "Nobody matches this together with number %d of the list.", a.index+1)
	}
	return true
}

// appendClaims takes a claim apart. Where all must hold, so must the parts of an all group, and the opposites of those
// of a none group.
func appendClaims(to []claim, c claim, all bool) []claim {
	switch n := c.of.(type) {
	case *Not:
		c.of, c.denied, c.path = n.Of, !c.denied, c.path+"/not"
		return appendClaims(to, c, all)
	case *Group:
		if all && !c.denied && n.Quantifier != AnyOf || all && c.denied && n.Quantifier == AnyOf {
			for i, of := range n.Of {
				denied := n.Quantifier != AllOf
				pointer := fmt.Sprintf("%s/%s/%d", c.path, n.Quantifier, i)
				to = appendClaims(to, claim{pointer, pointer, of, denied, c.index}, all)
			}
			return to
		}
	case *Attribute:
		if op, negative := n.Test.Op.Positive(); negative && n.For.IsZero() {
			positive := *n
			positive.Test.Op = op
			c.of, c.denied = &positive, !c.denied
		}
	case *Property:
		if op, negative := n.Test.Op.Positive(); negative {
			positive := *n
			positive.Test.Op = op
			c.of, c.denied = &positive, !c.denied
		}
	}
	return append(to, c)
}

// excludes reports whether two claims can never hold of the same person.
func excludes(a, b claim) bool {
	switch {
	case a.denied && b.denied:
		return excludesDenied(a.of, b.of)
	case a.denied:
		return implies(b.of, a.of)
	case b.denied:
		return implies(a.of, b.of)
	}
	return disjoint(a.of, b.of)
}

// excludesDenied reports whether one of two conditions always holds, as far as counts of the same activity tell.
func excludesDenied(a, b Condition) bool {
	x, ok1 := a.(*Activity)
	y, ok2 := b.(*Activity)
	if !ok1 || !ok2 || !sameActivity(x, y) || x.When != y.When || !isCount(x) || !isCount(y) {
		return false
	}
	low1, high1 := wholes(x.Measure.Compare)
	low2, high2 := wholes(y.Measure.Compare)
	return low1 <= 0 && math.IsInf(high2, 1) && low2 <= high1+1 || low2 <= 0 && math.IsInf(high1, 1) && low1 <= high2+1
}

// disjoint reports whether two conditions never hold together. Attributes may be lists, which satisfy each condition by
// another item, so only those that are single times by their nature count: first and last seen.
func disjoint(a, b Condition) bool {
	switch x := a.(type) {
	case *Attribute:
		y, ok := b.(*Attribute)
		if !ok || x.Name != y.Name || x.Name != AttrFirstSeen && x.Name != AttrLastSeen {
			return false
		}
		if x.Test.Op == OpMoreThanAgo {
			x, y = y, x
		}
		return x.Test.Op == OpWithinLast && y.Test.Op == OpMoreThanAgo && x.Test.Duration.Millis() <= y.Test.Duration.Millis()
	case *Activity:
		y, ok := b.(*Activity)
		if !ok || !sameActivity(x, y) || !isCount(x) || !isCount(y) {
			return false
		}
		low1, high1 := wholes(x.Measure.Compare)
		low2, high2 := wholes(y.Measure.Compare)
		return low1 > high2 && within(x.When, y.When) || low2 > high1 && within(y.When, x.When)
	}
	return false
}

func isCount(a *Activity) bool { return a.Measure.Kind == "" || a.Measure.Kind == MeasureCount }

// sameActivity reports whether two conditions are over the same activity, whatever they measure and when.
func sameActivity(a, b *Activity) bool {
	x, y := *a, *b
	x.Measure, y.Measure, x.When, y.When = Measure{}, Measure{}, When{}, When{}
	return string(Canonical(&x)) == string(Canonical(&y))
}

// within reports whether every moment of window a lies in window b, at any now.
func within(a, b When) bool {
	if a == b || b.Kind == WhenEver {
		return true
	}
	switch {
	case a.Kind == WhenLast && b.Kind == WhenLast, a.Kind == WhenBetween && b.Kind == WhenLast:
		return a.D1.Millis() <= b.D1.Millis()
	case a.Kind == WhenBeforeLast && b.Kind == WhenBeforeLast:
		return a.D1.Millis() >= b.D1.Millis()
	case a.Kind == WhenBetween && b.Kind == WhenBeforeLast:
		return a.D2.Millis() >= b.D1.Millis()
	case a.Kind == WhenBetween && b.Kind == WhenBetween:
		return a.D1.Millis() <= b.D1.Millis() && a.D2.Millis() >= b.D2.Millis()
	case a.Kind == WhenLastCalendarDays && b.Kind == WhenLastCalendarDays:
		return a.N <= b.N
	}
	return false
}

// implies reports whether a condition that matches is certain to make the other match.
func implies(a, b Condition) bool {
	if string(Canonical(a)) == string(Canonical(b)) {
		return true
	}
	switch x := a.(type) {
	case *Attribute:
		y, ok := b.(*Attribute)
		return ok && x.Name == y.Name && y.For.IsZero() && impliesTest(x.Test, y.Test, x.Name == "id")
	case *Property:
		y, ok := b.(*Property)
		return ok && x.Name == y.Name && impliesTest(x.Test, y.Test, false)
	case *Activity:
		y, ok := b.(*Activity)
		if !ok || !sameActivity(x, y) || !isCount(x) || !isCount(y) {
			return false
		}
		low1, high1 := wholes(x.Measure.Compare)
		low2, high2 := wholes(y.Measure.Compare)
		return low1 >= low2 && math.IsInf(high2, 1) && within(x.When, y.When) || high1 <= high2 && low2 <= 0 && within(y.When, x.When)
	}
	return false
}

// impliesTest reports whether every item that satisfies one positive test satisfies the other. For id, which is always
// exact, case matters.
func impliesTest(a, b Test, exact bool) bool {
	a.MatchCase, b.MatchCase = a.MatchCase || exact && a.Op.comparesText(), b.MatchCase || exact && b.Op.comparesText()
	if _, negative := a.Op.Positive(); negative {
		return false // one with for beside it is no claim that could be turned round
	}
	if b.Op == OpExists {
		return true // every positive operator asks for a value
	}
	switch a.Op {
	case OpIs:
		return satisfies(a.Value, a.MatchCase, b)
	case OpIsAnyOf:
		for _, v := range a.Values {
			if !satisfies(v, a.MatchCase, b) {
				return false
			}
		}
		return true
	case OpStartsWith, OpEndsWith:
		return a.Op == b.Op && (a.MatchCase || !b.MatchCase) && satisfies(a.Value, a.MatchCase, b)
	case OpGreaterThan, OpLessThan, OpAtLeast, OpAtMost, OpBetween:
		return rangeIn(a, b)
	case OpWithinLast, OpWithinNext:
		return a.Op == b.Op && a.Duration.Millis() <= b.Duration.Millis()
	case OpMoreThanAgo, OpMoreThanAhead:
		return a.Op == b.Op && a.Duration.Millis() >= b.Duration.Millis()
	}
	return false
}

// satisfies reports whether every value equal to v satisfies a positive test. exact says that equal means with case.
func satisfies(v Value, exact bool, t Test) bool {
	if t.MatchCase && !exact {
		return false // an equal value may be written otherwise
	}
	if strings.HasPrefix(v.Text(), "{") || strings.HasPrefix(v.Text(), "[") {
		return false // the text of an object or a list is not compared piece by piece
	}
	text, fold := v.Text(), func(s string) string { return s }
	if !t.MatchCase {
		fold = Fold
	}
	switch t.Op {
	case OpIs:
		return Equal(v, t.Value, t.MatchCase)
	case OpIsAnyOf:
		for _, w := range t.Values {
			if Equal(v, w, t.MatchCase) {
				return true
			}
		}
	case OpContains:
		p, err := CompilePattern(t.Value.Text(), t.MatchCase)
		return err == nil && p.Contains(text)
	case OpStartsWith:
		return strings.HasPrefix(fold(text), fold(t.Value.Text()))
	case OpEndsWith:
		return strings.HasSuffix(fold(text), fold(t.Value.Text()))
	case OpGreaterThan, OpLessThan, OpAtLeast, OpAtMost, OpBetween:
		n, ok := v.AsNumber()
		return ok && inRange(n, t)
	}
	return false
}

// compareOf returns a numeric operator's test as a comparison.
func compareOf(t Test) Compare {
	switch t.Op {
	case OpGreaterThan:
		return Compare{Op: CmpMoreThan, A: t.Value}
	case OpLessThan:
		return Compare{Op: CmpLessThan, A: t.Value}
	case OpAtLeast:
		return Compare{Op: CmpAtLeast, A: t.Value}
	case OpAtMost:
		return Compare{Op: CmpAtMost, A: t.Value}
	}
	return Compare{Op: CmpBetween, A: t.Values[0], B: t.Values[1]}
}

func inRange(n Value, t Test) bool { return passes(compareOf(t), n) }

// rangeIn reports whether every number that passes one numeric test passes the other.
func rangeIn(a, b Test) bool {
	x := compareOf(a)
	switch b.Op {
	case OpGreaterThan, OpLessThan, OpAtLeast, OpAtMost, OpBetween:
	default:
		return false
	}
	y := compareOf(b)
	switch x.Op {
	case CmpBetween:
		return passes(y, x.A) && passes(y, x.B)
	case CmpAtLeast:
		return (y.Op == CmpAtLeast || y.Op == CmpMoreThan) && passes(y, x.A)
	case CmpAtMost:
		return (y.Op == CmpAtMost || y.Op == CmpLessThan) && passes(y, x.A)
	case CmpMoreThan:
		return (y.Op == CmpAtLeast || y.Op == CmpMoreThan) && CompareNumbers(x.A, y.A) >= 0
	}
	return (y.Op == CmpAtMost || y.Op == CmpLessThan) && CompareNumbers(x.A, y.A) <= 0 // less_than
}
