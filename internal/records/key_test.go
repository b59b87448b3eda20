package records_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func TestKeys(t *testing.T) {
	db, c, path := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	k, secret, err := db.CreateKey(t.Context(), ws, records.KeySpec{Kind: records.APIKey, Name: "mine", Scopes: []string{records.ScopeWrite}, ExpiresAt: c.now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "ak_") || len(secret) < 3+256/5 {
		t.Errorf("the secret %q holds less than 256 bits", secret)
	}
	got, err := db.Authenticate(t.Context(), secret)
	if err != nil || got.ID != k.ID || got.Workspace != ws {
		t.Fatalf("authenticated as %v, %v", got, err)
	}
	if !got.May(records.ScopeRead) || !got.May(records.ScopeWrite) || got.May(records.ScopeAdmin) || got.May("other") || got.May("") {
		t.Error("write must include read, and nothing else")
	}
	for _, wrong := range []string{"", "ak_", secret + "x", strings.ToUpper(secret), k.ID, k.Hint} {
		_, err := db.Authenticate(t.Context(), wrong)
		wantCode(t, "authenticate with "+wrong, err, carpel.CodeUnauthorized)
	}
	wantCode(t, "revoke another workspace's key", db.RevokeKey(t.Context(), other, k.ID), carpel.CodeNotFound)
	c.pass(time.Hour)
	_, err = db.Authenticate(t.Context(), secret)
	wantCode(t, "authenticate when expired", err, carpel.CodeUnauthorized)

	// The secret is nowhere on the disk.
	if err := db.CopyTo(t.Context(), path+".copy"); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal", path + ".copy"} {
		if b, err := os.ReadFile(file); err == nil && bytes.Contains(b, []byte(secret[4:])) {
			t.Errorf("%s holds the secret", file)
		}
	}
}

func TestRevokeAndRotate(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	k, first, err := db.CreateKey(t.Context(), ws, records.KeySpec{Kind: records.ServerKey, Name: "backend"})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = db.RotateKey(t.Context(), other, k.ID, c.now())
	wantCode(t, "rotate another workspace's key", err, carpel.CodeNotFound)
	c.pass(time.Second) // keys are listed by the time they were made
	next, second, err := db.RotateKey(t.Context(), ws, k.ID, c.now().Add(time.Hour))
	if err != nil || next.Kind != records.ServerKey || next.Name != "backend" || second == first {
		t.Fatalf("rotated to %v, %v", next, err)
	}
	for _, secret := range []string{first, second} {
		if _, err := db.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("during the change-over: %v", err)
		}
	}
	c.pass(time.Hour)
	_, err = db.Authenticate(t.Context(), first)
	wantCode(t, "the old secret after its time", err, carpel.CodeUnauthorized)
	if _, err := db.Authenticate(t.Context(), second); err != nil {
		t.Error(err)
	}
	for range 2 { // revoking twice is no error
		if err := db.RevokeKey(t.Context(), ws, next.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = db.Authenticate(t.Context(), second)
	wantCode(t, "a revoked secret", err, carpel.CodeUnauthorized)
	_, _, err = db.RotateKey(t.Context(), ws, next.ID, c.now())
	wantCode(t, "rotate a revoked key", err, carpel.CodeConflict)
	if all, err := db.Keys(t.Context(), ws); err != nil || len(all) != 2 || all[1].RevokedAt.IsZero() {
		t.Errorf("keys are %v, %v", all, err)
	}
}

func TestBadKeys(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	for name, s := range map[string]records.KeySpec{
		"no kind":             {Name: "x"},
		"no name":             {Kind: records.ServerKey},
		"a scope for a pk":    {Kind: records.PublicKey, Name: "x", Scopes: []string{"read"}},
		"an ak without scope": {Kind: records.APIKey, Name: "x"},
		"no such scope":       {Kind: records.APIKey, Name: "x", Scopes: []string{"root"}},
		"a short preset":      {Kind: records.ServerKey, Name: "x", Secret: "sk_short"},
	} {
		if _, _, err := db.CreateKey(t.Context(), ws, s); carpel.ErrorCode(err) == carpel.CodeInternal || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	preset := records.KeySpec{Kind: records.ServerKey, Name: "x", Secret: "sk_preset_0123456789"}
	if _, _, err := db.CreateKey(t.Context(), ws, preset); err != nil {
		t.Fatal(err)
	}
	_, _, err := db.CreateKey(t.Context(), ws, preset)
	wantCode(t, "the same preset again", err, carpel.CodeConflict)
}

// When a key was last used is noted, to the hour.
func TestKeyUse(t *testing.T) {
	db, c, _ := open(t)
	ws := workspace(t, db)
	_, secret, err := db.CreateKey(t.Context(), ws, records.KeySpec{Kind: records.ServerKey, Name: "k"})
	if err != nil {
		t.Fatal(err)
	}
	used := func() time.Time {
		t.Helper()
		ks, err := db.Keys(t.Context(), ws)
		if err != nil || len(ks) != 1 {
			t.Fatal(ks, err)
		}
		return ks[0].UsedAt
	}
	if !used().IsZero() {
		t.Error("a key is used before it was")
	}
	first := c.now().UTC()
	for _, want := range []time.Time{first, first, first.Add(80 * time.Minute)} {
		if _, err := db.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		if !used().Equal(want) {
			t.Errorf("the key was used at %s, want %s", used(), want)
		}
		c.pass(40 * time.Minute)
	}
}
