package store

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// newStore opens a store in memory, closed at the end of the test.
func newStore(t testing.TB, o Options) *Store {
	t.Helper()
	if o.FS == nil {
		o.FS = vfs.NewMem()
	}
	s, err := Open("store", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func apply(t testing.TB, tx *Tx, it carpel.Item) engine.Outcome {
	t.Helper()
	out, err := tx.Apply(&it)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func commit(t testing.TB, tx *Tx) {
	t.Helper()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// take commits items, each in a transaction of its own, and returns what became of them.
func take(t testing.TB, s *Store, items ...carpel.Item) []engine.Outcome {
	t.Helper()
	var out []engine.Outcome
	for _, it := range items {
		tx := s.Begin(it.At)
		out = append(out, apply(t, tx, it))
		commit(t, tx)
	}
	return out
}

// who returns the person that a reference means.
func who(t testing.TB, s *Store, ref carpel.PersonRef) *carpel.Person {
	t.Helper()
	ordinal, ok, err := s.Resolve(ref)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil
	}
	p, err := s.Person(ordinal, carpel.Never)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// verified fails the test when a stripe is not in order.
func verified(t testing.TB, s *Store) {
	t.Helper()
	for n := range s.Stripes() {
		if err := s.Verify(n, func(kind, detail string) { t.Errorf("stripe %d: %s: %s", n, kind, detail) }); err != nil {
			t.Fatal(err)
		}
	}
}

func identify(user string, at carpel.Millis, props map[string]carpel.Value) carpel.Item {
	return carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: user}, At: at, Properties: props}
}

func event(user, name string, at carpel.Millis) carpel.Item {
	return carpel.Item{Kind: carpel.ItemEvent, Name: name, Person: carpel.PersonRef{UserID: user}, At: at}
}
