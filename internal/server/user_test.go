package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
)

const password = "correct horse battery"

// loggedIn is a browser with a session's cookie.
type loggedIn struct {
	http.Handler
	cookie string
}

func (l loggedIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.AddCookie(&http.Cookie{Name: "__Host-carpel", Value: l.cookie})
	l.Handler.ServeHTTP(w, r)
}

// join invites somebody with a role, and logs in as them.
func (c client) join(role string) client {
	c.t.Helper()
	path := c.want(201, "POST /api/invitations", map[string]string{"email": role + "@example.com", "role": role}).get("path").(string)
	_, token, _ := strings.Cut(path, "#")
	return client{c.t, loggedIn{c.handler, sessionOf(c.t, c.want(200, "POST /api/links/accept", map[string]string{"token": token, "password": password}))}, ""}
}

// sessionOf is the session that an answer sets.
func sessionOf(t *testing.T, a answer) string {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name != "__Host-carpel" {
			continue
		}
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
			t.Errorf("the cookie is %v", c)
		}
		return c.Value
	}
	t.Fatalf("no session in %v", a.header)
	return ""
}

func TestLogIn(t *testing.T) {
	s := open(t, nil)
	admin, anybody := client{t, s, adminKey}, client{t, s, ""}
	if anybody.want(200, "GET /api/setup", nil).get("users").(bool) {
		t.Error("before the first user there are users")
	}
	ann := admin.join("editor")
	if !anybody.want(200, "GET /api/setup", nil).get("users").(bool) {
		t.Error("after the first user there are none")
	}
	a := ann.want(200, "GET /api/session", nil)
	if a.get("user.email") != "editor@example.com" || a.get("scope") != "write" || a.get("user.role") != "editor" || a.get("key") != nil {
		t.Errorf("the session is %s", a.body)
	}
	wrong := anybody.want(401, "POST /api/session", map[string]string{"email": "editor@example.com", "password": "wrong password"})
	nobody := anybody.want(401, "POST /api/session", map[string]string{"email": "nobody@example.com", "password": "wrong password"})
	if string(wrong.body) != string(nobody.body) {
		t.Errorf("the answers tell who is there: %s and %s", wrong.body, nobody.body)
	}
	again := client{t, loggedIn{s, sessionOf(t, anybody.want(200, "POST /api/session", map[string]string{"email": "Editor@example.com", "password": password}))}, ""}
	again.want(204, "DELETE /api/session", nil)
	again.want(401, "GET /api/session", nil)
	ann.want(200, "GET /api/session", nil)
	admin.want(409, "DELETE /api/session", nil) // a key has none

	other := client{t, loggedIn{s, sessionOf(t, anybody.want(200, "POST /api/session", map[string]string{"email": "editor@example.com", "password": password}))}, ""}
	ann.want(403, "PUT /api/session/password", map[string]string{"old": "wrong", "password": "a new good password"})
	if a := ann.do("PUT /api/session/password", map[string]string{"old": password, "password": "short"}); a.status != 400 || a.get("pointer") != "/password" || a.get("limit") != 10.0 {
		t.Errorf("a short password: %d %s", a.status, a.body)
	}
	ann.want(204, "PUT /api/session/password", map[string]string{"old": password, "password": "a new good password"})
	other.want(401, "GET /api/session", nil)
	ann.want(200, "GET /api/session", nil)
}

// Guessing ends after ten attempts at one account, and goes on when the quarter of an hour is over.
// A guest is let in where made-up data are shown, and from the machine itself alone.
func TestGuest(t *testing.T) {
	private := client{t, open(t, nil), ""}
	from := func(h http.Handler, address string) client {
		return client{t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.RemoteAddr = address
			h.ServeHTTP(w, r)
		}), ""}
	}
	shown := open(t, func(c *server.Config) { c.Guest = true })
	for _, c := range []client{from(private.handler, "127.0.0.1:1"), from(shown, "192.0.2.1:1"), from(shown, "[2001:db8::1]:1"), from(shown, "")} {
		if c.want(200, "GET /api/setup", nil).get("guest").(bool) {
			t.Error("a guest is offered")
		}
		c.want(404, "POST /api/session/guest", nil)
	}
	proxied := client{t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		shown.ServeHTTP(w, r)
	}), ""}
	proxied.want(404, "POST /api/session/guest", nil)
	here := from(shown, "127.0.0.1:1")
	if !here.want(200, "GET /api/setup", nil).get("guest").(bool) {
		t.Error("no guest is offered")
	}
	guest := client{t, loggedIn{shown, sessionOf(t, here.want(200, "POST /api/session/guest", nil))}, ""}
	if role := guest.want(200, "GET /api/session", nil).get("user").(map[string]any)["role"]; role != "admin" {
		t.Errorf("the guest is %v", role)
	}
	from(shown, "127.0.0.1:1").want(401, "POST /api/session", map[string]string{"email": "guest@carpel.invalid", "password": ""})
}

func TestGuessing(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := open(t, func(c *server.Config) { c.Now = func() time.Time { return now } })
	client{t, s, adminKey}.join("viewer")
	anybody := client{t, s, ""}
	for range 10 {
		anybody.want(401, "POST /api/session", map[string]string{"email": "viewer@example.com", "password": "a guess"})
	}
	a := anybody.want(429, "POST /api/session", map[string]string{"email": "VIEWER@example.com", "password": password})
	if a.get("code") != "too_often" || !strings.Contains(a.get("detail").(string), "15m") || a.header.Get("Retry-After") != "900" {
		t.Errorf("the answer is %s, to be tried again in %s s", a.body, a.header.Get("Retry-After"))
	}
	now = now.Add(15 * time.Minute)
	anybody.want(200, "POST /api/session", map[string]string{"email": "viewer@example.com", "password": password})
}

// A page of another site can do nothing with a user's cookie; a program with a key may send what it likes.
func TestCrossOrigin(t *testing.T) {
	s := open(t, nil)
	admin := client{t, s, adminKey}
	ann := admin.join("admin")
	body := map[string]string{"name": "Renamed"}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.com"}} {
		ann.want(403, "PUT /api/workspace", body, headers...)
		client{t, s, ""}.want(403, "POST /api/session", map[string]string{"email": "admin@example.com", "password": password}, headers...)
		admin.want(200, "PUT /api/workspace", body, headers...)
	}
	ann.want(200, "PUT /api/workspace", body, "Sec-Fetch-Site", "same-origin")
}

// A user works in the workspace that the header names, with the role there, and in no other.
func TestWorkspaceHeader(t *testing.T) {
	s := open(t, nil)
	admin := client{t, s, adminKey}
	strange := admin.want(201, "POST /api/workspaces", map[string]string{"name": "strange"}).get("workspace.id").(string)
	ann := admin.join("admin")
	made := ann.want(201, "POST /api/workspaces", map[string]string{"name": "Ann's own"}).get("workspace.id").(string)
	if a := ann.want(200, "GET /api/session", nil, "Carpel-Workspace", made); a.get("workspace.name") != "Ann's own" || a.get("workspaces.1.role") != "admin" {
		t.Errorf("the session is %s", a.body)
	}
	if a := ann.want(200, "GET /api/session", nil); a.get("workspace.name") != "default" {
		t.Errorf("the session is %s", a.body)
	}
	ann.want(404, "GET /api/segments", nil, "Carpel-Workspace", strange)
	ann.want(404, "GET /api/segments", nil, "Carpel-Workspace", "ws_nothing")
}

func TestUsers(t *testing.T) {
	s := open(t, nil)
	admin := client{t, s, adminKey}
	bob := admin.join("viewer")
	id := bob.want(200, "GET /api/session", nil).get("user.id").(string)
	bob.want(403, "GET /api/users", nil)
	a := admin.want(200, "PUT /api/users/"+id, map[string]string{"role": "admin"})
	if a.get("role") != "admin" {
		t.Errorf("the user is %s", a.body)
	}
	bob.want(401, "GET /api/session", nil) // the role changed
	admin.want(409, "PUT /api/users/"+id, map[string]string{"role": "viewer"})

	path := admin.want(201, "POST /api/users/"+id+"/password", nil).get("path").(string)
	_, token, _ := strings.Cut(path, "#")
	if a := admin.want(200, "POST /api/links/read", map[string]string{"token": token}); a.get("kind") != "password" || a.get("email") != "viewer@example.com" || a.get("workspace_name") != "default" {
		t.Errorf("the link is %s", a.body)
	}
	anybody := client{t, s, ""}
	anybody.want(200, "POST /api/links/accept", map[string]string{"token": token, "password": "a new good password"})
	anybody.want(410, "POST /api/links/accept", map[string]string{"token": token, "password": "a new good password"})
	anybody.want(410, "POST /api/links/read", map[string]string{"token": token})

	admin.want(201, "POST /api/invitations", map[string]string{"email": "cid@example.com", "role": "editor"})
	if a := admin.want(200, "GET /api/users", nil); a.get("users.0.id") != id || a.get("invitations.0.email") != "cid@example.com" || strings.Contains(string(a.body), "token") {
		t.Errorf("the users are %s", a.body)
	}
	admin.want(204, "DELETE /api/invitations/cid@example.com", nil)
	admin.want(404, "DELETE /api/invitations/cid@example.com", nil)
	log := admin.want(200, "GET /api/audit", nil)
	for _, want := range []string{"link.create", "link.accept", "user.role", "link.remove"} {
		if !strings.Contains(string(log.body), `"`+want+`"`) {
			t.Errorf("the audit log lacks %s", want)
		}
	}
	for _, secret := range []string{token, password, "example.com"} {
		if strings.Contains(string(log.body), secret) {
			t.Errorf("the audit log holds %q", secret)
		}
	}
}

// A header that is no key makes no browser's request a program's: the page's origin counts, and the cookie does not.
func TestOtherAuthorization(t *testing.T) {
	s := open(t, nil)
	ann := client{t, s, adminKey}.join("admin")
	for _, header := range []string{"Basic eDp5", "Bearer", "Bearer "} {
		ann.want(401, "GET /api/session", nil, "Authorization", header)
		ann.want(403, "PUT /api/workspace", map[string]string{"name": "Renamed"}, "Authorization", header, "Sec-Fetch-Site", "cross-site")
		client{t, s, ""}.want(403, "POST /api/session", map[string]string{"email": "admin@example.com", "password": password}, "Authorization", header, "Sec-Fetch-Site", "cross-site")
	}
}

// What a password is changed to is not kept in any form that can be tried fast: the same key twice is two calls.
func TestPasswordIdempotencyKey(t *testing.T) {
	s := open(t, nil)
	ann := client{t, s, adminKey}.join("editor")
	change := map[string]string{"old": password, "password": "a new good password"}
	ann.want(204, "PUT /api/session/password", change, "Idempotency-Key", "once")
	ann.want(403, "PUT /api/session/password", change, "Idempotency-Key", "once")
}

// An admin of the first workspace helps a user of another by the email; an admin there cannot do so for users here.
func TestPasswordForAnyUser(t *testing.T) {
	s := open(t, nil)
	admin := client{t, s, adminKey}
	admin.join("viewer")
	secret := admin.want(201, "POST /api/workspaces", map[string]string{"name": "other"}).get("key.secret").(string)
	other := client{t, s, secret}
	id := other.join("editor").want(200, "GET /api/session", nil).get("user.id").(string)
	admin.want(201, "POST /api/users/editor@example.com/password", nil)
	admin.want(201, "POST /api/users/"+id+"/password", nil)
	other.want(404, "POST /api/users/viewer@example.com/password", nil)
	admin.want(404, "POST /api/users/nobody@example.com/password", nil)
}

// Who has no credential sends little, and holds few places: bodies that never end keep out neither keys nor other
// addresses, and the rest of their own get 429.
func TestStrangers(t *testing.T) {
	s := open(t, nil)
	anybody := client{t, s, ""}
	anybody.want(413, "POST /api/session", map[string]string{"email": "ann@example.com", "password": strings.Repeat("x", 20<<10)})
	ctx, cancel := context.WithCancel(t.Context())
	begin := make(chan struct{})
	var slow sync.WaitGroup
	refused := make(chan int, 200)
	for range 200 {
		slow.Go(func() {
			r := httptest.NewRequestWithContext(ctx, "POST", "/api/session", &endless{begin})
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code == http.StatusTooManyRequests {
				refused <- w.Code
			}
		})
	}
	for range 200 - 63 - 32 {
		<-refused
	}
	client{t, s, adminKey}.want(200, "GET /api/session", nil)
	r := httptest.NewRequest("GET", "/api/setup", nil)
	r.RemoteAddr = "198.51.100.7:1"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("another address gets %d", w.Code)
	}
	cancel()
	close(begin)
	slow.Wait()
}

// Who has a key holds many places, and not all: calls that never end keep out no other workspace, streams have places of
// their own, and the rest of their calls get 429 with a time to come again.
func TestCallsAtOnce(t *testing.T) {
	s := open(t, nil)
	loud := client{t, s, adminKey}
	other := client{t, s, loud.want(201, "POST /api/workspaces", map[string]string{"name": "other"}).get("key.secret").(string)}
	const sent = 500
	ctx, cancel := context.WithCancel(t.Context())
	begin := make(chan struct{})
	var slow sync.WaitGroup
	refused := make(chan http.Header, sent)
	for range sent {
		slow.Go(func() {
			r := httptest.NewRequestWithContext(ctx, "POST", "/api/segments/parse", &endless{begin})
			r.Header.Set("Authorization", "Bearer "+adminKey)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code == http.StatusTooManyRequests {
				refused <- w.Header()
			}
		})
	}
	for range sent - 255 - 128 {
		if h := <-refused; h.Get("Retry-After") != "5" {
			t.Errorf("refused with %v", h)
		}
	}
	other.want(200, "GET /api/session", nil)
	if a := loud.want(429, "GET /api/session", nil); a.get("code") != "overloaded" || a.get("limit") != 128.0 {
		t.Errorf("one more is told %s", a.body)
	}
	loud.want(200, "GET /api/session", nil, "Accept", "text/event-stream")
	cancel()
	close(begin)
	slow.Wait()
	loud.want(200, "GET /api/session", nil)
}

// endless is a body of which nothing comes until it is cut off.
type endless struct{ cut chan struct{} }

func (e *endless) Read([]byte) (int, error) { <-e.cut; return 0, io.ErrUnexpectedEOF }
