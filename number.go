package carpel

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxExact is the largest magnitude up to which every integer is a float64.
const maxExact = 1 << 53

// ParseNumber reads a JSON number or a plain decimal. It reports false when s is neither, or is out of a
// float64's range (1e400). Integers beyond 2^53 keep their digits.
func ParseNumber(s string) (Value, bool) {
	if !numeral(s) {
		return Value{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return Value{}, false
	}
	v := NumberValue(f)
	if math.Abs(f) >= maxExact {
		if r, ok := new(big.Rat).SetString(s); ok && r.IsInt() {
			if digits := r.Num().String(); digits != strconv.FormatFloat(f, 'f', -1, 64) {
				v.str = digits
			}
		}
	}
	return v, true
}

// numeral reports whether s has the form -?\d+(\.\d+)?([eE][-+]?\d+)? : every JSON number, and a plain decimal with
// leading zeros.
func numeral(s string) bool {
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		exponent := s[e+1:]
		if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if !digits(exponent) {
			return false
		}
		s = s[:e]
	}
	return plainDecimal(s)
}

// AsNumber reads the value as the numeric operators do: a number itself, or a text of the form
// -?\d+(\.\d+)? . Nothing else is a number.
func (v Value) AsNumber() (Value, bool) {
	switch v.kind {
	case Number:
		return v, true
	case Text:
		if plainDecimal(v.str) {
			return ParseNumber(v.str)
		}
	}
	return Value{}, false
}

// plainDecimal reports whether s has the form -?\d+(\.\d+)? .
func plainDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, frac, dot := strings.Cut(s, ".")
	return digits(whole) && (!dot || digits(frac))
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// CompareNumbers orders two numbers (as [Value.AsNumber] gives them): -1, 0 or 1. Integers beyond 2^53 compare
// by their digits.
func CompareNumbers(a, b Value) int {
	if a.str == "" && b.str == "" {
		switch {
		case a.num < b.num:
			return -1
		case a.num > b.num:
			return 1
		}
		return 0
	}
	x, y := a.rat(), b.rat()
	return x.Cmp(y)
}

// rat returns the number that its text spells. A float64 stands for its shortest decimal, so that 1e23 is the integer
// it was written as and not the nearest multiple of a power of two.
func (v Value) rat() *big.Rat {
	r, ok := new(big.Rat).SetString(v.Text())
	if !ok {
		return new(big.Rat)
	}
	return r
}
