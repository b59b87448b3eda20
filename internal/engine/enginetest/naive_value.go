package enginetest

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// reading is a value as the language reads it, taken apart once.
type reading struct {
	kind   carpel.Kind
	text   string             // as text operators see it
	millis carpel.Millis      // of a time
	items  []reading          // of a list
	fields map[string]reading // of an object
}

func (r reading) isSet() bool { return r.kind != carpel.Unset }

// readValue takes a value apart.
func readValue(v carpel.Value) reading {
	switch v.Kind() {
	case carpel.Unset:
		return reading{}
	case carpel.Time:
		return reading{kind: carpel.Time, text: v.Text(), millis: carpel.Millis(v.Float())}
	case carpel.List, carpel.Object:
		dec := json.NewDecoder(bytes.NewReader([]byte(v.Text())))
		dec.UseNumber()
		var x any
		if err := dec.Decode(&x); err != nil {
			panic("a stored list or object is not JSON: " + v.Text())
		}
		r := readJSON(x)
		r.text = v.Text()
		return r
	}
	return reading{kind: v.Kind(), text: v.Text()}
}

func readJSON(x any) reading {
	switch x := x.(type) {
	case string:
		return reading{kind: carpel.Text, text: x}
	case bool:
		return reading{kind: carpel.Bool, text: strconv.FormatBool(x)}
	case json.Number:
		return reading{kind: carpel.Number, text: plainNumber(string(x))}
	case []any:
		r := reading{kind: carpel.List, text: jsonText(x)}
		for _, item := range x {
			r.items = append(r.items, readJSON(item))
		}
		return r
	case map[string]any:
		r := reading{kind: carpel.Object, text: jsonText(x), fields: map[string]reading{}}
		for name, field := range x {
			r.fields[name] = readJSON(field)
		}
		return r
	}
	return reading{}
}

func jsonText(x any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		panic(err) // what was decoded encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// plainNumber writes a number as its shortest plain decimal; an integer too big for a float64 keeps its digits.
func plainNumber(s string) string {
	exact, ok := new(big.Rat).SetString(s)
	if !ok {
		panic("no number: " + s)
	}
	if exact.IsInt() && exact.Num().BitLen() > 53 && exact.Num().BitLen() < 200 {
		return exact.Num().String()
	}
	f, _ := strconv.ParseFloat(s, 64)
	if f == 0 {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

var decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// number reads the value as numeric operators do; nil when it is no number.
func (r reading) number() *big.Rat {
	text := r.text
	switch {
	case r.kind == carpel.Text && decimalText.MatchString(text):
		text = plainNumber(text)
	case r.kind != carpel.Number:
		return nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return n
}

var (
	dateText   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	digitsText = regexp.MustCompile(`^[0-9]{9,13}$`)
)

// time reads the value as a moment.
func (r reading) time(c *calendar) (carpel.Millis, bool) {
	switch r.kind {
	case carpel.Time:
		return r.millis, true
	case carpel.Number:
		n, ok := new(big.Rat).SetString(r.text)
		if !ok {
			return 0, false
		}
		return epochTime(n)
	case carpel.Text:
		if day, ok := r.date(); ok {
			return c.midnight(day), true
		}
		if digitsText.MatchString(r.text) {
			n, _ := new(big.Rat).SetString(r.text)
			return epochTime(n)
		}
		for _, layout := range []string{"2006-01-02 15:04:05", time.RFC3339} {
			if t, err := time.Parse(layout, r.text); err == nil {
				return carpel.Millis(t.UnixMilli()), true
			}
		}
	}
	return 0, false
}

// date reads a bare date, as the midnight of that day in UTC.
func (r reading) date() (time.Time, bool) {
	if r.kind != carpel.Text || !dateText.MatchString(r.text) {
		return time.Time{}, false
	}
	t, err := time.Parse("2006-01-02", r.text)
	return t, err == nil
}

// epochTime reads a number as seconds since 1970, or from 1e11 on as milliseconds.
func epochTime(n *big.Rat) (carpel.Millis, bool) {
	size := new(big.Rat).Abs(n)
	if size.Cmp(big.NewRat(100_000_000, 1)) < 0 || size.Cmp(big.NewRat(1_000_000_000_000_000, 1)) >= 0 {
		return 0, false
	}
	if size.Cmp(big.NewRat(100_000_000_000, 1)) < 0 {
		n = new(big.Rat).Mul(n, big.NewRat(1000, 1))
	}
	// Cut towards the past: Euclidean division by a positive number rounds down.
	whole := new(big.Int).Div(n.Num(), n.Denom())
	return carpel.Millis(whole.Int64()), true
}

// lookup finds a name among fields: the name itself where it is set, else what its dots reach into.
func lookup(fields map[string]reading, name string) reading {
	if r := fields[name]; r.isSet() {
		return r
	}
	for i, c := range name {
		if c != '.' {
			continue
		}
		if below := fields[name[:i]]; below.kind == carpel.Object {
			if r := lookup(below.fields, name[i+1:]); r.isSet() {
				return r
			}
		}
	}
	return reading{}
}

// sameValue is the equality of `is`.
func sameValue(a, b reading, exact bool) bool {
	if a.kind == carpel.Number && b.kind == carpel.Number {
		return a.number().Cmp(b.number()) == 0
	}
	if exact {
		return a.text == b.text
	}
	return strings.EqualFold(a.text, b.text)
}
