package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/openid"
)

func (a *API) registerOpenID() {
	const tag = "Session"
	routeOpen(a, operation{Method: http.MethodGet, Path: "/api/openid/start", ID: "startOpenID", Tag: tag, Status: http.StatusFound,
		Summary: "Send the browser to the OpenID provider"}, a.startOpenID)
	routeOpen(a, operation{Method: http.MethodGet, Path: openIDReturn, ID: "endOpenID", Tag: tag, Status: http.StatusFound,
		Summary: "Log in with what the OpenID provider says; the answer sets a cookie"}, a.endOpenID)
}

// openIDReturn is where the provider sends the browser back to.
const openIDReturn = "/api/openid/return"

// openIDLasts is how long somebody may take at the provider.
const openIDLasts = 10 * time.Minute

// here is an input that knows the address at which the browser sees the server.
type here struct{ origin string }

// Resolve finds the address. A trusted proxy says by X-Forwarded-Proto that the browser uses https; the header of anybody
// else does not come here.
func (h *here) Resolve(ctx huma.Context) []error {
	scheme := "http"
	if ctx.TLS() != nil || ctx.Header("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	h.origin = scheme + "://" + ctx.Host()
	return nil
}

type redirectOut struct {
	Location string        `header:"Location"`
	Cookies  []http.Cookie `header:"Set-Cookie"`
}

func noOpenID() error {
	return carpel.Errorf(carpel.CodeNotFound, "no OpenID provider is configured; see carpel serve --help")
}

type startOpenIDIn struct{ here }

func (a *API) startOpenID(ctx context.Context, in *startOpenIDIn) (*redirectOut, error) {
	if a.OpenID == nil {
		return nil, noOpenID()
	}
	to, attempt, err := a.OpenID.Begin(ctx, in.origin+openIDReturn)
	if err != nil {
		a.Log.ErrorContext(ctx, "OpenID provider does not answer", "error", err)
		return backToLogin(carpel.Errorf(carpel.CodeOverloaded, "%s does not answer; try again, or ask who runs this server", a.OpenID.Name())), nil
	}
	return &redirectOut{Location: to, Cookies: []http.Cookie{newCookie(openIDCookie, attempt.String(), openIDLasts)}}, nil
}

type endOpenIDIn struct {
	here
	State   string `query:"state" maxLength:"255"`
	Code    string `query:"code" maxLength:"4096"`
	Error   string `query:"error" maxLength:"255"`
	Attempt string `cookie:"__Host-carpel-openid"`
}

func (a *API) endOpenID(ctx context.Context, in *endOpenIDIn) (*redirectOut, error) {
	if a.OpenID == nil {
		return nil, noOpenID()
	}
	attempt, ok := openid.ParseAttempt(in.Attempt)
	switch {
	case !ok:
		return backToLogin(carpel.Errorf(carpel.CodeUnauthorized, "this log-in was not begun in this browser, or took too long; try again")), nil
	case in.Error != "":
		return backToLogin(carpel.Errorf(carpel.CodeUnauthorized, "%s did not log you in: %s", a.OpenID.Name(), in.Error)), nil
	}
	who, err := a.OpenID.End(ctx, in.origin+openIDReturn, attempt, in.State, in.Code)
	if err != nil {
		a.Log.WarnContext(ctx, "OpenID log-in refused", "error", err)
		return backToLogin(carpel.Errorf(carpel.CodeUnauthorized, "the answer of %s could not be verified; try again", a.OpenID.Name())), nil
	}
	user, err := a.Records.LogInBySubject(ctx, who.Subject, who.Email, who.Verified)
	if carpel.ErrorCode(err) == carpel.CodeForbidden {
		return backToLogin(err), nil
	} else if err != nil {
		return nil, err
	}
	begun, err := a.begin(ctx, user, "session.begin")
	if err != nil {
		return nil, err
	}
	return &redirectOut{Location: "/", Cookies: []http.Cookie{begun.Cookie, endCookie(openIDCookie)}}, nil
}

// backToLogin shows a failure on the log-in page.
func backToLogin(err error) *redirectOut {
	return &redirectOut{Location: "/login#error=" + url.QueryEscape(err.Error()), Cookies: []http.Cookie{endCookie(openIDCookie)}}
}
