package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
)

// A filter knows every id that it was given, and few others.
func TestIDSet(t *testing.T) {
	s := &Store{hashKey: make([]byte, 32)}
	f := newIDSet(100_000)
	for i := range 100_000 {
		f.add(s.messageHash(fmt.Sprint("in ", i)))
	}
	wrong := 0
	for i := range 100_000 {
		if !f.has(s.messageHash(fmt.Sprint("in ", i))) {
			t.Fatalf("id %d is not in", i)
		}
		if f.has(s.messageHash(fmt.Sprint("out ", i))) {
			wrong++
		}
	}
	if wrong > 2000 {
		t.Errorf("%d of 100,000 ids that were never added are said to be in", wrong)
	}
	if f.full() {
		t.Error("a filter with as many ids as it has room for is full")
	}
}

// Repeats are found whatever the filter knows: before it is filled, after, over a restart, and when it grows meanwhile.
func TestRepeatsBesideTheFilter(t *testing.T) {
	fs := vfs.NewMem()
	open := func() *Store {
		s, err := Open("store", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	next, sent := 0, 0
	apply := func(s *Store, id int) bool {
		tx := s.Begin(0)
		out, err := tx.Apply(&carpel.Item{Kind: carpel.ItemEvent, Person: carpel.PersonRef{UserID: "ana"}, MessageID: fmt.Sprint("m", id), Name: "x", At: carpel.MillisOf(time.Unix(1_700_000_000, 0))})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		return out.Repeated
	}
	for range 3 {
		s := open()
		for range 200 {
			if apply(s, next) {
				t.Fatalf("message %d is taken for a repeat", next)
			}
			next++
		}
		if f := s.messages.filling; f != nil {
			<-f.done
		}
		if err := s.fill(int64(next)); err != nil { // grows with ids on the way
			t.Fatal(err)
		}
		for ; sent < next; sent++ {
			if !apply(s, sent) {
				t.Fatalf("message %d counts twice", sent)
			}
		}
		sent = 0
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
