package api

import (
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerUsers() {
	const tag = "Users"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/users", Scope: records.ScopeAdmin, ID: "listUsers", Tag: tag,
		Summary: "List the users of the workspace, and who is invited"}, a.listUsers)
	routeRecords(a, operation{Method: http.MethodPut, Path: "/api/users/{id}", Scope: records.ScopeAdmin, ID: "setRole", Tag: tag,
		Summary: "Give a user another role; the user's sessions end"}, a.setRole)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/users/{id}", Scope: records.ScopeAdmin, ID: "removeUser", Tag: tag,
		Summary: "Take a user out of the workspace; the user's sessions end"}, a.removeUser)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/users/{id}/password", Scope: records.ScopeAdmin, ID: "newPasswordLink", Tag: tag, Status: http.StatusCreated,
		Summary: "Make a link by which a user who forgot the password sets a new one", Description: "Good for a day. The id may be the email. For users of no other workspace, since whoever has the link can log in as the user; an admin of the server's first workspace may make one for any user of the server."}, a.newPassword)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/invitations", Scope: records.ScopeAdmin, ID: "invite", Tag: tag, Status: http.StatusCreated,
		Summary: "Make a link that lets somebody join the workspace", Description: "Good for seven days; a second invitation takes the place of the first."}, a.invite)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/invitations/{email}", Scope: records.ScopeAdmin, ID: "uninvite", Tag: tag,
		Summary: "Take an invitation back"}, a.uninvite)
}

type usersOut struct {
	Body struct {
		Users       []carpel.User  `json:"users"`
		Invitations []records.Link `json:"invitations" doc:"That are still good."`
	}
}

func (a *API) listUsers(c *call, _ *struct{}) (*usersOut, error) {
	out := &usersOut{}
	var err error
	if out.Body.Users, err = a.Records.Users(c, c.Workspace); err != nil {
		return nil, err
	}
	out.Body.Invitations, err = a.Records.Invitations(c, c.Workspace)
	return out, err
}

type setRoleIn struct {
	ID   string `path:"id"`
	Body struct {
		Role carpel.Role `json:"role" enum:"viewer,editor,sender,admin"`
	}
}

type userOut struct{ Body carpel.User }

func (a *API) setRole(c *call, in *setRoleIn) (*userOut, error) {
	if err := a.Records.SetRole(c, c.Workspace, in.ID, in.Body.Role); err != nil {
		return nil, err
	}
	u, err := a.Records.User(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return &userOut{u}, a.auditDetail(c, "user.role", in.ID, detail{"role": in.Body.Role})
}

type userPath struct {
	ID string `path:"id"`
}

func (a *API) removeUser(c *call, in *userPath) (*struct{}, error) {
	if err := a.Records.RemoveUser(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "user.remove", in.ID)
}

func (a *API) newPassword(c *call, in *userPath) (*newLinkOut, error) {
	u, err := a.Records.UserToHelp(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return a.newLink(c, records.Link{Kind: records.PasswordLink, Email: u.Email})
}

type inviteIn struct {
	Body struct {
		Email string      `json:"email" maxLength:"255"`
		Role  carpel.Role `json:"role" enum:"viewer,editor,sender,admin"`
	}
}

func (a *API) invite(c *call, in *inviteIn) (*newLinkOut, error) {
	return a.newLink(c, records.Link{Kind: records.InvitationLink, Email: in.Body.Email, Role: in.Body.Role})
}

type invitationPath struct {
	Email string `path:"email"`
}

func (a *API) uninvite(c *call, in *invitationPath) (*struct{}, error) {
	if err := a.Records.Uninvite(c, c.Workspace, in.Email); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "link.remove", string(records.InvitationLink))
}
