package records_test

import (
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// What is suppressed is so for one workspace and one kind, until it is taken back; an erasure keeps the hash alone.
func TestSuppressions(t *testing.T) {
	db, _, _ := open(t)
	ours, theirs := workspace(t, db), workspace(t, db)
	ctx := t.Context()
	if err := db.Suppress(ctx, ours, carpel.Suppression{Kind: carpel.Email, Address: "a@example.com", Reason: carpel.SuppressedByHand}, carpel.Suppression{Kind: carpel.Email, Address: "b@example.com", Reason: carpel.SuppressedComplaint}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "no address", db.Suppress(ctx, ours, carpel.Suppression{Kind: carpel.Email}), carpel.CodeInvalid)
	has := func(workspace string, kind carpel.ChannelKind, address string) bool {
		t.Helper()
		_, err := db.Suppression(ctx, workspace, kind, address)
		if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
			t.Fatal(err)
		}
		return err == nil
	}
	if !has(ours, carpel.Email, "A@example.com") || has(theirs, carpel.Email, "a@example.com") || has(ours, carpel.Push, "a@example.com") {
		t.Error("suppressed where it is not to be, or not where it is")
	}
	if err := db.EraseMessages(ctx, ours, records.Erased{People: []string{"p_1"}, IDs: []string{"a@example.com", "c@example.com", "user 1"}}); err != nil {
		t.Fatal(err)
	}
	all, err := db.Suppressions(ctx, ours, records.SuppressionFilter{Limit: 10})
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, s := range all {
		if (s.Address != "") != (s.Reason == carpel.SuppressedComplaint) {
			t.Errorf("after the erasure: %+v", s)
		}
	}
	if !has(ours, carpel.Email, "a@example.com") || !has(ours, carpel.Email, "C@example.com") {
		t.Error("after the erasure of its person an address is sent to")
	}
	found, err := db.Suppressions(ctx, ours, records.SuppressionFilter{Search: "B@EX", Limit: 10})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if err := db.Unsuppress(ctx, ours, carpel.Email, found[0].Hash); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "taken back twice", db.Unsuppress(ctx, ours, carpel.Email, found[0].Hash), carpel.CodeNotFound)
}

// The inbox keeps the last thousand of a workspace, for a week.
func TestInbox(t *testing.T) {
	db, clock, _ := open(t)
	ours, theirs := workspace(t, db), workspace(t, db)
	ctx := t.Context()
	if err := db.KeepInInbox(ctx, []records.InboxMessage{{Workspace: theirs, Kind: carpel.Email, Subject: "theirs", Raw: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	for range 21 {
		var all []records.InboxMessage
		for range 50 {
			all = append(all, records.InboxMessage{Workspace: ours, Kind: carpel.Email, Recipient: "a@example.com", Raw: []byte("x")})
		}
		if err := db.KeepInInbox(ctx, all); err != nil {
			t.Fatal(err)
		}
	}
	count := func(workspace string) int {
		t.Helper()
		all, err := db.Inbox(ctx, workspace, records.InboxFilter{Limit: 2000})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n, m := count(ours), count(theirs); n != 1000 || m != 1 {
		t.Errorf("%d and %d are kept", n, m)
	}
	clock.pass(8 * 24 * 60 * 60 * 1e9)
	if n := count(ours); n != 0 {
		t.Errorf("%d are there after a week", n)
	}
}
