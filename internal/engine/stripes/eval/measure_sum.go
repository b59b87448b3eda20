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
	if n, ok := microOf(v); ok {
		s.addMicro(sign * n)
		return
	}
	n := roundMicro(v)
	if sign < 0 {
		n.Neg(n)
	}
	s.spill(n)
}

// addMicro adds a number of millionths.
func (s *sum) addMicro(n int64) {
	if r := s.small + n; (r > s.small) == (n > 0) {
		s.small = r
		return
	}
	s.spill(big.NewInt(n))
}

func (s *sum) spill(n *big.Int) {
	if s.large == nil {
		s.large = new(big.Int)
	}
	s.large.Add(s.large, n)
}

// plus adds another sum.
func (s *sum) plus(o *sum) {
	if o.large != nil {
		s.spill(o.large)
	}
	if r := s.small + o.small; (r > s.small) == (o.small > 0) {
		s.small = r
		return
	}
	s.spill(big.NewInt(o.small))
}

// clone returns a copy that shares nothing.
func (s *sum) clone() sum {
	c := sum{small: s.small}
	if s.large != nil {
		c.large = new(big.Int).Set(s.large)
	}
	return c
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
	if _, _, digits := v.Parts(); digits != "" {
		return 0, false
	}
	return microOfFloat(v.Float())
}

// microOfFloat is microOf for a number that the float64 is exactly.
func microOfFloat(f float64) (int64, bool) {
	x := f * micro
	if n := math.RoundToEven(x); math.Abs(x) < 1<<40 && math.Abs(math.Abs(x-n)-0.5) >= 1e-3 {
		return int64(n), true // its error is far below a half, and it does not lie near one
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<43 {
		return int64(f) * micro, true
	}
	return 0, false
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
