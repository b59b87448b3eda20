package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerWorkspace() {
	const tag = "Workspace"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/workspace", Scope: records.ScopeRead, ID: "getWorkspace", Tag: tag,
		Summary: "Read the workspace of the key"}, a.getWorkspace)
	route(a, operation{Method: http.MethodPut, Path: "/api/workspace", Scope: records.ScopeAdmin, ID: "updateWorkspace", Tag: tag,
		Summary: "Rename the workspace, or change its time zone", Description: "Another zone moves local midnights: every segment is built anew."}, a.updateWorkspace)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/workspaces", Scope: records.ScopeAdmin, ID: "listWorkspaces", Tag: tag,
		Summary: "List workspaces, oldest first", Description: "All of them with a key of the first workspace; with another key its own."}, a.listWorkspaces)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/workspaces", Scope: records.ScopeAdmin, ID: "createWorkspace", Tag: tag, Status: http.StatusCreated,
		Summary: "Create a workspace", Description: "It starts with the default segments and an API key of its own, whose secret is shown only in this answer."}, a.createWorkspace)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/workspace", Scope: records.ScopeAdmin, ID: "removeWorkspace", Tag: tag,
		Summary: "Delete a workspace of made-up data, with everything in it"}, a.removeWorkspace)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/audit", Scope: records.ScopeAdmin, ID: "listAudit", Tag: tag,
		Summary: "Who did what, newest first"}, a.listAudit)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/check", Scope: records.ScopeAdmin, ID: "check", Heavy: true, Tag: tag,
		Summary:     "Compare every membership with a fresh computation from the stored data, and ask the records whether they are whole",
		Description: "Of all workspaces with a key of the first workspace; with another key of its own."}, a.check)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/backup", Scope: records.ScopeAdmin, ID: "backup", Tag: tag,
		Summary: "Copy everything, all workspaces, into a new directory of the server's machine, while it goes on"}, a.backup)
}

type workspaceOut struct{ Body carpel.Workspace }

func (a *API) getWorkspace(c *call, _ *struct{}) (*workspaceOut, error) {
	w, err := a.Records.Workspace(c, c.Workspace)
	return &workspaceOut{w}, err
}

type updateWorkspaceIn struct {
	Body struct {
		Name string `json:"name,omitempty"`
		Zone string `json:"time_zone,omitempty" doc:"IANA name, such as Europe/Berlin."`
	}
}

func (a *API) updateWorkspace(c *call, in *updateWorkspaceIn) (*workspaceOut, error) {
	defer a.edits.lock(c.Workspace)()
	w, err := a.Records.Workspace(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	before := w
	if in.Body.Name != "" {
		w.Name = in.Body.Name
	}
	if in.Body.Zone != "" {
		w.Zone = in.Body.Zone
	}
	if err := a.Records.UpdateWorkspace(c, w); err != nil {
		return nil, err
	}
	if w.Zone != before.Zone {
		zone, err := time.LoadLocation(w.Zone)
		if err != nil {
			return nil, err
		}
		if err := c.Engine.SetZone(c, zone); err != nil {
			return nil, err
		}
	}
	return &workspaceOut{w}, a.auditDetail(c, "workspace.update", w.ID, workspaceChange(before, w))
}

// workspaceChange is what an edit of a workspace changed.
func workspaceChange(old, now carpel.Workspace) detail {
	d, parts := detail{}, []string{}
	if old.Name != now.Name {
		parts = append(parts, "name")
	}
	if old.Zone != now.Zone {
		parts = append(parts, "time_zone")
		d["time_zone"] = now.Zone
	}
	d["changed"] = parts
	return d
}

type workspacesOut struct {
	Body struct {
		Workspaces []carpel.Workspace `json:"workspaces"`
	}
}

// visible returns all workspaces to an admin of the first one, who runs the server; another sees no more than the
// workspace of the key.
func (a *API) visible(c *call) ([]carpel.Workspace, error) {
	all, err := a.Records.Workspaces(c)
	if err != nil {
		return nil, err
	}
	if all[0].ID != c.Workspace {
		all = slices.DeleteFunc(all, func(w carpel.Workspace) bool { return w.ID != c.Workspace })
	}
	return all, nil
}

func (a *API) listWorkspaces(c *call, _ *struct{}) (*workspacesOut, error) {
	all, err := a.visible(c)
	out := &workspacesOut{}
	out.Body.Workspaces = all
	return out, err
}

// The made-up company of a demo: large enough for counts that tell something, there within seconds.
const (
	demoPeople = 5000
	demoDays   = 90
)

type createWorkspaceIn struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"150"`
		Zone string `json:"time_zone,omitempty" doc:"IANA name; UTC if left out."`
		Demo bool   `json:"demo,omitempty" doc:"Let a made-up company live in it: it is there a few seconds later, see demo.ready of the workspace, and goes on while the server runs."`
	}
}

type createWorkspaceOut struct {
	Body struct {
		Workspace carpel.Workspace `json:"workspace"`
		Key       NewKey           `json:"key"`
	}
}

func (a *API) createWorkspace(c *call, in *createWorkspaceIn) (*createWorkspaceOut, error) {
	if in.Body.Zone == "" {
		in.Body.Zone = "UTC"
	}
	w := carpel.Workspace{Name: in.Body.Name, Zone: in.Body.Zone}
	if in.Body.Demo {
		w.Demo = carpel.Demo{People: demoPeople, Days: demoDays, Seed: 1}
	}
	w, err := a.CreateWorkspace(c, w)
	if err != nil {
		return nil, err
	}
	if c.session.login != nil {
		if err := a.Records.GiveRole(c, w.ID, c.Who, carpel.Admin); err != nil {
			return nil, err
		}
	}
	k, secret, err := a.Records.CreateKey(c, w.ID, records.KeySpec{Kind: records.APIKey, Name: "first key", Scopes: []string{records.ScopeAdmin}})
	if err != nil {
		return nil, err
	}
	out := &createWorkspaceOut{}
	out.Body.Workspace, out.Body.Key = w, NewKey{k, secret}
	return out, a.audit(c, "workspace.create", w.ID)
}

func (a *API) removeWorkspace(c *call, _ *struct{}) (*struct{}, error) {
	return nil, a.RemoveWorkspace(c, c.Workspace, c.Who)
}

type listAuditIn struct {
	After int64  `query:"after" doc:"Id of the last entry read; 0 for the newest."`
	Who   string `query:"who" doc:"Only what this key or user did, by its id."`
	About string `query:"about" doc:"Only actions of this beginning: segment, key, user, …"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

type auditOut struct {
	Body struct {
		Audit []records.AuditEntry `json:"audit"`
		Next  int64                `json:"next" doc:"0 at the end."`
	}
}

func (a *API) listAudit(c *call, in *listAuditIn) (*auditOut, error) {
	es, err := a.Records.AuditLog(c, c.Workspace, records.AuditFilter{Before: in.After, Who: in.Who, About: in.About, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &auditOut{}
	out.Body.Audit = es
	if len(es) == in.Limit {
		out.Body.Next = es[len(es)-1].ID
	}
	return out, nil
}
