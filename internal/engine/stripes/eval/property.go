package eval

import (
	"fmt"
	"slices"

	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// propertyTest is a tree of conditions over the properties of a row or an object, compiled: a combination of others,
// or one operator on one property. Immutable; safe for concurrent use.
type propertyTest struct {
	op    combination // 0 for a property
	of    []*propertyTest
	probe *probe
	timed bool // the answer depends on now
}

// compileProperties compiles what stands in a where, or beside has_item; nil for nil.
func compileProperties(c carpel.Condition, zone *time.Location) (*propertyTest, error) {
	switch x := c.(type) {
	case nil:
		return nil, nil
	case *carpel.Group:
		op := map[carpel.Quantifier]combination{carpel.AllOf: combineAll, carpel.AnyOf: combineAny, carpel.NoneOf: combineNone}[x.Quantifier]
		return combineProperties(op, x.Of, zone)
	case *carpel.Not:
		return combineProperties(combineNone, []carpel.Condition{x.Of}, zone)
	case *carpel.Property:
		t, err := compileTest(x.Test, zone)
		if err != nil {
			return nil, err
		}
		return testOn(x.Name, t), nil
	}
	return nil, fmt.Errorf("a %T is no condition over properties", c)
}

func combineProperties(op combination, of []carpel.Condition, zone *time.Location) (*propertyTest, error) {
	p := &propertyTest{op: op}
	for _, c := range of {
		child, err := compileProperties(c, zone)
		if err != nil {
			return nil, err
		}
		p.of = append(p.of, child)
		p.timed = p.timed || child.timed
	}
	return p, nil
}

// testOn is one operator on the property of a name.
func testOn(name string, t *tester) *propertyTest {
	return &propertyTest{probe: &probe{places: placesOf(name), test: t}, timed: t.timed}
}

// both is the conjunction of two trees, either of which may be nil.
func both(a, b *propertyTest) *propertyTest {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &propertyTest{op: combineAll, of: []*propertyTest{a, b}, timed: a.timed || b.timed}
}

// row answers for one row or object of which get returns the properties, and when time may next change the answer.
func (p *propertyTest) row(get func(string) carpel.Value, now carpel.Millis) (bool, carpel.Millis) {
	if p.probe != nil {
		return p.probe.test.answer(p.probe.value(get), now)
	}
	matched, next := p.op == combineAll, carpel.Never
	for _, child := range p.of {
		m, n := child.row(get, now)
		next = min(next, n)
		if p.op == combineAll {
			matched = matched && m
		} else {
			matched = matched || m
		}
	}
	return matched != (p.op == combineNone), next
}

// never reports whether no row of a part can pass, as its columns alone show.
func (p *propertyTest) never(r *block.Rows) bool {
	if p.probe != nil {
		return p.probe.never(r)
	}
	none := func(child *propertyTest) bool { return child.never(r) }
	switch p.op {
	case combineAll:
		return slices.ContainsFunc(p.of, none)
	case combineAny:
		return !slices.ContainsFunc(p.of, func(child *propertyTest) bool { return !none(child) })
	}
	return false
}

// never is propertyTest.never for one operator.
func (p *probe) never(r *block.Rows) bool {
	if p.test.negative {
		return false
	}
	for _, at := range p.places {
		if !r.Holds(at.column) {
			continue
		}
		// A column of numbers holds nothing that a comparison of numbers cannot read.
		if !p.test.unreadable || !p.test.numeric() || r.Column(at.column).Dict != nil {
			return false
		}
	}
	return true
}

// place is where a dotted name may be found: a column, and the path below its objects ("" for the value itself).
type place struct{ column, path string }

// placesOf returns the places of a name, the one that wins first: the whole name, then what its dots reach into.
func placesOf(name string) []place {
	places := []place{{column: name}}
	for i := 0; i < len(name); i++ {
		if name[i] == '.' && name[:i] != "$context" {
			places = append(places, place{name[:i], name[i+1:]})
		}
	}
	return places
}

// in returns the value that a column's value holds at the place.
func (p place) in(v carpel.Value) carpel.Value {
	if p.path == "" {
		return v
	}
	return v.Reach(p.path)
}

// probe is one operator on one name.
type probe struct {
	places []place
	test   *tester
}

func (p *probe) value(get func(string) carpel.Value) carpel.Value {
	for _, at := range p.places {
		if v := at.in(get(at.column)); v.IsSet() {
			return v
		}
	}
	return carpel.Value{}
}

// rowBits is a bit per row of a part, set for those that pass.
type rowBits []uint64

// fill sets or clears the rows [from, to), and whatever else lies in their words.
func (b rowBits) fill(from, to int, on bool) {
	for w := from >> 6; w<<6 < to; w++ {
		if b[w] = 0; on {
			b[w] = wordMask(w, from, to)
		}
	}
}

// wordMask is the bits of a word that stand for rows in [from, to).
func wordMask(w, from, to int) uint64 {
	mask := ^uint64(0)
	if base := w << 6; base < from {
		mask <<= uint(from - base)
	}
	if end := (w + 1) << 6; end > to {
		mask &= ^uint64(0) >> uint(end-to)
	}
	return mask
}

// has reports whether a row passes.
func (b rowBits) has(row int) bool { return b[row>>6]>>(row&63)&1 != 0 }

// scratch is memory that evaluations use again. Used by one goroutine at a time.
type scratch struct {
	bits     []rowBits // not in use
	table    []uint8
	spans    []slotSpan
	hist     [block.Width][]entry
	happened [block.Width][]happening
	fit      fitting
	large    bool // it has grown by somebody's very many events: not worth keeping
}

// largeHistory is how many events of one person make scratch memory large.
const largeHistory = 1 << 14

// scratches lends scratch memory. Safe for concurrent use.
type scratches struct{ pool sync.Pool }

func (s *scratches) get() *scratch {
	if sc, ok := s.pool.Get().(*scratch); ok {
		return sc
	}
	return &scratch{}
}

func (s *scratches) put(sc *scratch) {
	if !sc.large {
		s.pool.Put(sc)
	}
}

// borrow returns bits for n rows, of any content; give them back with giveBack.
func (s *scratch) borrow(n int) rowBits {
	words := (n + 63) >> 6
	if last := len(s.bits) - 1; last >= 0 {
		b := s.bits[last]
		s.bits = s.bits[:last]
		if cap(b) >= words {
			return b[:words]
		}
	}
	return make(rowBits, words, max(words, 64))
}

func (s *scratch) giveBack(b rowBits) { s.bits = append(s.bits, b) }

// rowsAsked is the rows [from, to) of a part, to be answered at a moment.
type rowsAsked struct {
	rows     *block.Rows
	from, to int
	now      carpel.Millis
}

// bits answers for the rows asked about, into out, which has a bit for every row of the part: all words that hold one
// of the rows are overwritten, bits of other rows in them cleared. It returns when time may next change an answer.
func (p *propertyTest) bits(s *scratch, a rowsAsked, out rowBits) carpel.Millis {
	if p.probe != nil {
		return p.probe.bits(s, a, out)
	}
	first, last := a.from>>6, (a.to-1)>>6
	next := p.of[0].bits(s, a, out)
	tmp := s.borrow(len(out) << 6)
	for _, child := range p.of[1:] {
		any := uint64(0)
		for _, w := range out[first : last+1] {
			any |= w
		}
		if any == 0 && p.op == combineAll && !p.timed {
			break
		}
		next = min(next, child.bits(s, a, tmp))
		for w := first; w <= last; w++ {
			if p.op == combineAll {
				out[w] &= tmp[w]
			} else {
				out[w] |= tmp[w]
			}
		}
	}
	s.giveBack(tmp)
	if p.op == combineNone {
		out.invert(a.from, a.to)
	}
	return next
}

// invert turns the rows [from, to) round.
func (b rowBits) invert(from, to int) {
	for w := from >> 6; w<<6 < to; w++ {
		b[w] ^= wordMask(w, from, to)
	}
}

// bits answers one operator. The positive form is answered first; a negative operator is its exact complement.
func (p *probe) bits(s *scratch, a rowsAsked, out rowBits) carpel.Millis {
	next := carpel.Never
	if len(p.places) == 1 {
		next = p.column(s, a, a.rows.Column(p.places[0].column), out)
	} else {
		next = p.reach(s, a, out)
	}
	if p.test.negative {
		out.invert(a.from, a.to)
	}
	return next
}

// column answers the positive operator on a column that holds the values themselves.
func (p *probe) column(s *scratch, a rowsAsked, col *block.Column, out rowBits) carpel.Millis {
	switch {
	case col == nil:
		out.fill(a.from, a.to, false)
		return carpel.Never
	case col.Dict == nil && p.test.nums(col.Nums, a.from, a.to, out):
		return carpel.Never
	case col.Dict == nil || a.to-a.from < len(col.Dict):
		return p.each(a, col, out)
	}
	if cap(s.table) < len(col.Dict) {
		s.table = make([]uint8, max(256, len(col.Dict)))
	}
	table, next := s.table[:len(col.Dict)], carpel.Never
	for code, v := range col.Dict {
		table[code] = 0
		if code > 0 {
			r := p.test.test(v, a.now)
			next = min(next, r.next)
			if r.matched {
				table[code] = 1
			}
		}
	}
	for w := a.from >> 6; w<<6 < a.to; w++ {
		from, to := max(a.from, w<<6), min(a.to, (w+1)<<6)
		word := uint64(0)
		for i, code := range col.Codes[from:to] {
			word |= uint64(table[code]) << uint(i&63)
		}
		out[w] = word << uint(from&63)
	}
	return next
}

// each answers row by row.
func (p *probe) each(a rowsAsked, col *block.Column, out rowBits) carpel.Millis {
	out.fill(a.from, a.to, false)
	next := carpel.Never
	for i := a.from; i < a.to; i++ {
		if !col.IsSet(i) {
			continue
		}
		r := p.test.test(col.Value(i), a.now)
		next = min(next, r.next)
		if r.matched {
			out[i>>6] |= 1 << (i & 63)
		}
	}
	return next
}

// reach answers the positive operator on a dotted name, which may lie in one column or below another, row by row; the
// values below objects are found and tested once per dictionary entry.
func (p *probe) reach(s *scratch, a rowsAsked, out rowBits) carpel.Millis {
	out.fill(a.from, a.to, false)
	done := s.borrow(len(out) << 6)
	done.fill(a.from, a.to, false)
	next := carpel.Never
	for _, at := range p.places {
		col := a.rows.Column(at.column)
		if col == nil || col.Dict == nil && at.path != "" {
			continue
		}
		var seen []verdict // by code, when the dictionary is short
		var known []bool
		if col.Dict != nil && len(col.Dict) <= a.to-a.from {
			seen, known = make([]verdict, len(col.Dict)), make([]bool, len(col.Dict))
		}
		for i := a.from; i < a.to; i++ {
			if done.has(i) || !col.IsSet(i) {
				continue
			}
			var r verdict
			if known != nil && known[col.Codes[i]] {
				r = seen[col.Codes[i]]
			} else {
				r = p.found(at.in(col.Value(i)), a.now)
				if known != nil {
					seen[col.Codes[i]], known[col.Codes[i]] = r, true
				}
			}
			if r.unset {
				continue
			}
			done[i>>6] |= 1 << (i & 63)
			next = min(next, r.next)
			if r.matched {
				out[i>>6] |= 1 << (i & 63)
			}
		}
	}
	s.giveBack(done)
	return next
}

// found tests a value that may be unset.
func (p *probe) found(v carpel.Value, now carpel.Millis) verdict {
	if !v.IsSet() {
		return verdict{next: carpel.Never, unset: true}
	}
	return p.test.test(v, now)
}
