package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
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

// FuzzWaitingKey shows that what waits under one anonymous id is never under the prefix of another's.
func FuzzWaitingKey(f *testing.F) {
	f.Add("a", "ab")
	f.Add("", "\x00")
	f.Add("a\x00\x00\x00\x01", "a")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == b || len(a) > carpel.MaxIDBytes || len(b) > carpel.MaxIDBytes {
			return
		}
		for _, arrival := range []uint64{0, 1, 0x6100000000000000, math.MaxUint64 - 1} {
			key := binary.BigEndian.AppendUint64(waitingPrefix(b), arrival)
			if bytes.HasPrefix(key, waitingPrefix(a)) && len(key) == len(waitingPrefix(a))+8 {
				t.Fatalf("what waits under %q (%x) would come with %q (%x)", b, key, a, waitingPrefix(a))
			}
		}
	})
}

// FuzzMerger shows that the merge operator gives the same block however Pebble groups its operands: values of which the
// last wins, rows of which none is lost. An operand that is damaged makes the block unreadable in whatever group, and
// never fails the operator.
func FuzzMerger(f *testing.F) {
	f.Add([]byte{1, 2, 3, 1, 9, 8, 7, 1, 1, 1}, uint64(0b1011), false, []byte{})
	f.Add([]byte{5, 5, 7, 7, 7, 7}, uint64(0), false, []byte{})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 5, 5}, uint64(0b0110), true, []byte{})
	f.Add([]byte{4, 4, 4, 4, 4}, uint64(3), true, []byte{0x01, 0xff})
	f.Fuzz(func(t *testing.T, slots []byte, groups uint64, rows bool, damage []byte) {
		if slots = slots[:min(len(slots), 40)]; len(slots) == 0 {
			return
		}
		var operands [][]byte
		want := map[string]string{}
		for i, slot := range slots {
			text := carpel.TextValue(fmt.Sprint(i))
			if rows {
				var b block.RowBuilder
				b.Add(slot, carpel.Millis(i%3), map[string]carpel.Value{"n": text})
				operands = append(operands, block.AppendRows(nil, b.Rows()))
				want[fmt.Sprint(slot, " ", i%3, " ", i)] = ""
				continue
			}
			var m block.Mask
			m.Set(slot)
			var v *block.Values
			operands = append(operands, block.AppendValues(nil, v.With(slot, text), m))
			want[fmt.Sprint(slot)] = text.Text()
		}
		whole := len(damage) == 0
		if !whole {
			operands[len(operands)/2] = damage
		}
		joined := inGroups(t, operands, groups)
		if got, err := contents(joined, rows); whole && (err != nil || !maps.Equal(got, want)) {
			t.Fatalf("slots %x in groups %b: %v, want %v, %v", slots, groups, got, want, err)
		}
		other, err1 := contents(inGroups(t, operands, ^groups), rows)
		got, err2 := contents(joined, rows)
		if (err1 == nil) != (err2 == nil) || !maps.Equal(got, other) {
			t.Fatalf("operands %x: in groups %b %v, %v; otherwise %v, %v", operands, groups, got, err2, other, err1)
		}
	})
}

// inGroups joins operands as Pebble does: each run of them that the bits mark beforehand, and then all, from the middle
// to both sides.
func inGroups(t *testing.T, operands [][]byte, groups uint64) []byte {
	var parts [][]byte
	for i := 0; i < len(operands); {
		to := i + 1
		for to < len(operands) && groups>>(to%64)&1 == 1 {
			to++
		}
		parts, i = append(parts, mergeAll(t, operands[i:to], 0)), to
	}
	return mergeAll(t, parts, len(parts)/2)
}

func mergeAll(t *testing.T, operands [][]byte, from int) []byte {
	m, err := merger().Merge(blockKey{}.key(), operands[from])
	for i := from + 1; err == nil && i < len(operands); i++ {
		err = m.MergeNewer(operands[i])
	}
	for i := from - 1; err == nil && i >= 0; i-- {
		err = m.MergeOlder(operands[i])
	}
	if err != nil {
		t.Fatal(err)
	}
	out, closer, err := m.Finish(true)
	if err != nil || closer != nil {
		t.Fatal(err, closer)
	}
	return out
}

// contents is what a block of values or of rows holds.
func contents(data []byte, rows bool) (map[string]string, error) {
	got := map[string]string{}
	if !rows {
		v, err := block.DecodeValues(data)
		for slot := range 256 {
			if x := v.Value(uint8(slot)); err == nil && x.IsSet() {
				got[fmt.Sprint(slot)] = x.Text()
			}
		}
		return got, err
	}
	r, err := block.DecodeRows(data)
	if err != nil {
		return got, err
	}
	n := r.Column("n")
	for _, slot := range r.Slots {
		for from, to := r.Find(slot); from < to; from++ {
			got[fmt.Sprint(slot, " ", int64(r.Time.At(from)), " ", n.Value(from).Text())] = ""
		}
	}
	return got, nil
}
