package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
)

// ScopeOf is the scope of an API key that may do what a role may.
func ScopeOf(r carpel.Role) string {
	return map[carpel.Role]string{carpel.Viewer: ScopeRead, carpel.Editor: ScopeWrite, carpel.Sender: ScopeSend, carpel.Admin: ScopeAdmin}[r]
}

const userColumns = "u.id, u.email, u.name, r.role, u.created_at, u.seen_at"

func scanUser(r row) (carpel.User, error) {
	var u carpel.User
	var created, seen int64
	err := r.Scan(&u.ID, &u.Email, &u.Name, &u.Role, &created, &seen)
	u.CreatedAt = moment(created)
	if seen != 0 {
		u.SeenAt = moment(seen)
	}
	return u, err
}

// Users lists the users of a workspace, oldest first.
func (db *DB) Users(ctx context.Context, workspace string) ([]carpel.User, error) {
	us, err := rows(ctx, db.read, scanUser, "SELECT "+userColumns+" FROM roles r JOIN users u ON u.id = r.user WHERE r.workspace = ? ORDER BY r.given_at, u.id", workspace)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return us, nil
}

// User returns a user of a workspace; CodeNotFound for one who does not belong to it.
func (db *DB) User(ctx context.Context, workspace, id string) (carpel.User, error) {
	u, err := scanUser(db.read.QueryRowContext(ctx, "SELECT "+userColumns+" FROM roles r JOIN users u ON u.id = r.user WHERE r.workspace = ? AND u.id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return u, noUser()
	}
	if err != nil {
		return u, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// UserToHelp finds, by id or by email, the user for whom an admin of a workspace may want a password link: one of the
// workspace, and for the server's first workspace any. The role is that in the workspace; "" for none. CodeNotFound.
func (db *DB) UserToHelp(ctx context.Context, workspace, idOrEmail string) (carpel.User, error) {
	email, err := carpel.CheckUserEmail(idOrEmail)
	if err != nil {
		email = "" // an id
	}
	u, err := scanUser(db.read.QueryRowContext(ctx, `SELECT u.id, u.email, u.name, coalesce(r.role, ''), u.created_at, u.seen_at
		FROM users u LEFT JOIN roles r ON r.user = u.id AND r.workspace = ?1
		WHERE (u.id = ?2 OR u.email = ?3) AND (r.role IS NOT NULL OR ?1 = (`+firstWorkspace+`))`, workspace, idOrEmail, email))
	if errors.Is(err, sql.ErrNoRows) {
		return u, noUser()
	}
	if err != nil {
		return u, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

func noUser() error { return carpel.Errorf(carpel.CodeNotFound, "no such user") }

// HasUsers reports whether anybody was ever set up.
func (db *DB) HasUsers(ctx context.Context) (bool, error) {
	var n int
	if err := db.read.QueryRowContext(ctx, "SELECT count(*) FROM users").Scan(&n); err != nil {
		return false, fmt.Errorf("count users: %w", err)
	}
	return n > 0, nil
}

// SetRole gives a user another role in a workspace, and ends the user's sessions. CodeNotFound; CodeConflict when the
// workspace would be left without an admin.
func (db *DB) SetRole(ctx context.Context, workspace, user string, role carpel.Role) error {
	if _, err := carpel.ParseRole(string(role)); err != nil {
		return err
	}
	return db.change(ctx, "set role", func(tx *sql.Tx) error {
		if err := keepAdmin(ctx, tx, workspace, user, role == carpel.Admin); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "UPDATE roles SET role = ? WHERE workspace = ? AND user = ?", role, workspace, user)
		if err := wantRow(res, err); err != nil {
			return err
		}
		return endSessions(ctx, tx, user, nil)
	})
}

// RemoveUser takes a user out of a workspace, and ends the user's sessions. Somebody who belongs to no workspace any
// more is deleted. CodeNotFound; CodeConflict for the last admin.
func (db *DB) RemoveUser(ctx context.Context, workspace, user string) error {
	return db.change(ctx, "remove user", func(tx *sql.Tx) error {
		if err := keepAdmin(ctx, tx, workspace, user, false); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "DELETE FROM roles WHERE workspace = ? AND user = ?", workspace, user)
		if err := wantRow(res, err); err != nil {
			return err
		}
		if err := errors.Join(endSessions(ctx, tx, user, nil), endPasswordLinks(ctx, tx, user)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM users WHERE id = ? AND NOT EXISTS (SELECT 1 FROM roles WHERE user = ?)", user, user)
		return err
	})
}

// keepAdmin refuses to leave a workspace without an admin.
func keepAdmin(ctx context.Context, tx *sql.Tx, workspace, user string, stays bool) error {
	var others int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM roles WHERE workspace = ? AND user <> ? AND role = ?", workspace, user, carpel.Admin).Scan(&others)
	if err != nil || stays || others > 0 {
		return err
	}
	var is int
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM roles WHERE workspace = ? AND user = ? AND role = ?", workspace, user, carpel.Admin).Scan(&is)
	if err != nil || is == 0 {
		return err
	}
	return carpel.Errorf(carpel.CodeConflict, "this is the last admin of the workspace: make somebody else one first")
}

func wantRow(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, noUser())
	}
	return nil
}

// LogIn finds the user of an email and a password. CodeUnauthorized when they do not fit; neither the answer nor the
// time it takes tells whether the email is known. CodeOverloaded when too many passwords wait to be hashed.
func (db *DB) LogIn(ctx context.Context, email, password string) (string, error) {
	var id, hash string
	kept, err := carpel.CheckUserEmail(email)
	if err == nil {
		err = db.read.QueryRowContext(ctx, "SELECT id, password FROM users WHERE email = ?", kept).Scan(&id, &hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", fmt.Errorf("log in: %w", err)
		}
	}
	compared := hash
	if hash == "" {
		compared = decoy
	}
	same, err := db.hashing.same(ctx, password, compared)
	if err != nil {
		return "", err
	}
	if hash == "" || !same {
		return "", carpel.Errorf(carpel.CodeUnauthorized, "the email or the password is wrong")
	}
	return id, nil
}

// LogInBySubject finds the user that an OpenID provider vouches for: by its subject, or, the first time, by a verified
// email. Invitations to that email are accepted. CodeForbidden for somebody whom nobody invited.
func (db *DB) LogInBySubject(ctx context.Context, subject, email string, verified bool) (string, error) {
	kept, err := carpel.CheckUserEmail(email)
	if err != nil {
		verified = false
	}
	var id string
	err = db.change(ctx, "log in by OpenID", func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "SELECT id FROM users WHERE subject = ?", subject).Scan(&id); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if id == "" && verified {
			if id, err = db.bindSubject(ctx, tx, subject, kept); err != nil {
				return err
			}
		} else if verified {
			var own string
			if err := tx.QueryRowContext(ctx, "SELECT email FROM users WHERE id = ?", id).Scan(&own); err != nil {
				return err
			}
			if own == kept {
				_, err = acceptByEmail(ctx, tx, db, kept)
				return err
			}
		}
		if id == "" {
			return carpel.Errorf(carpel.CodeForbidden, "nobody invited this account; ask an admin of Carpel for an invitation to the same email address")
		}
		return nil
	})
	return id, err
}

// bindSubject finds the user of a verified email, who may just be invited, and keeps the subject; "" for nobody. A
// password that the user has was set by whoever had an invitation, which proves nothing of the address: it goes, and
// so do the sessions and the password links.
func (db *DB) bindSubject(ctx context.Context, tx *sql.Tx, subject, email string) (string, error) {
	if _, err := acceptByEmail(ctx, tx, db, email); err != nil {
		return "", err
	}
	var id string
	err := tx.QueryRowContext(ctx, "UPDATE users SET subject = ?, password = '' WHERE email = ? AND subject = '' RETURNING id", subject, email).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return id, errors.Join(endSessions(ctx, tx, id, nil), endPasswordLinks(ctx, tx, id))
}

// ChangePassword sets a new password for a user who knows the old one, and ends all other sessions than the one of
// token. CodeForbidden when the old one is wrong; CodeConflict when the password changed or the session ended in between.
func (db *DB) ChangePassword(ctx context.Context, user, old, new, token string) error {
	if err := checkPassword(new); err != nil {
		return err
	}
	var hash string
	if err := db.read.QueryRowContext(ctx, "SELECT password FROM users WHERE id = ?", user).Scan(&hash); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if hash != "" {
		same, err := db.hashing.same(ctx, old, hash)
		if err != nil {
			return err
		}
		if !same {
			return &carpel.Error{Code: carpel.CodeForbidden, Pointer: "/old", Message: "the old password is wrong"}
		}
	}
	newHash, err := db.hashing.hash(ctx, new)
	if err != nil {
		return err
	}
	return db.change(ctx, "change password", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE users SET password = ? WHERE id = ? AND password = ?
			AND EXISTS (SELECT 1 FROM sessions WHERE hash = ? AND user = users.id)`, newHash, user, hash, hashSecret(token))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeConflict, "the password was changed elsewhere in this moment; log in again"))
		}
		return endSessions(ctx, tx, user, hashSecret(token))
	})
}

// GiveRole makes a user belong to a workspace, which may be new. No error for one who does already; the role stays then.
func (db *DB) GiveRole(ctx context.Context, workspace, user string, role carpel.Role) error {
	return db.change(ctx, "give role", func(tx *sql.Tx) error { return giveRole(ctx, tx, workspace, user, role, db.millis()) })
}

// EnsureGuest returns the id of an admin of a workspace who has no password, made if there is none: whoever may be the
// guest is let in without one.
func (db *DB) EnsureGuest(ctx context.Context, workspace, email, name string) (user string, err error) {
	err = db.change(ctx, "make guest", func(tx *sql.Tx) error {
		if user, err = ensureUser(ctx, tx, db.millis(), email, name, ""); err != nil {
			return err
		}
		return giveRole(ctx, tx, workspace, user, carpel.Admin, db.millis())
	})
	return user, err
}

func giveRole(ctx context.Context, tx *sql.Tx, workspace, user string, role carpel.Role, now int64) error {
	res, err := tx.ExecContext(ctx, "INSERT INTO roles (workspace, user, role, given_at) VALUES (?, ?, ?, ?) ON CONFLICT (workspace, user) DO NOTHING", workspace, user, role, now)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return endPasswordLinks(ctx, tx, user) // whoever made one may not be let be this user here
}
