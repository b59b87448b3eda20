package eval

import (
	"math"
	"math/big"

	"github.com/carpel/carpel"
)

// sum adds numbers in millionths, exactly: in an int64 while it holds them, beside it what is larger. The zero value
// is 0.
type sum struct {
	small int64
	large *big.Int // what did not fit; nil for none
}

// add adds a number, rounded to 6 places, times sign (1 or -1).
func (s *sum) add(v carpel.Value, sign int64) {
	n, ok := microOf(v)
	if ok {
		n *= sign
		if r := s.small + n; (r > s.small) == (n > 0) {
			s.small = r
			return
		}
		s.spill(big.NewInt(n))
		return
	}
	n2 := roundMicro(v)
	if sign < 0 {
		n2.Neg(n2)
	}
	s.spill(n2)
}

func (s *sum) spill(n *big.Int) {
	if s.large == nil {
		s.large = new(big.Int)
	}
	s.large.Add(s.large, n)
}

// total returns the sum in millionths.
func (s *sum) total() *big.Int {
	t := big.NewInt(s.small)
	if s.large != nil {
		t.Add(t, s.large)
	}
	return t
}

// isIn reports whether the sum is accepted.
func (s *sum) isIn(x *accepted) bool {
	if s.large == nil {
		return x.count(s.small)
	}
	return x.big(s.total())
}

// microOf returns a number in millionths, rounded half away from zero; false when that takes exact arithmetic.
func microOf(v carpel.Value) (int64, bool) {
	f := v.Float()
	if _, _, digits := v.Parts(); digits != "" {
		return 0, false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<43 {
		return int64(f) * micro, true
	}
	x := f * micro
	if !(math.Abs(x) < 1<<40) { // past that its error is no longer far below a half
		return 0, false
	}
	n := math.Round(x)
	if math.Abs(math.Abs(x-n)-0.5) < 1e-3 { // the product may lie on the wrong side of a half
		return 0, false
	}
	return int64(n), true
}

// roundMicro is microOf by the number's decimal text.
func roundMicro(v carpel.Value) *big.Int {
	r := ratOf(v)
	r.Mul(r, new(big.Rat).SetInt64(2*micro))
	if r.Sign() < 0 {
		n := new(big.Int).Sub(ceil(r), big.NewInt(1)) // half away from zero
		return n.Quo(n, big.NewInt(2))
	}
	n := new(big.Int).Add(floor(r), big.NewInt(1))
	return n.Quo(n, big.NewInt(2))
}
