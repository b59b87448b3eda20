package carpel

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParseDuration holds what is read against a regular expression and plain arithmetic.
func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1s", "30d", "36500d", "36501d", "0d", "007h", "1.5h", "-1d", "90m", "5218w", "99999999999s", "1d ", "१d"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^[0-9]{1,11}[smhdw]$`)
	units := map[byte]int64{'s': 1, 'm': 60, 'h': 3600, 'd': 86_400, 'w': 604_800}
	f.Fuzz(func(t *testing.T, s string) {
		want := form.MatchString(s)
		var n, seconds int64
		if want {
			n, _ = strconv.ParseInt(s[:len(s)-1], 10, 64)
			seconds = n * units[s[len(s)-1]]
			want = seconds >= 1 && seconds <= 36_500*86_400
		}
		d, err := ParseDuration(s)
		if (err == nil) != want {
			t.Fatalf("%q: %v, %v; is one: %v", s, d, err, want)
		}
		if err != nil {
			if code := ErrorCode(err); code != CodeInvalid && code != CodeLimit {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		back, err := ParseDuration(d.String())
		if d.Millis() != Millis(seconds*1000) || err != nil || back != d {
			t.Fatalf("%q: %+v, %d ms; read again %+v, %v", s, d, d.Millis(), back, err)
		}
	})
}

// FuzzParseDate holds dates against the time package.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-03-01", "2026-02-29", "2024-02-29", "0000-01-01", "9999-12-31", "2026-3-1", "+026-03-01", "2026-03-01 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ParseDate(s)
		want, err := time.Parse("2006-01-02", s)
		if ok != (err == nil && len(s) == 10) {
			t.Fatalf("%q: %v, the time package: %v", s, ok, err)
		}
		if ok && (d.String() != s || d.Midnight(time.UTC) != MillisOf(want) || DateOf(MillisOf(want), time.UTC) != d) {
			t.Fatalf("%q: %+v", s, d)
		}
	})
}

// FuzzMidnight holds the first instant of a day against a walk over all minutes around it.
func FuzzMidnight(f *testing.F) {
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Antarctica/Troll", "America/Godthab"}
	f.Add(uint8(1), uint16(17_839)) // 2018-11-04 has no midnight there
	f.Add(uint8(2), uint16(15_338)) // 2011-12-30 is no day there
	f.Add(uint8(5), uint16(20_393)) // 2025-11-02
	f.Fuzz(func(t *testing.T, z uint8, days uint16) {
		zone, err := time.LoadLocation(zones[int(z)%len(zones)])
		if err != nil {
			t.Fatal(err)
		}
		d := Date{1973, 1, 1}.AddDays(int(days) % 24_000) // offsets are of whole minutes from then on
		want := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(-26 * time.Hour)
		for {
			y, m, day := want.In(zone).Date()
			if here := (Date{y, m, day}); !here.before(d) {
				break
			}
			want = want.Add(time.Minute)
		}
		if got := d.Midnight(zone); got != MillisOf(want) {
			t.Fatalf("%s begins at %s in %s, want %s", d, got, zone, want)
		}
	})
}

func (d Date) before(o Date) bool {
	return d.Year < o.Year || d.Year == o.Year && (d.Month < o.Month || d.Month == o.Month && d.Day < o.Day)
}

// FuzzFold shows that two texts have the same fold exactly when they are equal without regard to case.
func FuzzFold(f *testing.F) {
	for _, p := range [][2]string{{"Straße", "STRASSE"}, {"ſ", "S"}, {"K", "\u212a"}, {"σΣς", "ΣΣΣ"}, {"ı", "I"}, {"é", "e\u0301"}, {"{z", "[Z"}} {
		f.Add(p[0], p[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // refused on the way in
		}
		for _, b := range []string{b, strings.ToUpper(a), strings.ToLower(a), strings.ToTitle(a)} {
			if got, want := Fold(a) == Fold(b), strings.EqualFold(a, b); got != want {
				t.Fatalf("%q and %q: folds %q and %q; equal without regard to case: %v", a, b, Fold(a), Fold(b), want)
			}
		}
		if Fold(Fold(a)) != Fold(a) {
			t.Fatalf("%q folds to %q, and that to %q", a, Fold(a), Fold(Fold(a)))
		}
	})
}

// FuzzCompareNumbers holds the order of numbers against exact fractions.
func FuzzCompareNumbers(f *testing.F) {
	for _, p := range [][2]string{{"1", "1.0"}, {"9007199254740993", "9007199254740992"}, {"-0", "0"}, {"0.1", "0.30000000000000004"}, {"1e3", "1000"}, {"123456789012345678901234567890", "123456789012345678901234567891"}} {
		f.Add(p[0], p[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, ok1 := ParseNumber(a)
		y, ok2 := ParseNumber(b)
		if !ok1 || !ok2 || len(a)+len(b) > 200 {
			return
		}
		// A number is its digits when it is whole, else the float nearest to them.
		exact := func(v Value) *big.Rat {
			if r, ok := new(big.Rat).SetString(v.Text()); ok && r.IsInt() {
				return r
			}
			return new(big.Rat).SetFloat64(v.Float())
		}
		if got, want := CompareNumbers(x, y), exact(x).Cmp(exact(y)); got != want {
			t.Fatalf("%s against %s: %d, want %d", x.Text(), y.Text(), got, want)
		}
		if CompareNumbers(x, y) != -CompareNumbers(y, x) {
			t.Fatalf("%s and %s: each way alike", x.Text(), y.Text())
		}
	})
}

// FuzzMillis shows that a moment survives JSON, and that what is no moment is refused and no more.
func FuzzMillis(f *testing.F) {
	for _, s := range []string{`"2026-03-01T00:00:00Z"`, `null`, `"-0001-01-01T00:00:00Z"`, `"12026-02-29T00:00:00.001Z"`, `"292278994-08-17T07:12:55.807Z"`, `7`, `"x"`, `"+99999999999-01-01T00:00:00Z"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, back Millis
		if json.Unmarshal(data, &m) != nil {
			return
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("%s reads as %d, which cannot be written: %v", data, m, err)
		}
		if err := json.Unmarshal(b, &back); err != nil || back != m {
			t.Fatalf("%s reads as %d, is written as %s and reads as %d, %v", data, m, b, back, err)
		}
	})
}
