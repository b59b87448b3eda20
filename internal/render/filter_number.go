package render

import (
	"math"
	"strconv"
	"strings"
)

// byNumber makes a filter of a function of one number.
func byNumber(f func(float64) float64) filter {
	return func(_ *run, in any, _ arguments) (any, error) {
		n, _ := number(in) // as in Liquid, what is no number is 0
		return whole(f(n)), nil
	}
}

// byNumbers makes a filter of a function of two numbers.
func byNumbers(f func(a, b float64) (float64, error)) filter {
	return func(_ *run, in any, a arguments) (any, error) {
		if len(a.list) < 1 {
			return nil, errValue
		}
		x, _ := number(in)
		y, _ := number(a.at(0))
		z, err := f(x, y)
		return whole(z), err
	}
}

// whole returns a number as an int if it is one.
func whole(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

var numberFilters = map[string]filter{
	"abs":      byNumber(math.Abs),
	"ceil":     byNumber(math.Ceil),
	"floor":    byNumber(math.Floor),
	"plus":     byNumbers(func(a, b float64) (float64, error) { return a + b, nil }),
	"minus":    byNumbers(func(a, b float64) (float64, error) { return a - b, nil }),
	"times":    byNumbers(func(a, b float64) (float64, error) { return a * b, nil }),
	"at_least": byNumbers(func(a, b float64) (float64, error) { return max(a, b), nil }),
	"at_most":  byNumbers(func(a, b float64) (float64, error) { return min(a, b), nil }),
	"modulo": byNumbers(func(a, b float64) (float64, error) {
		if b == 0 {
			return 0, errValue
		}
		return a - b*math.Floor(a/b), nil // as in Liquid: with the sign of b
	}),
	// As in Liquid, a whole number divides into whole numbers, downwards.
	"divided_by": func(_ *run, in any, a arguments) (any, error) {
		x, _ := number(in)
		y, _ := number(a.at(0))
		if y == 0 {
			return nil, errValue
		}
		if _, ok := a.at(0).(int); ok {
			if _, ok := whole(x).(int); ok {
				return whole(math.Floor(x / y)), nil
			}
		}
		return whole(x / y), nil
	},
	"round": func(_ *run, in any, a arguments) (any, error) {
		n, _ := number(in)
		unit := math.Pow10(min(max(a.number(0, 0), 0), 15))
		if math.Abs(n*unit) >= 1<<53 {
			return whole(n), nil
		}
		return whole(math.Round(n*unit) / unit), nil
	},
	// number writes 1234.5 as 1,234.50: with the decimals, the sign between thousands and the decimal sign.
	"number": func(r *run, in any, a arguments) (any, error) {
		n, ok := number(in)
		if !ok {
			return in, nil
		}
		thousands, err := a.text(1, ",")
		if err != nil {
			return nil, err
		}
		point, err := a.text(2, ".")
		if err != nil {
			return nil, err
		}
		decimals := a.number(0, -1)
		if decimals > 15 {
			decimals = 15
		}
		if err := r.grow(400 + 120*len(thousands) + len(point)); err != nil {
			return nil, err
		}
		return grouped(n, max(decimals, -1), thousands, point), nil
	},
}

func grouped(n float64, decimals int, thousands, point string) string {
	s := strconv.FormatFloat(math.Abs(n), 'f', decimals, 64)
	digits, rest, hasRest := strings.Cut(s, ".")
	var b strings.Builder
	if n < 0 && strings.Trim(s, "0.") != "" {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(thousands)
		}
		b.WriteRune(d)
	}
	if hasRest {
		b.WriteString(point + rest)
	}
	return b.String()
}
