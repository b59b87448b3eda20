package eval

import (
	"math"

	"github.com/carpel/carpel"
)

// numbers is what a tester compares the numbers of a column with, when plain float64 comparison is exact.
type numbers struct {
	low, high float64 // numeric operators: low <= n <= high
	is        []float64
	use       int
}

const (
	numsByRange = iota + 1
	numsByValue
)

// setNumbers prepares the comparison with number columns; operands of more digits than a float64 holds have none.
func (x *tester) setNumbers() {
	plain := func(v carpel.Value) bool { _, _, digits := v.Parts(); return digits == "" }
	n := numbers{low: math.Inf(-1), high: math.Inf(1), use: numsByRange}
	switch x.op {
	case carpel.OpGreaterThan:
		n.low = math.Nextafter(x.value.Float(), math.Inf(1))
	case carpel.OpAtLeast:
		n.low = x.value.Float()
	case carpel.OpLessThan:
		n.high = math.Nextafter(x.value.Float(), math.Inf(-1))
	case carpel.OpAtMost:
		n.high = x.value.Float()
	case carpel.OpBetween:
		n.low, n.high = x.low.Float(), x.high.Float()
	case carpel.OpExists:
	case carpel.OpIsAnyOf:
		n.use = numsByValue
		for text := range x.set {
			if v, ok := carpel.ParseNumber(text); ok && plain(v) && v.Text() == text {
				n.is = append(n.is, v.Float())
			}
		}
		if len(n.is) > 8 {
			return
		}
	default:
		return
	}
	if plain(x.value) && plain(x.low) && plain(x.high) || x.op == carpel.OpIsAnyOf {
		x.numbers = n
	}
}

// nums answers the positive operator for the numbers [from, to), NaN where unset. It reports false when the operator
// needs more than comparing floats.
func (x *tester) nums(nums []float64, from, to int, out rowBits) bool {
	use := x.numbers.use
	if x.unreadable {
		if use = 0; x.numeric() {
			out.fill(from, to, false)
			return true
		}
	}
	switch use {
	case numsByRange:
		eachInRange(nums, from, to, out, x.numbers.low, x.numbers.high)
	case numsByValue:
		if len(x.numbers.is) == 0 {
			out.fill(from, to, false)
			return true
		}
		eachOf(nums, from, to, out, x.numbers.is)
	default:
		return false
	}
	return true
}

// eachInRange fills the words of rows [from, to) with a bit for each number: whether low <= number <= high.
func eachInRange(nums []float64, from, to int, out rowBits, low, high float64) {
	for w := from >> 6; w<<6 < to; w++ {
		a, b := max(from, w<<6), min(to, (w+1)<<6)
		word := uint64(0)
		for i, f := range nums[a:b] {
			word |= bit(f >= low) & bit(f <= high) << uint(i&63)
		}
		out[w] = word << uint(a&63)
	}
}

// eachOf is eachInRange for whether the number is one of a few, at least one.
func eachOf(nums []float64, from, to int, out rowBits, is []float64) {
	for w := from >> 6; w<<6 < to; w++ {
		a, b := max(from, w<<6), min(to, (w+1)<<6)
		word := uint64(0)
		for _, want := range is {
			for i, f := range nums[a:b] {
				word |= bit(f == want) << uint(i&63)
			}
		}
		out[w] = word << uint(a&63)
	}
}

// bit is 1 for true, without a branch.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
