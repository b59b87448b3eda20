package block

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/carpel/carpel"
)

// drawNumbers draws numbers as columns have them: whole ones, money, or any.
func drawNumbers(t *rapid.T) []float64 {
	scale := rapid.SampledFrom([]float64{1, 100, 1e6, 3}).Draw(t, "scale")
	from := rapid.SampledFrom([]int64{0, -300, 1_700_000_000_000, 1 << 53, -1 << 53}).Draw(t, "from")
	span := rapid.SampledFrom([]int64{0, 1, 253, 254, 255, 256, 65534, 65535, 1<<32 - 2, 1 << 32, 1 << 40}).Draw(t, "span")
	nums := make([]float64, rapid.IntRange(1, 40).Draw(t, "rows"))
	for i := range nums {
		if nums[i] = float64(from+rapid.Int64Range(0, span).Draw(t, "above")) / scale; rapid.IntRange(0, 9).Draw(t, "unset") == 0 {
			nums[i] = math.NaN()
		}
	}
	return nums
}

func same(a, b float64) bool { return a == b || a != a && b != b }

// Packed numbers are the numbers themselves, and what Range and Find say of them is what comparing says.
func TestNumsArePackedWithoutLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawNumbers(t)
		packed := newNums(append([]float64(nil), want...))
		joined := joinNums(pair{r: &Column{Nums: newNums(want[:1:1])}, o: &Column{Nums: newNums(append([]float64(nil), want[1:]...))}}, []span{{to: 1}, {to: len(want) - 1, other: true}}, len(want))
		c := Column{Nums: packed}
		w := newWriter(nil)
		f := formOf(&c)
		w.column(&c, f)
		r := reader{data: w.dst}
		read := r.column(f.tag, len(want))
		if r.bad {
			t.Fatal("what was written is not read")
		}
		low, high := rapid.SampledFrom(want).Draw(t, "low"), rapid.SampledFrom(want).Draw(t, "high")
		low, high = rapid.SampledFrom([]float64{low, math.Nextafter(low, math.Inf(1)), math.Inf(-1), math.MaxFloat64}).Draw(t, "from"), rapid.SampledFrom([]float64{high, math.Nextafter(high, math.Inf(-1)), math.Inf(1), -math.MaxFloat64}).Draw(t, "to")
		if low != low || high != high {
			low, high = 0, 1
		}
		for _, n := range []*Nums{packed, joined, read.Nums} {
			var least, greatest, found uint32
			if n.raw == nil {
				least, greatest = n.Range(low, high)
				found = n.Find(high)
			}
			for row, f := range want {
				if got := n.At(row); !same(got, f) || n.IsSet(row) != (f == f) {
					t.Fatalf("row %d is %v, want %v", row, got, f)
				}
				if n.raw != nil {
					continue
				}
				if s := n.stored(row); (s >= least && s <= greatest) != (low <= f && f <= high) {
					t.Errorf("row %d, %v: stored as %d; [%v, %v] is [%d, %d]", row, f, s, low, high, least, greatest)
				} else if s != 0 && (s == found) != (f == high) {
					t.Errorf("row %d, %v: stored as %d; %v is %d", row, f, s, high, found)
				}
			}
		}
	})
}

// Times, codes and dictionaries take the wider form where the narrower one ends, and nothing is lost on the way.
func TestRowsGrowOutOfTheNarrowForms(t *testing.T) {
	var rows *Rows
	var want []plainRow
	for i := range 600 {
		at := carpel.Millis(i) * 10_000_000 // past four bytes at 430
		if i%5 == 4 {
			at = -at
		}
		row := plainRow{Slot: uint8(i), At: at, Props: map[string]carpel.Value{"text": carpel.TextValue(fmt.Sprint("value ", i)), "n": carpel.NumberValue(float64(i * i))}}
		if i == 500 {
			row.Props["text"] = carpel.NumberValue(1) // the texts are no texts alone any more
		}
		want = append(want, row)
		var b RowBuilder
		b.Add(row.Slot, row.At, row.Props)
		rows = rows.Insert(b.Rows())
	}
	back, err := DecodeRows(AppendRows(nil, rows))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Rows{rows, back} {
		found := map[string]int{}
		for i := range r.Len() {
			slot, at, props := r.Row(i)
			found[fmt.Sprint(slot, at, props["text"], props["n"])]++
		}
		for _, row := range want {
			if k := fmt.Sprint(row.Slot, row.At, row.Props["text"], row.Props["n"]); found[k] != 1 {
				t.Fatalf("%s is there %d times", k, found[k])
			}
		}
	}
}
