package block

import (
	"fmt"
	"maps"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carpel/carpel"
)

func plainValues(v *Values) map[uint8]carpel.Value {
	m := map[uint8]carpel.Value{}
	for s := range v.Mask().Slots {
		m[s] = v.Value(s)
	}
	return m
}

// drawValues draws values, and slots to overlay with them.
func drawValues(t *rapid.T) (v *Values, m Mask) {
	for range rapid.IntRange(0, 6).Draw(t, "values") {
		s := uint8(rapid.IntRange(0, 255).Draw(t, "slot"))
		v = v.With(s, drawValue(t))
		m.Put(s, rapid.IntRange(0, 9).Draw(t, "in") > 0)
	}
	if rapid.IntRange(0, 5).Draw(t, "full") == 0 {
		m = Full
	}
	return v, m
}

func drawStamps(t *rapid.T) (s *Stamps, m Mask) {
	for range rapid.IntRange(0, 6).Draw(t, "stamps") {
		slot := uint8(rapid.IntRange(0, 255).Draw(t, "slot"))
		at := carpel.Millis(rapid.Int64().Draw(t, "at"))
		since := carpel.Millis(rapid.Int64().Draw(t, "since"))
		s = s.With(slot, at, since, rapid.SampledFrom([]string{"", "api", "segment"}).Draw(t, "source"))
		m.Put(slot, rapid.IntRange(0, 9).Draw(t, "in") > 0)
	}
	if rapid.IntRange(0, 5).Draw(t, "full") == 0 {
		m = Full
	}
	return s, m
}

func TestValuesAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[uint8]carpel.Value{}
		var v *Values
		var data []byte
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			slot, val := uint8(rapid.IntRange(0, 5).Draw(t, "slot")), drawValue(t)
			before := v
			was := before.Value(slot)
			v = v.With(slot, val)
			if before.Value(slot) != was {
				t.Fatal("With changed what it copied")
			}
			if want[slot] = val; !val.IsSet() {
				delete(want, slot)
			}
			var m Mask
			m.Set(slot)
			data = AppendValues(data, v, m)
		}
		if d := gocmp.Diff(want, plainValues(orNone(v)), equalValues); d != "" {
			t.Fatalf("With (-want +got):\n%s", d)
		}
		if d := orNone(v).Col.Dict; d != nil && d.Len() > len(want)+1 {
			t.Fatalf("%d dictionary entries for %d values", d.Len(), len(want))
		}
		for _, data := range [][]byte{data, Compact(data), AppendValues(nil, v, v.Mask()), AppendValues(nil, v, Full)} {
			back, err := DecodeValues(data)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want, plainValues(back), equalValues); d != "" {
				t.Fatalf("decoded (-want +got):\n%s", d)
			}
		}
	})
}

func orNone(v *Values) *Values {
	if v == nil {
		return noValues()
	}
	return v
}

type stamp struct {
	At, Since carpel.Millis
	Source    string
}

func plainStamps(s *Stamps) map[uint8]stamp {
	m := map[uint8]stamp{}
	for slot := range s.Mask().Slots {
		m[slot] = stamp{s.At(slot), s.Since(slot), s.Source(slot)}
	}
	return m
}

func TestStampsAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[uint8]stamp{}
		all := newStamps()
		var data []byte
		for range rapid.IntRange(0, 4).Draw(t, "runs") {
			s, m := drawStamps(t)
			data = AppendStamps(data, s, m)
			maps.DeleteFunc(want, func(slot uint8, _ stamp) bool { return m.Has(slot) })
			if s == nil {
				continue
			}
			for slot, st := range plainStamps(s) {
				if m.Has(slot) {
					want[slot] = st
				}
			}
		}
		for slot, st := range want {
			all = all.With(slot, st.At, st.Since, st.Source)
		}
		for _, data := range [][]byte{data, Compact(data), AppendStamps(nil, all, all.Mask())} {
			back, err := DecodeStamps(data)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want, plainStamps(back)); d != "" {
				t.Fatalf("decoded (-want +got):\n%s", d)
			}
		}
	})
}

func TestNothing(t *testing.T) {
	var r *Rows
	if r.Len() != 0 || r.Column("a") != nil || !r.Mask().IsEmpty() || r.Insert(nil).Len() != 0 || AppendRows(nil, r) != nil {
		t.Error("nil rows are no rows")
	}
	if v, err := DecodeValues(nil); err != nil || !v.Mask().IsEmpty() {
		t.Errorf("no data: %v", err)
	}
	if s, err := DecodeStamps(nil); err != nil || !s.Mask().IsEmpty() {
		t.Errorf("no data: %v", err)
	}
	if (*Values)(nil).Value(3).IsSet() || !(*Values)(nil).Mask().IsEmpty() || !(*Stamps)(nil).Mask().IsEmpty() {
		t.Error("nil values are none")
	}
}

func FuzzDecodeValues(f *testing.F) {
	v := (*Values)(nil).With(3, carpel.NumberValue(1.25)).With(9, carpel.NumberValue(7))
	f.Add(AppendValues(nil, v, v.Mask()))
	f.Add(AppendValues(AppendValues(nil, v.With(200, carpel.TextValue("x")), Full), v, v.Mask()))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := DecodeValues(data)
		if err != nil {
			return
		}
		again, err := DecodeValues(AppendValues(nil, v, Full))
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(plainValues(v), plainValues(again), equalValues); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzDecodeStamps(f *testing.F) {
	s := (*Stamps)(nil).With(3, 100, 50, "api").With(4, -5, 7, "")
	f.Add(AppendStamps(nil, s, s.Mask()))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeStamps(data)
		if err != nil {
			return
		}
		again, err := DecodeStamps(AppendStamps(nil, s, Full))
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(plainStamps(s), plainStamps(again)); d != "" {
			t.Fatal(d)
		}
	})
}

func BenchmarkDecodeValues(b *testing.B) {
	var v *Values
	for s := range Width {
		v = v.With(uint8(s), carpel.TextValue(fmt.Sprintf("person%d@example.com", s)))
	}
	data := AppendValues(nil, v, Full)
	b.ReportMetric(float64(len(data))/Width, "B/value")
	for b.Loop() {
		if _, err := DecodeValues(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValuesWith(b *testing.B) {
	var v *Values
	for s := range Width {
		v = v.With(uint8(s), carpel.TextValue(fmt.Sprintf("person%d@example.com", s)))
	}
	for b.Loop() {
		v.With(7, carpel.TextValue("somebody@example.com"))
	}
}

// Who has a marked entry is found by the masks of a short dictionary and by the codes of a long one, numbers' aside.
func TestValuesHaving(t *testing.T) {
	for _, entries := range []int{1, 3, shortDict, shortDict + 1, 200} {
		var v *Values
		for slot := range 250 {
			if slot%7 > 0 {
				v = v.With(uint8(slot), carpel.TextValue(fmt.Sprint(slot*31%entries)))
			}
		}
		says := make([]uint8, v.Col.Dict.Len())
		for code := 1; code < len(says); code += 2 {
			says[code] = 1
		}
		var want, set Mask
		for slot := range Width {
			code := v.Col.Codes.At(slot)
			want.Put(uint8(slot), says[code] == 1)
			set.Put(uint8(slot), code != 0)
		}
		if got := v.Having(says); got != want || v.Mask() != set {
			t.Errorf("%d entries: having %v, want %v; set %v, want %v", entries, got, want, v.Mask(), set)
		}
	}
}
