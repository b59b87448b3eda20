package eval

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/carpel/carpel"
)

func TestSumsAreDecimal(t *testing.T) {
	for _, c := range []struct {
		add  []string
		want string // in millionths
	}{
		{nil, "0"},
		{[]string{"0.1", "0.2"}, "300000"},
		{[]string{"0.0000005"}, "1"},
		{[]string{"-0.0000005"}, "-1"},
		{[]string{"0.00000049"}, "0"},
		{[]string{"1.0000015"}, "1000002"},
		{[]string{"9007199254740993"}, "9007199254740993000000"},
		{[]string{"9007199254740993", "-9007199254740993", "0.5"}, "500000"},
		{[]string{"9000000000000", "9000000000000"}, "18000000000000000000"},
		{[]string{"2250000000.1234565"}, "2250000000123457"}, // more digits than the float holds beside it
	} {
		var s sum
		for _, text := range c.add {
			v, ok := carpel.ParseNumber(text)
			if !ok {
				t.Fatal(text)
			}
			s.add(v, 1)
		}
		if got := s.total().String(); got != c.want {
			t.Errorf("%v: got %s, want %s", c.add, got, c.want)
		}
	}
}

// TestMicro holds the quick way of rounding against the exact one.
func TestMicro(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		f := (r.Float64() - 0.5) * []float64{1e-6, 1, 1e3, 1e6, 1e12, 1e16}[r.IntN(6)]
		if r.IntN(2) == 0 {
			f = float64(r.Int64N(1e9)) / []float64{1, 10, 1e6, 1e7, 2e6}[r.IntN(5)]
		}
		v := carpel.NumberValue(f)
		if n, ok := microOf(v); ok && roundMicro(v).Cmp(big.NewInt(n)) != 0 {
			t.Fatalf("%s: got %d, want %s", v.Text(), n, roundMicro(v))
		}
	}
}

// Digests of the same values are the same set, others never: no value, the empty text and texts with NUL are all different.
func TestDistinctOfDigests(t *testing.T) {
	text := func(all ...string) (h []entry) {
		for _, s := range all {
			h = append(h, entry{value: carpel.TextValue(s)})
		}
		return h
	}
	none := []entry{{}}
	for _, c := range []struct {
		digests [][]entry
		want    string
	}{
		{[][]entry{none, text("")}, "1"},
		{[][]entry{text(""), none, text("")}, "1"},
		{[][]entry{nil, text("")}, "1"},
		{[][]entry{text("a"), text("A", "a")}, "1"},
		{[][]entry{text("a\x00b"), text("a", "b")}, "3"},
		{[][]entry{text("", ""), text("\x00")}, "2"},
		{[][]entry{text("a"), text("a", "")}, "2"},
	} {
		m := &measure{kind: carpel.MeasureDistinct}
		all := m.tally(0)
		for _, h := range c.digests {
			one, x := m.tally(0), digest{}
			for i := range h {
				one.add(&h[i])
			}
			one.digest(&x)
			all.include(&x)
		}
		if got := all.actual(); got != c.want {
			t.Errorf("%v: got %s, want %s", c.digests, got, c.want)
		}
	}
}

func TestSumTakesBack(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var s sum
	var values []carpel.Value
	for range 1000 {
		v := carpel.NumberValue((r.Float64() - 0.5) * []float64{1, 1e6, 1e20}[r.IntN(3)])
		values = append(values, v)
		s.add(v, 1)
	}
	for _, i := range r.Perm(len(values)) {
		s.add(values[i], -1)
	}
	if s.total().Sign() != 0 {
		t.Errorf("got %s", s.total())
	}
}

func TestAccepted(t *testing.T) {
	number := func(s string) carpel.Value { v, _ := carpel.ParseNumber(s); return v }
	for _, c := range []struct {
		op   carpel.CompareOp
		a    string
		n    int64
		want bool
	}{
		{carpel.CmpAtLeast, "2.5", 2, false}, {carpel.CmpAtLeast, "2.5", 3, true}, {carpel.CmpAtMost, "2.5", 2, true}, {carpel.CmpAtMost, "2.5", 3, false},
		{carpel.CmpExactly, "2.5", 2, false}, {carpel.CmpExactly, "2.5", 3, false}, {carpel.CmpExactly, "2", 2, true}, {carpel.CmpMoreThan, "2", 2, false},
		{carpel.CmpMoreThan, "2", 3, true}, {carpel.CmpMoreThan, "1.5", 2, true}, {carpel.CmpLessThan, "2", 1, true}, {carpel.CmpLessThan, "2", 2, false},
		{carpel.CmpLessThan, "1.5", 1, true}, {carpel.CmpAtLeast, "-1", 0, true}, {carpel.CmpAtLeast, "1e300", 1 << 40, false}, {carpel.CmpAtMost, "1e300", 1 << 40, true},
	} {
		x := acceptedBy(carpel.Compare{Op: c.op, A: number(c.a)}, 1)
		if got := x.count(c.n); got != c.want {
			t.Errorf("%d %s %s: got %v", c.n, c.op, c.a, got)
		}
		if got := x.big(big.NewInt(c.n)); got != c.want {
			t.Errorf("%d %s %s, as a big number: got %v", c.n, c.op, c.a, got)
		}
	}
}
