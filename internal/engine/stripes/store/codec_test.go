package store

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

func FuzzPersonRecord(f *testing.F) {
	whole := &person{merges: 3, firstSeen: -5, key: "p_1", keys: []string{"p_2"}, users: []string{"u", "v"}, email: "A@b", emails: []string{"c@d"}, anonymous: []string{"a"}, devices: []string{"t"}}
	for _, p := range []*person{{}, whole, {gone: true, key: "p_9"}, {key: "p_1", emails: []string{"x@y"}}} {
		f.Add(p.encode())
		back, err := decodePerson(p.encode())
		if err != nil {
			f.Fatal(err)
		}
		if diff := cmp.Diff(p, back, cmp.AllowUnexported(person{})); diff != "" {
			f.Fatalf("written (-) and read (+):\n%s", diff)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePerson(b)
		if err != nil {
			return
		}
		back, err := decodePerson(p.encode())
		if err != nil {
			t.Fatalf("%+v was written and does not read: %v", p, err)
		}
		if diff := cmp.Diff(p, back, cmp.AllowUnexported(person{})); diff != "" {
			t.Fatalf("read once (-) and again (+):\n%s", diff)
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte{0, 0, 2, 1, 2, 1, 'x'})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decodeJournal(b) // may fail, may not panic
		if m, err := decodeMeta(b); err == nil {
			if back, err := decodeMeta(encodeMeta(m)); err != nil || *back != *m {
				t.Fatalf("%+v was written and reads as %+v, %v", m, back, err)
			}
		}
	})
}

func FuzzBlockKey(f *testing.F) {
	f.Add(blockKey{1, 2, 3, 4, 5}.key())
	f.Fuzz(func(t *testing.T, b []byte) {
		k, ok := parseBlockKey(b)
		if ok && !bytes.Equal(k.key(), b) {
			t.Fatalf("%x reads as %+v, which is %x", b, k, k.key())
		}
	})
}

// The keys of a block sort as what they name, and a waiting prefix is no other's.
func TestKeysSort(t *testing.T) {
	keys := []blockKey{{1, 0, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 0, 1, 1, 0}, {1, 0, 1, 256, 7}, {1, 1, 0, 0, 0}, {1, 256, 0, 0, 0}, {2, 0, 0, 0, 0}, {256, 0, 0, 0, 0}}
	var bytesOf [][]byte
	for _, k := range keys {
		bytesOf = append(bytesOf, k.key())
	}
	if !slices.IsSortedFunc(bytesOf, bytes.Compare) {
		t.Fatal("block keys do not sort")
	}
	for _, pair := range [][2]string{{"a", "ab"}, {"a", "a\x00"}, {"", "a"}} {
		if bytes.HasPrefix(waitingPrefix(pair[1]), waitingPrefix(pair[0])) {
			t.Fatalf("what waits under %q would come with %q", pair[1], pair[0])
		}
	}
	if got := successor([]byte{1, 0xff, 0xff}); !bytes.Equal(got, []byte{2}) || successor([]byte{0xff}) != nil {
		t.Fatalf("successor: %x", got)
	}
}

func TestJournalRoundTrip(t *testing.T) {
	s := newStore(t, Options{})
	tx := s.Begin(7)
	for _, it := range []carpel.Item{
		{Kind: carpel.ItemEvent, Name: " order ", At: -3, Person: carpel.PersonRef{UserID: "u"}},
		{Kind: carpel.ItemMessage, Message: &carpel.MessageInfo{Channel: "email", Action: "opened"}, At: 9, Person: carpel.PersonRef{UserID: "u"}},
	} {
		apply(t, tx, it)
	}
	commit(t, tx)
	entries, last, err := s.Journal(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []JournalEntry{{Seq: 1, At: -3, Kind: carpel.ItemEvent, Name: "order"}, {Seq: 1, At: 9, Kind: carpel.ItemMessage, Name: "opened"}}
	if diff := cmp.Diff(want, entries); diff != "" || last != 1 {
		t.Fatalf("want (-), got (+), last %d:\n%s", last, diff)
	}
}
