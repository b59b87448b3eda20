package eval

import (
	"math"
	"math/big"

	"github.com/carpel/carpel"
)

// accepted is the whole numbers that a comparison accepts: [low, high]; none when low > high. For sums they are
// millionths.
type accepted struct {
	low, high *big.Int // nil: no bound
	// The same, for numbers that an int64 holds.
	low64, high64 int64
}

// micro is how sums are counted: in millionths.
const micro = 1_000_000

// acceptedBy compiles a comparison of numbers that are counted in steps of 1/scale.
func acceptedBy(c carpel.Compare, scale int64) accepted {
	c = c.OrDefault()
	a := new(big.Rat).Mul(ratOf(c.A), new(big.Rat).SetInt64(scale))
	var x accepted
	switch c.Op {
	case carpel.CmpAtLeast:
		x.low = ceil(a)
	case carpel.CmpAtMost:
		x.high = floor(a)
	case carpel.CmpExactly:
		x.low, x.high = ceil(a), floor(a)
	case carpel.CmpMoreThan:
		x.low = new(big.Int).Add(floor(a), big.NewInt(1))
	case carpel.CmpLessThan:
		x.high = new(big.Int).Sub(ceil(a), big.NewInt(1))
	case carpel.CmpBetween:
		x.low, x.high = ceil(a), floor(new(big.Rat).Mul(ratOf(c.B), new(big.Rat).SetInt64(scale)))
	}
	x.low64, x.high64 = math.MinInt64, math.MaxInt64
	if x.low != nil {
		x.low64 = saturate(x.low)
	}
	if x.high != nil {
		x.high64 = saturate(x.high)
	}
	return x
}

// count reports whether a number is accepted.
func (x *accepted) count(n int64) bool { return n >= x.low64 && n <= x.high64 }

// once reports whether all that matters of a count is whether it is 0.
func (x *accepted) once() bool {
	return x.low64 == 1 && x.high64 == math.MaxInt64 || x.low64 <= 0 && x.high64 == 0
}

// big is count for numbers of any size.
func (x *accepted) big(n *big.Int) bool {
	return (x.low == nil || n.Cmp(x.low) >= 0) && (x.high == nil || n.Cmp(x.high) <= 0)
}

// ratOf returns a number exactly as its text says.
func ratOf(v carpel.Value) *big.Rat {
	if r, ok := new(big.Rat).SetString(v.Text()); ok {
		return r
	}
	return new(big.Rat)
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) } // Euclidean: the denominator is positive

func ceil(r *big.Rat) *big.Int {
	n := floor(new(big.Rat).Neg(r))
	return n.Neg(n)
}

func saturate(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// passes compares a number with the operands of a comparison, exactly.
func passes(c carpel.Compare, compare func(operand carpel.Value) int) bool {
	switch a := compare(c.A); c.Op {
	case carpel.CmpAtLeast:
		return a >= 0
	case carpel.CmpAtMost:
		return a <= 0
	case carpel.CmpExactly:
		return a == 0
	case carpel.CmpMoreThan:
		return a > 0
	case carpel.CmpLessThan:
		return a < 0
	default:
		return a >= 0 && compare(c.B) <= 0
	}
}
