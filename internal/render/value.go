package render

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/osteele/liquid/values"
)

// markup is a text that is HTML already, so that it is not escaped: of raw, escape, newline_to_br and capture.
type markup string

// A markup is a text to expressions as well. The library takes what implements its Value as it is; of its own kind of text
// it assumes that it is a string.
var _ values.Value = markup("")

// Interface implements values.Value.
func (m markup) Interface() any { return m }

// Int implements values.Value.
func (m markup) Int() int { panic(values.TypeError("a text is no number")) }

// Equal implements values.Value.
func (m markup) Equal(other values.Value) bool {
	return values.Equal(string(m), plain(other.Interface()))
}

// Less implements values.Value.
func (m markup) Less(other values.Value) bool {
	return values.Less(string(m), plain(other.Interface()))
}

// Contains implements values.Value.
func (m markup) Contains(other values.Value) bool { return values.ValueOf(string(m)).Contains(other) }

// IndexValue implements values.Value.
func (m markup) IndexValue(values.Value) values.Value { return values.ValueOf(nil) }

// PropertyValue implements values.Value.
func (m markup) PropertyValue(name values.Value) values.Value {
	return values.ValueOf(string(m)).PropertyValue(name)
}

// Test implements values.Value.
func (m markup) Test() bool { return true }

// span is a range that a variable holds. The library calls the methods of its own ranges when a template names them, and
// one of those writes the range out, however long it is: so a template never gets at it. See also [compiler.read].
type span struct{ of values.Range }

// plain takes the mark of markup off.
func plain(v any) any {
	if m, ok := v.(markup); ok {
		return string(m)
	}
	return v
}

// blank reports whether there is nothing to show: what the default filter stands in for, false apart.
func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case markup:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// lookUp returns the value of a variable; nil when there is none.
func lookUp(vars map[string]any, p path) any {
	v, ok := vars[p[0]]
	if !ok {
		return nil
	}
	for _, name := range p[1:] {
		switch x := v.(type) {
		case map[string]any:
			inner, ok := x[name]
			if !ok && name == "size" {
				return len(x)
			}
			v = inner
		case []any:
			if v, ok = item(x, name); !ok {
				return nil
			}
		case string:
			if name == "size" {
				return len(x)
			}
			return nil
		case markup, []string, span:
			return x // their properties are there, or nothing that a person lacks
		default:
			return nil
		}
	}
	return v
}

// item returns an item of a list by its number, or first, last and size.
func item(list []any, name string) (any, bool) {
	switch name {
	case "size":
		return len(list), true
	case "first":
		name = "0"
	case "last":
		name = strconv.Itoa(len(list) - 1)
	}
	i, err := strconv.Atoi(name)
	if err != nil || i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// str writes a value as a text. Moments are written in the zone of the run.
func (r *run) str(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case markup:
		return string(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return formatFloat(v), nil
	case time.Time:
		return v.In(r.zone).Format("2006-01-02 15:04:05 -0700"), nil
	case span:
		return r.str(v.of)
	case values.Range:
		first, last := bounds(v)
		return strconv.Itoa(first) + ".." + strconv.Itoa(last), nil
	case []any:
		return r.join(v, "")
	case []string:
		return r.join(r.listOf(v), "")
	case map[string]any:
		return r.json(v)
	}
	return "", nil // nothing else comes in: see [Vars]
}

func formatFloat(f float64) string {
	if math.Abs(f) >= 1e21 {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// join writes the items of a list with something between them.
func (r *run) join(list []any, between string) (string, error) {
	var b strings.Builder
	for i, x := range list {
		s, err := r.str(x)
		if err != nil {
			return "", err
		}
		if i > 0 {
			s = between + s
		}
		if err := r.grow(b.Len() + len(s)); err != nil {
			return "", err
		}
		r.work -= int64(b.Len()) // counted when it came
		b.WriteString(s)
	}
	return b.String(), nil
}

// json writes a value as JSON. Moments are written as RFC 3339 in the zone of the run.
func (r *run) json(v any) (string, error) {
	if err := r.grow(6 * r.size(v, 0)); err != nil {
		return "", err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(jsonValue(v)); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// jsonValue takes off what JSON does not know.
func jsonValue(v any) any {
	switch v := v.(type) {
	case markup:
		return string(v)
	case span:
		return jsonValue(v.of)
	case values.Range:
		first, last := bounds(v)
		return strconv.Itoa(first) + ".." + strconv.Itoa(last)
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = jsonValue(x)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, x := range v {
			out[name] = jsonValue(x)
		}
		return out
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	return v
}

// size is about how many bytes a value has, with what is in it; it stops counting when that is too many already. A list
// may hold itself many times over, but never itself: values are made from others, not changed.
func (r *run) size(v any, so int) int {
	const most = 1 << 20
	if so > most {
		return so
	}
	switch v := v.(type) {
	case string:
		return so + len(v)/6 + 2
	case markup:
		return so + len(v)/6 + 2
	case []any:
		for _, x := range v {
			if so = r.size(x, so+1); so > most {
				break
			}
		}
		return so + 1
	case []string:
		for _, x := range v {
			so += len(x)/6 + 2
		}
		return so + 1
	case map[string]any:
		for name, x := range v {
			if so = r.size(x, so+len(name)/6+2); so > most {
				break
			}
		}
		return so + 1
	}
	return so + 4
}

// number reads a value as a number: a text that holds one as well.
func number(v any) (float64, bool) {
	switch v := plain(v).(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

// toInt cuts a number to an int that can hold it.
func toInt(f float64) int {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt32:
		return math.MaxInt32
	case f <= math.MinInt32:
		return math.MinInt32
	}
	return int(f)
}
