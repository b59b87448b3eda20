package demo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/demo"
	"github.com/carpel/carpel/internal/render"
)

var byText = cmp.Comparer(func(a, b carpel.Value) bool { return a == b })

func company(seed uint64) demo.Company {
	return demo.Company{People: 200, Days: 60, Seed: seed, Now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
}

func items(c demo.Company) []carpel.Item {
	var all []carpel.Item
	for it := range c.Items {
		all = append(all, it)
	}
	return all
}

// The same seed makes the same company, another one another; a later day moves it as a whole.
func TestDeterministic(t *testing.T) {
	first := items(company(1))
	if diff := cmp.Diff(first, items(company(1)), byText); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(first, items(company(2)), byText) {
		t.Error("another seed makes the same company")
	}
	later := company(1)
	later.Now = later.Now.AddDate(0, 0, 7)
	moved := items(later)
	if len(moved) != len(first) {
		t.Fatalf("a week later there are %d items, not %d", len(moved), len(first))
	}
	for i := range moved {
		if moved[i].At-first[i].At != 7*86_400_000 || moved[i].Name != first[i].Name {
			t.Fatalf("a week later item %d is %v, not %v", i, moved[i], first[i])
		}
	}
}

// What is told of a person comes in order, never from the future, each item once, and of every kind.
func TestItems(t *testing.T) {
	c := company(1)
	ids, kinds, last := map[string]bool{}, map[carpel.ItemKind]int{}, map[string]carpel.Millis{}
	for it := range c.Items {
		if ids[it.MessageID] || it.MessageID == "" {
			t.Fatalf("message id %q comes twice", it.MessageID)
		}
		ids[it.MessageID] = true
		kinds[it.Kind]++
		who := it.Person.UserID
		if it.At < last[who] || it.At > carpel.MillisOf(c.Now) {
			t.Fatalf("%s of %s at %s, after %s", it.Kind, who, it.At, last[who])
		}
		last[who] = it.At
	}
	for _, kind := range []carpel.ItemKind{carpel.ItemIdentify, carpel.ItemEvent, carpel.ItemPage, carpel.ItemMessage, carpel.ItemDevice} {
		if kinds[kind] == 0 {
			t.Errorf("there is no %s", kind)
		}
	}
	if len(last) != c.People {
		t.Errorf("%d people, want %d", len(last), c.People)
	}
}

func TestTrickle(t *testing.T) {
	c := company(1)
	ids := map[string]bool{}
	fresh := 0
	for tick := range 500 {
		now := c.Now.Add(time.Duration(tick) * time.Second)
		for _, it := range c.Trickle("run", tick, now) {
			if ids[it.MessageID] || it.At > carpel.MillisOf(now) {
				t.Fatalf("item %q at %s, now %s", it.MessageID, it.At, now)
			}
			ids[it.MessageID] = true
			if it.Kind == carpel.ItemIdentify {
				fresh++
			}
		}
	}
	if fresh == 0 || fresh > 100 {
		t.Errorf("%d new people in 500 ticks", fresh)
	}
}

func TestSegments(t *testing.T) {
	all, err := demo.Segments()
	if err != nil || len(all) < 10 {
		t.Fatalf("%d segments, %v", len(all), err)
	}
	for _, s := range all {
		if s.Definition == nil {
			continue
		}
		if found := carpel.Lint(s.Definition); len(found) > 0 {
			t.Errorf("%s: %v", s.Name, found)
		}
	}
}

// A template of the demo can be sent to everybody, also to somebody of whom nothing is known.
func TestTemplates(t *testing.T) {
	all, err := demo.Templates()
	if err != nil || len(all) != 3 {
		t.Fatalf("%d templates, %v", len(all), err)
	}
	for _, x := range all {
		tp, err := render.Compile(x.Content)
		if err != nil {
			t.Errorf("%s: %v", x.Key, err)
			continue
		}
		for _, customer := range []map[string]any{{}, {"first_name": "Ada", "company": "Engines", "plan": "trial", "seats": 12}} {
			vars := render.Vars{"customer": customer, "workspace": render.Workspace(carpel.Workspace{ID: "ws_1", Name: "Acme"}, "")}
			if _, missing, err := tp.Render(t.Context(), vars, render.Links{Unsubscribe: "https://u.example"}); err != nil || len(missing) > 0 {
				t.Errorf("%s: %v, missing %v", x.Key, err, missing)
			}
		}
	}
}
