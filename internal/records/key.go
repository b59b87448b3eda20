package records

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carpel/carpel"
)

// KeyKind says what a key is for.
type KeyKind string

// The kinds of keys; a secret begins with its kind.
const (
	PublicKey KeyKind = "pk" // ingestion from browsers and apps: everybody can read it
	ServerKey KeyKind = "sk" // ingestion from servers
	APIKey    KeyKind = "ak" // the native API, within its scopes
)

// The scopes of an API key, each of which includes those before it.
const (
	ScopeRead  = "read"  // read everything
	ScopeWrite = "write" // segments, people, imports, templates; drafts of broadcasts and campaigns
	ScopeSend  = "send"  // whatever sends a message, or begins to
	ScopeAdmin = "admin" // keys, channels, workspace settings, erasure
)

// Scopes are all scopes, each before those that include it.
func Scopes() []string { return []string{ScopeRead, ScopeWrite, ScopeSend, ScopeAdmin} }

// Key is a credential, without its secret.
type Key struct {
	ID        string    `json:"id"`
	Workspace string    `json:"workspace"`
	Kind      KeyKind   `json:"kind"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	Hint      string    `json:"hint"` // the secret's first characters
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero"` // last, to the hour
}

// May reports whether the key has a scope, directly or by one that includes it.
func (k Key) May(scope string) bool {
	order := Scopes()
	want := slices.Index(order, scope)
	for _, s := range k.Scopes {
		if have := slices.Index(order, s); have >= want && want >= 0 {
			return true
		}
	}
	return false
}

// KeySpec asks for a new key.
type KeySpec struct {
	Kind      KeyKind
	Name      string
	Scopes    []string  // of an API key
	ExpiresAt time.Time // zero: never
	// Secret presets the secret, for containers; "" makes a new one of 256 bits.
	Secret string
}

// CreateKey adds a key and returns it with its secret, which is kept nowhere and cannot be shown again.
func (db *DB) CreateKey(ctx context.Context, workspace string, s KeySpec) (Key, string, error) {
	if err := checkKey(s); err != nil {
		return Key{}, "", err
	}
	k, secret := db.newKey(workspace, s)
	err := db.change(ctx, "create key", func(tx *sql.Tx) error { return insertKey(ctx, tx, k, secret) })
	return k, secret, err
}

// newKey makes a key and its secret.
func (db *DB) newKey(workspace string, s KeySpec) (Key, string) {
	secret := s.Secret
	if secret == "" {
		var b [32]byte
		rand.Read(b[:]) // never fails
		secret = string(s.Kind) + "_" + idEncoding.EncodeToString(b[:])
	}
	k := Key{ID: newID("key_"), Workspace: workspace, Kind: s.Kind, Name: s.Name, Scopes: s.Scopes,
		Hint: secret[:min(7, len(secret)/2)], CreatedAt: moment(db.millis()), ExpiresAt: s.ExpiresAt}
	if k.Scopes == nil {
		k.Scopes = []string{}
	}
	return k, secret
}

func insertKey(ctx context.Context, tx *sql.Tx, k Key, secret string) error {
	scopes, _ := json.Marshal(k.Scopes) // strings always encode
	var expires int64
	if !k.ExpiresAt.IsZero() {
		expires = k.ExpiresAt.UnixMilli()
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO keys (id, workspace, kind, name, scopes, hint, hash, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, k.Workspace, k.Kind, k.Name, string(scopes), k.Hint, hashSecret(secret),
		k.CreatedAt.UnixMilli(), expires)
	if isUnique(err) {
		return carpel.Errorf(carpel.CodeConflict, "a key with this secret exists already")
	}
	return err
}

// RotateKey makes a key like another, with a secret of its own, and lets the old one go on until the moment given: time
// for its users to change. An old key that expires before stays so. CodeNotFound; CodeConflict for a revoked key.
func (db *DB) RotateKey(ctx context.Context, workspace, id string, until time.Time) (Key, string, error) {
	var k Key
	var secret string
	err := db.change(ctx, "rotate key", func(tx *sql.Tx) error {
		old, err := scanKey(tx.QueryRowContext(ctx, "SELECT "+keyColumns+" FROM keys WHERE workspace = ? AND id = ?", workspace, id))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return carpel.Errorf(carpel.CodeNotFound, "no such key")
		case err != nil:
			return err
		case !old.RevokedAt.IsZero():
			return carpel.Errorf(carpel.CodeConflict, "the key is revoked; create a new one")
		}
		if old.ExpiresAt.IsZero() || until.Before(old.ExpiresAt) {
			if _, err := tx.ExecContext(ctx, "UPDATE keys SET expires_at = ? WHERE workspace = ? AND id = ?", until.UnixMilli(), workspace, id); err != nil {
				return err
			}
		}
		k, secret = db.newKey(workspace, KeySpec{Kind: old.Kind, Name: old.Name, Scopes: old.Scopes})
		return insertKey(ctx, tx, k, secret)
	})
	return k, secret, err
}

func checkKey(s KeySpec) error {
	if !slices.Contains([]KeyKind{PublicKey, ServerKey, APIKey}, s.Kind) {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/kind", Message: fmt.Sprintf("%.20q is no kind of key; there are pk, sk and ak", s.Kind)}
	}
	if s.Name == "" || len(s.Name) > carpel.MaxNameBytes {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(s.Name)),
			Message: fmt.Sprintf("a key needs a name of 1 to %d bytes", carpel.MaxNameBytes)}
	}
	if s.Secret != "" && len(s.Secret) < 16 {
		return &carpel.Error{Code: carpel.CodeInvalid, Message: "a preset key must have at least 16 characters"}
	}
	if (s.Kind == APIKey) != (len(s.Scopes) > 0) {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/scopes", Message: "an API key needs scopes (read, write, send or admin); ingestion keys have none"}
	}
	for i, scope := range s.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: fmt.Sprintf("/scopes/%d", i),
				Message: fmt.Sprintf("%.20q is no scope; there are read, write, send and admin", scope)}
		}
	}
	return nil
}

func hashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

const keyColumns = "id, workspace, kind, name, scopes, hint, created_at, expires_at, revoked_at, used_at"

func scanKey(r row) (Key, error) {
	var k Key
	var scopes string
	var created, expires, revoked, used int64
	if err := r.Scan(&k.ID, &k.Workspace, &k.Kind, &k.Name, &scopes, &k.Hint, &created, &expires, &revoked, &used); err != nil {
		return k, err
	}
	k.CreatedAt = moment(created)
	if expires != 0 {
		k.ExpiresAt = moment(expires)
	}
	if revoked != 0 {
		k.RevokedAt = moment(revoked)
	}
	if used != 0 {
		k.UsedAt = moment(used)
	}
	return k, json.Unmarshal([]byte(scopes), &k.Scopes)
}

// Authenticate finds the key of a secret. CodeUnauthorized when there is none, or it is revoked or expired; the
// answer does not tell which. That it was used is noted, to the hour. The scopes of the key are not the caller's to change.
func (db *DB) Authenticate(ctx context.Context, secret string) (Key, error) {
	k, err := db.keyOf(ctx, hashSecret(secret))
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return Key{}, fmt.Errorf("authenticate: %w", err)
	case k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || db.now().Before(k.ExpiresAt)):
		return k, db.noteKey(ctx, k)
	}
	return Key{}, carpel.Errorf(carpel.CodeUnauthorized, "the key is unknown, expired or revoked")
}

// noteKey notes that a key was used, unless it was noted within the hour.
func (db *DB) noteKey(ctx context.Context, k Key) error {
	now := db.now()
	if !db.known.use(k, now) {
		return nil
	}
	return db.change(ctx, "note key", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE keys SET used_at = ? WHERE id = ?", now.UnixMilli(), k.ID)
		return err
	})
}

// keyOf returns the key of a secret with the hash; [sql.ErrNoRows] for none.
func (db *DB) keyOf(ctx context.Context, hash []byte) (Key, error) {
	k, changes, ok := db.known.get(hash)
	if ok {
		return k, nil
	}
	k, err := scanKey(db.read.QueryRowContext(ctx, "SELECT "+keyColumns+" FROM keys WHERE hash = ?", hash))
	if err == nil {
		db.known.put(hash, k, changes)
	}
	return k, err
}

// Keys lists a workspace's keys, oldest first, revoked ones included.
func (db *DB) Keys(ctx context.Context, workspace string) ([]Key, error) {
	ks, err := rows(ctx, db.read, scanKey, "SELECT "+keyColumns+" FROM keys WHERE workspace = ? ORDER BY created_at, id", workspace)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return ks, nil
}

// RevokeKey ends a key at once. CodeNotFound when the workspace has none of that id; revoking twice is no error.
func (db *DB) RevokeKey(ctx context.Context, workspace, id string) error {
	return db.change(ctx, "revoke key", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE keys SET revoked_at = CASE WHEN revoked_at = 0 THEN ? ELSE revoked_at END WHERE workspace = ? AND id = ?",
			db.millis(), workspace, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeNotFound, "no such key"))
		}
		return nil
	})
}
