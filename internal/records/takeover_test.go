package records_test

import (
	"context"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// link makes a link and returns its token.
func link(t *testing.T, db *records.DB, l records.Link) string {
	t.Helper()
	_, token, err := db.CreateLink(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Whoever took an invitation of somebody else's address keeps nothing of the account when its owner comes by OpenID.
func TestOpenIDTakesBack(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	squatter := invite(t, db, ws, "victim@example.com", carpel.Viewer)
	session, err := db.BeginSession(t.Context(), squatter)
	if err != nil {
		t.Fatal(err)
	}
	password := link(t, db, records.Link{Kind: records.PasswordLink, Workspace: ws, Email: "victim@example.com"})
	id, err := db.LogInBySubject(t.Context(), "s-victim", "victim@example.com", true)
	if err != nil || id != squatter {
		t.Fatalf("logged in as %q, %v", id, err)
	}
	_, err = db.Session(t.Context(), session)
	wantCode(t, "a session from before", err, carpel.CodeUnauthorized)
	_, err = db.LogIn(t.Context(), "victim@example.com", "another good password")
	wantCode(t, "the password from before", err, carpel.CodeUnauthorized)
	_, err = db.Accept(t.Context(), password, records.Acceptance{Password: "a new good password"})
	wantCode(t, "a password link from before", err, carpel.CodeGone)

	// The owner's own password and sessions stay when the owner comes again.
	own, err := db.BeginSession(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.ChangePassword(t.Context(), id, "", "the owner's own password", own); err != nil {
		t.Fatal(err)
	}
	if _, err := db.LogInBySubject(t.Context(), "s-victim", "victim@example.com", true); err != nil {
		t.Fatal(err)
	}
	if _, err := db.LogIn(t.Context(), "victim@example.com", "the owner's own password"); err != nil {
		t.Error(err)
	}
	if _, err := db.Session(t.Context(), own); err != nil {
		t.Error(err)
	}
}

// A session that ended changes no password.
func TestChangePasswordEndedSession(t *testing.T) {
	db, _, _ := open(t)
	id := setUp(t, db, workspace(t, db))
	err := db.ChangePassword(t.Context(), id, "correct horse battery", "a new good password", "a session that ended")
	wantCode(t, "change without a session", err, carpel.CodeConflict)
	if _, err := db.LogIn(t.Context(), "ann@example.com", "correct horse battery"); err != nil {
		t.Error(err)
	}
}

// An admin of the first workspace can help every user of the server; an admin of another only users of no other.
func TestUserToHelp(t *testing.T) {
	db, c, _ := open(t)
	first := workspace(t, db)
	c.pass(time.Second)
	second := workspace(t, db)
	c.pass(time.Second)
	third := workspace(t, db)
	bob := invite(t, db, second, "bob@example.com", carpel.Viewer)
	for _, name := range []string{bob, "Bob@example.com"} {
		for _, in := range []string{first, second} {
			if u, err := db.UserToHelp(t.Context(), in, name); err != nil || u.ID != bob || (u.Role != "") != (in == second) {
				t.Errorf("%s: %+v, %v", name, u, err)
			}
		}
		_, err := db.UserToHelp(t.Context(), third, name)
		wantCode(t, "a user of another workspace", err, carpel.CodeNotFound)
	}
	_, err := db.UserToHelp(t.Context(), first, "nobody@example.com")
	wantCode(t, "nobody", err, carpel.CodeNotFound)
	token := link(t, db, records.Link{Kind: records.PasswordLink, Workspace: first, Email: "bob@example.com"})
	if id, err := db.Accept(t.Context(), token, records.Acceptance{Password: "a new good password"}); err != nil || id != bob {
		t.Errorf("accepted as %q, %v", id, err)
	}
	_, _, err = db.CreateLink(t.Context(), records.Link{Kind: records.PasswordLink, Workspace: third, Email: "bob@example.com"})
	wantCode(t, "a password for a user of another workspace", err, carpel.CodeNotFound)
}

// A password link is good for nothing once it would not be made any more.
func TestPasswordLinkEnds(t *testing.T) {
	for name, change := range map[string]func(db *records.DB, first, ws, bob string) error{
		"the user joins another workspace": func(db *records.DB, first, _, bob string) error {
			return db.GiveRole(t.Context(), first, bob, carpel.Admin)
		},
		"the user goes": func(db *records.DB, _, ws, bob string) error { return db.RemoveUser(t.Context(), ws, bob) },
		"the user goes and comes again": func(db *records.DB, _, ws, bob string) error {
			if err := db.RemoveUser(t.Context(), ws, bob); err != nil {
				return err
			}
			invite(t, db, ws, "bob@example.com", carpel.Viewer)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, c, _ := open(t)
			first := workspace(t, db)
			c.pass(time.Second)
			ws := workspace(t, db)
			setUp(t, db, ws)
			bob := invite(t, db, ws, "bob@example.com", carpel.Viewer)
			token := link(t, db, records.Link{Kind: records.PasswordLink, Workspace: ws, Email: "bob@example.com"})
			if err := change(db, first, ws, bob); err != nil {
				t.Fatal(err)
			}
			before, err := db.Users(t.Context(), ws)
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.Accept(t.Context(), token, records.Acceptance{Password: "a password of somebody else"})
			wantCode(t, "the link", err, carpel.CodeGone)
			_, err = db.LogIn(t.Context(), "bob@example.com", "a password of somebody else")
			wantCode(t, "its password", err, carpel.CodeUnauthorized)
			if after, err := db.Users(t.Context(), ws); err != nil || len(after) != len(before) {
				t.Errorf("the users are %+v, %v", after, err)
			}
		})
	}
}

// Two invitations of one new address: the second to be accepted must be accepted with the first one's password, also
// when both are opened at once.
func TestAcceptAtOnce(t *testing.T) {
	db, _, _ := open(t)
	tokens := []string{}
	for range 2 {
		tokens = append(tokens, link(t, db, records.Link{Kind: records.InvitationLink, Workspace: workspace(t, db), Email: "bob@example.com", Role: carpel.Viewer}))
	}
	accepted := make(chan error, 2)
	for i, token := range tokens {
		go func() {
			_, err := db.Accept(context.Background(), token, records.Acceptance{Password: []string{"a password of the first", "a password of the second"}[i]})
			accepted <- err
		}()
	}
	a, b := <-accepted, <-accepted
	if a != nil {
		a, b = b, a
	}
	if code := carpel.ErrorCode(b); a != nil || code != carpel.CodeConflict && code != carpel.CodeUnauthorized {
		t.Errorf("accepted: %v, and %v", a, b)
	}
}
