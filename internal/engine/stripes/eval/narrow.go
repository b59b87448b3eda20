package eval

import (
	"math/bits"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// rowsAsked is the rows [from, to) of a part, to be answered at a moment.
type rowsAsked struct {
	rows     *block.Rows
	from, to int
	now      carpel.Millis
}

// words returns the words that hold the rows.
func (a *rowsAsked) words(b rowBits) rowBits { return b[a.from>>6 : (a.to+63)>>6] }

// narrow keeps of the rows that have their bit set those that pass. It returns when time may next change what is said of
// one of them. Whoever narrows bits in turn asks the later tests only about what the earlier ones left open.
func (p *propertyTest) narrow(s *scratch, a rowsAsked, rows rowBits) carpel.Millis {
	next := carpel.Never
	if p.probe != nil {
		return p.probe.narrow(s, a, rows)
	}
	if p.op == combineAll {
		for _, child := range p.of {
			next = min(next, child.narrow(s, a, rows))
		}
		return next
	}
	left, fit := s.borrow(len(rows)<<6), s.borrow(len(rows)<<6) // left: those that passed nothing yet
	copy(a.words(left), a.words(rows))
	for _, child := range p.of {
		copy(a.words(fit), a.words(left))
		next = min(next, child.narrow(s, a, fit))
		a.words(left).without(a.words(fit))
	}
	if p.op == combineAny {
		a.words(rows).without(a.words(left))
	} else {
		copy(a.words(rows), a.words(left))
	}
	s.giveBack(left)
	s.giveBack(fit)
	return next
}

// without clears the bits that are set in o.
func (b rowBits) without(o rowBits) {
	for w := range b {
		b[w] &^= o[w]
	}
}

// narrow answers one operator. The positive form is answered first; a negative operator is its exact complement.
func (p *probe) narrow(s *scratch, a rowsAsked, rows rowBits) carpel.Millis {
	if !p.test.negative {
		return p.positive(s, a, rows)
	}
	fit := s.borrow(len(rows) << 6)
	copy(a.words(fit), a.words(rows))
	next := p.positive(s, a, fit)
	a.words(rows).without(a.words(fit))
	s.giveBack(fit)
	return next
}

// positive is narrow for the positive operator.
func (p *probe) positive(s *scratch, a rowsAsked, rows rowBits) carpel.Millis {
	if len(p.places) > 1 {
		return p.reach(s, a, rows)
	}
	switch col := a.rows.Column(p.places[0].column); {
	case col == nil:
		clear(a.words(rows))
	case col.Dict == nil && p.test.narrowNums(s, col.Nums, a, rows):
	case col.Dict == nil || a.to-a.from < col.Dict.Len() || col.Dict.Len() > fewEntries && rows.count(a.from, a.to) < col.Dict.Len():
		return p.each(a, col, rows)
	default:
		return p.codes(s, a, col, rows)
	}
	return carpel.Never
}

// fewEntries is up to how many entries of a dictionary are tested without counting the rows that are asked about.
const fewEntries = 8

// fewRows is up to how many numbers are unpacked one by one.
const fewRows = 24

// sparse is up to how many bits of a word are looked at one by one instead of all 64 rows.
const sparse = 12

// codes tests every entry of a column's dictionary, once.
func (p *probe) codes(s *scratch, a rowsAsked, col *block.Column, rows rowBits) carpel.Millis {
	n := col.Dict.Len()
	table, next := s.verdicts(max(n, 256)), carpel.Never
	table[0] = 0
	for code := 1; code < n; code++ {
		matched, n := p.test.entry(col.Dict.Value(code), a.now)
		next = min(next, n)
		table[code] = uint8(bit(matched))
	}
	if narrow := col.Codes.Narrow(); narrow != nil {
		narrowCodes(narrow, (*[256]uint8)(table), a, rows)
		return next
	}
	for w := a.from >> 6; w<<6 < a.to; w++ {
		for left := rows[w]; left != 0; left &= left - 1 {
			i := bits.TrailingZeros64(left)
			rows[w] &^= uint64(table[col.Codes.At(w<<6+i)]^1) << i
		}
	}
	return next
}

// narrowCodes keeps the rows whose code has a 1 in a table.
func narrowCodes(of []uint8, table *[256]uint8, a rowsAsked, rows rowBits) {
	for w := a.from >> 6; w<<6 < a.to; w++ {
		word := rows[w]
		if word == 0 {
			continue
		}
		codes, fit := of[w<<6:min(len(of), (w+1)<<6)], uint64(0)
		if bits.OnesCount64(word) <= sparse {
			for left := word; left != 0; left &= left - 1 {
				i := bits.TrailingZeros64(left)
				fit |= uint64(table[codes[i]]) << i
			}
		} else {
			n := len(codes) // the last first, a step a row, as in bitsSince
			for ; n >= 8; n -= 8 {
				c := (*[8]uint8)(codes[n-8:])
				fit = fit*2 + uint64(table[c[7]])
				fit = fit*2 + uint64(table[c[6]])
				fit = fit*2 + uint64(table[c[5]])
				fit = fit*2 + uint64(table[c[4]])
				fit = fit*2 + uint64(table[c[3]])
				fit = fit*2 + uint64(table[c[2]])
				fit = fit*2 + uint64(table[c[1]])
				fit = fit*2 + uint64(table[c[0]])
			}
			for ; n > 0; n-- {
				fit = fit*2 + uint64(table[codes[n-1]])
			}
		}
		rows[w] = word & fit
	}
}

// narrowNums answers for a column of numbers. It reports false when the operator needs more than comparing floats.
func (x *tester) narrowNums(s *scratch, nums *block.Nums, a rowsAsked, rows rowBits) bool {
	if x.numbers.use != numsByRange || x.unreadable {
		fit := s.borrow(len(rows) << 6)
		defer s.giveBack(fit)
		if !x.nums(nums, a.from, a.to, fit) {
			return false
		}
		for w := a.from >> 6; w<<6 < a.to; w++ {
			rows[w] &= fit[w]
		}
		return true
	}
	if raw := nums.Raw(); raw != nil {
		narrowRange(raw, x.numbers.low, x.numbers.high, a, rows)
		return true
	}
	if a.to-a.from < fewRows {
		for row := a.from; row < a.to; row++ {
			if f := nums.At(row); !(f >= x.numbers.low && f <= x.numbers.high) {
				rows[row>>6] &^= 1 << (row & 63)
			}
		}
		return true
	}
	least, greatest := nums.Range(x.numbers.low, x.numbers.high)
	switch {
	case least > greatest:
		clear(a.words(rows))
	case nums.One() != nil:
		narrowPacked(nums.One(), least, greatest, a, rows)
	case nums.Two() != nil:
		narrowPacked(nums.Two(), least, greatest, a, rows)
	default:
		narrowPacked(nums.Four(), least, greatest, a, rows)
	}
	return true
}

// narrowPacked keeps the rows of which what they have of a packed number is in [least, greatest].
func narrowPacked[T packedNumber](nums []T, least, greatest uint32, a rowsAsked, rows rowBits) {
	for w := a.from >> 6; w<<6 < a.to; w++ {
		if rows[w] != 0 {
			rows[w] &= packedIn(nums[w<<6:min(len(nums), (w+1)<<6)], least, greatest)
		}
	}
}

// narrowRange keeps the rows whose number is in [low, high].
func narrowRange(nums []float64, low, high float64, a rowsAsked, rows rowBits) {
	for w := a.from >> 6; w<<6 < a.to; w++ {
		word := rows[w]
		if word == 0 {
			continue
		}
		of, fit := nums[w<<6:min(len(nums), (w+1)<<6)], uint64(0)
		if bits.OnesCount64(word) <= sparse {
			for left := word; left != 0; left &= left - 1 {
				i := bits.TrailingZeros64(left)
				fit |= (bit(of[i] >= low) & bit(of[i] <= high)) << i
			}
		} else {
			for i, f := range of {
				fit |= (bit(f >= low) & bit(f <= high)) << (i & 63)
			}
		}
		rows[w] = word & fit
	}
}

// each answers row by row.
func (p *probe) each(a rowsAsked, col *block.Column, rows rowBits) carpel.Millis {
	next := carpel.Never
	for w := a.from >> 6; w<<6 < a.to; w++ {
		for left := rows[w]; left != 0; left &= left - 1 {
			row := w<<6 + bits.TrailingZeros64(left)
			r := verdict{next: carpel.Never}
			if col.IsSet(row) {
				r = p.test.test(col.Value(row), a.now)
			}
			next = min(next, r.next)
			if !r.matched {
				rows[w] &^= 1 << (row & 63)
			}
		}
	}
	return next
}

// reach answers for a dotted name, which may lie in one column or below another, row by row; what lies below objects is
// found and tested once per dictionary entry.
func (p *probe) reach(s *scratch, a rowsAsked, rows rowBits) carpel.Millis {
	next := carpel.Never
	left := s.borrow(len(rows) << 6) // those of which no place has the value
	copy(a.words(left), a.words(rows))
	clear(a.words(rows))
	for _, at := range p.places {
		col := a.rows.Column(at.column)
		if col == nil || col.Dict == nil && at.path != "" {
			continue
		}
		var seen []verdict // by code, when the dictionary is short
		var known []bool
		if col.Dict != nil && col.Dict.Len() <= a.to-a.from {
			seen, known = make([]verdict, col.Dict.Len()), make([]bool, col.Dict.Len())
		}
		for w := a.from >> 6; w<<6 < a.to; w++ {
			for word := left[w]; word != 0; word &= word - 1 {
				i := w<<6 + bits.TrailingZeros64(word)
				if !col.IsSet(i) {
					continue
				}
				var r verdict
				if known != nil && known[col.Codes.At(i)] {
					r = seen[col.Codes.At(i)]
				} else {
					r = p.found(at.in(col.Value(i)), a.now)
					if known != nil {
						seen[col.Codes.At(i)], known[col.Codes.At(i)] = r, true
					}
				}
				if r.unset {
					continue
				}
				left[w] &^= 1 << (i & 63)
				next = min(next, r.next)
				if r.matched {
					rows[w] |= 1 << (i & 63)
				}
			}
		}
	}
	s.giveBack(left)
	return next
}

// found tests a value that may be unset.
func (p *probe) found(v carpel.Value, now carpel.Millis) verdict {
	if !v.IsSet() {
		return verdict{next: carpel.Never, unset: true}
	}
	return p.test.test(v, now)
}
