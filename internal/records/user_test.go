package records_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// setUp makes the first admin of a workspace.
func setUp(t *testing.T, db *records.DB, ws string) (user string) {
	t.Helper()
	_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: "Ann@Example.com", Role: carpel.Admin})
	if err != nil {
		t.Fatal(err)
	}
	user, err = db.Accept(t.Context(), token, records.Acceptance{Name: "Ann", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// invite makes somebody a user by an invitation.
func invite(t *testing.T, db *records.DB, ws, email string, role carpel.Role) (user string) {
	t.Helper()
	_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: email, Role: role, CreatedBy: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if user, err = db.Accept(t.Context(), token, records.Acceptance{Password: "another good password"}); err != nil {
		t.Fatal(err)
	}
	return user
}

func TestAccept(t *testing.T) {
	db, c, path := open(t)
	ws := workspace(t, db)
	create := func() (string, error) {
		_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: "Ann@Example.com", Role: carpel.Admin})
		return token, err
	}
	first, err := create()
	if err != nil {
		t.Fatal(err)
	}
	second, err := create()
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Link(t.Context(), first)
	wantCode(t, "a link whose place another took", err, carpel.CodeGone)
	if l, err := db.Link(t.Context(), second); err != nil || l.Kind != records.InvitationLink || l.Known {
		t.Errorf("the link is %+v, %v", l, err)
	}
	for _, bad := range []struct {
		a    records.Acceptance
		code string
	}{
		{records.Acceptance{Password: "too short"}, carpel.CodeLimit},
		{records.Acceptance{Password: strings.Repeat("x", 1025)}, carpel.CodeLimit},
		{records.Acceptance{Password: "correct horse battery", Name: strings.Repeat("x", 151)}, carpel.CodeLimit},
	} {
		_, err := db.Accept(t.Context(), second, bad.a)
		wantCode(t, "accept with a name or a password that cannot be", err, bad.code)
	}
	c.pass(7 * 24 * time.Hour)
	_, err = db.Accept(t.Context(), second, records.Acceptance{Password: "correct horse battery"})
	wantCode(t, "accept an old link", err, carpel.CodeGone)
	third, err := create()
	if err != nil {
		t.Fatal(err)
	}
	id, err := db.Accept(t.Context(), third, records.Acceptance{Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Accept(t.Context(), third, records.Acceptance{Password: "correct horse battery"})
	wantCode(t, "accept a link twice", err, carpel.CodeGone)
	_, err = create()
	wantCode(t, "invite a user", err, carpel.CodeConflict)
	want := []carpel.User{{ID: id, Email: "ann@example.com", Name: "ann", Role: carpel.Admin, CreatedAt: c.now()}}
	if us, err := db.Users(t.Context(), ws); err != nil || !cmp.Equal(us, want) {
		t.Errorf("the users are %+v, %v", us, err)
	}
	for _, file := range []string{path, path + "-wal"} {
		if b, err := os.ReadFile(file); err == nil && (bytes.Contains(b, []byte("correct horse")) || bytes.Contains(b, []byte(third))) {
			t.Errorf("%s holds a password or a token", file)
		}
	}
}

func TestLogIn(t *testing.T) {
	db, _, _ := open(t)
	id := setUp(t, db, workspace(t, db))
	for email, password := range map[string]string{"ann@example.com": "correct horse batterY", "ANN@example.com": "", "bob@example.com": "correct horse battery", "": "correct horse battery"} {
		_, err := db.LogIn(t.Context(), email, password)
		wantCode(t, "log in as "+email, err, carpel.CodeUnauthorized)
	}
	if got, err := db.LogIn(t.Context(), "ANN@example.COM", "correct horse battery"); err != nil || got != id {
		t.Errorf("logged in as %q, %v", got, err)
	}
}

func TestSessions(t *testing.T) {
	db, c, _ := open(t)
	ws := workspace(t, db)
	id := setUp(t, db, ws)
	begin := func() string {
		token, err := db.BeginSession(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	token := begin()
	s, err := db.Session(t.Context(), token)
	if err != nil || s.User.ID != id || s.User.Email != "ann@example.com" {
		t.Fatalf("the session is %+v, %v", s, err)
	}
	if in, role := s.In(""); in != ws || role != carpel.Admin {
		t.Errorf("in the first workspace %s the role is %q", in, role)
	}
	if in, role := s.In("ws_other"); in != "" || role != "" {
		t.Errorf("in a workspace of others the role is %q", role)
	}
	_, err = db.Session(t.Context(), token+"x")
	wantCode(t, "a wrong token", err, carpel.CodeUnauthorized)
	for range 5 { // used again and again: it lives on, to the month
		c.pass(6 * 24 * time.Hour)
		if _, err = db.Session(t.Context(), token); err != nil && c.now().Before(time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("a session in use ended at %s: %v", c.now(), err)
		}
	}
	_, err = db.Session(t.Context(), token)
	wantCode(t, "after a month", err, carpel.CodeUnauthorized)
	idle := begin()
	c.pass(7 * 24 * time.Hour)
	_, err = db.Session(t.Context(), idle)
	wantCode(t, "after a week of rest", err, carpel.CodeUnauthorized)

	out := begin()
	if err := db.EndSession(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	_, err = db.Session(t.Context(), out)
	wantCode(t, "logged out", err, carpel.CodeUnauthorized)

	here, elsewhere := begin(), begin()
	wantCode(t, "change with a wrong password", db.ChangePassword(t.Context(), id, "wrong", "a new good password", here), carpel.CodeForbidden)
	if err := db.ChangePassword(t.Context(), id, "correct horse battery", "a new good password", here); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Session(t.Context(), here); err != nil {
		t.Errorf("the session that changed the password ended: %v", err)
	}
	_, err = db.Session(t.Context(), elsewhere)
	wantCode(t, "another session after the password changed", err, carpel.CodeUnauthorized)
	if _, err := db.LogIn(t.Context(), "ann@example.com", "a new good password"); err != nil {
		t.Error(err)
	}
}

func TestRoles(t *testing.T) {
	db, c, _ := open(t)
	ws := workspace(t, db)
	c.pass(time.Second)
	other := workspace(t, db)
	ann := setUp(t, db, ws)
	bob := invite(t, db, ws, "bob@example.com", carpel.Viewer)
	_, _, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: "Bob@example.com", Role: carpel.Editor})
	wantCode(t, "invite a user of the workspace", err, carpel.CodeConflict)
	_, _, err = db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: "cid@example.com", Role: "owner"})
	wantCode(t, "invite with a role that is none", err, carpel.CodeInvalid)

	wantCode(t, "the last admin's role", db.SetRole(t.Context(), ws, ann, carpel.Editor), carpel.CodeConflict)
	wantCode(t, "remove the last admin", db.RemoveUser(t.Context(), ws, ann), carpel.CodeConflict)
	wantCode(t, "a role in another workspace", db.SetRole(t.Context(), other, bob, carpel.Admin), carpel.CodeNotFound)
	wantCode(t, "remove from another workspace", db.RemoveUser(t.Context(), other, bob), carpel.CodeNotFound)
	wantCode(t, "a role that is none", db.SetRole(t.Context(), ws, bob, "owner"), carpel.CodeInvalid)

	token, err := db.BeginSession(t.Context(), bob)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.SetRole(t.Context(), ws, bob, carpel.Admin); err != nil {
		t.Fatal(err)
	}
	_, err = db.Session(t.Context(), token)
	wantCode(t, "a session after the role changed", err, carpel.CodeUnauthorized)
	if u, err := db.User(t.Context(), ws, bob); err != nil || u.Role != carpel.Admin {
		t.Errorf("bob is %+v, %v", u, err)
	}
	_, err = db.User(t.Context(), other, bob)
	wantCode(t, "a user of another workspace", err, carpel.CodeNotFound)

	// Known already: whoever has the link must be the user as well.
	l, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: other, Email: "bob@example.com", Role: carpel.Editor})
	if err != nil {
		t.Fatal(err)
	}
	if l, err = db.Link(t.Context(), token); err != nil || !l.Known {
		t.Errorf("the link is %+v, %v", l, err)
	}
	for _, password := range []string{"", "a password of somebody else"} {
		_, err := db.Accept(t.Context(), token, records.Acceptance{Password: password})
		wantCode(t, "accept with the password "+password, err, carpel.CodeUnauthorized)
	}
	if again, err := db.Accept(t.Context(), token, records.Acceptance{Password: "another good password"}); err != nil || again != bob {
		t.Errorf("accepted as %q, %v", again, err)
	}
	// Who belongs to both is not an admin's of the second to log in as.
	_, _, err = db.CreateLink(t.Context(), records.Link{Kind: records.PasswordLink, Workspace: other, Email: "bob@example.com"})
	wantCode(t, "a password for a user of the first workspace too", err, carpel.CodeConflict)
	if _, _, err = db.CreateLink(t.Context(), records.Link{Kind: records.PasswordLink, Workspace: ws, Email: "bob@example.com"}); err != nil {
		t.Error(err)
	}
	if err := db.RemoveUser(t.Context(), ws, bob); err != nil {
		t.Fatal(err)
	}
	if u, err := db.User(t.Context(), other, bob); err != nil || u.Role != carpel.Editor {
		t.Errorf("in the other workspace bob is %+v, %v", u, err)
	}
	if err := db.RemoveUser(t.Context(), other, bob); err != nil {
		t.Fatal(err)
	}
	if again := invite(t, db, ws, "bob@example.com", carpel.Viewer); again == bob {
		t.Error("somebody who belonged to no workspace any more was not deleted")
	}
}

func TestInvitations(t *testing.T) {
	db, _, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	setUp(t, db, ws)
	_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: "bob@example.com", Role: carpel.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	if ls, err := db.Invitations(t.Context(), ws); err != nil || len(ls) != 1 || ls[0].Email != "bob@example.com" {
		t.Errorf("invited are %+v, %v", ls, err)
	}
	wantCode(t, "take back another workspace's", db.Uninvite(t.Context(), other, "bob@example.com"), carpel.CodeNotFound)
	if err := db.Uninvite(t.Context(), ws, "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	_, err = db.Accept(t.Context(), token, records.Acceptance{Password: "another good password"})
	wantCode(t, "accept an invitation that was taken back", err, carpel.CodeGone)
}

func TestPasswordLink(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	id := setUp(t, db, ws)
	_, _, err := db.CreateLink(t.Context(), records.Link{Kind: records.PasswordLink, Workspace: ws, Email: "eve@example.com"})
	wantCode(t, "a password for nobody", err, carpel.CodeNotFound)
	session, err := db.BeginSession(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.PasswordLink, Workspace: ws, Email: "ann@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Accept(t.Context(), token, records.Acceptance{Password: "a new good password"}); err != nil {
		t.Fatal(err)
	}
	_, err = db.Session(t.Context(), session)
	wantCode(t, "a session after the password changed", err, carpel.CodeUnauthorized)
	_, err = db.LogIn(t.Context(), "ann@example.com", "correct horse battery")
	wantCode(t, "the old password", err, carpel.CodeUnauthorized)
	if _, err := db.LogIn(t.Context(), "ann@example.com", "a new good password"); err != nil {
		t.Error(err)
	}
}

func TestLogInBySubject(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	ann := setUp(t, db, ws)
	_, err := db.LogInBySubject(t.Context(), "s-eve", "eve@example.com", true)
	wantCode(t, "somebody whom nobody invited", err, carpel.CodeForbidden)
	_, err = db.LogInBySubject(t.Context(), "s-ann", "ann@example.com", false)
	wantCode(t, "an address that is not verified", err, carpel.CodeForbidden)
	for range 2 { // the second time by the subject alone
		if id, err := db.LogInBySubject(t.Context(), "s-ann", "Ann@example.com", true); err != nil || id != ann {
			t.Errorf("logged in as %q, %v", id, err)
		}
	}
	if id, err := db.LogInBySubject(t.Context(), "s-ann", "renamed@example.com", false); err != nil || id != ann {
		t.Errorf("after a change of address logged in as %q, %v", id, err)
	}
	_, err = db.LogInBySubject(t.Context(), "s-mallory", "ann@example.com", true)
	wantCode(t, "another account with the address of one that is bound", err, carpel.CodeForbidden)
	if _, _, err := db.CreateLink(t.Context(), records.Link{Kind: records.InvitationLink, Workspace: ws, Email: "bob@example.com", Role: carpel.Editor}); err != nil {
		t.Fatal(err)
	}
	bob, err := db.LogInBySubject(t.Context(), "s-bob", "bob@example.com", true)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := db.User(t.Context(), ws, bob); err != nil || u.Role != carpel.Editor {
		t.Errorf("bob is %+v, %v", u, err)
	}
	_, err = db.LogIn(t.Context(), "bob@example.com", "")
	wantCode(t, "a password login of somebody without one", err, carpel.CodeUnauthorized)
}

// The set-up link makes the first user of whoever opens it, once, and is good only while there is none.
func TestSetUp(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	create := func() (string, error) {
		_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.SetupLink, Workspace: ws, Role: carpel.Admin})
		return token, err
	}
	first, err := create()
	if err != nil {
		t.Fatal(err)
	}
	second, err := create()
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Link(t.Context(), first)
	wantCode(t, "the link of an earlier start", err, carpel.CodeGone)
	accept := func(email, password string) error {
		_, err := db.Accept(t.Context(), second, records.Acceptance{Email: email, Name: "Ann", Password: password})
		return err
	}
	wantCode(t, "no email", accept("", "correct horse battery"), carpel.CodeInvalid)
	wantCode(t, "a short password", accept("ann@example.com", "short"), carpel.CodeLimit)
	if err := accept("Ann@Example.com", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a second time", accept("bob@example.com", "correct horse battery"), carpel.CodeGone)
	users, err := db.Users(t.Context(), ws)
	if err != nil || len(users) != 1 || users[0].Email != "ann@example.com" || users[0].Role != carpel.Admin {
		t.Errorf("the users are %v, %v", users, err)
	}
	_, err = create()
	wantCode(t, "a link when there are users", err, carpel.CodeConflict)
}

// Somebody who was invited before the set-up link was opened makes it worthless.
func TestSetUpTooLate(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	_, token, err := db.CreateLink(t.Context(), records.Link{Kind: records.SetupLink, Workspace: ws, Role: carpel.Admin})
	if err != nil {
		t.Fatal(err)
	}
	setUp(t, db, ws)
	_, err = db.Link(t.Context(), token)
	wantCode(t, "reading it", err, carpel.CodeGone)
	_, err = db.Accept(t.Context(), token, records.Acceptance{Email: "eve@example.com", Password: "correct horse battery"})
	wantCode(t, "accepting it", err, carpel.CodeGone)
}
