package enginetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// rollPart is a condition that has nothing to do with any other, to split rolls by.
var rollPart = &carpel.Sample{Percent: 40, Seed: "roll"}

// frozen freezes who matches, and compares the roll with the members of a preview of the same moment: the parts of a roll
// are disjoint, and a part is whom its condition matches of the whole.
func (s *opened) frozen(c carpel.Condition, members []string) error {
	roll, err := s.Engine.Freeze(s.ctx, engine.FreezeQuery{Condition: c, Parts: []carpel.Condition{rollPart, rollPart}})
	if err != nil {
		return fmt.Errorf("freeze: %w", err)
	}
	parts, gone, err := readRoll(s.Engine, roll, 3)
	if err != nil {
		return err
	}
	both := &carpel.Group{Quantifier: carpel.AllOf, Of: []carpel.Condition{c, rollPart}}
	p, err := s.Engine.Preview(s.ctx, engine.PreviewQuery{Condition: both, Sample: 1000})
	if err != nil {
		return err
	}
	var inPart []string
	for _, person := range p.Sample {
		inPart = append(inPart, person.Key)
	}
	slices.Sort(inPart)
	all := slices.Sorted(slices.Values(slices.Concat(parts...)))
	for what, pair := range map[string][2]any{
		"the roll":           {all, members},
		"the first part":     {parts[1], inPart},
		"the counts":         {roll.Counts, []int64{int64(len(members) - len(inPart)), int64(len(inPart)), 0}},
		"the people in none": {[]int{len(parts[2]), gone}, []int{0, 0}},
	} {
		if diff := cmp.Diff(pair[1], pair[0], equateEmpty); diff != "" {
			return fmt.Errorf("%s is not what the preview says (-want +got):\n%s", what, diff)
		}
	}
	return nil
}

// equateEmpty takes no list for an empty one.
var equateEmpty = cmp.FilterValues(func(a, b []string) bool { return len(a)+len(b) == 0 }, cmp.Comparer(func(a, b []string) bool { return true }))

// readRoll reads a roll page by page: the keys by part, sorted, and how many people are there no more.
func readRoll(e engine.Engine, roll *engine.Roll, limit int) (parts [][]string, gone int, err error) {
	parts = make([][]string, len(roll.Counts))
	for after := ""; ; {
		page, err := e.ReadRoll(context.Background(), engine.RollQuery{People: roll.People, After: after, Limit: limit})
		if err != nil {
			return nil, 0, fmt.Errorf("read roll: %w", err)
		}
		if n := len(page.People) + page.Gone; n > limit || n == 0 && page.Next != "" {
			return nil, 0, fmt.Errorf("a page of the roll has %d people, with a limit of %d", n, limit)
		}
		for _, p := range page.People {
			parts[p.Part] = append(parts[p.Part], p.Person)
		}
		gone += page.Gone
		if after = page.Next; after == "" {
			break
		}
	}
	for _, part := range parts {
		slices.Sort(part)
	}
	return parts, gone, nil
}

// Roll checks that a roll stays what it was while people come, change, merge and go, and after a restart; and that the
// attribute read with it is the present one.
func Roll(t *testing.T, newInstance func(t testing.TB) Instance) {
	at := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := openEngine(t, newInstance(t), Options{Now: at.time, Zone: time.UTC})
	person := func(i int, plan string) carpel.Item {
		return carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: fmt.Sprint("u", i)}, At: carpel.MillisOf(at.now), Source: "test",
			Properties: map[string]carpel.Value{"plan": carpel.TextValue(plan)}}
	}
	commit := func(items ...carpel.Item) {
		t.Helper()
		if _, err := s.commit(items); err != nil {
			t.Fatal(err)
		}
	}
	var items []carpel.Item
	for i := range 600 { // of several stripes
		items = append(items, person(i, map[bool]string{true: "pro", false: "free"}[i%3 == 0]))
	}
	commit(items...)
	pro := &carpel.Attribute{Name: "plan", Test: carpel.Test{Op: carpel.OpIs, Value: carpel.TextValue("pro")}}
	roll, err := s.Engine.Freeze(s.ctx, engine.FreezeQuery{Condition: pro})
	if err != nil {
		t.Fatal(err)
	}
	if roll.Count() != 200 {
		t.Fatalf("the roll counts %d people, want 200", roll.Count())
	}
	before, _, err := readRoll(s.Engine, roll, 1000)
	if err != nil {
		t.Fatal(err)
	}
	at.now = at.now.Add(time.Hour)
	commit(person(0, "free"), person(1, "pro"), person(900, "pro"))
	commit(carpel.Item{Kind: carpel.ItemErase, Person: carpel.PersonRef{UserID: "u3"}, At: carpel.MillisOf(at.now), Source: "test"})
	erased := keyOf(t, s, before[0])
	if err := s.restart(); err != nil {
		t.Fatal(err)
	}
	after, gone, err := readRoll(s.Engine, roll, 7)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(slices.Clone(before[0]), func(key string) bool { return key == erased })
	if diff := cmp.Diff(want, after[0]); diff != "" || gone != 1 {
		t.Errorf("the roll changed, or %d people are gone and not 1 (-want +got):\n%s", gone, diff)
	}
	page, err := s.Engine.ReadRoll(s.ctx, engine.RollQuery{People: roll.People, Attribute: "plan", Limit: 1})
	if err != nil || len(page.People) != 1 || page.People[0].Value.Text() != "free" {
		t.Errorf("the first of the roll with their plan: %+v, %v; want free, as it is now", page, err)
	}
	for _, bad := range [][]byte{roll.People[:len(roll.People)-1], {0xff}, {1, 2, 3}} {
		if _, err := s.Engine.ReadRoll(s.ctx, engine.RollQuery{People: bad, Limit: 1}); err == nil {
			t.Errorf("a damaged roll of %d bytes was read", len(bad))
		}
	}
}

// keyOf returns the one key that means nobody any more.
func keyOf(t *testing.T, s *opened, keys []string) string {
	t.Helper()
	for _, key := range keys {
		if _, err := s.Engine.Person(s.ctx, carpel.PersonRef{Key: key}); carpel.ErrorCode(err) == carpel.CodeNotFound {
			return key
		}
	}
	t.Fatal("nobody was erased")
	return ""
}
