package secret_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/secret"
)

var start = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func open(t *testing.T, path string) *secret.Ring {
	t.Helper()
	r, err := secret.Open(path, start)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSeal opens what was sealed, after a rotation and a restart as well, and nothing that was changed.
func TestSeal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring.json")
	r := open(t, path)
	sealed := r.Seal("channel 1", []byte("password"))
	if bytes.Contains(sealed, []byte("password")) {
		t.Error("the secret stands in the clear")
	}
	if bytes.Equal(sealed, r.Seal("channel 1", []byte("password"))) {
		t.Error("the same secret sealed twice looks the same")
	}
	rotated, err := secret.Rotate(path, start)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*secret.Ring{"same": r, "opened again": open(t, path), "rotated": rotated} {
		if plain, err := r.Open("channel 1", sealed); err != nil || string(plain) != "password" {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	if _, err := r.Open("channel 1", rotated.Seal("channel 1", nil)); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("a ring without the key opens: %v", err)
	}
	if _, err := r.Open("channel 2", sealed); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("another purpose opens: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := r.Open("channel 1", changed); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := r.Open("channel 1", sealed[:i]); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

// TestTokens reads a token, and no other.
func TestTokens(t *testing.T) {
	r := open(t, filepath.Join(t.TempDir(), "ring.json"))
	token := r.Token("click", []byte("https://example.com"))
	if plain, err := r.ReadToken("click", token); err != nil || string(plain) != "https://example.com" {
		t.Errorf("%q, %v", plain, err)
	}
	for _, bad := range []string{"", "!", token + "A", token[1:], token + "=", open(t, filepath.Join(t.TempDir(), "other.json")).Token("click", nil)} {
		if _, err := r.ReadToken("click", bad); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestHash is the same for the same, and survives rotation.
func TestHash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring.json")
	r := open(t, path)
	rotated, err := secret.Rotate(path, start)
	if err != nil {
		t.Fatal(err)
	}
	if r.Hash("a", "b") != rotated.Hash("a", "b") {
		t.Error("a rotation changed the hash")
	}
	if r.Hash("a", "b") == r.Hash("ab", "") || r.Hash("a") == open(t, filepath.Join(t.TempDir(), "ring.json")).Hash("a") {
		t.Error("different things, or rings, have the same hash")
	}
}

// TestRingFile is for its owner alone, and a damaged one is refused.
func TestRingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring.json")
	open(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, bad := range []string{"", "{}", `{"keys":[{"id":1,"key":"AAAA"}],"hash":"AAAA"}`} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := secret.Open(path, start); err == nil {
			t.Errorf("opened %q", bad)
		}
	}
}
