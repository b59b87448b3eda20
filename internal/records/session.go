package records

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// How long a session lasts: while it is used, and at most.
const (
	SessionIdle = 7 * 24 * time.Hour
	SessionMax  = 30 * 24 * time.Hour
)

// Membership is a workspace that a user belongs to.
type Membership struct {
	Workspace carpel.Workspace `json:"workspace"`
	Role      carpel.Role      `json:"role"`
}

// Session is a browser that is logged in.
type Session struct {
	User       carpel.User  // without a role: that is the workspace's
	Workspaces []Membership // in the order the user came to them
}

// In returns the user's role in a workspace; "" for none. The workspace "" is the first.
func (s *Session) In(workspace string) (id string, role carpel.Role) {
	for _, m := range s.Workspaces {
		if m.Workspace.ID == workspace || workspace == "" {
			return m.Workspace.ID, m.Role
		}
	}
	return "", ""
}

// newToken returns 256 random bits that only their owner knows, and what is kept of them.
func newToken() (token string, hash []byte) {
	var b [32]byte
	rand.Read(b[:]) // never fails
	token = idEncoding.EncodeToString(b[:])
	return token, hashSecret(token)
}

// BeginSession logs a user in and returns the session's token, which is kept nowhere. Sessions that ran out are swept.
func (db *DB) BeginSession(ctx context.Context, user string) (string, error) {
	token, hash := newToken()
	err := db.change(ctx, "begin session", func(tx *sql.Tx) error {
		now := db.millis()
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE used_at <= ? OR created_at <= ?", now-SessionIdle.Milliseconds(), now-SessionMax.Milliseconds()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO sessions (hash, user, created_at, used_at) VALUES (?, ?, ?, ?)", hash, user, now, now)
		return err
	})
	return token, err
}

// Session returns who is logged in by a token, and notes that it was used, to the minute. CodeUnauthorized when it
// ended, ran out or never was.
func (db *DB) Session(ctx context.Context, token string) (*Session, error) {
	var user string
	var created, used int64
	hash, now := hashSecret(token), db.millis()
	err := db.read.QueryRowContext(ctx, "SELECT user, created_at, used_at FROM sessions WHERE hash = ?", hash).Scan(&user, &created, &used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read session: %w", err)
	}
	if err != nil || used <= now-SessionIdle.Milliseconds() || created <= now-SessionMax.Milliseconds() {
		return nil, carpel.Errorf(carpel.CodeUnauthorized, "the session has ended; log in again")
	}
	s := &Session{}
	if s.User, err = scanUser(db.read.QueryRowContext(ctx, "SELECT u.id, u.email, u.name, '', u.created_at, u.seen_at FROM users u WHERE u.id = ?", user)); err != nil {
		return nil, fmt.Errorf("read session's user: %w", err)
	}
	s.Workspaces, err = rows(ctx, db.read, func(r row) (m Membership, err error) {
		var at int64
		var demo string
		if err := r.Scan(&m.Workspace.ID, &m.Workspace.Name, &m.Workspace.Zone, &at, &demo, &m.Role); err != nil {
			return m, err
		}
		m.Workspace.CreatedAt = moment(at)
		return m, readDemo(demo, &m.Workspace.Demo)
	}, "SELECT "+workspaceColumns+", r.role FROM roles r JOIN workspaces w ON w.id = r.workspace WHERE r.user = ? ORDER BY r.given_at, w.id", user)
	if err != nil {
		return nil, fmt.Errorf("read session's workspaces: %w", err)
	}
	if used <= now-time.Minute.Milliseconds() {
		err = db.change(ctx, "note session", func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE sessions SET used_at = ? WHERE hash = ?", now, hash); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "UPDATE users SET seen_at = ? WHERE id = ? AND seen_at < ?", now, user, now-time.Hour.Milliseconds())
			return err
		})
	}
	return s, err
}

// EndSession logs a token out; no error for one that is not there.
func (db *DB) EndSession(ctx context.Context, token string) error {
	return db.change(ctx, "end session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE hash = ?", hashSecret(token))
		return err
	})
}

// endSessions logs a user out everywhere but in the session of one hash; nil: there too.
func endSessions(ctx context.Context, tx *sql.Tx, user string, but []byte) error {
	if but == nil {
		but = []byte{}
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE user = ? AND hash <> ?", user, but)
	return err
}
