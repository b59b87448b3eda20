package carpel

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
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
	case []any:
		return nested(List, x)
	case map[string]any:
		return nested(Object, x)
	}
	return Value{}, Errorf(CodeInvalid, "a %T is not a JSON value", x)
}

// nested keeps a list or object as canonical JSON: keys in order, numbers as [Value.Text] writes them, so that the
// same content is the same value however it was sent.
func nested(kind Kind, x any) (Value, error) {
	x, err := plainNumbers(x)
	if err != nil {
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

// plainNumbers returns x with its numbers as plain decimals. It refuses what a float64 cannot hold. x itself stays.
func plainNumbers(x any) (any, error) {
	var err error
	switch x := x.(type) {
	case []any:
		out := make([]any, len(x))
		for i, y := range x {
			if out[i], err = plainNumbers(y); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, y := range x {
			if out[k], err = plainNumbers(y); err != nil {
				return nil, err
			}
		}
		return out, nil
	case nil, bool, string:
		return x, nil
	}
	v, err := ValueOf(x)
	if err != nil {
		return nil, err
	}
	return v, nil
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

// appendJSONString appends a text in JSON's quotes.
func appendJSONString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			var w strings.Builder
			enc := json.NewEncoder(&w)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(s) // a string always encodes
			return append(b, strings.TrimSuffix(w.String(), "\n")...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
