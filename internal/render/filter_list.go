package render

import (
	"slices"
	"strings"
)

var listFilters = map[string]filter{
	"first": byList(func(_ *run, list []any, _ arguments) (any, error) {
		if len(list) == 0 {
			return nil, nil
		}
		return list[0], nil
	}),
	"last": byList(func(_ *run, list []any, _ arguments) (any, error) {
		if len(list) == 0 {
			return nil, nil
		}
		return list[len(list)-1], nil
	}),
	"join": byList(func(r *run, list []any, a arguments) (any, error) {
		between, err := a.text(0, " ")
		if err != nil {
			return nil, err
		}
		return r.join(list, between)
	}),
	"compact": byList(func(_ *run, list []any, _ arguments) (any, error) {
		return slices.DeleteFunc(slices.Clone(list), func(x any) bool { return x == nil }), nil
	}),
	"concat": byList(func(r *run, list []any, a arguments) (any, error) {
		more, err := r.list(a.at(0))
		if err != nil {
			return nil, err
		}
		if err := r.grow(32 * (len(list) + len(more))); err != nil {
			return nil, err
		}
		return slices.Concat(list, more), nil
	}),
	"reverse": byList(func(_ *run, list []any, _ arguments) (any, error) {
		list = slices.Clone(list)
		slices.Reverse(list)
		return list, nil
	}),
	"map": byList(func(_ *run, list []any, a arguments) (any, error) {
		name, err := a.text(0, "")
		if err != nil {
			return nil, err
		}
		out := make([]any, len(list))
		for i, x := range list {
			out[i] = property(x, name)
		}
		return out, nil
	}),
	"where": byList(func(_ *run, list []any, a arguments) (any, error) {
		name, err := a.text(0, "")
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(list), func(x any) bool {
			v := property(x, name)
			if len(a.list) < 2 {
				return v == nil || v == false
			}
			return !equal(v, a.list[1])
		}), nil
	}),
	"sort":         sorted(func(a, b any) int { return less(a, b) }),
	"sort_natural": sorted(func(a, b any) int { return less(folded(a), folded(b)) }),
	"uniq": byList(func(r *run, list []any, _ arguments) (any, error) {
		seen, out := map[string]bool{}, make([]any, 0, len(list))
		for _, x := range list {
			key, err := keyOf(r, x)
			if err != nil {
				return nil, err
			}
			if !seen[key] {
				seen[key] = true
				out = append(out, x)
			}
		}
		return out, nil
	}),
	"sum": byList(func(_ *run, list []any, a arguments) (any, error) {
		name, err := a.text(0, "")
		if err != nil {
			return nil, err
		}
		total := 0.0
		for _, x := range list {
			if name != "" {
				x = property(x, name)
			}
			if f, ok := number(x); ok {
				total += f
			}
		}
		return whole(total), nil
	}),
}

// sorted makes a filter that sorts by an order, of a property if one is named.
func sorted(order func(a, b any) int) filter {
	return byList(func(_ *run, list []any, a arguments) (any, error) {
		name, err := a.text(0, "")
		if err != nil {
			return nil, err
		}
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(x, y any) int {
			if name != "" {
				x, y = property(x, name), property(y, name)
			}
			return order(x, y)
		})
		return list, nil
	})
}

func folded(v any) any {
	if s, ok := plain(v).(string); ok {
		return strings.ToLower(s)
	}
	return v
}
