package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// limited fails the test unless e tells of a limit.
func limited(t *testing.T, what string, e *carpel.Error, limit int64) {
	t.Helper()
	if e == nil || e.Code != carpel.CodeLimit || e.Limit != limit || e.Actual <= limit {
		t.Errorf("%s: %+v, want the limit %d", what, e, limit)
	}
}

// What waits under an anonymous id is bounded, over a restart too; what is beyond is refused, may come again, and the
// rest joins.
func TestWaitingIsBounded(t *testing.T) {
	fs := vfs.NewMem()
	s := newStore(t, Options{FS: fs})
	wait := func(tx *Tx, id string, n int, note string) engine.Outcome {
		return apply(t, tx, carpel.Item{Kind: carpel.ItemEvent, Name: "seen", MessageID: fmt.Sprint(id, n), At: 1, Person: carpel.PersonRef{AnonymousID: id},
			Properties: map[string]carpel.Value{"note": carpel.TextValue(note)}})
	}
	tx := s.Begin(1)
	for n := range carpel.MaxWaiting {
		if out := wait(tx, "a", n, ""); out.Refused != nil {
			t.Fatalf("item %d: %v", n, out.Refused)
		}
	}
	limited(t, "in one batch", wait(tx, "a", carpel.MaxWaiting, "").Refused, carpel.MaxWaiting)
	commit(t, tx)
	tx = s.Begin(2)
	limited(t, "in the next", wait(tx, "a", carpel.MaxWaiting, "").Refused, carpel.MaxWaiting)
	long := strings.Repeat("x", 1<<20)
	n := 0
	for ; n < 64; n++ {
		if out := wait(tx, "b", n, long); out.Refused != nil {
			limited(t, "bytes", out.Refused, carpel.MaxWaitingBytes)
			break
		}
	}
	if n != 63 {
		t.Errorf("%d items of 1 MiB wait", n)
	}
	commit(t, tx)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = newStore(t, Options{FS: fs})
	tx = s.Begin(3)
	limited(t, "after a restart", wait(tx, "a", carpel.MaxWaiting, "").Refused, carpel.MaxWaiting)
	limited(t, "bytes after a restart", wait(tx, "b", n, long).Refused, carpel.MaxWaitingBytes)
	apply(t, tx, carpel.Item{Kind: carpel.ItemIdentify, At: 3, Person: carpel.PersonRef{UserID: "u", AnonymousID: "a"}})
	if out := wait(tx, "a", carpel.MaxWaiting, ""); out.Refused != nil || out.Repeated || out.Person == "" {
		t.Errorf("after it joined: %+v", out)
	}
	commit(t, tx)
	if _, waiting, events := s.Counts(); waiting != int64(n) || events != carpel.MaxWaiting+1 {
		t.Errorf("%d wait, %d events", waiting, events)
	}
	verified(t, s)
}

// The ids and devices of a person are bounded, and what is beyond is told.
func TestIdentitiesAreBounded(t *testing.T) {
	s := newStore(t, Options{})
	tx := s.Begin(1)
	u := carpel.PersonRef{UserID: "u"}
	claim := func(n int) engine.Outcome {
		return apply(t, tx, carpel.Item{Kind: carpel.ItemIdentify, At: 1, Person: carpel.PersonRef{UserID: "u", AnonymousID: fmt.Sprint("a", n)}})
	}
	for n := range carpel.MaxAnonymousIDs {
		if out := claim(n); len(out.Warnings) > 0 || out.Refused != nil {
			t.Fatalf("%d: %+v", n, out)
		}
	}
	out := claim(carpel.MaxAnonymousIDs)
	if out.Refused != nil || out.Person == "" || len(out.Warnings) != 1 {
		t.Fatalf("%+v", out)
	}
	limited(t, "an anonymous id", out.Warnings[0], carpel.MaxAnonymousIDs)

	alias := func(person carpel.PersonRef, other string) engine.Outcome {
		return apply(t, tx, carpel.Item{Kind: carpel.ItemAlias, At: 1, Person: person, Other: carpel.PersonRef{UserID: other}})
	}
	for n := range carpel.MaxUserIDs - 1 {
		if out := alias(u, fmt.Sprint("u", n)); out.Refused != nil {
			t.Fatalf("%d: %+v", n, out)
		}
	}
	limited(t, "an alias", alias(u, "another").Refused, carpel.MaxUserIDs)
	limited(t, "an alias the other way", alias(carpel.PersonRef{UserID: "another"}, "u").Refused, carpel.MaxUserIDs)
	if _, known, err := tx.Resolve(carpel.PersonRef{UserID: "another"}); known || err != nil {
		t.Errorf("the refused id is somebody's: %v", err)
	}

	device := func(person carpel.PersonRef, token string) engine.Outcome {
		return apply(t, tx, carpel.Item{Kind: carpel.ItemDevice, At: 1, Person: person, Device: &carpel.DeviceInfo{Token: token, Platform: "ios"}})
	}
	for n := range carpel.MaxDevices {
		if out := device(u, fmt.Sprint("t", n)); out.Refused != nil {
			t.Fatalf("%d: %+v", n, out)
		}
	}
	v := carpel.PersonRef{UserID: "v"}
	if out := device(v, "v1"); out.Refused != nil {
		t.Fatal(out.Refused)
	}
	limited(t, "a device", device(u, "another").Refused, carpel.MaxDevices)
	limited(t, "a device of somebody else", device(u, "v1").Refused, carpel.MaxDevices)
	if out := device(u, "t7"); out.Refused != nil {
		t.Errorf("one that is there is updated: %v", out.Refused)
	}
	limited(t, "a merge", apply(t, tx, carpel.Item{Kind: carpel.ItemMerge, At: 1, Person: v, Other: u}).Refused, carpel.MaxUserIDs)
	commit(t, tx)
	if p := who(t, s, v); p == nil {
		t.Error("a refused merge took the person away")
	}
	verified(t, s)
}

// Merges are counted with those into the people who are merged: a chain is no way around the limit.
func TestMergesAreBoundedInAChain(t *testing.T) {
	s := newStore(t, Options{})
	tx := s.Begin(1)
	ref := func(n int) carpel.PersonRef { return carpel.PersonRef{Email: fmt.Sprintf("%d@example.com", n)} }
	apply(t, tx, carpel.Item{Kind: carpel.ItemIdentify, At: 1, Person: ref(0)})
	for n := 1; n <= carpel.MaxMerges+1; n++ {
		apply(t, tx, carpel.Item{Kind: carpel.ItemIdentify, At: 1, Person: ref(n)})
		out := apply(t, tx, carpel.Item{Kind: carpel.ItemMerge, At: 1, Person: ref(n), Other: ref(n - 1)})
		if n <= carpel.MaxMerges && out.Refused != nil {
			t.Fatalf("merge %d: %v", n, out.Refused)
		}
		if n > carpel.MaxMerges {
			limited(t, "a longer chain", out.Refused, carpel.MaxMerges)
		}
	}
	commit(t, tx)
	verified(t, s)
}

// A transaction that changes a person and no name leaves the directory of the stripe to its readers as it is.
func TestDirectoryIsCopiedOnlyWhenItChanges(t *testing.T) {
	s := newStore(t, Options{})
	take(t, s, identify("u", 1, map[string]carpel.Value{"a": carpel.TextValue("1")}))
	reader, err := s.Stripe(0)
	if err != nil {
		t.Fatal(err)
	}
	before := len(reader.head.directory)
	take(t, s, identify("v", 2, map[string]carpel.Value{"b": carpel.TextValue("1")}))
	if len(reader.head.directory) != before {
		t.Error("a reader's directory changes under it")
	}
	again, err := s.Stripe(0)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.head.directory) <= before {
		t.Error("the new name is not in the directory")
	}
	tx := s.Begin(3)
	apply(t, tx, identify("w", 3, map[string]carpel.Value{"a": carpel.TextValue("1")}))
	if tx.directories[0] {
		t.Error("the directory is copied though no name is new")
	}
	tx.Abort()
}
