package api

import (
	"context"
	"net/http"

	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerLinks() {
	const tag = "Session"
	routeOpen(a, operation{Method: http.MethodGet, Path: "/api/setup", ID: "getSetup", Tag: tag,
		Summary: "Say how one gets in: whether there are users, and which OpenID provider"}, a.getSetup)
	routeOpen(a, operation{Method: http.MethodPost, Path: "/api/links/read", ID: "readLink", Tag: tag,
		Summary: "Read a link (set-up, invitation, new password) without using it"}, a.readLink)
	routeOpen(a, operation{Method: http.MethodPost, Path: "/api/links/accept", ID: "acceptLink", Tag: tag,
		Summary: "Use a link up: the answer sets a cookie, as logging in does"}, a.acceptLink)
}

type setupOut struct {
	Body struct {
		Users  bool   `json:"users" doc:"Whether Carpel has any. The first opens the set-up link that carpel serve prints."`
		Guest  bool   `json:"guest" doc:"Whether one may look around as a guest, from here: POST /api/session/guest."`
		OpenID string `json:"openid" doc:"Name of the provider that one may log in with; empty for none."`
	}
}

func (a *API) getSetup(ctx context.Context, in *struct{ caller }) (*setupOut, error) {
	users, err := a.Records.HasUsers(ctx)
	if err != nil {
		return nil, err
	}
	out := &setupOut{}
	out.Body.Users, out.Body.Guest = users, a.guestFrom(in.address)
	if a.OpenID != nil {
		out.Body.OpenID = a.OpenID.Name()
	}
	return out, nil
}

type readLinkIn struct {
	caller
	Body struct {
		Token string `json:"token" maxLength:"255"`
	}
}

type readLinkOut struct {
	Body struct {
		records.Link
		WorkspaceName string `json:"workspace_name"`
	}
}

func (a *API) readLink(ctx context.Context, in *readLinkIn) (*readLinkOut, error) {
	l, err := a.Records.Link(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	w, err := a.Records.Workspace(ctx, l.Workspace)
	if err != nil {
		return nil, err
	}
	out := &readLinkOut{}
	out.Body.Link, out.Body.WorkspaceName = l, w.Name
	return out, nil
}

type acceptLinkIn struct {
	caller
	Body struct {
		Token    string `json:"token" maxLength:"255"`
		Email    string `json:"email,omitempty" maxLength:"255" doc:"Of who sets Carpel up; other links are for one email."`
		Name     string `json:"name,omitempty" doc:"Of a new user."`
		Password string `json:"password,omitempty" doc:"Of a new user, or the new one."`
	}
}

func (a *API) acceptLink(ctx context.Context, in *acceptLinkIn) (*loggedIn, error) {
	b := in.Body
	l, err := a.Records.Link(ctx, b.Token)
	if err != nil {
		return nil, err
	}
	end, err := a.attempts.begin(l.Email, in.address, a.Now()) // a known user's password can be guessed here too
	if err != nil {
		return nil, err
	}
	user, err := a.Records.Accept(ctx, b.Token, records.Acceptance{Email: b.Email, Name: b.Name, Password: b.Password})
	end(err)
	if err != nil {
		return nil, err
	}
	return a.begin(ctx, user, "link.accept")
}

// NewLink is a link to hand to whom it is for.
type NewLink struct {
	records.Link
	Path string `json:"path" doc:"Of the link on this server, shown once: /join#…"`
}

type newLinkOut struct{ Body NewLink }

// newLink makes a link for somebody in the caller's workspace.
func (a *API) newLink(c *call, l records.Link) (*newLinkOut, error) {
	l.Workspace, l.CreatedBy = c.Workspace, c.Who
	l, token, err := a.Records.CreateLink(c, l)
	if err != nil {
		return nil, err
	}
	return &newLinkOut{NewLink{l, LinkPath(token)}}, a.auditDetail(c, "link.create", string(l.Kind), detail{"role": l.Role})
}

// LinkPath is where a link leads. The token stands behind the #, so that no log of any server on the way holds it.
func LinkPath(token string) string { return "/join#" + token }
