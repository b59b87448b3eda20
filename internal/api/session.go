package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// passwordPath is where users change their password.
const passwordPath = "/api/session/password"

func (a *API) registerSession() {
	const tag = "Session"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/session", Scope: records.ScopeRead, ID: "getSession", Tag: tag,
		Summary: "Say who asks: the key or the user, the workspace and what may be done in it"}, a.getSession)
	routeOpen(a, operation{Method: http.MethodPost, Path: "/api/session", ID: "logIn", Tag: tag,
		Summary:     "Log in: the answer sets a cookie",
		Description: "The cookie is taken by browsers over https, and over http from the server's own machine."}, a.logIn)
	routeOpen(a, operation{Method: http.MethodPost, Path: "/api/session/guest", ID: "logInAsGuest", Tag: tag,
		Summary:     "Look around without an account: the answer sets a cookie",
		Description: "Only where carpel demo runs, and only from its own machine; 404 elsewhere."}, a.logInAsGuest)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/session", Scope: records.ScopeRead, ID: "logOut", Tag: tag,
		Summary: "Log out"}, a.logOut)
	routeRecords(a, operation{Method: http.MethodPut, Path: passwordPath, Scope: records.ScopeRead, ID: "changePassword", Tag: tag,
		Summary: "Change one's own password; one's other sessions end"}, a.changePassword)
}

// Session is who asks.
type Session struct {
	Workspace  carpel.Workspace     `json:"workspace" doc:"The one this answer is about."`
	Scope      string               `json:"scope" enum:"read,write,send,admin" doc:"What may be done in it; each includes those before it."`
	Key        *records.Key         `json:"key,omitempty" doc:"Of a program."`
	User       *carpel.User         `json:"user,omitempty" doc:"Of somebody who is logged in."`
	Workspaces []records.Membership `json:"workspaces,omitempty" doc:"That the user belongs to. Carpel-Workspace names the one to work in; the first if left out."`
	Guest      bool                 `json:"guest,omitempty" doc:"Somebody who looks around without an account, and has no password."`
	Version    string               `json:"version" doc:"Of the server."`
	Now        time.Time            `json:"now" doc:"The server's clock."`
}

type sessionOut struct{ Body Session }

func (a *API) getSession(c *call, _ *struct{}) (*sessionOut, error) {
	w, err := a.Records.Workspace(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	out := Session{Workspace: w, Scope: c.session.scope, Key: c.session.key, Version: a.Version, Now: a.Now().UTC()}
	if l := c.session.login; l != nil {
		u := l.User
		_, u.Role = l.In(c.Workspace)
		out.User, out.Workspaces = &u, l.Workspaces
		out.Guest = u.ID == a.Guest
	}
	return &sessionOut{out}, nil
}

type logInIn struct {
	caller
	Body struct {
		Email    string `json:"email" maxLength:"255"`
		Password string `json:"password" maxLength:"1024"`
	}
}

// loggedIn is the answer to whoever got a session.
type loggedIn struct {
	Cookie http.Cookie `header:"Set-Cookie"`
	Body   Session
}

func (a *API) logIn(ctx context.Context, in *logInIn) (*loggedIn, error) {
	end, err := a.attempts.begin(in.Body.Email, in.address, a.Now())
	if err != nil {
		return nil, err
	}
	user, err := a.Records.LogIn(ctx, in.Body.Email, in.Body.Password)
	end(err)
	if err != nil {
		return nil, err
	}
	return a.begin(ctx, user, "session.begin")
}

func (a *API) logInAsGuest(ctx context.Context, in *struct{ caller }) (*loggedIn, error) {
	if !a.guestFrom(in.address) {
		return nil, carpel.Errorf(carpel.CodeNotFound, "there is no guest here: log in")
	}
	return a.begin(ctx, a.Guest, "session.guest")
}

// guestFrom reports whether who calls from an address may be the guest.
func (a *API) guestFrom(address string) bool {
	ip, err := netip.ParseAddr(address)
	return a.Guest != "" && err == nil && ip.Unmap().IsLoopback()
}

// begin logs a user in.
func (a *API) begin(ctx context.Context, user, action string) (*loggedIn, error) {
	token, err := a.Records.BeginSession(ctx, user)
	if err != nil {
		return nil, err
	}
	login, err := a.Records.Session(ctx, token)
	if err != nil {
		return nil, err
	}
	workspace, role := login.In("")
	if workspace == "" {
		return nil, carpel.Errorf(carpel.CodeForbidden, "you belong to no workspace any more; ask an admin for an invitation")
	}
	c := &call{Context: ctx, Workspace: workspace, Who: user, session: session{workspace: workspace, who: user, scope: records.ScopeOf(role), login: login, token: token}}
	if err := a.audit(c, action, user); err != nil {
		return nil, err
	}
	out, err := a.getSession(c, nil)
	if err != nil {
		return nil, err
	}
	return &loggedIn{Cookie: newCookie(sessionCookie, token, records.SessionMax), Body: out.Body}, nil
}

// newCookie is a cookie that no script reads and that other sites' pages do not send along.
func newCookie(name, value string, lasts time.Duration) http.Cookie {
	return http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(lasts.Seconds()), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// endCookie takes a cookie back.
func endCookie(name string) http.Cookie {
	c := newCookie(name, "", 0)
	c.MaxAge = -1
	return c
}

type logOutOut struct {
	Cookie http.Cookie `header:"Set-Cookie"`
}

func (a *API) logOut(c *call, _ *struct{}) (*logOutOut, error) {
	if err := c.needsUser(); err != nil {
		return nil, err
	}
	if err := a.Records.EndSession(c, c.session.token); err != nil {
		return nil, err
	}
	return &logOutOut{endCookie(sessionCookie)}, a.audit(c, "session.end", c.Who)
}

// needsUser refuses a key: CodeConflict.
func (c *call) needsUser() error {
	if c.session.login == nil {
		return carpel.Errorf(carpel.CodeConflict, "this call is for a user who is logged in; a key has no session")
	}
	return nil
}

type changePasswordIn struct {
	Body struct {
		Old string `json:"old,omitempty" maxLength:"1024" doc:"Needed by who has one."`
		New string `json:"password" maxLength:"1024"`
	}
}

func (a *API) changePassword(c *call, in *changePasswordIn) (*struct{}, error) {
	if err := c.needsUser(); err != nil {
		return nil, err
	}
	if c.Who == a.Guest {
		return nil, carpel.Errorf(carpel.CodeConflict, "the guest has no password")
	}
	end, err := a.attempts.begin(c.session.login.User.Email, "", a.Now())
	if err != nil {
		return nil, err
	}
	err = a.Records.ChangePassword(c, c.Who, in.Body.Old, in.Body.New, c.session.token)
	end(err)
	if err != nil {
		return nil, err
	}
	return nil, a.audit(c, "user.password", c.Who)
}
