package api

import (
	"encoding/json"
	"net/http"

	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerRejected() {
	const tag = "Data"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/rejected", Scope: records.ScopeRead, ID: "listRejected", Tag: tag,
		Summary: "Items that were refused, or taken only in part, and why", Description: "Newest first. The last 100,000 are kept, or fewer when they are more than 256 MiB."}, a.listRejected)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/rejected/codes", Scope: records.ScopeRead, ID: "countRejected", Tag: tag,
		Summary: "How many refused items have which code"}, a.countRejected)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/rejected/{id}/replay", Scope: records.ScopeWrite, ID: "replayRejected", Tag: tag,
		Summary: "Take a rejected item again", Description: "As its family would take it now; it leaves the list when it is taken."}, a.replayRejected)
}

// Rejected is an item that was refused, or taken only in part.
type Rejected struct {
	records.Rejection
	Body any `json:"body" doc:"The item as it came: JSON, or a text when it was none."`
}

type listRejectedIn struct {
	After int64  `query:"after" doc:"Id of the last entry read; 0 for the newest."`
	Code  string `query:"code" doc:"Only those with this code."`
	Limit int    `query:"limit" default:"50" minimum:"1" maximum:"500"`
}

type rejectedOut struct {
	Body struct {
		Rejected []Rejected `json:"rejected"`
		Next     int64      `json:"next" doc:"0 at the end."`
	}
}

func (a *API) listRejected(c *call, in *listRejectedIn) (*rejectedOut, error) {
	rs, err := a.Records.Rejections(c, c.Workspace, records.RejectionFilter{Before: in.After, Code: in.Code, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &rejectedOut{}
	out.Body.Rejected = []Rejected{}
	for _, r := range rs {
		shown := Rejected{Rejection: r, Body: string(r.Body)}
		if json.Valid(r.Body) {
			shown.Body = json.RawMessage(r.Body)
		}
		out.Body.Rejected = append(out.Body.Rejected, shown)
	}
	if len(rs) == in.Limit {
		out.Body.Next = rs[len(rs)-1].ID
	}
	return out, nil
}

type rejectedCodesOut struct {
	Body struct {
		Codes []records.RejectionCount `json:"codes"`
	}
}

func (a *API) countRejected(c *call, _ *struct{}) (*rejectedCodesOut, error) {
	out := &rejectedCodesOut{}
	var err error
	out.Body.Codes, err = a.Records.CountRejections(c, c.Workspace)
	return out, err
}

type rejectedPath struct {
	ID int64 `path:"id"`
}

func (a *API) replayRejected(c *call, in *rejectedPath) (*struct{}, error) {
	r, err := a.Records.Rejection(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.Replay(c, c.Workspace, r); err != nil {
		return nil, err
	}
	if err := a.Records.DropRejection(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "rejected.replay", "")
}
