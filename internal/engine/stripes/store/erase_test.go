package store

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Nothing of a person who was erased is in any key or value, once tables are rewritten: not in data, identities, waiting
// items, journal, nor statistics. Others keep theirs.
func TestErasureLeavesNothing(t *testing.T) {
	const mark = "zebra"
	fs := vfs.NewMem()
	s := newStore(t, Options{FS: fs})
	n := 0
	text := func() carpel.Value { n++; return carpel.TextValue(fmt.Sprintf("%s-%d", mark, n)) }
	me := carpel.PersonRef{UserID: mark + "-user", AnonymousID: mark + "-visitor"}
	visitor := carpel.PersonRef{AnonymousID: mark + "-visitor"}
	take(t, s,
		identify("other", 1, map[string]carpel.Value{"plan": carpel.TextValue("pro"), "email": carpel.TextValue("other@example.com")}),
		carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: visitor, At: 2, Properties: map[string]carpel.Value{"note": text()}},
		carpel.Item{Kind: carpel.ItemIdentify, Person: me, At: 3, Properties: map[string]carpel.Value{"email": carpel.TextValue(mark + "@example.com"), "plan": carpel.TextValue("pro"), "city": text()}},
		carpel.Item{Kind: carpel.ItemIdentify, Person: me, At: 4, Properties: map[string]carpel.Value{"email": carpel.TextValue(mark + "2@example.com"), "city": text()}},
		carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: me, At: 5, MessageID: mark + "-message", Properties: map[string]carpel.Value{"note": text()}, Context: map[string]carpel.Value{"ip": text()}},
		carpel.Item{Kind: carpel.ItemPage, Name: "Home", URL: "https://example.com/" + mark, Person: me, At: 6},
		carpel.Item{Kind: carpel.ItemMessage, Person: me, At: 7, Message: &carpel.MessageInfo{Channel: "email", Action: "clicked", Link: "https://example.com/?" + mark, Delivery: mark, Reason: mark}},
		carpel.Item{Kind: carpel.ItemDevice, Person: me, At: 8, Device: &carpel.DeviceInfo{Token: mark + "-token", Platform: "ios", Properties: map[string]carpel.Value{"model": text()}}},
		identify(mark+"-second", 9, map[string]carpel.Value{"email": carpel.TextValue(mark + "3@example.com"), "nick": text()}),
		carpel.Item{Kind: carpel.ItemMerge, Person: carpel.PersonRef{UserID: mark + "-user"}, Other: carpel.PersonRef{UserID: mark + "-second"}, At: 10},
	)
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if files := filesWith(t, fs, mark); len(files) < 2 {
		t.Fatalf("only %v hold the mark: the test shows nothing", files)
	}
	if out := take(t, s, carpel.Item{Kind: carpel.ItemSuppress, Person: carpel.PersonRef{Email: mark + "3@example.com"}, At: 11}); out[0].Refused != nil {
		t.Fatal(out[0].Refused)
	}
	waits := carpel.PersonRef{AnonymousID: mark + "-waits"}
	erased := take(t, s,
		carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: waits, At: 11, Properties: map[string]carpel.Value{"note": text()}},
		carpel.Item{Kind: carpel.ItemErase, Person: waits, At: 11},
		carpel.Item{Kind: carpel.ItemErase, Person: waits, At: 11})
	if erased[1].Refused != nil || carpel.ErrorCode(erased[2].Refused) != carpel.CodeNotFound {
		t.Errorf("erased by the anonymous id alone: %+v", erased[1:])
	}
	if _, waiting, _ := s.Counts(); waiting != 0 {
		t.Errorf("%d items wait", waiting)
	}
	if len(filesWith(t, fs, mark)) == 0 {
		t.Fatal("the files hold nothing any more without a purge: the test shows nothing")
	}
	purge(t, s, 12)
	if files := filesWith(t, fs, mark); len(files) > 0 {
		t.Errorf("%v still hold what was erased", files)
	}
	err := s.scan(nil, func(k, v []byte) error {
		if bytes.Contains(k, []byte(mark)) || bytes.Contains(v, []byte(mark)) {
			t.Errorf("%q has %q", k, v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	verified(t, s)
	if p := who(t, s, carpel.PersonRef{UserID: "other"}); p == nil || p.Email != "other@example.com" || p.Attributes["plan"].Value != carpel.TextValue("pro") {
		t.Fatalf("the other one is %+v", p)
	}
	for _, id := range []carpel.PersonRef{{UserID: mark + "-user"}, {UserID: mark + "-second"}, {Email: mark + "2@example.com"}} {
		if out := take(t, s, carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: id, At: 12}); carpel.ErrorCode(out[0].Refused) != carpel.CodeSuppressed {
			t.Errorf("%+v is not suppressed: %+v", id, out[0])
		}
	}
}

// An erasure takes out of the statistics what was only of those who were erased, also what the same transaction saw before
// it, and leaves what others have: numbers, texts, and what a property has of both.
func TestErasureForgetsValues(t *testing.T) {
	for _, together := range []bool{false, true} {
		t.Run(fmt.Sprintf("together=%v", together), func(t *testing.T) {
			s := newStore(t, Options{})
			order := func(user string, total, plan, mixed carpel.Value) carpel.Item {
				it := event(user, "order", 1)
				it.Properties = map[string]carpel.Value{"total": total, "plan": plan, "mixed": mixed}
				return it
			}
			number, text := carpel.NumberValue, carpel.TextValue
			items := []carpel.Item{identify("me", 1, nil), identify("other", 1, nil),
				order("me", number(1), text("mine"), number(10)), order("me", number(2), text("ours"), text("mine")), order("me", number(3), text("ours"), text("ours")),
				order("other", number(2), text("ours"), number(11)), order("other", number(4), text("theirs"), text("ours")),
				{Kind: carpel.ItemErase, Person: carpel.PersonRef{UserID: "me"}, At: 2}}
			if together {
				tx := s.Begin(2)
				for _, it := range items {
					apply(t, tx, it)
				}
				commit(t, tx)
			} else {
				take(t, s, items...)
			}
			for property, want := range map[string][]string{"total": {"2", "4"}, "plan": {"ours", "theirs"}, "mixed": {"11", "ours"}} {
				names, err := s.Names(engine.NamesQuery{Kind: "property", Event: "order", Name: property})
				var got []string
				for _, n := range names {
					got = append(got, n.Name)
				}
				slices.Sort(got)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s has %q, want %q: %v", property, got, want, err)
				}
			}
		})
	}
}

// purge does what the engine does when a purge is due.
func purge(t *testing.T, s *Store, now carpel.Millis) {
	t.Helper()
	note, ok := s.ErasureNote()
	if !ok {
		t.Fatal("nothing is noted as erased")
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Purged(note, now); err != nil {
		t.Fatal(err)
	}
	s.db.TestOnlyWaitForCleaning()
}

// filesWith returns the files of a store that hold a text as it is. Tables are compressed, but what comes first in a block
// stands there in plain. The list of tables is left out: it names the first and last key of each, and is begun anew when
// the store opens.
func filesWith(t *testing.T, fs vfs.FS, text string) (files []string) {
	t.Helper()
	names, err := fs.List("store")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "MANIFEST-") {
			continue
		}
		f, err := fs.Open(fs.PathJoin("store", name))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			files = append(files, name)
		}
	}
	return files
}

// Logs are used again by Pebble: none keeps what was erased behind newer bytes. The note of an erasure outlives a
// restart, and one that is made during a purge outlives the purge.
func TestPurgeNote(t *testing.T) {
	fs := vfs.NewMem()
	s := newStore(t, Options{FS: fs})
	for i := range 8 { // fills the logs that are kept for reuse
		take(t, s, identify(fmt.Sprintf("zebra-%d", i), 1, map[string]carpel.Value{"a": carpel.TextValue(fmt.Sprintf("zebra-%d", i))}))
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	erase := func(i int, at carpel.Millis) {
		take(t, s, carpel.Item{Kind: carpel.ItemErase, Person: carpel.PersonRef{UserID: fmt.Sprintf("zebra-%d", i)}, At: at})
	}
	for i := range 7 {
		erase(i, 10+carpel.Millis(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = newStore(t, Options{FS: fs})
	note, ok := s.ErasureNote()
	if !ok || note.Since != 10 {
		t.Fatalf("%+v, %v", note, ok)
	}
	erase(7, 20)
	if err := s.Purged(note, 15); err != nil {
		t.Fatal(err)
	}
	if left, ok := s.ErasureNote(); !ok || left.Since != 15 {
		t.Fatalf("the erasure beside the purge is noted as %+v, %v", left, ok)
	}
	purge(t, s, 30)
	if _, ok := s.ErasureNote(); ok {
		t.Error("the note stays")
	}
	if files := filesWith(t, fs, "zebra-"); len(files) > 0 {
		t.Errorf("%v still hold what was erased", files)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := newStore(t, Options{FS: fs}).ErasureNote(); ok {
		t.Error("the note is back")
	}
}
