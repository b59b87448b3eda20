package enginetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Shuffled checks that memberships do not hang on how the data came: the same items in another order, some of them
// twice, in other batches and over restarts leave the same people in the same segments. It is so for items that say who
// is meant; what joins, moves or removes people depends on its order by its nature, and `for` on when a value was
// first told.
func Shuffled(t *testing.T, newInstance func(t testing.TB) Instance) {
	for seed := range uint64(12) {
		m := &maker{Rand: rng(seed + 1_000_000)}
		h := newHistory(int64(seed) + 1_000_000)
		m.now, m.latest, m.grid, m.events, m.props, m.attrs, m.spans = h.start, h.start, hour, []string{"login", "Order Completed"},
			[]string{"total", "sku", "when"}, []string{"plan", "seats", "renews_at"}, durations()
		items := m.plainItems()
		definitions := make([]carpel.Condition, 10)
		for i := range definitions {
			definitions[i] = withoutHistory(m.definition())
		}
		open := func() *opened {
			clock := &clock{h.start.Time()}
			o := h.options
			o.Now, o.Zone = clock.time, h.zone
			return openEngine(t, newInstance(t), o)
		}
		straight, shuffled := open(), open()
		for i, c := range definitions {
			d := engine.Definition{ID: fmt.Sprintf("d%d", i), Key: fmt.Sprintf("d%d-key", i), Version: 1, Condition: c}
			if err := straight.define(d); err != nil {
				t.Fatalf("seed %d: define: %v", seed, err)
			}
			if err := shuffled.define(d); err != nil {
				t.Fatalf("seed %d: define: %v", seed, err)
			}
		}
		names := map[string]string{} // of people, by key, on either engine
		feed(t, straight, names, items, len(items))
		again := append(append([]carpel.Item{}, items...), items[:len(items)/3]...)
		m.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		feed(t, shuffled, names, again[:len(again)/2], 1+m.IntN(9))
		if err := shuffled.restart(); err != nil {
			t.Fatalf("seed %d: restart: %v", seed, err)
		}
		feed(t, shuffled, names, again[len(again)/2:], 1+m.IntN(9))
		for i, c := range definitions {
			id := fmt.Sprintf("d%d", i)
			if a, b := called(t, straight, names, id), called(t, shuffled, names, id); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("seed %d: in order %v, shuffled %v are in %s", seed, a, b, carpel.Canonical(c))
			}
		}
		straight.close(t)
		shuffled.close(t)
	}
}

// plainItems makes items with ids of their own that neither join, move nor remove anybody.
func (m *maker) plainItems() []carpel.Item {
	var items []carpel.Item
	used := map[string]bool{}
	for len(items) < 120 {
		it := m.item()
		it.Person = carpel.PersonRef{UserID: pick(m, users()...)}
		it.MessageID, it.Source, it.Public, it.UpdateOnly = fmt.Sprintf("m%d", len(items)), "api", false, false
		switch it.Kind {
		case carpel.ItemIdentify:
			// Of two values of one moment the later to arrive counts, so each moment has one writer.
			delete(it.Properties, "email")
			for at := fmt.Sprint(it.At); used[at]; at = fmt.Sprint(it.At) {
				it.At--
			}
			used[fmt.Sprint(it.At)] = true
		case carpel.ItemEvent, carpel.ItemPage, carpel.ItemScreen, carpel.ItemMessage:
		default:
			continue
		}
		items = append(items, it)
	}
	return items
}

// withoutHistory takes out of a definition what depends on the order of arrival, on other segments, or on keys.
func withoutHistory(c carpel.Condition) carpel.Condition {
	switch c := c.(type) {
	case *carpel.Group:
		g := &carpel.Group{Quantifier: c.Quantifier}
		for _, of := range c.Of {
			g.Of = append(g.Of, withoutHistory(of))
		}
		return g
	case *carpel.Not:
		return &carpel.Not{Of: withoutHistory(c.Of)}
	case *carpel.Attribute:
		plain := *c
		plain.For = carpel.Duration{}
		return &plain
	case *carpel.InSegment, *carpel.Sample:
		return &carpel.Activity{Kind: carpel.EventActivity, Name: carpel.AnyEvent}
	}
	return c
}

// feed commits items in batches of a size.
func feed(t *testing.T, s *opened, names map[string]string, items []carpel.Item, size int) {
	t.Helper()
	for from := 0; from < len(items); from += size {
		batch := items[from:min(from+size, len(items))]
		outcomes, err := s.commit(batch)
		if err != nil {
			t.Fatalf("commit: %v", err)
		}
		for i, out := range outcomes {
			if out.Refused != nil {
				t.Fatalf("item %+v: %v", batch[i], out.Refused)
			}
			names[out.Person] = batch[i].Person.UserID
		}
	}
}

// called returns the user ids of a segment's members, in order.
func called(t *testing.T, s *opened, names map[string]string, id string) []string {
	t.Helper()
	members, err := s.members(id)
	if err != nil {
		t.Fatalf("members of %s: %v", id, err)
	}
	var all []string
	for key := range members {
		all = append(all, names[key])
	}
	slices.Sort(all)
	return all
}
