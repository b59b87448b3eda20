package api

import (
	"net/http"
	"strconv"

	"github.com/carpel/carpel/internal/delivery/sandbox"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerInbox() {
	const tag = "Inbox"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/inbox", Scope: records.ScopeRead, ID: "listInbox", Tag: tag,
		Summary: "What the sandbox caught, newest first", Description: "Of the last 7 days, and no more than 1,000."}, a.listInbox)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/inbox/{seq}", Scope: records.ScopeRead, ID: "getInboxMessage", Tag: tag,
		Summary: "Read a message that the sandbox caught"}, a.getInboxMessage)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/inbox", Scope: records.ScopeWrite, ID: "emptyInbox", Tag: tag,
		Summary: "Remove everything that the sandbox caught"}, a.emptyInbox)
}

type listInboxIn struct {
	Search string `query:"search" doc:"Part of the recipient or the subject, or the id of a delivery."`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string `query:"after" doc:"Opaque: the next of the answer before."`
}

type inboxOut struct {
	Body struct {
		Messages []records.InboxMessage `json:"messages"`
		Next     string                 `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listInbox(c *call, in *listInboxIn) (*inboxOut, error) {
	before, err := afterNumber(in.After)
	if err != nil {
		return nil, err
	}
	all, err := a.Records.Inbox(c, c.Workspace, records.InboxFilter{Before: before, Search: in.Search, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &inboxOut{}
	out.Body.Messages = all
	if len(all) == in.Limit {
		out.Body.Next = strconv.FormatInt(all[len(all)-1].Seq, 10)
	}
	return out, nil
}

// CaughtMessage is a message that the sandbox caught, taken apart.
type CaughtMessage struct {
	records.InboxMessage
	sandbox.Parts
}

type inboxPath struct {
	Seq int64 `path:"seq"`
}

type inboxMessageOut struct{ Body CaughtMessage }

func (a *API) getInboxMessage(c *call, in *inboxPath) (*inboxMessageOut, error) {
	m, err := a.Records.InboxMessage(c, c.Workspace, in.Seq)
	if err != nil {
		return nil, err
	}
	return &inboxMessageOut{CaughtMessage{m, sandbox.Read(m.Kind, m.Raw)}}, nil
}

func (a *API) emptyInbox(c *call, _ *struct{}) (*struct{}, error) {
	if err := a.Records.EmptyInbox(c, c.Workspace); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "inbox.empty", "")
}
