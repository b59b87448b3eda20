package store

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// eventOfMonth is an event in a month of 2023, which has a bucket of its own.
func eventOfMonth(user string, month, n int) carpel.Item {
	at := bucketStart(uint16(2+23*12+month)) + carpel.Millis(n)*1000
	return carpel.Item{Kind: carpel.ItemEvent, Person: carpel.PersonRef{UserID: user}, Name: "Ping", At: at, Properties: map[string]carpel.Value{"n": carpel.NumberValue(float64(n))}}
}

// twoHeavyPeople returns a store with two people who have chunks in three months, others between their ordinals, so many
// that the two share a stripe or do not, and the merge of the two.
func twoHeavyPeople(t *testing.T, between int) (*Store, carpel.Item) {
	s := newStore(t, Options{SplitRows: 8, HeavyRows: 16})
	tx := s.Begin(1000)
	for i := range 60 {
		apply(t, tx, eventOfMonth("ann", i%3, i))
	}
	for i := range between {
		apply(t, tx, eventOfMonth(fmt.Sprint("other ", i), 0, i))
	}
	for i := range 90 {
		apply(t, tx, eventOfMonth("bob", i%3, 1000-7*i))
	}
	commit(t, tx)
	return s, carpel.Item{Kind: carpel.ItemMerge, Person: carpel.PersonRef{UserID: "ann"}, Other: carpel.PersonRef{UserID: "bob"}, At: 2000}
}

// timesOfAnn returns when she did what, read from disk, and checks that what is in memory is the same.
func timesOfAnn(t *testing.T, s *Store) (times []carpel.Millis) {
	t.Helper()
	for n := range s.Stripes() {
		if err := s.Verify(n, func(kind, detail string) { t.Errorf("%s: %s", kind, detail) }); err != nil {
			t.Fatal(err)
		}
	}
	ordinal, _, err := s.Resolve(carpel.PersonRef{UserID: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.readEntry(entryKey{s.names.lookup(tableName(eval.Table{Kind: eval.EventTable, Name: "Ping"})), ordinal / block.Width})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range e.parts {
		from, to := p.rows.Find(uint8(ordinal % block.Width))
		times = p.rows.Time.Append(times, from, to)
	}
	return times
}

// A merge that was prepared comes to the same as one that was not, also when somebody wrote to a chunk in between: then the
// writer moves that bucket itself.
func TestPreparedMergeIsTheMerge(t *testing.T) {
	for _, between := range []int{0, 300} {
		for _, later := range [][]carpel.Item{nil, {eventOfMonth("ann", 1, 5000)}, {eventOfMonth("bob", 2, 5000)}, {eventOfMonth("other 0", 1, 1)}} {
			plain, it := twoHeavyPeople(t, between)
			take(t, plain, append(later, it)...)

			s, it := twoHeavyPeople(t, between)
			p, err := s.Prepare(it.Person, it.Other)
			if err != nil || p == nil || len(p.moves) == 0 {
				t.Fatalf("prepared %v, %v", p, err)
			}
			take(t, s, later...)
			tx := s.Begin(it.At)
			tx.Use(p)
			apply(t, tx, it)
			adopted := 0
			for _, moves := range p.moves {
				for _, m := range moves {
					for _, c := range m.result {
						for _, tb := range tx.tables {
							if tb.find(c.key) == c {
								adopted++
								break
							}
						}
					}
				}
			}
			commit(t, tx)
			if adopted == 0 {
				t.Errorf("%d between, later %v: nothing that was prepared was used", between, later)
			}
			if d := gocmp.Diff(sorted(timesOfAnn(t, plain)), sorted(timesOfAnn(t, s))); d != "" {
				t.Errorf("%d between, later %v (-merged +prepared):\n%s", between, later, d)
			}
		}
	}
}

// Of a merge with nobody, or of people who have no chunks, nothing is prepared.
func TestNothingToPrepare(t *testing.T) {
	s, it := twoHeavyPeople(t, 3)
	for _, refs := range [][2]carpel.PersonRef{{it.Person, {UserID: "nobody"}}, {{UserID: "nobody"}, it.Other}, {it.Person, it.Person}, {it.Person, {UserID: "other 1"}}} {
		if p, err := s.Prepare(refs[0], refs[1]); p != nil || err != nil {
			t.Errorf("%v: prepared %v, %v", refs, p, err)
		}
	}
}

func sorted(times []carpel.Millis) []carpel.Millis {
	slices.Sort(times)
	return times
}
