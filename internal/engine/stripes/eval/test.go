package eval

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// The operators of page, screen and link patterns, which no definition spells.
const (
	opFits    carpel.Op = "fits"
	opFitsURL carpel.Op = "fits url"
)

// compileFit is the operator of a page, screen or link pattern.
func compileFit(op carpel.Op, pattern string) (*tester, error) {
	p, err := carpel.CompilePattern(pattern, false)
	if err != nil {
		return nil, err
	}
	x := &tester{op: op, pattern: p, always: true}
	x.setText()
	return x, nil
}

// verdict is what an operator says of one value.
type verdict struct {
	matched  bool
	next     carpel.Millis // when time alone next changes it; Never
	readable bool          // false: the operator cannot read the value
	unset    bool          // there was no value to test
}

// tester answers one operator, compiled: always its positive form; negative says that the answer is turned round by
// whoever asks, who alone knows about unset values and lists.
type tester struct {
	op        carpel.Op // positive
	negative  bool
	timed     bool // the answer depends on now
	matchCase bool
	zone      *time.Location

	value   carpel.Value
	few     []carpel.Literal    // is_any_of: the texts, when they are few; starts_with and ends_with: the text
	set     map[string]struct{} // is_any_of: folded texts
	low     carpel.Value
	high    carpel.Value
	pattern *carpel.Pattern
	regexp  *regexp.Regexp
	span    carpel.Millis
	days    int
	from    carpel.Millis // before, after, on: the day or moment
	to      carpel.Millis
	item    *propertyTest
	numbers numbers           // for columns of numbers
	always  bool              // the operator can read every value, and time does not change what it says
	text    func(string) bool // what an operator says of a value's text, when it depends on nothing else

	unreadable bool // asks for the values that the operator cannot read instead
}

func compileTest(t carpel.Test, zone *time.Location) (*tester, error) {
	x := &tester{matchCase: t.MatchCase, zone: zone, value: t.Value, span: t.Duration.Millis()}
	x.op, x.negative = t.Op.Positive()
	var err error
	switch x.op {
	case carpel.OpIs:
		x.setOf([]carpel.Value{t.Value})
	case carpel.OpIsAnyOf:
		x.setOf(t.Values)
	case carpel.OpContains:
		x.pattern, err = carpel.CompilePattern(t.Value.Text(), t.MatchCase)
	case carpel.OpMatches:
		x.regexp, err = carpel.CompileMatch(t.Value.Text(), t.MatchCase)
	case carpel.OpStartsWith, carpel.OpEndsWith:
		x.few = []carpel.Literal{carpel.NewLiteral(t.Value.Text(), t.MatchCase)}
	case carpel.OpBetween:
		x.low, x.high = t.Values[0], t.Values[1]
	case carpel.OpBefore, carpel.OpAfter, carpel.OpOn:
		x.from, _ = t.Value.AsTime(zone)
		x.to = x.from
		if d, ok := carpel.ParseDate(t.Value.Text()); ok && t.Value.Kind() == carpel.Text {
			x.to = d.AddDays(1).Midnight(zone) - 1
		}
	case carpel.OpWithinLast, carpel.OpMoreThanAgo, carpel.OpWithinNext, carpel.OpMoreThanAhead:
		x.timed = true
	case carpel.OpAnniversaryWithinNext:
		x.timed = true
		x.days = int(t.Duration.Millis() / 86_400_000)
	case carpel.OpHasItem:
		x.item, err = compileProperties(t.Item, zone)
		x.timed = x.item != nil && x.item.timed
	}
	x.setNumbers()
	x.always = !x.mayNotRead()
	if err == nil {
		x.setText()
	}
	return x, err
}

// setText sets text, when the operator is one of texts.
func (x *tester) setText() {
	switch x.op {
	case carpel.OpIsAnyOf:
		x.text = x.inSet
		if len(x.few) == 1 {
			x.text = x.few[0].Is
		}
	case opFitsURL:
		x.text = x.pattern.FitsURL
	case opFits:
		x.text = x.pattern.Fits
	case carpel.OpContains:
		x.text = x.pattern.Contains
	case carpel.OpMatches:
		x.text = x.regexp.MatchString
	case carpel.OpStartsWith:
		x.text = x.few[0].Begins
	case carpel.OpEndsWith:
		x.text = x.few[0].Ends
	}
}

// fewTexts is up to how many texts comparing with each is faster than a map.
const fewTexts = 8

func (x *tester) setOf(values []carpel.Value) {
	x.op = carpel.OpIsAnyOf
	x.set = make(map[string]struct{}, len(values))
	for _, v := range values {
		x.set[x.fold(v.Text())] = struct{}{}
	}
	if len(x.set) <= fewTexts {
		for text := range x.set {
			x.few = append(x.few, carpel.NewLiteral(text, x.matchCase))
		}
	}
}

// inSet reports whether a text is one of the set. A short one of ASCII is folded without taking memory.
func (x *tester) inSet(s string) bool {
	if x.few != nil {
		for i := range x.few {
			if x.few[i].Is(s) {
				return true
			}
		}
		return false
	}
	var short [64]byte
	if x.matchCase || len(s) > len(short) {
		_, ok := x.set[x.fold(s)]
		return ok
	}
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			_, ok := x.set[carpel.Fold(s)]
			return ok
		}
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		short[i] = c
	}
	_, ok := x.set[string(short[:len(s)])]
	return ok
}

func (x *tester) fold(s string) string {
	if x.matchCase {
		return s
	}
	return carpel.Fold(s)
}

// test answers for a set value: for a list, that one item matches. An unset value is the caller's.
func (x *tester) test(v carpel.Value, now carpel.Millis) verdict {
	r := x.read(v, now)
	if x.unreadable {
		return verdict{matched: !r.readable, next: carpel.Never, readable: true}
	}
	return r
}

// entry is test for an entry of a dictionary, of which most are texts.
func (x *tester) entry(v carpel.Value, now carpel.Millis) (matched bool, next carpel.Millis) {
	if kind, _, text := v.Parts(); kind == carpel.Text && x.text != nil {
		return x.text(text), carpel.Never
	}
	r := x.test(v, now)
	return r.matched, r.next
}

func (x *tester) read(v carpel.Value, now carpel.Millis) verdict {
	switch {
	case x.always:
		return verdict{matched: x.says(v), next: carpel.Never, readable: true}
	case x.op == carpel.OpHasItem:
		return x.hasItem(v, now)
	case v.Kind() != carpel.List:
		return x.scalar(v, now)
	}
	out := verdict{next: carpel.Never, readable: true}
	for _, item := range v.Items() {
		if !item.IsSet() {
			continue
		}
		one := x.scalar(item, now)
		out.matched = out.matched || one.matched
		out.readable = out.readable && one.readable
		out.next = min(out.next, one.next)
	}
	return out
}

// says is test for the operators that can read every value at any time.
func (x *tester) says(v carpel.Value) bool {
	if v.Kind() == carpel.List && x.op != carpel.OpExists {
		return slices.ContainsFunc(v.Items(), func(item carpel.Value) bool { return item.IsSet() && x.saysOne(item) })
	}
	return x.saysOne(v)
}

func (x *tester) saysOne(v carpel.Value) bool {
	switch {
	case x.text != nil:
		return x.text(v.Text())
	case x.op == carpel.OpExists:
		return v.IsSet()
	case x.op == carpel.OpIsTrue:
		return isBool(v, "true", "1")
	case x.op == carpel.OpIsFalse:
		return isBool(v, "false", "0")
	}
	_, ok := v.AsTime(x.zone) // is_time
	return ok
}

// scalar is test for the other operators, and a value that is not a list.
func (x *tester) scalar(v carpel.Value, now carpel.Millis) verdict {
	if x.numeric() {
		n, ok := v.AsNumber()
		return verdict{matched: ok && x.compare(n), next: carpel.Never, readable: ok}
	}
	at, ok := v.AsTime(x.zone)
	if !ok {
		return verdict{next: carpel.Never}
	}
	matched, next := x.time(at, now)
	return verdict{matched: matched, next: next, readable: true}
}

func isBool(v carpel.Value, word, digit string) bool {
	switch v.Kind() {
	case carpel.Bool:
		return v.Text() == word
	case carpel.Text, carpel.Number:
		return strings.EqualFold(v.Text(), word) || v.Text() == digit
	}
	return false
}

func (x *tester) compare(n carpel.Value) bool {
	switch x.op {
	case carpel.OpGreaterThan:
		return carpel.CompareNumbers(n, x.value) > 0
	case carpel.OpLessThan:
		return carpel.CompareNumbers(n, x.value) < 0
	case carpel.OpAtLeast:
		return carpel.CompareNumbers(n, x.value) >= 0
	case carpel.OpAtMost:
		return carpel.CompareNumbers(n, x.value) <= 0
	}
	return carpel.CompareNumbers(n, x.low) >= 0 && carpel.CompareNumbers(n, x.high) <= 0
}

// time answers the operators over a moment, and when time next changes the answer.
func (x *tester) time(at, now carpel.Millis) (bool, carpel.Millis) {
	// turns returns the answer of something that begins at one moment and ends at another, and what comes next.
	turns := func(begins, ends carpel.Millis) (bool, carpel.Millis) {
		switch {
		case now < begins:
			return false, begins
		case now < ends:
			return true, ends
		}
		return false, carpel.Never
	}
	switch x.op {
	case carpel.OpBefore:
		return at < x.from, carpel.Never
	case carpel.OpAfter:
		return at > x.to, carpel.Never
	case carpel.OpOn:
		return at >= x.from && at <= x.to, carpel.Never
	case carpel.OpWithinLast: // now - d < t <= now
		return turns(at, at+x.span)
	case carpel.OpMoreThanAgo: // t <= now - d
		return turns(at+x.span, carpel.Never)
	case carpel.OpWithinNext: // now < t <= now + d
		return turns(at-x.span, at)
	case carpel.OpMoreThanAhead: // t > now + d
		in, _ := turns(at-x.span, carpel.Never)
		if in {
			return false, carpel.Never
		}
		return true, at - x.span
	}
	return x.anniversary(at, now)
}

// anniversary answers whether the day and month of a moment come round within some days of today, and the local
// midnight at which that may change. A 29 February counts as a 28th.
func (x *tester) anniversary(at, now carpel.Millis) (bool, carpel.Millis) {
	today, day := carpel.DateOf(now, x.zone), anniversaryDay(at, x.zone)
	comes := carpel.Date{Year: today.Year, Month: day.Month, Day: day.Day}
	if daysBetween(today, comes) < 0 {
		comes.Year++
	}
	if daysBetween(today, comes) <= x.days {
		return true, comes.AddDays(1).Midnight(x.zone)
	}
	return false, comes.AddDays(-x.days).Midnight(x.zone)
}

// anniversaryDay returns the day of a moment that comes round every year.
func anniversaryDay(at carpel.Millis, zone *time.Location) carpel.Date {
	day := carpel.DateOf(at, zone)
	if day.Month == time.February && day.Day == 29 {
		day.Day = 28
	}
	return day
}

func daysBetween(a, b carpel.Date) int {
	at := func(d carpel.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	return int(at(b).Sub(at(a)) / (24 * time.Hour))
}

// hasItem answers whether one object of a list satisfies every condition; a single object is a list of one.
func (x *tester) hasItem(v carpel.Value, now carpel.Millis) verdict {
	out := verdict{next: carpel.Never, readable: v.Kind() == carpel.List || v.Kind() == carpel.Object}
	items := v.Items()
	if v.Kind() == carpel.Object {
		items = []carpel.Value{v}
	}
	for _, item := range items {
		if item.Kind() != carpel.Object {
			continue
		}
		fields := item.Fields()
		matched, next := x.item.row(func(name string) carpel.Value { return fields[name] }, now)
		out.matched = out.matched || matched
		out.next = min(out.next, next)
	}
	return out
}

// mayNotRead reports whether there are values that the operator cannot read.
func (x *tester) mayNotRead() bool { return x.op == carpel.OpHasItem || x.timeOp() || x.numeric() }

func (x *tester) numeric() bool {
	switch x.op {
	case carpel.OpGreaterThan, carpel.OpLessThan, carpel.OpAtLeast, carpel.OpAtMost, carpel.OpBetween:
		return true
	}
	return false
}

func (x *tester) timeOp() bool {
	switch x.op {
	case carpel.OpBefore, carpel.OpAfter, carpel.OpOn, carpel.OpWithinLast, carpel.OpMoreThanAgo, carpel.OpWithinNext, carpel.OpMoreThanAhead, carpel.OpAnniversaryWithinNext:
		return true
	}
	return false
}

// answer turns a test of a value, which may be unset, into the operator's answer.
func (x *tester) answer(v carpel.Value, now carpel.Millis) (bool, carpel.Millis) {
	if !v.IsSet() {
		return x.negative, carpel.Never
	}
	r := x.test(v, now)
	return r.matched != x.negative, r.next
}
