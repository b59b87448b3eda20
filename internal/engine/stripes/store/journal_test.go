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
