package render

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/osteele/liquid/values"
)

// filter makes a value of a value. What it is given was counted; what it makes beyond that size it counts itself, before.
type filter func(r *run, in any, a arguments) (any, error)

// filters are all that there are. None reads a file, an address or the machine; none makes more than it has counted.
var filters = joined(valueFilters, textFilters, listFilters, numberFilters, markupFilters)

func joined(all ...map[string]filter) map[string]filter {
	out := map[string]filter{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// filterNames lists the names of the filters, for suggestions.
func filterNames() []string { return slices.Sorted(maps.Keys(filters)) }

// arguments are what a filter is given beside its value.
type arguments struct {
	r     *run
	list  []any
	named map[string]any
}

// filter runs one, once what it is given is counted.
func (r *run) filter(f filter, in any, args []any) (any, error) {
	a := arguments{r: r, list: args}
	if n := len(args) - 1; n >= 0 {
		if named, ok := args[n].(map[string]any); ok { // the library puts arguments by name behind the others
			a.list, a.named = args[:n], named
		}
	}
	cost := 16 + weight(in)
	for _, x := range a.list {
		cost += weight(x)
	}
	if err := r.charge(cost); err != nil {
		return nil, err
	}
	return f(r, in, a)
}

// weight is about how many bytes a filter goes through of a value.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case markup:
		return len(v)
	case []any:
		return 32 * len(v)
	case []string:
		return 32 * len(v)
	case map[string]any:
		return 32 * len(v)
	}
	return 8
}

func (a arguments) at(i int) any {
	if i < len(a.list) {
		return plain(a.list[i])
	}
	return nil
}

func (a arguments) text(i int, otherwise string) (string, error) {
	if i >= len(a.list) || a.list[i] == nil {
		return otherwise, nil
	}
	return a.r.str(a.list[i])
}

func (a arguments) number(i int, otherwise int) int {
	if f, ok := number(a.at(i)); ok {
		return toInt(f)
	}
	return otherwise
}

// listOf returns a value as a list: what is none is a list of itself, nothing is an empty one.
func (r *run) listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out
	}
	return []any{plain(v)}
}

// list is listOf for filters, with a range written out if it is short enough.
func (r *run) list(v any) ([]any, error) {
	if s, ok := v.(span); ok {
		v = s.of
	}
	rng, ok := v.(values.Range)
	if !ok {
		return r.listOf(v), nil
	}
	n := sequenceOf(rng).length
	if n > 1<<15 {
		n = 1 << 40 // more than there may be of anything
	}
	if err := r.grow(32 * n); err != nil {
		return nil, err
	}
	out := make([]any, n)
	for i := range out {
		out[i] = rng.Index(i)
	}
	return out, nil
}

var errValue = errors.New("a value is not of the kind that this filter takes")

var valueFilters = map[string]filter{
	"default": func(_ *run, in any, a arguments) (any, error) {
		if blank(in) || in == false && a.named["allow_false"] != true {
			if len(a.list) == 0 {
				return "", nil
			}
			return a.list[0], nil
		}
		return in, nil
	},
	"json": func(r *run, in any, _ arguments) (any, error) { return r.json(in) },
	"date": formatDate,
	"size": func(_ *run, in any, _ arguments) (any, error) {
		switch v := in.(type) {
		case string:
			return len([]rune(v)), nil
		case markup:
			return len([]rune(v)), nil
		case map[string]any:
			return len(v), nil
		}
		return sequenceOf(in).length, nil
	},
}

// byText makes a filter of a function of texts; n is how many arguments it needs.
func byText(n int, f func(r *run, s string, args []string) (any, error)) filter {
	return func(r *run, in any, a arguments) (any, error) {
		if len(a.list) < n {
			return nil, errValue
		}
		s, err := r.str(in)
		if err != nil {
			return nil, err
		}
		args := make([]string, len(a.list))
		for i := range args {
			if args[i], err = a.text(i, ""); err != nil {
				return nil, err
			}
		}
		return f(r, s, args)
	}
}

// byList makes a filter of a function of lists.
func byList(f func(r *run, list []any, a arguments) (any, error)) filter {
	return func(r *run, in any, a arguments) (any, error) {
		list, err := r.list(in)
		if err != nil {
			return nil, err
		}
		return f(r, list, a)
	}
}

// property returns what a named property of a value is.
func property(v any, name string) any { return lookUp(map[string]any{"": v}, path{"", name}) }

// less orders values: numbers before texts, and nothing last.
func less(a, b any) int {
	x, xIsNumber := number(a)
	y, yIsNumber := number(b)
	switch {
	case blank(a) || blank(b):
		return boolInt(blank(a)) - boolInt(blank(b))
	case xIsNumber && yIsNumber:
		return boolInt(x > y) - boolInt(x < y)
	case xIsNumber != yIsNumber:
		return boolInt(yIsNumber) - boolInt(xIsNumber)
	}
	return boolInt(values.Less(plain(b), plain(a))) - boolInt(values.Less(plain(a), plain(b)))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// keyOf is what makes two items of a list the same.
func keyOf(r *run, v any) (string, error) {
	switch v := plain(v).(type) {
	case string:
		return "s" + v, nil
	case int:
		return "n" + strconv.Itoa(v), nil
	case float64:
		return "n" + formatFloat(v), nil
	}
	s, err := r.json(v)
	return "j" + s, err
}
