package carpel

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind tells what a [Value] holds.
type Kind uint8

// The kinds of a value. Unset is the zero kind: a value that was never set, or was removed.
const (
	Unset Kind = iota
	Bool
	Number
	Text
	Time   // milliseconds since 1970, UTC; only Carpel's own attributes ($first_seen_at, $last_seen_at) and device times are stored so
	List   // a JSON array, kept as canonical JSON
	Object // a JSON object, kept as canonical JSON
)

// String returns the kind's name as used in the API ("text", "number", …).
func (k Kind) String() string {
	return [...]string{"unset", "bool", "number", "text", "time", "list", "object"}[k]
}

// Value is one attribute, property or operand: a JSON value with Carpel's reading of it. The zero Value is
// unset. Values are immutable, comparable with == (same kind and same written form), and may be shared freely.
//
// A number is a float64; an integer that a float64 cannot hold keeps its digits in str as well, and compares
// exactly. Lists and objects keep their JSON text, parsed when an item or a field is asked for.
type Value struct {
	kind Kind
	num  float64 // Bool: 0 or 1; Number: nearest float64; Time: milliseconds
	str  string  // Text: the text; Number: digits when num is not exact; List, Object: canonical JSON
}

// TextValue returns a text.
func TextValue(s string) Value { return Value{kind: Text, str: s} }

// BoolValue returns a boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// NumberValue returns a number. f must be finite. Negative zero becomes zero.
func NumberValue(f float64) Value { return Value{kind: Number, num: f + 0} }

// TimeValue returns a moment, in milliseconds since 1970.
func TimeValue(ms Millis) Value { return Value{kind: Time, num: float64(ms)} }

// maxExact is the largest magnitude up to which every integer is a float64.
const maxExact = 1 << 53

// ParseNumber reads a JSON number or a plain decimal. It reports false when s is neither, or is out of a
// float64's range (1e400). Integers beyond 2^53 keep their digits.
func ParseNumber(s string) (Value, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(s, "xXpP_iInN") {
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

// JSONValue reads one JSON value, already checked by the decoder at the door (UTF-8, depth, duplicate keys).
// null becomes the unset value. It returns an error for bad JSON and for a number beyond a float64.
func JSONValue(data []byte) (Value, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var x any
	if err := dec.Decode(&x); err != nil {
		return Value{}, Errorf(CodeInvalid, "not a JSON value: %v", err)
	}
	return ValueOf(x)
}

// ValueOf turns what encoding/json decodes (with UseNumber or without) into a Value.
// It returns an error for a number beyond a float64 and for a Go type that JSON does not have.
func ValueOf(x any) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case Value:
		return x, nil
	case bool:
		return BoolValue(x), nil
	case string:
		return TextValue(x), nil
	case json.Number:
		if v, ok := ParseNumber(string(x)); ok {
			return v, nil
		}
		return Value{}, Errorf(CodeNumberRange, "number %.40s is out of range", string(x))
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return Value{}, Errorf(CodeNumberRange, "number is not finite")
		}
		return NumberValue(x), nil
	case int:
		v, _ := ParseNumber(strconv.Itoa(x))
		return v, nil
	case int64:
		v, _ := ParseNumber(strconv.FormatInt(x, 10))
		return v, nil
	case []any, map[string]any:
		kind := List
		if m, ok := x.(map[string]any); ok {
			kind = Object
			_ = m
		}
		if err := checkNumbers(x); err != nil {
			return Value{}, err
		}
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(x); err != nil {
			return Value{}, Errorf(CodeInvalid, "not a JSON value: %v", err)
		}
		return Value{kind: kind, str: strings.TrimSuffix(b.String(), "\n")}, nil
	}
	return Value{}, Errorf(CodeInvalid, "a %T is not a JSON value", x)
}

// checkNumbers refuses numbers inside a list or object that a float64 cannot hold.
func checkNumbers(x any) error {
	switch x := x.(type) {
	case json.Number:
		if _, ok := ParseNumber(string(x)); !ok {
			return Errorf(CodeNumberRange, "number %.40s is out of range", string(x))
		}
	case []any:
		for _, y := range x {
			if err := checkNumbers(y); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, y := range x {
			if err := checkNumbers(y); err != nil {
				return err
			}
		}
	}
	return nil
}

// RestoreValue rebuilds a value from the parts that [Value.Parts] gave. It is for storage codecs.
func RestoreValue(kind Kind, num float64, str string) Value { return Value{kind, num, str} }

// Parts returns what a value is made of, for storage codecs; see [Value] for what each part holds.
func (v Value) Parts() (kind Kind, num float64, str string) { return v.kind, v.num, v.str }

// Kind returns what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsSet reports whether there is a value at all. "" and false are set.
func (v Value) IsSet() bool { return v.kind != Unset }

// Float returns a number's nearest float64, a time's milliseconds, 1 or 0 for a boolean, else 0.
func (v Value) Float() float64 { return v.num }

// Text returns the value's text, as text operators see it: a text as written, a number as its shortest plain
// decimal (1.0 is "1"), "true" or "false", a time in RFC 3339, a list or object as JSON, "" if unset.
func (v Value) Text() string {
	switch v.kind {
	case Text, List, Object:
		return v.str
	case Number:
		if v.str != "" {
			return v.str
		}
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	case Bool:
		return strconv.FormatBool(v.num != 0)
	case Time:
		return Millis(v.num).String()
	}
	return ""
}

// AppendJSON appends the value as JSON. A number is written as its shortest plain decimal.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.kind {
	case Unset:
		return append(b, "null"...)
	case Text, Time:
		return appendJSONString(b, v.Text())
	default:
		return append(b, v.Text()...)
	}
}

// MarshalJSON writes the value as JSON; unset is null.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// UnmarshalJSON reads one JSON value; null is unset.
func (v *Value) UnmarshalJSON(data []byte) (err error) {
	*v, err = JSONValue(data)
	return err
}

func appendJSONString(b []byte, s string) []byte {
	var w strings.Builder
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return append(b, strings.TrimSuffix(w.String(), "\n")...)
}

// Items returns a list's items, each a value of its own (null items are unset values). Any other kind is
// nil. The slice is the caller's.
func (v Value) Items() []Value {
	if v.kind != List {
		return nil
	}
	var raw []json.RawMessage
	if json.Unmarshal([]byte(v.str), &raw) != nil {
		return nil
	}
	items := make([]Value, len(raw))
	for i, r := range raw {
		items[i], _ = JSONValue(r)
	}
	return items
}

// Fields returns an object's fields. Any other kind is nil. The map is the caller's.
func (v Value) Fields() map[string]Value {
	if v.kind != Object {
		return nil
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(v.str), &raw) != nil {
		return nil
	}
	fields := make(map[string]Value, len(raw))
	for k, r := range raw {
		fields[k], _ = JSONValue(r)
	}
	return fields
}

// Reach follows a dotted path below an object ("city", "geo.lat"). At every step a field whose own name is the
// whole rest of the path wins. It does not reach into lists. Unset when there is nothing.
func (v Value) Reach(path string) Value {
	if v.kind != Object {
		return Value{}
	}
	fields := v.Fields()
	if f, ok := fields[path]; ok && f.IsSet() {
		return f
	}
	for i := 0; i < len(path); i++ {
		if path[i] == '.' {
			if f, ok := fields[path[:i]]; ok {
				if r := f.Reach(path[i+1:]); r.IsSet() {
					return r
				}
			}
		}
	}
	return Value{}
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

func (v Value) rat() *big.Rat {
	if v.str != "" {
		if r, ok := new(big.Rat).SetString(v.str); ok {
			return r
		}
	}
	r := new(big.Rat)
	if r.SetFloat64(v.num) == nil {
		return new(big.Rat)
	}
	return r
}

// Equal reports whether two values are equal as `is` means it: by their texts, without regard to case unless
// matchCase. Lists and objects are equal when their JSON is.
func Equal(a, b Value, matchCase bool) bool {
	if !a.IsSet() || !b.IsSet() {
		return false
	}
	if a.kind == Number && b.kind == Number {
		return CompareNumbers(a, b) == 0
	}
	if matchCase {
		return a.Text() == b.Text()
	}
	return strings.EqualFold(a.Text(), b.Text())
}

// Fold returns s with every rune replaced by the least of its Unicode simple folding orbit, so that two texts are
// equal without regard to case exactly when their folds are the same bytes. No normalisation, no trimming.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'a' <= c && c <= 'z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r // every other ASCII rune is the least of its orbit
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// Millis is a moment: milliseconds since 1970-01-01 UTC. All of Carpel's times are kept to the millisecond.
type Millis int64

// Never is a moment after every other: "no change by time alone".
const Never Millis = math.MaxInt64

// MillisOf returns t to the millisecond, cut towards the past.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time returns the moment in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// String returns the moment in RFC 3339, UTC, with milliseconds when there are any.
func (m Millis) String() string { return m.Time().Format("2006-01-02T15:04:05.999Z07:00") }

// MarshalJSON writes the moment as RFC 3339; Never is null.
func (m Millis) MarshalJSON() ([]byte, error) {
	if m == Never {
		return []byte("null"), nil
	}
	return append(append([]byte{'"'}, m.String()...), '"'), nil
}

// UnmarshalJSON reads RFC 3339; null is Never.
func (m *Millis) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = Never
		return nil
	}
	var t time.Time
	if err := json.Unmarshal(data, &t); err != nil {
		return Errorf(CodeInvalid, "not a time: %v", err)
	}
	*m = MillisOf(t)
	return nil
}

// AsTime reads the value as a moment, with bare dates at their midnight in zone: a number of size 1e8 or more
// (seconds; milliseconds from 1e11), 9 to 13 digits alone in a text, RFC 3339, "2026-03-01", or
// "2026-03-01 14:00:00" (UTC).
func (v Value) AsTime(zone *time.Location) (Millis, bool) {
	switch v.kind {
	case Time:
		return Millis(v.num), true
	case Number:
		return numberTime(v.num)
	case Text:
		return ParseTime(v.str, zone)
	}
	return 0, false
}

func numberTime(f float64) (Millis, bool) {
	switch size := math.Abs(f); {
	case size >= 1e11 && size < 1e15: // milliseconds, up to about the year 33658
		return Millis(math.Floor(f)), true
	case size >= 1e8 && size < 1e11:
		return Millis(math.Floor(f * 1000)), true
	}
	return 0, false
}

// ParseTime reads a text as [Value.AsTime] does.
func ParseTime(s string, zone *time.Location) (Millis, bool) {
	if d, ok := ParseDate(s); ok {
		return d.Midnight(zone), true
	}
	if digits(s) {
		if len(s) < 9 || len(s) > 13 {
			return 0, false
		}
		f, _ := strconv.ParseFloat(s, 64)
		return numberTime(f)
	}
	if len(s) < len("2006-01-02 15:04:05") || len(s) > 64 {
		return 0, false
	}
	if t, err := time.Parse("2006-01-02 15:04:05", s); err == nil && s[10] == ' ' {
		return MillisOf(t), true
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return MillisOf(t), true
	}
	return 0, false
}

// Date is a day without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads "2026-03-01". It reports false for anything else, also for days that do not exist.
func ParseDate(s string) (Date, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, false
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return Date{}, false
	}
	return Date{t.Year(), t.Month(), t.Day()}, true
}

// DateOf returns the local day of a moment.
func DateOf(m Millis, zone *time.Location) Date {
	y, mo, d := m.Time().In(zone).Date()
	return Date{y, mo, d}
}

// String returns "2026-03-01".
func (d Date) String() string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
}

// AddDays returns the day n days later (earlier if negative).
func (d Date) AddDays(n int) Date {
	y, m, day := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day}
}

// Midnight returns the first existing instant of the day in zone: where a clock change skips midnight, the
// moment after the gap.
func (d Date) Midnight(zone *time.Location) Millis {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	// time.Date picks one of two offsets around a gap or an overlap. Look a little earlier for the first instant
	// whose local date is d, and a little later when the pick fell on the day before.
	want := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	day := func(u time.Time) time.Time {
		y, m, dd := u.In(zone).Date()
		return time.Date(y, m, dd, 0, 0, 0, 0, time.UTC)
	}
	lo, hi := t.Add(-26*time.Hour), t.Add(26*time.Hour)
	for hi.Sub(lo) > time.Millisecond { // the first instant with local date >= d
		mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Millisecond)
		if !mid.After(lo) {
			break
		}
		if day(mid).Before(want) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return MillisOf(hi)
}
