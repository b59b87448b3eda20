package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// stripeFacts is what a question reads of a stripe, as text.
func stripeFacts(t *testing.T, s *Stripe) string {
	t.Helper()
	var all string
	for slot := range s.People().Slots {
		all += fmt.Sprintf("%d %s %d\n", slot, s.Person(slot), s.FirstSeen()[slot])
	}
	for _, name := range []string{"plan", "rare", "nothing"} {
		values, err := s.Attribute(name)
		if err != nil {
			t.Fatal(err)
		}
		stamps, err := s.Stamps(name)
		if err != nil {
			t.Fatal(err)
		}
		for slot := range values.Mask().Slots {
			all += fmt.Sprintf("%s %d %s %d\n", name, slot, values.Value(slot).Text(), stamps.At(slot))
		}
	}
	for _, name := range []string{"order", "visit"} {
		parts, err := s.Parts(eval.Table{Kind: eval.EventTable, Name: name}, -1<<62, 1<<62)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			rows, err := p.Rows()
			if err != nil {
				t.Fatal(err)
			}
			for i := range rows.Len() {
				slot, at, _ := rows.Row(i)
				all += fmt.Sprintf("%s %d %d\n", name, slot, at)
			}
		}
	}
	return all
}

// A walk that reads ahead finds what stripes do that are read one by one, whatever the room, and from wherever it begins.
func TestWalkReadsAhead(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	const people = 20*block.Width + 7
	tx := s.Begin(1)
	for i := range people {
		user := fmt.Sprint("user ", i)
		props := map[string]carpel.Value{"plan": carpel.TextValue(fmt.Sprint("plan ", i%3))}
		if i/block.Width%4 == 1 {
			props["rare"] = carpel.NumberValue(float64(i))
		}
		apply(t, tx, identify(user, carpel.Millis(1+i), props))
		if i/block.Width%5 != 2 {
			apply(t, tx, event(user, "order", carpel.Millis(i)))
		}
	}
	apply(t, tx, carpel.Item{Kind: carpel.ItemErase, Person: carpel.PersonRef{UserID: "user 300"}, At: people})
	commit(t, tx)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range []struct {
		room        int64
		start, ends uint32
	}{{1 << 30, 0, 1}, {1 << 30, 0, 21}, {1 << 30, 3, 8}, {1 << 16, 0, 21}, {1, 0, 21}} {
		s, err := Open("store", Options{FS: fs, Budget: NewBudget(c.room)})
		if err != nil {
			t.Fatal(err)
		}
		st := s.Walk()
		for n := range s.Stripes() {
			if n < c.start {
				continue
			}
			st.WalkTo(max(c.ends, n))
			if err := st.Move(n); err != nil {
				t.Fatal(err)
			}
			got := stripeFacts(t, st)
			if c.ends == 1 {
				want = append(want, got)
			} else if diff := gocmp.Diff(want[n], got); diff != "" {
				t.Errorf("%+v: stripe %d: %s", c, n, diff)
			}
			if held := s.CacheBytes(); c.room == 1<<16 && held > 1<<17 {
				t.Errorf("%d bytes are held", held)
			}
		}
		verified(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) != 21 || len(want[0]) < 1000 {
		t.Errorf("%d stripes", len(want))
	}
}

// A walk that reads ahead keeps a commit waiting for no more than a bounded amount of decoding: small entries are read for
// all the stripes before the end of the walk, large ones only until there are enough of them.
func TestWalkReadsAheadInBounds(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	const stripes = 8
	tx := s.Begin(1)
	for i := range stripes * block.Width {
		bio := fmt.Sprint(i, strings.Repeat("x", runBytes*2/5/block.Width))
		apply(t, tx, identify(fmt.Sprint("user ", i), 1, map[string]carpel.Value{"bio": carpel.TextValue(bio), "n": carpel.NumberValue(float64(i))}))
	}
	commit(t, tx)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open("store", Options{FS: fs}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	st := s.Walk()
	st.WalkTo(stripes)
	if err := st.Move(0); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"bio": 3, "n": stripes} {
		if _, err := st.Attribute(name); err != nil {
			t.Fatal(err)
		}
		got := 0
		for n := range uint32(stripes) {
			if s.cache.get(entryKey{st.number(nameKey{kindValues, name}), n}) != nil {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d stripes are read ahead, want %d", name, got, want)
		}
	}
}

// A walk sees a name that was not known when it was first asked for, and forgets the number of one that was taken back.
func TestWalkFollowsNames(t *testing.T) {
	s := newStore(t, Options{})
	take(t, s, identify("u", 1, map[string]carpel.Value{"plan": carpel.TextValue("pro")}))
	st := s.Walk()
	ask := func(name string) string {
		t.Helper()
		if err := st.Move(0); err != nil {
			t.Fatal(err)
		}
		v, err := st.Attribute(name)
		if err != nil {
			t.Fatal(err)
		}
		return v.Value(0).Text()
	}
	tx := s.Begin(2)
	apply(t, tx, identify("u", 2, map[string]carpel.Value{"dropped": carpel.TextValue("x")}))
	if got := ask("dropped"); got != "" {
		t.Errorf("before the commit it is %q", got)
	}
	tx.Abort()
	take(t, s, identify("u", 3, map[string]carpel.Value{"late": carpel.TextValue("y")}))
	if got := []string{ask("plan"), ask("dropped"), ask("late"), ask("plan")}; !gocmp.Equal(got, []string{"pro", "", "y", "pro"}) {
		t.Errorf("got %q", got)
	}
}
