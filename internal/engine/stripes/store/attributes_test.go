package store

import (
	"fmt"
	"testing"

	"github.com/carpel/carpel"
)

// A person has at most as many attributes as the limits say; what is over is refused by name, the rest is taken, and
// others are not concerned.
func TestAttributesOfAPerson(t *testing.T) {
	s := newStore(t, Options{})
	props := map[string]carpel.Value{}
	for i := range carpel.MaxAttributes - 1 { // the user id is an attribute too
		props[fmt.Sprintf("a%d", i)] = carpel.NumberValue(float64(i))
	}
	out := take(t, s, identify("u", 1, props),
		identify("u", 2, map[string]carpel.Value{"one more": carpel.BoolValue(true), "a0": carpel.TextValue("new")}),
		identify("v", 3, map[string]carpel.Value{"one more": carpel.BoolValue(true)}),
		identify("u", 4, map[string]carpel.Value{"a1": {}}),
		identify("u", 5, map[string]carpel.Value{"one more": carpel.BoolValue(true)}))
	if len(out[0].Warnings) > 0 || len(out[2].Warnings) > 0 || len(out[4].Warnings) > 0 {
		t.Fatalf("warnings: %v %v %v", out[0].Warnings, out[2].Warnings, out[4].Warnings)
	}
	if w := out[1].Warnings; len(w) != 1 || w[0].Code != carpel.CodeLimit || w[0].Pointer != "/one more" || w[0].Limit != carpel.MaxAttributes {
		t.Fatalf("one too many: %v", w)
	}
	p := who(t, s, carpel.PersonRef{UserID: "u"})
	if len(p.Attributes) != carpel.MaxAttributes || p.Attributes["a0"].Value != carpel.TextValue("new") || !p.Attributes["one more"].Value.IsSet() {
		t.Fatalf("%d attributes, a0 %v, one more %v", len(p.Attributes), p.Attributes["a0"], p.Attributes["one more"])
	}
	verified(t, s)
}

// The writes of an attribute in any order end with the last by time.
func TestAttributesOutOfOrder(t *testing.T) {
	s := newStore(t, Options{})
	set := func(at carpel.Millis, v carpel.Value) carpel.Item {
		return identify("u", at, map[string]carpel.Value{"plan": v})
	}
	take(t, s, set(10, carpel.TextValue("pro")), set(5, carpel.TextValue("free")), set(20, carpel.TextValue("pro")), set(15, carpel.Value{}))
	a := who(t, s, carpel.PersonRef{UserID: "u"}).Attributes["plan"]
	if a.Value != carpel.TextValue("pro") || a.At != 20 || a.Since != 10 {
		t.Fatalf("%+v", a)
	}
	take(t, s, set(30, carpel.Value{}), set(25, carpel.TextValue("late")))
	if a, ok := who(t, s, carpel.PersonRef{UserID: "u"}).Attributes["plan"]; ok {
		t.Fatalf("removed, and yet %+v", a)
	}
}

// Names of attributes are held in memory: a workspace has no more than the limit, whoever sends them, and those that
// are known go on.
func TestAttributeNamesAreLimited(t *testing.T) {
	s := newStore(t, Options{})
	tx := s.Begin(1)
	for i := range carpel.MaxAttributeNames {
		tx.name(nameKey{kindValues, fmt.Sprintf("a%d", i)})
	}
	commit(t, tx)
	out := take(t, s, identify("v", 2, map[string]carpel.Value{"one more": carpel.BoolValue(true), "a7": carpel.BoolValue(true)}))[0]
	if len(out.Warnings) != 1 || out.Warnings[0].Code != carpel.CodeLimit || out.Warnings[0].Limit != carpel.MaxAttributeNames {
		t.Fatalf("%v", out.Warnings)
	}
	if p := who(t, s, carpel.PersonRef{UserID: "v"}); !p.Attributes["a7"].Value.IsSet() || p.Attributes["one more"].Value.IsSet() {
		t.Errorf("%v", p.Attributes)
	}
}

// As many items as may wait join in one go, and the person's next event stays cheap to store.
func TestLargeHistoryJoins(t *testing.T) {
	const items = carpel.MaxWaiting
	s := newStore(t, Options{})
	visitor := carpel.PersonRef{AnonymousID: "a"}
	for i := 0; i < items; i += 5000 {
		tx := s.Begin(carpel.Millis(i))
		for j := range 5000 {
			apply(t, tx, carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: visitor, At: carpel.Millis(i+j) * 60_000, Properties: map[string]carpel.Value{"n": carpel.NumberValue(float64(i + j))}})
		}
		commit(t, tx)
	}
	if people, waiting, _ := s.Counts(); people != 0 || waiting != items {
		t.Fatalf("%d people, %d wait", people, waiting)
	}
	take(t, s, carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: "u", AnonymousID: "a"}, At: 1})
	take(t, s, event("u", "order", items*60_000))
	if people, waiting, events := s.Counts(); people != 1 || waiting != 0 || events != items+1 {
		t.Fatalf("%d people, %d wait, %d events", people, waiting, events)
	}
	most := 0
	if err := s.scan([]byte{keyBlock}, func(_, v []byte) error { most = max(most, len(v)); return nil }); err != nil {
		t.Fatal(err)
	}
	if most > 128<<10 {
		t.Fatalf("a block has %d bytes", most)
	}
	verified(t, s)
}

// What waits joins whatever its moment: it is kept as JSON, and RFC 3339 ends at the years 0 and 9999.
func TestAnyMomentJoins(t *testing.T) {
	s := newStore(t, Options{})
	visitor := carpel.PersonRef{AnonymousID: "a"}
	for _, at := range []carpel.Millis{-1e14, 99e13} {
		take(t, s, carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: visitor, At: at})
	}
	take(t, s, carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: "u", AnonymousID: "a"}, At: 1})
	if _, waiting, events := s.Counts(); waiting != 0 || events != 2 {
		t.Fatalf("%d wait, %d events", waiting, events)
	}
	verified(t, s)
}
