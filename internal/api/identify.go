package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/places"
	"github.com/carpel/carpel/internal/records"
)

// session is who makes a request: a key, or a user who is logged in.
type session struct {
	workspace string
	who       string // id of the key or of the user
	scope     string // the greatest that it has
	key       *records.Key
	login     *records.Session
	token     string // of the login
}

type sessionKey struct{}

// sessionOf returns the request's session; identify has put it there.
func sessionOf(ctx context.Context) session {
	s, _ := ctx.Value(sessionKey{}).(session)
	return s
}

// scopeOpen is the scope of the calls that take no credential: they say nothing about any workspace, or are how a
// credential is got.
const scopeOpen = "open"

// open reports whether a request needs no credential.
func (a *API) open(r *http.Request) bool {
	return r.URL.Path == "/api/docs" || strings.HasPrefix(r.URL.Path, "/api/openapi") || a.openCalls[r.Method+" "+r.URL.Path]
}

// The cookies. The prefix makes browsers take them only over https or from this machine, for this host alone.
const (
	sessionCookie = "__Host-carpel"
	openIDCookie  = "__Host-carpel-openid"
)

// workspaceHeader names the workspace that a user works in; a key has one anyway.
const workspaceHeader = "Carpel-Workspace"

// identify finds who makes a request, and in which workspace.
func (a *API) identify(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		var s session
		var err error
		if bearer(r) == "" && origin.Check(r) != nil { // what a browser sends by itself must come from our own pages
			a.writeProblem(w, r, carpel.Errorf(carpel.CodeForbidden, "this call comes from another site's page"))
			return
		}
		if a.open(r) {
			leave, err := a.strangers.Take(r.Context(), places.Address(r.RemoteAddr))
			if err != nil {
				a.writeProblem(w, r, err)
				return
			}
			defer leave()
		} else if s, err = a.credential(r); err != nil {
			if carpel.ErrorCode(err) == carpel.CodeUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="carpel"`)
			}
			a.writeProblem(w, r, err)
			return
		} else {
			leave, err := a.callsOf(r).Take(r.Context(), s.workspace)
			if err != nil {
				a.writeProblem(w, r, err)
				return
			}
			defer leave()
		}
		known := r.WithContext(context.WithValue(r.Context(), sessionKey{}, s))
		next.ServeHTTP(w, known)
		r.Pattern = known.Pattern // the route, for who measures requests
	})
}

// callsOf are the places of calls like a request: a stream keeps its own for hours.
func (a *API) callsOf(r *http.Request) *places.Places {
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return a.streams
	}
	return a.calls
}

// bearer is the key that a request sends; "" for none. No browser sends one by itself.
func bearer(r *http.Request) string {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return secret
}

// credential finds the key or the login of a request. Who sends an Authorization header is never a browser's login.
func (a *API) credential(r *http.Request) (session, error) {
	if secret := bearer(r); secret != "" {
		key, err := a.Records.Authenticate(r.Context(), secret)
		if err == nil && key.Kind != records.APIKey {
			err = carpel.Errorf(carpel.CodeForbidden, "a %s_ key is for ingestion; this call takes an API key (ak_…)", key.Kind)
		}
		if err != nil {
			return session{}, err
		}
		s := session{workspace: key.Workspace, who: key.ID, key: &key}
		for _, scope := range records.Scopes() {
			if key.May(scope) {
				s.scope = scope
			}
		}
		return s, nil
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" || r.Header.Get("Authorization") != "" {
		return session{}, carpel.Errorf(carpel.CodeUnauthorized, "send an API key: Authorization: Bearer ak_…; or log in")
	}
	login, err := a.Records.Session(r.Context(), cookie.Value)
	if err != nil {
		return session{}, err
	}
	workspace, role := login.In(r.Header.Get(workspaceHeader))
	if workspace == "" {
		return session{}, carpel.Errorf(carpel.CodeNotFound, "no such workspace")
	}
	return session{workspace: workspace, who: login.User.ID, scope: records.ScopeOf(role), login: login, token: cookie.Value}, nil
}

// may reports whether the session has a scope, directly or by one that includes it.
func (s session) may(scope string) bool {
	return scope == scopeOpen || records.Key{Scopes: []string{s.scope}}.May(scope)
}

// authorize refuses a session that lacks the operation's scope.
func (a *API) authorize(ctx huma.Context, next func(huma.Context)) {
	scope, _ := ctx.Operation().Metadata["scope"].(string)
	if s := sessionOf(ctx.Context()); scope != "" && !s.may(scope) { // the OpenAPI document has none
		have := "this key has " + s.scope
		if s.login != nil {
			_, role := s.login.In(s.workspace)
			have = "your role in this workspace is " + string(role)
		}
		p := a.problem(ctx.Context(), carpel.Errorf(carpel.CodeForbidden, "this call takes the scope %q; %s", scope, have))
		ctx.SetStatus(p.Status)
		ctx.SetHeader("Content-Type", p.ContentType(""))
		_ = json.NewEncoder(ctx.BodyWriter()).Encode(p) // the client may be gone
		return
	}
	next(ctx)
}
