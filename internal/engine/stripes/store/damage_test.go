package store

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
)

// Damage planted under any key is an error or a problem that a verification tells, never a panic.
func TestDamageIsFound(t *testing.T) {
	fs := vfs.NewMem()
	fill := func() *Store {
		s, err := Open("store", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := fill()
	take(t, s, identify("u", 1, map[string]carpel.Value{"plan": carpel.TextValue("pro"), "email": carpel.TextValue("u@example.com")}), event("u", "order", 2))
	var keys [][]byte
	if err := s.scan(nil, func(k, v []byte) error {
		if len(v) > 0 && k[0] != keyMeta && k[0] != keyJournal && k[0] != keyStats {
			keys = append(keys, append([]byte{}, k...))
		}
		return nil
	}); err != nil || len(keys) < 8 {
		t.Fatal(err, len(keys))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		t.Run(fmt.Sprintf("%q", k), func(t *testing.T) {
			s := fill()
			good, _, err := s.get(k)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.db.Set(k, good[:len(good)-1], pebble.Sync); err != nil { // its last byte is gone
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			damaged, err := Open("store", Options{FS: fs})
			found := err != nil
			if err == nil {
				err := damaged.Verify(0, func(string, string) { found = true })
				found = found || err != nil
				if _, _, err := damaged.Resolve(carpel.PersonRef{UserID: "u"}); err != nil {
					found = true
				}
				s = damaged
			} else {
				db, err := pebble.Open("store", &pebble.Options{FS: fs, Merger: merger()})
				if err != nil {
					t.Fatal(err)
				}
				s = &Store{db: db, options: Options{Budget: NewBudget(0)}}
			}
			if err := s.db.Set(k, good, pebble.Sync); err != nil {
				t.Fatal(err)
			}
			s.stopMessages()
			if err := s.db.Close(); err != nil {
				t.Fatal(err)
			}
			if !found {
				t.Errorf("nothing was found")
			}
		})
	}
}
