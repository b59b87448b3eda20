package store

import (
	"slices"
	"testing"

	"github.com/carpel/carpel"
)

// The journal stays short, whether its batches are small or large.
func TestJournalStaysShort(t *testing.T) {
	s := newStore(t, Options{})
	for range 8 {
		tx := s.Begin(1000)
		apply(t, tx, carpel.Item{Kind: carpel.ItemEvent, Person: carpel.PersonRef{UserID: "ann"}, Name: "Ping", At: 1000})
		tx.journal = slices.Repeat(tx.journal, keepJournal/2)
		commit(t, tx)
	}
	m := s.meta.Load()
	if kept := m.Seq - m.JournalFrom + 1; kept < 2 || kept > 4 {
		t.Errorf("%d batches of %d items are kept", kept, keepJournal/2)
	}
	batches := 0
	if err := s.scan([]byte{keyJournal}, func(_, _ []byte) error { batches++; return nil }); err != nil || batches != int(m.Seq-m.JournalFrom+1) {
		t.Errorf("%d batches are stored, from %d to %d: %v", batches, m.JournalFrom, m.Seq, err)
	}
}

// What is followed stays until it was read, and then goes; past the bound all of it goes, and the reader is told.
func TestFollowedStaysShort(t *testing.T) {
	s := newStore(t, Options{KeepFollowed: 1000})
	if err := s.Follow([]string{"Ping"}); err != nil {
		t.Fatal(err)
	}
	add := func(batches int) {
		for range batches {
			tx := s.Begin(1000)
			apply(t, tx, carpel.Item{Kind: carpel.ItemEvent, Person: carpel.PersonRef{UserID: "ann"}, Name: "Ping", At: 1000})
			commit(t, tx)
		}
	}
	stored := func() (n int) {
		if err := s.scan([]byte{keyFollow}, func(_, _ []byte) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	place := s.FollowEnd()
	read := func(limit int) (n int, kept bool) {
		all, next, kept, err := s.Followed(place, limit)
		if err != nil {
			t.Fatal(err)
		}
		place = next
		return len(all), kept
	}
	add(2 * cutJournal)
	if n, kept := read(10_000); n != 2*cutJournal || !kept {
		t.Fatalf("%d entries, %v", n, kept)
	}
	read(1) // what was read is durable with the reader
	add(cutJournal)
	if n := stored(); n > cutJournal {
		t.Errorf("%d entries are stored, of which %d were read", n, 2*cutJournal)
	}
	if n, kept := read(10_000); n != cutJournal || !kept {
		t.Errorf("%d entries, %v", n, kept)
	}
	add(1500)
	if n := stored(); n > 1000 {
		t.Errorf("%d entries are stored, past the bound", n)
	}
	if _, kept := read(10); kept {
		t.Error("the reader is not told that entries are gone")
	}
	place = s.FollowEnd()
	add(3)
	if n, kept := read(10); n != 3 || !kept {
		t.Errorf("%d entries behind the loss, %v", n, kept)
	}
}
