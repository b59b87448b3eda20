package store

import (
	"cmp"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// statKinds are the kinds of names that can be asked for.
var statKinds = map[string]byte{
	"attribute": statAttr, "event": statEvent, "property": statProperty, "page": statPage, "screen": statScreen,
	"link": statLink, "campaign": statCampaign, "device_property": statDevice,
}

// Names returns names seen of a kind, most used first; with q.Name the values of that name instead. Prefixes compare
// without regard to case. CodeInvalid for an unknown kind.
func (s *Store) Names(q engine.NamesQuery) ([]engine.Name, error) {
	kind, ok := statKinds[q.Kind]
	if !ok {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/kind", Message: "there is no such kind of names"}
	}
	under := ""
	if kind == statProperty {
		under = q.Event + "\x00"
	}
	if q.Name != "" {
		return s.valuesOf(nameKey{kind, under + q.Name}, q), nil
	}
	s.stats.mu.RLock()
	defer s.stats.mu.RUnlock()
	prefix := carpel.Fold(q.Prefix)
	var out []engine.Name
	for n, st := range s.stats.byName {
		k := s.names.of(n)
		name, ok := strings.CutPrefix(k.name, under)
		if k.kind != kind || !ok || !strings.HasPrefix(carpel.Fold(name), prefix) {
			continue
		}
		out = append(out, nameOf(name, st))
	}
	sortNames(out)
	return cut(out, q.Limit), nil
}

// Seen reports whether a name was seen.
func (s *Store) Seen(kind, event, name string) bool {
	k := nameKey{statKinds[kind], name}
	if kind == "property" {
		k.name = event + "\x00" + name
	}
	n := s.names.lookup(k)
	if n == 0 {
		return false
	}
	s.stats.mu.RLock()
	defer s.stats.mu.RUnlock()
	return s.stats.byName[n] != nil
}

func nameOf(name string, st *nameStats) engine.Name {
	out := engine.Name{Name: name, Count: st.Count, LastSeen: st.LastSeen}
	for kind := range st.Kinds {
		out.Types = append(out.Types, kind)
	}
	slices.Sort(out.Types)
	for _, v := range st.Top {
		out.Top = append(out.Top, engine.NameValue{Value: v.Value, Count: v.Count})
	}
	slices.SortStableFunc(out.Top, func(a, b engine.NameValue) int { return cmp.Compare(b.Count, a.Count) })
	out.Top = cut(out.Top, 10)
	return out
}

// valuesOf returns the values seen of a name, as names of their own.
func (s *Store) valuesOf(k nameKey, q engine.NamesQuery) []engine.Name {
	n := s.names.lookup(k)
	s.stats.mu.RLock()
	defer s.stats.mu.RUnlock()
	st := s.stats.byName[n]
	if n == 0 || st == nil {
		return nil
	}
	prefix := carpel.Fold(q.Prefix)
	var out []engine.Name
	for _, v := range st.Top {
		if text := v.Value.Text(); strings.HasPrefix(carpel.Fold(text), prefix) {
			out = append(out, engine.Name{Name: text, Types: []string{v.Value.Kind().String()}, Count: v.Count, LastSeen: st.LastSeen})
		}
	}
	sortNames(out)
	return cut(out, q.Limit)
}

func sortNames(names []engine.Name) {
	slices.SortFunc(names, func(a, b engine.Name) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
}

func cut[T any](xs []T, limit int) []T {
	if limit > 0 && len(xs) > limit {
		return xs[:limit]
	}
	return xs
}
