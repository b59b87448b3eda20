package block

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/carpel/carpel"
)

// plainRow is the slow obvious form of a row; rows are a slice of them, and every operation a loop.
type plainRow struct {
	Slot  uint8
	At    carpel.Millis
	Props map[string]carpel.Value
}

func sortRows(rows []plainRow) []plainRow {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b plainRow) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.At, b.At))
	})
	return rows
}

func keepRows(rows []plainRow, keep func(int, plainRow) bool) (kept []plainRow) {
	for i, r := range rows {
		if keep(i, r) {
			kept = append(kept, r)
		}
	}
	return kept
}

func build(rows []plainRow) *Rows {
	var b RowBuilder
	for _, r := range rows {
		b.Add(r.Slot, r.At, r.Props)
	}
	return b.Rows()
}

func plain(r *Rows) (rows []plainRow) {
	for i := range r.Len() {
		slot, at, props := r.Row(i)
		rows = append(rows, plainRow{slot, at, props})
	}
	return rows
}

var equalValues = gocmp.Options{
	gocmp.Comparer(func(a, b carpel.Value) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func requireRows(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got *Rows, want []plainRow) {
	t.Helper()
	if err := invariants(got); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if d := gocmp.Diff(want, plain(got), equalValues); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// invariants says what is wrong with the form of rows.
func invariants(r *Rows) error {
	if len(r.Starts) != len(r.Slots)+1 || r.Starts[0] != 0 || int(r.Starts[len(r.Slots)]) != r.Time.Len() {
		return fmt.Errorf("slots %v start at %v of %d", r.Slots, r.Starts, r.Time.Len())
	}
	for i := range r.Slots {
		if r.Starts[i] >= r.Starts[i+1] || i > 0 && r.Slots[i] <= r.Slots[i-1] {
			return fmt.Errorf("slots %v start at %v", r.Slots, r.Starts)
		}
		if !slices.IsSorted(r.Time.Append(nil, int(r.Starts[i]), int(r.Starts[i+1]))) {
			return fmt.Errorf("times of slot %d are not in order", r.Slots[i])
		}
	}
	if len(r.Names) != len(r.Cols) || len(r.Cols) > maxColumns || !slices.IsSorted(r.Names) {
		return fmt.Errorf("%d columns of %d names: %q", len(r.Cols), len(r.Names), r.Names)
	}
	for i, c := range r.Cols {
		seen := map[carpel.Value]bool{}
		for code := 0; c.Dict != nil && code < c.Dict.Len(); code++ {
			v := c.Dict.Value(code)
			if seen[v] {
				return fmt.Errorf("%s: %v is twice in the dictionary", r.Names[i], v)
			}
			seen[v] = true
		}
		if (c.Dict == nil) == (c.Nums == nil) || c.Len() != r.Time.Len() || c.Dict != nil && c.Dict.Value(0).IsSet() {
			return fmt.Errorf("%s: column of %d rows", r.Names[i], c.Len())
		}
		if c.set() == 0 {
			return fmt.Errorf("%s: no value is set", r.Names[i])
		}
	}
	for _, c := range r.rare {
		if len(c.rows) == 0 || len(c.rows) != len(c.vals) || !slices.IsSorted(c.rows) || slices.Contains(r.Names, c.name) {
			return fmt.Errorf("rare %s: rows %v, %d values", c.name, c.rows, len(c.vals))
		}
	}
	return nil
}

func drawValue(t *rapid.T) carpel.Value {
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0:
		return carpel.NumberValue(float64(rapid.IntRange(-3, 300).Draw(t, "int")))
	case 1:
		return carpel.NumberValue(float64(rapid.IntRange(-1e6, 1e9).Draw(t, "cents")) / 100)
	case 2:
		f := rapid.Float64().Draw(t, "float")
		if math.IsInf(f, 0) || math.IsNaN(f) {
			f = 0
		}
		return carpel.NumberValue(f)
	case 3:
		v, _ := carpel.ParseNumber("123456789012345678901")
		return v
	case 4:
		return carpel.BoolValue(rapid.Bool().Draw(t, "bool"))
	case 5:
		return carpel.TimeValue(carpel.Millis(rapid.Int64Range(-1e12, 2e12).Draw(t, "time")))
	case 6:
		v, err := carpel.JSONValue([]byte(`[{"sku":"a","n":` + fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "n")) + `}]`))
		if err != nil {
			t.Fatal(err)
		}
		return v
	case 7:
		return carpel.Value{}
	}
	return carpel.TextValue(rapid.SampledFrom([]string{"", "a", "b", "ä", "pro"}).Draw(t, "text"))
}

// drawRows draws up to n rows; now and then with more names than there are columns.
func drawRows(t *rapid.T, n int) []plainRow {
	names, few := 4, rapid.IntRange(0, 3).Draw(t, "few") > 0
	if !few {
		names = 100
	}
	rows := make([]plainRow, rapid.IntRange(0, n).Draw(t, "rows"))
	for i := range rows {
		rows[i] = plainRow{
			Slot: rapid.SampledFrom([]uint8{0, 1, 7, 200, 255}).Draw(t, "slot"),
			At:   carpel.Millis(rapid.Int64Range(-2, 12).Draw(t, "at")),
		}
		if rapid.IntRange(0, 30).Draw(t, "far") == 0 {
			rows[i].At = carpel.Millis(rapid.Int64().Draw(t, "any"))
		}
		for range rapid.IntRange(0, names/2).Draw(t, "props") {
			v := drawValue(t)
			if v.IsSet() {
				if rows[i].Props == nil {
					rows[i].Props = map[string]carpel.Value{}
				}
				rows[i].Props[fmt.Sprintf("p%02d", rapid.IntRange(0, names-1).Draw(t, "name"))] = v
			}
		}
	}
	return rows
}

func TestRowsAgainstPlainRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawRows(t, 12), drawRows(t, 6)
		r, o := build(a), build(b)
		all := sortRows(append(slices.Clone(a), b...))
		a = sortRows(a)
		requireRows(t, "built", r, a)

		joined := r.Insert(o)
		requireRows(t, "inserted", joined, all)
		requireRows(t, "left alone", r, a)

		coded, err := DecodeRows(AppendRows(AppendRows(nil, r), o))
		if err != nil {
			t.Fatal(err)
		}
		requireRows(t, "decoded", coded, all)

		for _, s := range []uint8{0, 3, 200} {
			requireRows(t, "only", joined.Only(s), keepRows(all, func(_ int, r plainRow) bool { return r.Slot == s }))
			moved := slices.Clone(all)
			for i := range moved {
				moved[i].Slot = s
			}
			requireRows(t, "moved", joined.WithSlot(s), sortRows(moved))
		}
		gone := Mask{}
		gone.Set(1)
		gone.Set(255)
		requireRows(t, "without", joined.Without(gone), keepRows(all, func(_ int, r plainRow) bool { return !gone.Has(r.Slot) }))
		requireRows(t, "filtered", joined.Filter(func(i int) bool { return i%3 != 1 }),
			keepRows(all, func(i int, _ plainRow) bool { return i%3 != 1 }))

		bounds := []carpel.Millis{0, 3, 3, 9}
		for i, part := range joined.SplitByTime(bounds) {
			requireRows(t, "part", part, keepRows(all, func(_ int, r plainRow) bool {
				return (i == 0 || r.At >= bounds[i-1]) && (i == len(bounds) || r.At < bounds[i])
			}))
		}
	})
}

func TestReadingRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawRows(t, 12)
		r := build(a)
		a = sortRows(a)
		names := map[string]bool{}
		var first, last carpel.Millis
		for i, row := range a {
			for name := range row.Props {
				names[name] = true
			}
			if i == 0 || row.At < first {
				first = row.At
			}
			if i == 0 || row.At > last {
				last = row.At
			}
		}
		if f, l, ok := r.Span(); f != first || l != last || ok != (len(a) > 0) {
			t.Fatalf("span %v %v %v, want %v %v", f, l, ok, first, last)
		}
		if got := r.Properties(); len(got) != len(names) || !slices.IsSorted(got) {
			t.Fatalf("properties %q, want %v", got, names)
		}
		for name := range names {
			c := r.Column(name)
			for i, row := range a {
				if c.Value(i) != row.Props[name] || c.IsSet(i) != row.Props[name].IsSet() {
					t.Fatalf("%s of row %d: %v, want %v", name, i, c.Value(i), row.Props[name])
				}
			}
		}
		if r.Column("nothing") != nil {
			t.Fatal("a column that no row has")
		}
		for slot := range Width {
			from, to := r.Find(uint8(slot))
			n := len(keepRows(a, func(_ int, r plainRow) bool { return r.Slot == uint8(slot) }))
			if to-from != n || n > 0 && a[from].Slot != uint8(slot) {
				t.Fatalf("slot %d at [%d,%d), want %d rows", slot, from, to, n)
			}
		}
	})
}

// Pebble joins operands in whatever groups it likes, and compacts some of them on the way.
func TestJoiningIsAssociative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.IntRange(0, 2).Draw(t, "block")
		one := func() []byte {
			switch kind {
			case 0:
				return AppendRows(nil, build(drawRows(t, 3)))
			case 1:
				v, m := drawValues(t)
				return AppendValues(nil, v, m)
			}
			s, m := drawStamps(t)
			return AppendStamps(nil, s, m)
		}
		runs := make([][]byte, rapid.IntRange(1, 6).Draw(t, "runs"))
		var all []byte
		for i := range runs {
			runs[i] = one()
			all = Join(all, runs[i])
		}
		want := decoded(t, kind, all)
		for len(runs) > 1 {
			i := rapid.IntRange(0, len(runs)-2).Draw(t, "join")
			runs[i] = Join(runs[i], runs[i+1])
			runs = slices.Delete(runs, i+1, i+2)
			if rapid.Bool().Draw(t, "compact") {
				runs[i] = Compact(runs[i])
			}
		}
		if d := gocmp.Diff(want, decoded(t, kind, runs[0]), equalValues); d != "" {
			t.Fatalf("joined otherwise:\n%s", d)
		}
	})
}

// decoded returns the plain content of a block of any kind.
func decoded(t *rapid.T, kind int, data []byte) any {
	switch kind {
	case 0:
		r, err := DecodeRows(data)
		if err != nil {
			t.Fatal(err)
		}
		return plain(r)
	case 1:
		v, err := DecodeValues(data)
		if err != nil {
			t.Fatal(err)
		}
		return plainValues(v)
	}
	s, err := DecodeStamps(data)
	if err != nil {
		t.Fatal(err)
	}
	return plainStamps(s)
}

func TestCompactNeverFails(t *testing.T) {
	good := AppendRows(nil, build([]plainRow{{1, 2, nil}}))
	for _, data := range [][]byte{nil, {0}, {headRows}, {headRows, 0xff}, []byte("carpel"), Join(good, []byte{headRows, 1, 0, 9}), Join(good, []byte("x"))} {
		if got := Compact(data); !slices.Equal(got, data) {
			t.Errorf("Compact(%x) = %x, want it unchanged", data, got)
		}
	}
	two := Join(good, good)
	if Runs(nil) != 0 || Runs(good) != 1 || Runs(two) != 2 || Runs([]byte("x")) != 1 {
		t.Errorf("runs are miscounted")
	}
	if got := Compact(two); len(got) >= len(two) {
		t.Errorf("two runs of %d bytes are compacted to %d", len(two), len(got))
	}
}

func TestPastMaxRows(t *testing.T) {
	var b RowBuilder
	for i := range MaxRows {
		b.Add(uint8(i), carpel.Millis(i), nil)
	}
	full := b.Rows()
	data := AppendRows(nil, full)
	if r, err := DecodeRows(data); err != nil || r.Len() != MaxRows {
		t.Fatalf("full block: %v", err)
	}
	if _, err := DecodeRows(Join(data, AppendRows(nil, build([]plainRow{{1, 1, nil}})))); err == nil {
		t.Fatal("a row too many was decoded")
	}
	defer func() {
		if recover() == nil {
			t.Fatal("Insert past MaxRows did not panic")
		}
	}()
	full.Insert(build([]plainRow{{1, 1, nil}}))
}

// A hostile sender can give every row names of its own. What that takes is in proportion to what was sent.
func TestManyNamesStaySmall(t *testing.T) {
	var b RowBuilder
	var data []byte
	for i := range 2000 {
		props := map[string]carpel.Value{}
		for k := range 50 {
			props[fmt.Sprintf("n%d-%d", i, k)] = carpel.BoolValue(true)
		}
		b.Add(7, carpel.Millis(i), props)
	}
	r := b.Rows()
	data = AppendRows(data, r)
	if got, limit := r.Size(), 40*len(data); got > limit {
		t.Fatalf("%d bytes in memory for %d stored", got, len(data))
	}
	back, err := DecodeRows(data)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(back.Properties()); n != 100_000 {
		t.Fatalf("%d properties came back", n)
	}
	if v := back.Column("n1999-49").Value(1999); v != carpel.BoolValue(true) {
		t.Fatalf("rare property is %v", v)
	}
}

func FuzzDecodeRows(f *testing.F) {
	f.Add(AppendRows(nil, build([]plainRow{{1, 2, map[string]carpel.Value{"a": carpel.TextValue("x"), "n": carpel.NumberValue(1.5)}}, {9, 2, nil}})))
	f.Add(AppendRows(nil, sampleRows(40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeRows(data)
		if err != nil {
			if r != nil {
				t.Fatal("rows beside an error")
			}
			return
		}
		want := plain(r)
		again, err := DecodeRows(AppendRows(nil, r))
		if err != nil {
			t.Fatal(err)
		}
		same := func(a, b plainRow) bool { return a.Slot == b.Slot && a.At == b.At && maps.Equal(a.Props, b.Props) }
		if !slices.EqualFunc(want, plain(again), same) {
			t.Fatal(gocmp.Diff(want, plain(again), equalValues))
		}
	})
}

// sampleRows is an order-like block: n rows of 200 people within a year, with a price, a plan and an id.
func sampleRows(n int) *Rows {
	var b RowBuilder
	for i := range n {
		x := uint64(i) * 0x9E3779B97F4A7C15
		b.Add(uint8(x>>56%200), carpel.Millis(1_700_000_000_000+int64(x>>20%31_536_000_000)), map[string]carpel.Value{
			"total": carpel.NumberValue(float64(x>>40%100_000) / 100),
			"plan":  carpel.TextValue([]string{"free", "pro", "team"}[x>>30%3]),
			"id":    carpel.TextValue(fmt.Sprintf("order-%08x", uint32(x>>16))),
		})
	}
	return b.Rows()
}

func BenchmarkEncode512(b *testing.B) {
	r := sampleRows(512)
	buf := AppendRows(nil, r)
	b.ReportMetric(float64(len(buf))/512, "B/row")
	for b.Loop() {
		buf = AppendRows(buf[:0], r)
	}
}

func BenchmarkDecode512(b *testing.B) {
	data := AppendRows(nil, sampleRows(512))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRows(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode512And8Runs(b *testing.B) {
	data := AppendRows(nil, sampleRows(512))
	for i := range 8 {
		data = AppendRows(data, sampleRows(520).Slice(512+i, 513+i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRows(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildOne(b *testing.B) {
	_, _, props := sampleRows(1).Row(0)
	b.ReportAllocs()
	for b.Loop() {
		var rb RowBuilder
		rb.Add(1, 2, props)
		rb.Rows()
	}
}

func BenchmarkInsertOneInto512(b *testing.B) {
	r, o := sampleRows(512), sampleRows(513).Slice(300, 301)
	b.ReportAllocs()
	for b.Loop() {
		r.Insert(o)
	}
}

func BenchmarkDecode512And64Runs(b *testing.B) {
	data := AppendRows(nil, sampleRows(512))
	for i := range 64 {
		data = AppendRows(data, sampleRows(576).Slice(500+i, 501+i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRows(data); err != nil {
			b.Fatal(err)
		}
	}
}
