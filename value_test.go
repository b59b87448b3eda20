package carpel

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustValue(t testing.TB, json string) Value {
	t.Helper()
	v, err := JSONValue([]byte(json))
	if err != nil {
		t.Fatalf("%s: %v", json, err)
	}
	return v
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "-0.0": "0", "1.0": "1", "1.50": "1.5", "1e3": "1000", "1E+3": "1000", "1e-7": "0.0000001", "007": "7",
		"9007199254740993": "9007199254740993", "-9007199254740993": "-9007199254740993", "9007199254740992": "9007199254740992",
		"1234567890123456789012345678901234567890": "1234567890123456789012345678901234567890",
		"1e23": "100000000000000000000000", "99999999999999999999999": "99999999999999999999999",
		"1e308": "1" + strings.Repeat("0", 308), "1e-400": "0", "9007199254740993.0": "9007199254740993",
	} {
		v, ok := ParseNumber(in)
		if !ok || v.Text() != want {
			t.Errorf("%s: got %q, %v", in, v.Text(), ok)
		}
		if again, ok := ParseNumber(v.Text()); !ok || again != v {
			t.Errorf("%s: its text %q reads as another value", in, v.Text())
		}
	}
	for _, in := range []string{"", "-", "+5", ".5", "5.", "1e", "1e+", "0x10", "1_000", "Inf", "NaN", "1e400", "-1e400", " 1", "1 ", "1,5", "--1", strings.Repeat("9", 400)} {
		if v, ok := ParseNumber(in); ok {
			t.Errorf("%q is read as %s", in, v.Text())
		}
	}
}

func TestCompareNumbers(t *testing.T) {
	ascending := []string{"-1e300", "-9007199254740993", "-9007199254740992", "-1", "-0.5", "0", "0.1", "0.3", "1", "9007199254740991", "9007199254740992", "9007199254740993",
		"9007199254740994", "99999999999999999999999", "1e23", "100000000000000000000001", "1e300"}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := CompareNumbers(mustValue(t, a), mustValue(t, b)); got != want {
				t.Errorf("%s and %s: got %d", a, b, got)
			}
		}
	}
}

func TestEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b         string
		equal, case_ bool // without and with match_case
	}{
		{`42`, `"42"`, true, true},
		{`1.0`, `"1"`, true, true},
		{`1.0`, `1`, true, true},
		{`1`, `"1.0"`, false, false},
		{`true`, `"true"`, true, true},
		{`true`, `"TRUE"`, true, false},
		{`true`, `1`, false, false},
		{`7`, `"007"`, false, false},
		{`"007"`, `"7"`, false, false},
		{`"pro"`, `"PRO"`, true, false},
		{`"pro"`, `"pro "`, false, false},
		{`"Straße"`, `"STRASSE"`, false, false}, // simple folding, not full
		{`"ſ"`, `"S"`, true, false},
		{`"\u212a"`, `"k"`, true, false},   // the Kelvin sign
		{`"é"`, `"e\u0301"`, false, false}, // no normalisation
		{`9007199254740993`, `9007199254740992`, false, false},
		{`9007199254740993`, `"9007199254740993"`, true, true},
		{`1234567890123456789012345678901234567890`, `"1234567890123456789012345678901234567890"`, true, true},
		{`1e-7`, `"0.0000001"`, true, true},
		{`null`, `null`, false, false},
		{`""`, `""`, true, true},
		{`""`, `null`, false, false},
		{`{"b":1,"a":2.0}`, `{"a":2,"b":1}`, true, true},
		{`[1.0]`, `[1]`, true, true},
	} {
		a, b := mustValue(t, tc.a), mustValue(t, tc.b)
		if Equal(a, b, false) != tc.equal || Equal(b, a, false) != tc.equal || Equal(a, b, true) != tc.case_ {
			t.Errorf("%s and %s: got %v, with case %v", tc.a, tc.b, Equal(a, b, false), Equal(a, b, true))
		}
		if a.IsSet() && b.IsSet() && (Fold(a.Text()) == Fold(b.Text())) != tc.equal {
			t.Errorf("%s and %s: their folds disagree", tc.a, tc.b)
		}
	}
}

func TestAsNumber(t *testing.T) {
	for in, want := range map[string]string{`42`: "42", `"42"`: "42", `"-1.50"`: "-1.5", `"007"`: "7", `"9007199254740993"`: "9007199254740993"} {
		if v, ok := mustValue(t, in).AsNumber(); !ok || v.Text() != want {
			t.Errorf("%s: got %q, %v", in, v.Text(), ok)
		}
	}
	for _, in := range []string{`"abc"`, `""`, `"1e3"`, `"+1"`, `" 1"`, `".5"`, `"5."`, `true`, `null`, `[1]`, `{"a":1}`, `"٣"`, `"` + strings.Repeat("9", 400) + `"`} {
		if v, ok := mustValue(t, in).AsNumber(); ok {
			t.Errorf("%s is read as %s", in, v.Text())
		}
	}
}

func TestJSONValue(t *testing.T) {
	for in, want := range map[string]string{
		`{"b": 1.0, "a": [1e2, "x<>&", null, true]}`: `{"a":[100,"x<>&",null,true],"b":1}`,
		`"a\u2028\"\\b"`: `"a\u2028\"\\b"`, `1.0`: `1`, `null`: `null`, `[9007199254740993]`: `[9007199254740993]`,
	} {
		if got := string(mustValue(t, in).AppendJSON(nil)); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
	for _, in := range []string{`1e400`, `[1e400]`, `{"a":{"b":-1e999}}`, `{`, ``} {
		if _, err := JSONValue([]byte(in)); err == nil {
			t.Errorf("%s is accepted", in)
		}
	}
}

func TestReach(t *testing.T) {
	v := mustValue(t, `{"city":"Bern","a.b":"own","a":{"b":"deep","c.d":"own too","c":{"d":"x","e":null}},"n":null,"list":[{"x":1}],"n.x":1,"q\"k":{"é":2},"":{"":3}}`)
	for path, want := range map[string]string{
		"city": `"Bern"`, "a.b": `"own"`, "a.c.d": `"own too"`, "a.c.e": `null`, "n": `null`, "n.x": `1`, "list.x": `null`, "list.0": `null`, "city.x": `null`,
		"a": `{"b":"deep","c":{"d":"x","e":null},"c.d":"own too"}`, "missing": `null`, `q"k.é`: `2`, "": `{"":3}`, ".": `3`,
	} {
		if got := string(v.Reach(path).AppendJSON(nil)); got != want {
			t.Errorf("%q: got %s, want %s", path, got, want)
		}
	}
	if got := mustValue(t, `{"a":{"x":null},"a.x":{}}`).Reach("a.x"); got.Kind() != Object {
		t.Errorf("an own name with a dot wins: got %v", got)
	}
	if got := mustValue(t, `{"a.x":null,"a":{"x":1}}`).Reach("a.x"); got.Float() != 1 {
		t.Errorf("an unset own name does not win: got %v", got)
	}
}

func TestItemsAndFields(t *testing.T) {
	items := mustValue(t, `[1,"a",null,[2],{"b":3}]`).Items()
	var kinds []string
	for _, item := range items {
		kinds = append(kinds, item.Kind().String())
	}
	if diff := cmp.Diff([]string{"number", "text", "unset", "list", "object"}, kinds); diff != "" {
		t.Error(diff)
	}
	if mustValue(t, `"x"`).Items() != nil || mustValue(t, `[1]`).Fields() != nil {
		t.Error("a text has no items, a list no fields")
	}
	if got := len(mustValue(t, `{"a":1,"b":null}`).Fields()); got != 2 {
		t.Errorf("got %d fields", got)
	}
}

func TestAsTime(t *testing.T) {
	zurich := zone(t, "Europe/Zurich")
	for in, want := range map[string]string{
		`1700000000`: "2023-11-14T22:13:20Z", `1700000000.999`: "2023-11-14T22:13:20.999Z", `1700000000.99960`: "2023-11-14T22:13:20.999Z",
		`1700000000999`: "2023-11-14T22:13:20.999Z", `"1700000000"`: "2023-11-14T22:13:20Z", `"1700000000999"`: "2023-11-14T22:13:20.999Z",
		`100000000`: "1973-03-03T09:46:40Z", `-100000000`: "1966-10-31T14:13:20Z", `-100000000.0005`: "1966-10-31T14:13:19.999Z", `100000000000`: "1973-03-03T09:46:40Z",
		`"2026-03-01"`: "2026-02-28T23:00:00Z", `"2026-07-01"`: "2026-06-30T22:00:00Z", `"2026-03-01 14:00:00"`: "2026-03-01T14:00:00Z",
		`"2026-03-01T14:00:00Z"`: "2026-03-01T14:00:00Z", `"2026-03-01t14:00:00z"`: "2026-03-01T14:00:00Z", `"2026-03-01T14:00:00.123456+01:30"`: "2026-03-01T12:30:00.123Z",
		`"2026-03-01 14:00:00.5"`: "2026-03-01T14:00:00.5Z", `"2026-03-01 14:00:00-05:00"`: "2026-03-01T19:00:00Z",
	} {
		got, ok := mustValue(t, in).AsTime(zurich)
		if !ok || got.String() != want {
			t.Errorf("%s: got %s, %v", in, got, ok)
		}
	}
	for _, in := range []string{`99999999`, `1e15`, `"12345678"`, `"12345678901234"`, `"000000001"`, `"abc"`, `""`, `true`, `null`, `[1700000000]`, `"2026-02-30"`, `"2026-3-1"`,
		`"2026-03-01T14:00:00"`, `"2026-03-01T14:00"`, `"2026-03-01T4:00:00Z"`, `"2026-03-01T14:00:00,5Z"`, `"2026-03-01T24:00:00Z"`, `"2026-03-01T14:00:60Z"`, `"2026-03-01T14:00:00+24:00"`,
		`"2026-03-01T14:00:00+01"`, `"2026-03-01T14:00:00."`, `" 2026-03-01"`, `"2026-03-01 "`, `"01.03.2026"`, `"1700000000.5"`, `"2026-03-01T14:00:00Zx"`, `"-1700000000"`} {
		if got, ok := mustValue(t, in).AsTime(zurich); ok {
			t.Errorf("%s is read as %s", in, got)
		}
	}
}

func TestMidnight(t *testing.T) {
	for _, tc := range []struct{ zone, day, want string }{
		{"UTC", "2026-03-01", "2026-03-01T00:00:00Z"},
		{"Europe/Zurich", "2026-03-29", "2026-03-28T23:00:00Z"},
		{"Europe/Zurich", "2026-03-30", "2026-03-29T22:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // midnight skipped: begins at 01:00
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"}, // 23:00 twice the evening before
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},    // 00:00 twice: the first
		{"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z"},       // skipped
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},      // the whole day was skipped
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"}, // back from 00:01 to 23:01: the first midnight
		{"Asia/Kathmandu", "1986-01-01", "1985-12-31T18:30:00Z"},   // the offset grew by a quarter of an hour: 00:00 became 00:15
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z"},
	} {
		d, _ := ParseDate(tc.day)
		if got := d.Midnight(zone(t, tc.zone)).String(); got != tc.want {
			t.Errorf("%s in %s: got %s, want %s", tc.day, tc.zone, got, tc.want)
		}
	}
}

// TestDaysPartitionTime holds DateOf and Midnight together: a moment's day has begun, and the next one has not.
func TestDaysPartitionTime(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Zurich", "America/Sao_Paulo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Beirut", "Asia/Tehran", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"} {
		z := zone(t, name)
		for at := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2012; at = at.Add(17*time.Minute + 31*time.Second) {
			m := MillisOf(at)
			d := DateOf(m, z)
			if start, next := d.Midnight(z), d.AddDays(1).Midnight(z); m < start || m >= next {
				t.Fatalf("%s: %s lies in %s, which is from %s to %s", name, m, d, start, next)
			}
		}
	}
}

// TestMidnightSlow compares Midnight with a search minute by minute.
func TestMidnightSlow(t *testing.T) {
	for _, name := range []string{"Europe/Zurich", "America/Sao_Paulo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Beirut", "Australia/Lord_Howe"} {
		z := zone(t, name)
		for d := (Date{2009, 1, 1}); d.Year < 2012; d = d.AddDays(1) {
			wall := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
			at := wall.Add(-30 * time.Hour)
			for {
				y, m, day := at.In(z).Date()
				if !time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Before(wall) {
					break
				}
				at = at.Add(time.Minute)
			}
			if got := d.Midnight(z); got != MillisOf(at) {
				t.Fatalf("%s in %s: got %s, want %s", d, name, got, MillisOf(at))
			}
		}
	}
}

func TestMillisJSON(t *testing.T) {
	for _, m := range []Millis{0, 1, 1700000000999, -62135596800000, -1e14, -94573440000001, 999999999999999, Never} {
		b, err := m.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var back Millis
		if err := back.UnmarshalJSON(b); err != nil || back != m {
			t.Errorf("%s: got %d, %v", b, back, err)
		}
	}
}

// FuzzNested compares the parts of lists and objects with what encoding/json finds.
func FuzzNested(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,"x\\",{"c":null}]},"a.b":2}`, `[[],{},"",{"\"":"]"}]`, `{"":{"":{}}}`, `[true,false,null,-1.5e3]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := JSONValue(data)
		if err != nil || v.Kind() != List && v.Kind() != Object {
			return
		}
		var list []any
		object := map[string]any{}
		if v.Kind() == List {
			for _, item := range v.Items() {
				list = append(list, item)
			}
			if back, err := ValueOf(append([]any{}, list...)); err != nil || back != v {
				t.Fatalf("%s became %s, %v", v.Text(), back.Text(), err)
			}
			return
		}
		for k, f := range v.Fields() {
			object[k] = f
			if f.IsSet() && v.Reach(k) != f {
				t.Fatalf("%s: %q is not reached", v.Text(), k)
			}
		}
		if back, err := ValueOf(object); err != nil || back != v {
			t.Fatalf("%s became %s, %v", v.Text(), back.Text(), err)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "1e400", "9007199254740993", "-1.5E-3", "007", "0x1p4", "1_0", "1e23"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		v, ok := ParseNumber(s)
		if !ok {
			return
		}
		if f := v.Float(); math.IsInf(f, 0) || math.IsNaN(f) {
			t.Fatalf("%q is not finite", s)
		}
		if again, ok := ParseNumber(v.Text()); !ok || again != v || CompareNumbers(again, v) != 0 {
			t.Fatalf("%q: text %q is another number", s, v.Text())
		}
	})
}

// FuzzParseTime compares with the time package where that is strict enough, and shows that what is read lies in range.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-03-01", "2026-03-01T14:00:00Z", "2026-03-01 14:00:00", "1700000000", "2026-03-01T14:00:00.123+05:45", "2026-03-01t14:00:00z"} {
		f.Add(s)
	}
	sao := time.FixedZone("x", -3*3600)
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseTime(s, sao)
		want, err := time.Parse(time.RFC3339, s)
		if err == nil && len(s) <= 64 && !strings.Contains(s, ",") && len(s) >= 20 && s[13] == ':' && (!ok || got != MillisOf(want)) {
			t.Fatalf("%q: got %s, %v; want %s", s, got, ok, want)
		}
		if ok && (got < -1e15 || got > 1e15) {
			t.Fatalf("%q: %d is out of range", s, got)
		}
	})
}

func BenchmarkReach(b *testing.B) {
	var fields []string
	for i := range 40 {
		fields = append(fields, fmt.Sprintf(`"key%d":{"a":"text %d","b":[1,2,3],"c":{"d":%d}}`, i, i, i))
	}
	v := mustValue(b, "{"+strings.Join(fields, ",")+"}")
	b.ReportAllocs()
	for b.Loop() {
		if v.Reach("key20.c.d").Float() != 20 {
			b.Fatal("wrong")
		}
	}
}

func BenchmarkMidnight(b *testing.B) {
	z, d := zone(b, "America/Sao_Paulo"), Date{2018, 11, 4}
	for b.Loop() {
		d.Midnight(z)
	}
}

func BenchmarkItems(b *testing.B) {
	v := mustValue(b, `["a","b","c",1,2,3,true,"a longer text with words"]`)
	b.ReportAllocs()
	for b.Loop() {
		if len(v.Items()) != 8 {
			b.Fatal("wrong")
		}
	}
}
