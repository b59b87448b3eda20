package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
)

// A filter knows every id that it was given, and few others.
func TestIDSet(t *testing.T) {
	s := &Store{hashKey: make([]byte, 32)}
	f := newIDSet(100_000, maxFilterBytes)
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

// A store of format 1, whose message ids are keys of their own, is brought to today's when it opens: repeats are found as
// before, over another restart too.
func TestMessagesOfFormat1(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	b := s.db.NewBatch()
	const old = 70_000 // some buckets hold two
	for i := range old {
		hash := s.hash("message", fmt.Sprint("m", i))[:10]
		if err := b.Set(append([]byte{keyOldMessage}, hash...), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(b.Set(metaKey("version"), []byte{0, 0, 0, 1}, nil), s.Sync(b), b.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s, err = Open("store", Options{FS: fs}); err != nil {
			t.Fatal(err)
		}
		<-s.messages.filling.done
		for _, filtered := range []bool{true, false} {
			for i := range old + 1000 {
				tx := s.Begin(0)
				repeated, err := tx.repeated(s.messageHash(fmt.Sprint("m", i)))
				if tx.Abort(); err != nil || repeated != (i < old) {
					t.Fatalf("message %d: repeated is %v, %v", i, repeated, err)
				}
			}
			if filtered && s.messages.filter.blocks == nil {
				t.Fatal("the filter was not filled")
			}
			s.messages.filter = idSet{}
		}
		if v, _, err := s.get(metaKey("version")); err != nil || v[3] != formatVersion {
			t.Fatal(v, err)
		}
		if err := s.scan([]byte{keyOldMessage}, func(k, _ []byte) error { return fmt.Errorf("%x is left", k) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A damaged bucket of message ids is an error, with the filter and without.
func TestDamagedMessages(t *testing.T) {
	s, err := Open("store", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	<-s.messages.filling.done
	s.settleMessages()
	hash := s.messageHash("m")
	if err := s.db.Set(messageKey(hash), []byte(hash[bucketBytes:hashBytes-1]), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.fill(0); err != nil {
		t.Fatal(err)
	}
	<-s.messages.filling.done
	s.settleMessages()
	if s.messages.filter.blocks == nil { // that of the open
		t.Fatal("a damaged bucket took the filter away")
	}
	if found, err := s.hasMessage(hash); found || err == nil {
		t.Errorf("hasMessage: %v, %v", found, err)
	}
}
