package eval

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math/big"
	"slices"
	"unique"

	"github.com/carpel/carpel"
)

// tally keeps what a measure needs to know of the events in a window while events come in and go out. Used by one
// goroutine at a time.
type tally interface {
	// reset forgets everything; the tally is then asked as of now.
	reset(now carpel.Millis)
	// add and remove take an event in and out: one that is in is removed at most once.
	add(e *entry)
	remove(e *entry)
	// digest puts what the measure needs to know of the events that are in into x. include takes in what a digest is
	// about, to stay.
	digest(x *digest)
	include(x *digest)
	// matches reports whether the measure is as the condition wants it.
	matches() bool
	// actual returns what was measured, for people to read.
	actual() string
}

// tally returns an empty tally of the measure.
func (m *measure) tally(now carpel.Millis) tally {
	var t tally
	switch m.kind {
	case carpel.MeasureDays:
		t = &dayTally{m: m, day: localDay{zone: m.zone, from: 1, to: 0}}
	case carpel.MeasureDistinct:
		t = &distinctTally{m: m}
	case carpel.MeasureSum, carpel.MeasureAvg:
		t = &sumTally{m: m}
	case carpel.MeasureMin, carpel.MeasureMax:
		t = &extremeTally{m: m}
	case carpel.MeasureFirst, carpel.MeasureLast:
		t = &endTally{m: m}
	case carpel.MeasureRegularly:
		t = &periodTally{m: m}
	default:
		t = &countTally{m: m}
	}
	t.reset(now)
	return t
}

// countTally counts events.
type countTally struct {
	m *measure
	n int64
}

func (t *countTally) reset(carpel.Millis) { t.n = 0 }
func (t *countTally) add(*entry)          { t.n++ }
func (t *countTally) remove(*entry)       { t.n-- }
func (t *countTally) matches() bool       { return t.m.accept.count(t.n) }
func (t *countTally) actual() string      { return carpel.NumberValue(float64(t.n)).Text() }

func (t *countTally) digest(*digest)    {}
func (t *countTally) include(x *digest) { t.n += int64(x.n) }

// dayTally counts the local days that have events.
type dayTally struct {
	m    *measure
	day  localDay
	days []dayCount // ascending; none without events
}

// dayCount is how many events a day has.
type dayCount struct {
	day int64
	n   int
}

func (t *dayTally) reset(carpel.Millis) { t.days = t.days[:0] }

func (t *dayTally) add(e *entry) { t.put(t.day.of(e.at), 1) }

// put adds events to a day.
func (t *dayTally) put(day int64, n int) {
	i := len(t.days)
	for i > 0 && t.days[i-1].day >= day { // nearly always the last
		i--
	}
	if i == len(t.days) || t.days[i].day != day {
		t.days = slices.Insert(t.days, i, dayCount{day: day})
	}
	t.days[i].n += n
}

func (t *dayTally) digest(x *digest) { x.days = slices.Clone(t.days) }
func (t *dayTally) include(x *digest) {
	for _, d := range x.days {
		t.put(d.day, d.n)
	}
}

func (t *dayTally) remove(e *entry) {
	day := t.day.of(e.at)
	i, ok := slices.BinarySearchFunc(t.days, day, func(d dayCount, day int64) int { return cmp.Compare(d.day, day) })
	if !ok {
		return
	}
	if t.days[i].n--; t.days[i].n == 0 {
		t.days = slices.Delete(t.days, i, i+1)
	}
}
func (t *dayTally) matches() bool  { return t.m.accept.count(int64(len(t.days))) }
func (t *dayTally) actual() string { return carpel.NumberValue(float64(len(t.days))).Text() }

// eachItem yields a value, or the items of a list, without unset ones.
func eachItem(v carpel.Value, fn func(carpel.Value)) {
	if v.Kind() != carpel.List {
		if v.IsSet() {
			fn(v)
		}
		return
	}
	for _, item := range v.Items() {
		if item.IsSet() {
			fn(item)
		}
	}
}

// distinctTally counts different values, equal as in `is`.
type distinctTally struct {
	m   *measure
	n   map[string]int
	set unique.Handle[string] // of the digest included last
}

func (t *distinctTally) reset(carpel.Millis) {
	if t.n == nil {
		t.n = map[string]int{}
	}
	clear(t.n)
	t.set = unique.Handle[string]{}
}
func (t *distinctTally) add(e *entry) {
	eachItem(e.value, func(v carpel.Value) { t.n[carpel.Fold(v.Text())]++ })
}
func (t *distinctTally) remove(e *entry) {
	eachItem(e.value, func(v carpel.Value) {
		text := carpel.Fold(v.Text())
		if t.n[text]--; t.n[text] == 0 {
			delete(t.n, text)
		}
	})
}
func (t *distinctTally) matches() bool  { return t.m.accept.count(int64(len(t.n))) }
func (t *distinctTally) actual() string { return carpel.NumberValue(float64(len(t.n))).Text() }

func (t *distinctTally) digest(x *digest) {
	x.values = slices.Sorted(maps.Keys(t.n))
	var set []byte // each value after its length: no other values read the same
	for _, v := range x.values {
		set = append(binary.AppendUvarint(set, uint64(len(v))), v...)
	}
	x.set = unique.Make(string(set))
}
func (t *distinctTally) include(x *digest) {
	if x.set == t.set { // they stay: once is enough
		return
	}
	t.set = x.set
	for _, v := range x.values {
		t.n[v]++
	}
}

// eachNumber yields the numbers of a value or of a list's items.
func eachNumber(v carpel.Value, fn func(carpel.Value)) {
	eachItem(v, func(item carpel.Value) {
		if n, ok := item.AsNumber(); ok {
			fn(n)
		}
	})
}

// sumTally adds numbers: for sum, and with their count for avg.
type sumTally struct {
	m   *measure
	sum sum
	n   int64
}

func (t *sumTally) reset(carpel.Millis) { t.sum, t.n = sum{}, 0 }
func (t *sumTally) add(e *entry) {
	eachNumber(e.value, func(n carpel.Value) { t.sum.add(n, 1); t.n++ })
}
func (t *sumTally) remove(e *entry) {
	eachNumber(e.value, func(n carpel.Value) { t.sum.add(n, -1); t.n-- })
}

func (t *sumTally) digest(x *digest) { x.sum, x.numbers = t.sum.clone(), t.n }
func (t *sumTally) include(x *digest) {
	t.sum.plus(&x.sum)
	t.n += x.numbers
}

func (t *sumTally) matches() bool {
	if t.m.kind == carpel.MeasureSum {
		return t.sum.isIn(&t.m.accept)
	}
	if t.n == 0 {
		return false
	}
	avg := t.avg()
	return passes(t.m.compare, func(operand carpel.Value) int { return avg.Cmp(ratOf(operand)) })
}

func (t *sumTally) avg() *big.Rat {
	return new(big.Rat).SetFrac(t.sum.total(), new(big.Int).Mul(big.NewInt(t.n), big.NewInt(micro)))
}

func (t *sumTally) actual() string {
	switch {
	case t.m.kind == carpel.MeasureSum:
		return decimal(new(big.Rat).SetFrac(t.sum.total(), big.NewInt(micro)))
	case t.n == 0:
		return ""
	}
	return decimal(t.avg())
}

// decimal writes a number with at most 6 places.
func decimal(r *big.Rat) string {
	s := r.FloatString(6)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

// extremeTally keeps the least number (min) or the greatest (max): a heap with the best on top, from which numbers
// that went out are dropped when they come up.
type extremeTally struct {
	m    *measure
	heap []carpel.Value
	gone map[carpel.Value]int
}

func (t *extremeTally) reset(carpel.Millis) {
	if t.gone == nil {
		t.gone = map[carpel.Value]int{}
	}
	clear(t.gone)
	t.heap = t.heap[:0]
}

// before reports whether a comes up before b.
func (t *extremeTally) before(a, b carpel.Value) bool {
	if t.m.kind == carpel.MeasureMax {
		a, b = b, a
	}
	return carpel.CompareNumbers(a, b) < 0
}

func (t *extremeTally) add(e *entry) { eachNumber(e.value, t.push) }

func (t *extremeTally) push(n carpel.Value) {
	if t.gone[n] > 0 {
		t.gone[n]-- // one that went out is still on the heap
		return
	}
	t.heap = append(t.heap, n)
	for i := len(t.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !t.before(t.heap[i], t.heap[up]) {
			break
		}
		t.heap[i], t.heap[up] = t.heap[up], t.heap[i]
		i = up
	}
}

func (t *extremeTally) digest(x *digest) {
	if n, ok := t.top(); ok {
		x.best = []carpel.Value{n}
	}
}
func (t *extremeTally) include(x *digest) {
	for _, n := range x.best {
		t.push(n)
	}
}

func (t *extremeTally) remove(e *entry) {
	eachNumber(e.value, func(n carpel.Value) { t.gone[n]++ })
}

// top returns the best number that is in.
func (t *extremeTally) top() (carpel.Value, bool) {
	for len(t.heap) > 0 && t.gone[t.heap[0]] > 0 {
		t.gone[t.heap[0]]--
		t.pop()
	}
	if len(t.heap) == 0 {
		return carpel.Value{}, false
	}
	return t.heap[0], true
}

func (t *extremeTally) pop() {
	n := len(t.heap) - 1
	t.heap[0] = t.heap[n]
	t.heap = t.heap[:n]
	for i := 0; ; {
		down := 2*i + 1
		if down >= n {
			return
		}
		if down+1 < n && t.before(t.heap[down+1], t.heap[down]) {
			down++
		}
		if !t.before(t.heap[down], t.heap[i]) {
			return
		}
		t.heap[i], t.heap[down] = t.heap[down], t.heap[i]
		i = down
	}
}

func (t *extremeTally) matches() bool {
	n, ok := t.top()
	return ok && passes(t.m.compare, func(operand carpel.Value) int { return carpel.CompareNumbers(n, operand) })
}

func (t *extremeTally) actual() string {
	n, _ := t.top()
	return n.Text()
}

// endTally keeps the events in order of time, to see whether one of the first, or of the last, is good.
type endTally struct {
	m   *measure
	all []*entry
	in  []*entry // what is left of all
	// base is the first event of what was included; nil for none.
	base *entry
}

func (t *endTally) reset(carpel.Millis) {
	t.all, t.base = t.all[:0], nil
	t.in = t.all
}

func (t *endTally) add(e *entry) {
	i := len(t.in)
	for i > 0 && t.in[i-1].at > e.at {
		i--
	}
	if t.in = slices.Insert(t.in, i, e); cap(t.in) > cap(t.all) {
		t.all = t.in
	}
}

func (t *endTally) remove(e *entry) {
	if i := slices.Index(t.in, e); i == 0 {
		t.in = t.in[1:]
	} else if i > 0 {
		t.in = slices.Delete(t.in, i, i+1)
	}
}

func (t *endTally) digest(x *digest) {
	if n := len(t.in); n > 0 {
		x.ends = []*entry{{at: t.in[0].at, good: t.firstGood()}}
		if last := t.in[n-1].at; last != t.in[0].at {
			x.ends = append(x.ends, &entry{at: last, good: t.lastGood()})
		}
	}
}
func (t *endTally) include(x *digest) {
	switch n := len(x.ends); {
	case n == 0:
	case t.m.kind != carpel.MeasureFirst:
		t.add(x.ends[n-1])
	case t.base == nil || x.ends[0].at <= t.base.at: // later ones never come to be the first
		t.base = x.ends[0]
		t.add(t.base)
	}
}

func (t *endTally) matches() bool {
	if t.m.kind == carpel.MeasureFirst {
		return t.firstGood()
	}
	return t.lastGood()
}

// firstGood reports whether one of the first events is good; lastGood, of the last.
func (t *endTally) firstGood() bool {
	for _, e := range t.in {
		if e.at != t.in[0].at {
			return false
		}
		if e.good {
			return true
		}
	}
	return false
}

func (t *endTally) lastGood() bool {
	for i := len(t.in) - 1; i >= 0 && t.in[i].at == t.in[len(t.in)-1].at; i-- {
		if t.in[i].good {
			return true
		}
	}
	return false
}

func (t *endTally) actual() string {
	switch {
	case len(t.in) == 0:
		return ""
	case t.m.kind == carpel.MeasureFirst:
		return t.in[0].at.String()
	}
	return t.in[len(t.in)-1].at.String()
}

// periodTally counts events by period back from now, and the periods that have enough of them.
type periodTally struct {
	m    *measure
	now  carpel.Millis
	n    []int
	good int
}

func (t *periodTally) reset(now carpel.Millis) {
	if t.n == nil {
		t.n = make([]int, t.m.ofLast)
	}
	clear(t.n)
	t.now, t.good = now, 0
}

// period returns which period a moment lies in: i when now-(i+1)p < at <= now-ip. Events after now have none.
func (t *periodTally) period(at carpel.Millis) int {
	if at > t.now {
		return -1
	}
	if i := (t.now - at) / t.m.period; i < carpel.Millis(len(t.n)) {
		return int(i)
	}
	return -1
}

// put adds events to a period, or takes them away; periods that do not count are passed over.
func (t *periodTally) put(i, more int) {
	if i < 0 || i >= len(t.n) {
		return
	}
	before := t.n[i] >= t.m.times
	t.n[i] += more
	if after := t.n[i] >= t.m.times; after != before {
		if t.good++; before {
			t.good -= 2
		}
	}
}

func (t *periodTally) digest(*digest)    {}
func (t *periodTally) include(x *digest) { t.put(t.period(x.first), x.n) }

func (t *periodTally) add(e *entry)    { t.put(t.period(e.at), 1) }
func (t *periodTally) remove(e *entry) { t.put(t.period(e.at), -1) }
func (t *periodTally) matches() bool   { return t.good >= t.m.atLeast }
func (t *periodTally) actual() string  { return carpel.NumberValue(float64(t.good)).Text() }
