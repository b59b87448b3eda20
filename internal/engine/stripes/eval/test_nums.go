package eval

import (
	"math"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
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

// packedNumber is what stands for a number in one of the packed forms of [block.Nums].
type packedNumber interface {
	uint8 | uint16 | uint32
}

// packedIn returns a bit for each of at most 64 packed numbers: whether it is in [least, greatest], which is not empty.
func packedIn[T packedNumber](nums []T, least, greatest uint32) uint64 {
	out, n, span := uint64(0), len(nums), uint64(greatest-least) // the last first, a step a row, as in bitsSince
	for ; n >= 8; n -= 8 {
		x := (*[8]T)(nums[n-8:])
		out = out*2 + (span-uint64(uint32(x[7])-least))>>63
		out = out*2 + (span-uint64(uint32(x[6])-least))>>63
		out = out*2 + (span-uint64(uint32(x[5])-least))>>63
		out = out*2 + (span-uint64(uint32(x[4])-least))>>63
		out = out*2 + (span-uint64(uint32(x[3])-least))>>63
		out = out*2 + (span-uint64(uint32(x[2])-least))>>63
		out = out*2 + (span-uint64(uint32(x[1])-least))>>63
		out = out*2 + (span-uint64(uint32(x[0])-least))>>63
	}
	for ; n > 0; n-- {
		out = out*2 + (span-uint64(uint32(nums[n-1])-least))>>63
	}
	return ^out & wordMask(0, 0, len(nums))
}

// nums answers the positive operator for the numbers [from, to). It reports false when the operator needs more than
// comparing floats.
func (x *tester) nums(nums *block.Nums, from, to int, out rowBits) bool {
	use := x.numbers.use
	if x.unreadable {
		if use = 0; x.numeric() {
			out.fill(from, to, false)
			return true
		}
	}
	switch use {
	case numsByRange:
		x.numbers.eachInRange(nums, from, to, out)
	case numsByValue:
		x.numbers.eachOf(nums, from, to, out)
	default:
		return false
	}
	return true
}

// eachInRange fills the words of rows [from, to) with a bit for each number: whether it is in the range.
func (n *numbers) eachInRange(nums *block.Nums, from, to int, out rowBits) {
	if raw := nums.Raw(); raw != nil {
		eachInRange(raw, from, to, out, n.low, n.high)
		return
	}
	least, greatest := nums.Range(n.low, n.high)
	switch {
	case least > greatest:
		out.fill(from, to, false)
	case nums.One() != nil:
		eachPacked(nums.One(), from, to, out, least, greatest)
	case nums.Two() != nil:
		eachPacked(nums.Two(), from, to, out, least, greatest)
	default:
		eachPacked(nums.Four(), from, to, out, least, greatest)
	}
}

// eachPacked is eachInRange for packed numbers.
func eachPacked[T packedNumber](nums []T, from, to int, out rowBits, least, greatest uint32) {
	for w := from >> 6; w<<6 < to; w++ {
		a, b := max(from, w<<6), min(to, (w+1)<<6)
		out[w] = packedIn(nums[a:b], least, greatest) << uint(a&63)
	}
}

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

// eachOf is eachInRange for whether the number is one of a few.
func (n *numbers) eachOf(nums *block.Nums, from, to int, out rowBits) {
	out.fill(from, to, false)
	for _, want := range n.is {
		if raw := nums.Raw(); raw != nil {
			eachIs(raw, from, to, out, want)
			continue
		}
		switch stored := nums.Find(want); {
		case stored == 0:
		case nums.One() != nil:
			eachIs(nums.One(), from, to, out, uint8(stored))
		case nums.Two() != nil:
			eachIs(nums.Two(), from, to, out, uint16(stored))
		default:
			eachIs(nums.Four(), from, to, out, stored)
		}
	}
}

// eachIs sets the bits of rows [from, to) whose number is a certain one.
func eachIs[T packedNumber | float64](nums []T, from, to int, out rowBits, want T) {
	for w := from >> 6; w<<6 < to; w++ {
		a, b := max(from, w<<6), min(to, (w+1)<<6)
		word := uint64(0)
		for i, f := range nums[a:b] {
			word |= bit(f == want) << uint(i&63)
		}
		out[w] |= word << uint(a&63)
	}
}

// bit is 1 for true, without a branch.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
