package enginetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Follow checks what a follower reads: events of the names asked for, with their properties, from then on; merges and
// erasures; each once and in order, also over a restart; nothing of people who are gone.
func Follow(t *testing.T, newInstance func(t testing.TB) Instance) {
	at := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := openEngine(t, newInstance(t), Options{Now: at.time, Zone: time.UTC})
	keys := map[string]string{}
	commit := func(items ...carpel.Item) {
		t.Helper()
		for i := range items {
			if items[i].At == 0 {
				items[i].At = carpel.MillisOf(at.now)
			}
		}
		outcomes, err := s.commit(items)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range outcomes {
			if o.Person != "" {
				keys[items[i].Person.UserID] = o.Person
			}
		}
	}
	ref := func(id string) carpel.PersonRef { return carpel.PersonRef{UserID: id} }
	event := func(id, name string, total float64) carpel.Item {
		return carpel.Item{Kind: carpel.ItemEvent, Person: ref(id), Name: name, Source: "test", Properties: map[string]carpel.Value{"total": carpel.NumberValue(total)}}
	}
	read := func(cursor string, limit int) ([]engine.Followed, string) {
		t.Helper()
		all, next, err := s.Engine.Followed(s.ctx, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		return all, next
	}
	if _, _, err := s.Engine.Followed(s.ctx, "now", 10); carpel.ErrorCode(err) != carpel.CodeGone {
		t.Errorf("nothing is followed: %v", err)
	}
	commit(event("ann", "Order", 1))
	if err := s.Engine.Follow(s.ctx, []string{"Order", "Refund"}); err != nil {
		t.Fatal(err)
	}
	_, start := read("now", 10)
	now := carpel.MillisOf(at.now)
	commit(event("ann", "Order", 2), event("ann", "Other", 3), event("bob", "Order", 4), event("cyd", "Refund", 5))
	with := event("ann", "Refund", 6)
	with.Context, with.At = map[string]carpel.Value{"locale": carpel.TextValue("de")}, now-1000
	commit(with, carpel.Item{Kind: carpel.ItemPage, Person: ref("ann"), Name: "Order"})
	commit(carpel.Item{Kind: carpel.ItemMerge, Person: ref("ann"), Other: ref("bob")})
	commit(carpel.Item{Kind: carpel.ItemErase, Person: ref("cyd")})
	if err := s.restart(); err != nil {
		t.Fatal(err)
	}
	entry := func(id, name string, total float64) engine.Followed {
		return engine.Followed{Kind: carpel.ItemEvent, Now: now, Person: keys[id], Name: name, At: now, Source: "test", Properties: map[string]carpel.Value{"total": carpel.NumberValue(total)}}
	}
	late := entry("ann", "Refund", 6)
	late.At, late.Properties["$context.locale"] = now-1000, carpel.TextValue("de")
	want := []engine.Followed{entry("ann", "Order", 2), entry("bob", "Order", 4), late,
		{Kind: carpel.ItemMerge, Now: now, Person: keys["ann"], Other: keys["bob"], At: now}, {Kind: carpel.ItemErase, Now: now, Person: keys["cyd"], At: now}}
	same := cmp.Options{cmpopts.IgnoreFields(engine.Followed{}, "Seq"), cmp.Comparer(func(a, b carpel.Value) bool { return a == b })}
	var got []engine.Followed
	for cursor := start; ; { // a page at a time
		page, next := read(cursor, 2)
		if got = append(got, page...); len(page) == 0 {
			break
		}
		if page[len(page)-1].Seq != next && len(page) == 2 {
			t.Errorf("the cursor behind a full page is %s, not the last entry's %s", next, page[len(page)-1].Seq)
		}
		cursor = next
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("what was followed (-want +got):\n%s", diff)
	}
	if behind, _ := read(got[1].Seq, 10); len(behind) != 3 {
		t.Errorf("behind the second entry come %d, not 3", len(behind))
	}
	commit(carpel.Item{Kind: carpel.ItemErase, Person: ref("ann")}) // with what was bob's
	left, end := read(start, 10)
	if diff := cmp.Diff([]carpel.ItemKind{carpel.ItemMerge, carpel.ItemErase, carpel.ItemErase, carpel.ItemErase}, kindsOf(left)); diff != "" {
		t.Errorf("behind an erasure (-want +got):\n%s", diff)
	}
	if err := s.followEnds(end, event("dan", "Order", 7)); err != nil {
		t.Error(err)
	}
}

func kindsOf(all []engine.Followed) (kinds []carpel.ItemKind) {
	for _, f := range all {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// followEnds follows nothing for a while: a cursor from before is gone, and so is what was kept.
func (s *opened) followEnds(cursor string, it carpel.Item) error {
	if err := errors.Join(s.Engine.Follow(s.ctx, nil), s.Engine.Follow(s.ctx, []string{})); err != nil {
		return err
	}
	if _, err := s.commit([]carpel.Item{it}); err != nil {
		return err
	}
	if err := s.Engine.Follow(s.ctx, nil); err != nil {
		return err
	}
	if _, _, err := s.Engine.Followed(s.ctx, cursor, 10); carpel.ErrorCode(err) != carpel.CodeGone {
		return fmt.Errorf("a cursor from when something else was followed: %w", err)
	}
	return nil
}

// Matching checks conditions over the properties of one event.
func Matching(t *testing.T, newInstance func(t testing.TB) Instance) {
	at := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := openEngine(t, newInstance(t), Options{Now: at.time, Zone: time.UTC})
	object, err := carpel.JSONValue([]byte(`{"city":"Bonn"}`))
	if err != nil {
		t.Fatal(err)
	}
	properties := map[string]carpel.Value{"total": carpel.NumberValue(42), "address": object, "$context.locale": carpel.TextValue("de")}
	for where, want := range map[string]bool{
		`null`: true, `{"property":"total","op":"greater_than","value":41}`: true, `[{"property":"total","op":"is","value":43}]`: false,
		`{"property":"none","op":"is_not","value":1}`: true, `{"property":"address.city","op":"is","value":"bonn"}`: true,
		`{"not":{"property":"$context.locale","op":"is","value":"de"}}`: false, `{"any":[{"property":"total","op":"is","value":1},{"property":"total","op":"exists"}]}`: true,
	} {
		c, err := carpel.ParseWhere([]byte(where))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Engine.Matches(c, properties); err != nil || got != want {
			t.Errorf("%s: %v, %v", where, got, err)
		}
	}
}
