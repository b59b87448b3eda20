package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// LinkKind says what a link is for.
type LinkKind string

// The kinds of links.
const (
	InvitationLink LinkKind = "invitation" // makes somebody a user of a workspace
	PasswordLink   LinkKind = "password"   // lets a user who forgot the password set a new one
	SetupLink      LinkKind = "setup"      // makes whoever opens it the first user; good while there is none
)

// lifetimes are how long links are good.
var lifetimes = map[LinkKind]time.Duration{InvitationLink: 7 * 24 * time.Hour, PasswordLink: 24 * time.Hour, SetupLink: 7 * 24 * time.Hour}

// Link is good once, for whoever has its token.
type Link struct {
	Kind      LinkKind    `json:"kind"`
	Workspace string      `json:"workspace"`
	Email     string      `json:"email"` // "" for set-up: whoever opens it says so
	Role      carpel.Role `json:"role"`  // that it gives; "" for password
	CreatedBy string      `json:"created_by"`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt time.Time   `json:"expires_at"`
	// Known: the email is a user's already, who accepts an invitation with the password that is. Filled in on reading.
	Known bool `json:"known"`
}

// CreateLink makes a link and returns its token, which is kept nowhere. It takes the place of an earlier link of the
// same kind for the same email. CodeConflict for an invitation of somebody who is there, and for a set-up when anybody
// is; CodeNotFound for a password of somebody who is not. See [checkLink] for whose password an admin may have set anew.
func (db *DB) CreateLink(ctx context.Context, l Link) (Link, string, error) {
	token, hash := newToken()
	var err error
	if l.Kind == SetupLink {
		l.Email = ""
	} else if l.Email, err = carpel.CheckUserEmail(l.Email); err != nil {
		return l, "", err
	}
	if l.Kind != PasswordLink {
		if _, err := carpel.ParseRole(string(l.Role)); err != nil {
			return l, "", err
		}
	}
	l.CreatedAt = moment(db.millis())
	l.ExpiresAt = l.CreatedAt.Add(lifetimes[l.Kind])
	err = db.change(ctx, "create link", func(tx *sql.Tx) error {
		if err := checkLink(ctx, tx, l); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM links WHERE expires_at <= ? OR (workspace = ? AND kind = ? AND email = ?)",
			l.CreatedAt.UnixMilli(), l.Workspace, l.Kind, l.Email); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO links (hash, kind, workspace, email, role, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			hash, l.Kind, l.Workspace, l.Email, l.Role, l.CreatedBy, l.CreatedAt.UnixMilli(), l.ExpiresAt.UnixMilli())
		return err
	})
	return l, token, err
}

// checkLink says whether a link may be. Whoever has a password link is its user, everywhere: so an admin makes one for
// users of no other workspace, and only an admin of the server's first workspace for any user of the server.
func checkLink(ctx context.Context, tx *sql.Tx, l Link) error {
	var anybody, known, here, elsewhere, first bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1),
		EXISTS (SELECT 1 FROM roles r JOIN users u ON u.id = r.user WHERE u.email = ?1 AND r.workspace = ?2),
		EXISTS (SELECT 1 FROM roles r JOIN users u ON u.id = r.user WHERE u.email = ?1 AND r.workspace <> ?2),
		?2 = (`+firstWorkspace+`), EXISTS (SELECT 1 FROM users)`, l.Email, l.Workspace).Scan(&known, &here, &elsewhere, &first, &anybody)
	if err != nil {
		return err
	}
	switch {
	case l.Kind == SetupLink && anybody:
		return carpel.Errorf(carpel.CodeConflict, "Carpel is set up already; an admin can invite others")
	case l.Kind == InvitationLink && here:
		return &carpel.Error{Code: carpel.CodeConflict, Pointer: "/email", Message: "this address is a user of the workspace already"}
	case l.Kind == PasswordLink && !(here || known && first):
		return noUser()
	case l.Kind == PasswordLink && elsewhere && !first: // an admin here must not become a user there
		return carpel.Errorf(carpel.CodeConflict, "this user belongs to other workspaces as well; an admin of the server's first workspace can make this link")
	}
	return nil
}

// firstWorkspace selects the server's first workspace, whose admins run the server.
const firstWorkspace = "SELECT id FROM workspaces ORDER BY created_at, id LIMIT 1"

// Link reads a link without using it. CodeGone when it was used, ran out or never was.
func (db *DB) Link(ctx context.Context, token string) (Link, error) {
	l, err := scanLink(db.read.QueryRowContext(ctx, linkQuery, hashSecret(token), db.millis()))
	return l, linkError(err)
}

const linkQuery = "SELECT kind, workspace, email, role, created_by, created_at, expires_at, EXISTS (SELECT 1 FROM users WHERE email = links.email) FROM links WHERE " + goodLink

// goodLink selects the link of a hash, if it is good at a moment.
const goodLink = "hash = ? AND expires_at > ? AND (kind <> 'setup' OR NOT EXISTS (SELECT 1 FROM users))"

func scanLink(r row) (l Link, err error) {
	var created, expires int64
	err = r.Scan(&l.Kind, &l.Workspace, &l.Email, &l.Role, &l.CreatedBy, &created, &expires, &l.Known)
	l.CreatedAt, l.ExpiresAt = moment(created), moment(expires)
	return l, err
}

func linkError(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return carpel.Errorf(carpel.CodeGone, "this link was used already, or is too old; ask for a new one")
	}
	if err != nil {
		return fmt.Errorf("read link: %w", err)
	}
	return nil
}

// Acceptance is what whoever has a link says of themselves.
type Acceptance struct {
	Email    string // of who sets Carpel up; other links know theirs
	Name     string // of a new user; "": what stands before the @
	Password string // of a new user, and the new one of a password link; of a known user the one that is
}

// Accept uses a link up and returns the id of its user, whom it made if need be. CodeGone when the link is not good any
// more; CodeUnauthorized when a known user accepts an invitation with another than the user's own password;
// CodeConflict when somebody became a user by this address, or stopped being one, in between.
func (db *DB) Accept(ctx context.Context, token string, a Acceptance) (string, error) {
	l, err := db.Link(ctx, token)
	if err != nil {
		return "", err
	}
	if len(a.Name) > carpel.MaxNameBytes {
		return "", &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(a.Name)), Message: carpel.TooLarge("the name", int64(len(a.Name)), carpel.MaxNameBytes)}
	}
	if l.Kind == SetupLink {
		if l.Email, err = carpel.CheckUserEmail(a.Email); err != nil {
			return "", err
		}
	}
	known, hash := "", ""
	if l.Known && l.Kind == InvitationLink {
		// Whoever made the link, or found it, is not yet the user it is for.
		known, err = db.LogIn(ctx, l.Email, a.Password)
	} else if err = checkPassword(a.Password); err == nil {
		hash, err = db.hashing.hash(ctx, a.Password)
	}
	if err != nil {
		return "", err
	}
	var user string
	err = db.change(ctx, "accept link", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM links WHERE "+goodLink, hashSecret(token), db.millis())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 { // somebody else was first
			return errors.Join(err, linkError(sql.ErrNoRows))
		}
		if l.Kind == PasswordLink {
			user, err = setPassword(ctx, tx, l, hash)
			return err
		}
		var is string
		if err := tx.QueryRowContext(ctx, "SELECT id FROM users WHERE email = ?", l.Email).Scan(&is); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if is != known { // the password that was asked for was not this user's
			return carpel.Errorf(carpel.CodeConflict, "the users changed in this moment; open the link again")
		}
		user, err = db.join(ctx, tx, l, a.Name, hash)
		return err
	})
	return user, err
}

// setPassword sets the password of a password link's user and ends the user's sessions. CodeGone when such a link
// would not be made any more: the user came to another workspace, or went.
func setPassword(ctx context.Context, tx *sql.Tx, l Link, hash string) (string, error) {
	if err := checkLink(ctx, tx, l); carpel.ErrorCode(err) == carpel.CodeNotFound || carpel.ErrorCode(err) == carpel.CodeConflict {
		return "", linkError(sql.ErrNoRows)
	} else if err != nil {
		return "", err
	}
	var user string
	if err := tx.QueryRowContext(ctx, "UPDATE users SET password = ? WHERE email = ? RETURNING id", hash, l.Email).Scan(&user); err != nil {
		return "", err
	}
	return user, endSessions(ctx, tx, user, nil)
}

// endPasswordLinks makes the password links of a user good for nothing.
func endPasswordLinks(ctx context.Context, tx *sql.Tx, user string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM links WHERE kind = ? AND email = (SELECT email FROM users WHERE id = ?)", PasswordLink, user)
	return err
}

// join gives the user of an invitation or a set-up the role, and makes the user if need be.
func (db *DB) join(ctx context.Context, tx *sql.Tx, l Link, name, hash string) (string, error) {
	user, err := ensureUser(ctx, tx, db.millis(), l.Email, name, hash)
	if err != nil {
		return "", err
	}
	return user, giveRole(ctx, tx, l.Workspace, user, l.Role, db.millis())
}

// ensureUser returns the id of the user with an email, a new one if there is none.
func ensureUser(ctx context.Context, tx *sql.Tx, now int64, email, name, hash string) (string, error) {
	var id string
	err := tx.QueryRowContext(ctx, "SELECT id FROM users WHERE email = ?", email).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	id = newID("usr_")
	_, err = tx.ExecContext(ctx, "INSERT INTO users (id, email, name, password, created_at) VALUES (?, ?, ?, ?, ?)", id, email, name, hash, now)
	return id, err
}

// acceptByEmail uses up the invitations of an email that an OpenID provider vouches for, and returns the user that they
// made or let in; "" when there are none.
func acceptByEmail(ctx context.Context, tx *sql.Tx, db *DB, email string) (user string, err error) {
	rs, err := tx.QueryContext(ctx, "DELETE FROM links WHERE kind = ? AND email = ? AND expires_at > ? RETURNING workspace, role", InvitationLink, email, db.millis())
	if err != nil {
		return "", err
	}
	defer rs.Close()
	var ls []Link
	for rs.Next() {
		l := Link{Kind: InvitationLink, Email: email}
		if err := rs.Scan(&l.Workspace, &l.Role); err != nil {
			return "", err
		}
		ls = append(ls, l)
	}
	if err := rs.Err(); err != nil {
		return "", err
	}
	for _, l := range ls {
		if user, err = db.join(ctx, tx, l, "", ""); err != nil {
			return "", err
		}
	}
	return user, nil
}

// Invitations lists the invitations of a workspace that are still good, newest first.
func (db *DB) Invitations(ctx context.Context, workspace string) ([]Link, error) {
	ls, err := rows(ctx, db.read, scanLink, "SELECT kind, workspace, email, role, created_by, created_at, expires_at, 0 FROM links WHERE workspace = ? AND kind = ? AND expires_at > ? ORDER BY created_at DESC, email",
		workspace, InvitationLink, db.millis())
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	return ls, nil
}

// Uninvite takes an invitation back; CodeNotFound when there is none.
func (db *DB) Uninvite(ctx context.Context, workspace, email string) error {
	return db.change(ctx, "take invitation back", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM links WHERE workspace = ? AND kind = ? AND email = ?", workspace, InvitationLink, email)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeNotFound, "nobody with this address is invited"))
		}
		return nil
	})
}
