package api

import (
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/webhook"
	"github.com/carpel/carpel/internal/hooks"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerWebhooks() {
	const tag = "Webhooks"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/webhooks", Scope: records.ScopeAdmin, ID: "listWebhooks", Tag: tag,
		Summary: "List webhooks"}, a.listWebhooks)
	route(a, operation{Method: http.MethodPost, Path: "/api/webhooks", Scope: records.ScopeAdmin, ID: "createWebhook", Tag: tag, Status: http.StatusCreated,
		Summary: "Make a webhook", Description: "It is called for what happens from now on. The secret, by which the receiver knows that calls are ours, is in this answer only."}, a.createWebhook)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/webhooks/{id}", Scope: records.ScopeAdmin, ID: "getWebhook", Tag: tag,
		Summary: "Read a webhook"}, a.getWebhook)
	route(a, operation{Method: http.MethodPut, Path: "/api/webhooks/{id}", Scope: records.ScopeAdmin, ID: "updateWebhook", Tag: tag,
		Summary: "Change a webhook", Description: "One that is turned on is called for what happens from then on, and for calls that waited when it was turned off."}, a.updateWebhook)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/webhooks/{id}", Scope: records.ScopeAdmin, ID: "deleteWebhook", Tag: tag,
		Summary: "Remove a webhook with its log"}, a.deleteWebhook)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/webhooks/{id}/rotate", Scope: records.ScopeAdmin, ID: "rotateWebhookSecret", Tag: tag, Status: http.StatusCreated,
		Summary: "Give a webhook a new secret", Description: "For a day calls are signed with the old one as well."}, a.rotateWebhook)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/webhooks/{id}/ping", Scope: records.ScopeAdmin, ID: "pingWebhook", Tag: tag, Status: http.StatusAccepted,
		Summary: "Call a webhook to try it out", Description: "Once: look at the calls for the answer."}, a.pingWebhook)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/webhooks/{id}/calls", Scope: records.ScopeAdmin, ID: "listWebhookCalls", Tag: tag,
		Summary: "The calls of a webhook, newest first", Description: "Calls that ended are kept for 30 days."}, a.listWebhookCalls)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/webhooks/{id}/replay", Scope: records.ScopeAdmin, ID: "replayWebhookCalls", Tag: tag,
		Summary: "Make calls again", Description: "With the ids that they had, so that the receiver can tell."}, a.replayWebhookCalls)
}

type webhooksOut struct {
	Body struct {
		Webhooks []carpel.Hook `json:"webhooks"`
	}
}

func (a *API) listWebhooks(c *call, _ *struct{}) (*webhooksOut, error) {
	all, err := a.Records.Hooks(c, c.Workspace)
	out := &webhooksOut{}
	out.Body.Webhooks = all
	return out, err
}

// WebhookSpec is what is told of a webhook.
type WebhookSpec struct {
	Name     string   `json:"name" minLength:"1" maxLength:"150"`
	URL      string   `json:"url" maxLength:"2048" example:"https://example.com/hooks/carpel"`
	Events   []string `json:"events" minItems:"1" enum:"segment.entered,segment.left,delivery.sent,delivery.failed,delivery.delivered,delivery.opened,delivery.clicked,delivery.converted,delivery.bounced,delivery.complained,delivery.unsubscribed,person.erased"`
	Segments []string `json:"segments,omitempty" doc:"Ids or keys, of the events segment.…"`
	On       *bool    `json:"on,omitempty" doc:"true if left out."`
}

// hook is the hook that a spec tells of, with the ids of its segments.
func (a *API) hook(c *call, in WebhookSpec) (carpel.Hook, error) {
	h := carpel.Hook{Name: in.Name, URL: in.URL, Events: in.Events, Segments: []string{}, On: in.On == nil || *in.On}
	for _, ref := range in.Segments {
		s, err := a.Records.Segment(c, c.Workspace, ref)
		if err != nil {
			return h, under("/segments", err)
		}
		h.Segments = append(h.Segments, s.ID)
	}
	return h, h.Validate()
}

// NewWebhook is a webhook with its secret.
type NewWebhook struct {
	carpel.Hook
	Secret string `json:"secret" doc:"Shown once."`
}

type newWebhookOut struct{ Body NewWebhook }

func (a *API) createWebhook(c *call, in *struct{ Body WebhookSpec }) (*newWebhookOut, error) {
	h, err := a.hook(c, in.Body)
	if err != nil {
		return nil, err
	}
	h.ID = records.NewHookID()
	s := hooks.Secrets{Secret: webhook.NewSecret()}
	h.Secrets = s.Seal(a.Ring, c.Workspace, h.ID)
	cursor, err := hooks.Now(c, c.Engine)
	if err != nil {
		return nil, err
	}
	if h, err = a.Records.CreateHook(c, c.Workspace, cursor, h); err != nil {
		return nil, err
	}
	return &newWebhookOut{NewWebhook{h, s.Secret}}, a.audit(c, "webhook.create", h.ID)
}

type webhookPath struct {
	ID string `path:"id"`
}

type webhookOut struct{ Body carpel.Hook }

func (a *API) getWebhook(c *call, in *webhookPath) (*webhookOut, error) {
	h, err := a.Records.Hook(c, c.Workspace, in.ID)
	return &webhookOut{h}, err
}

type updateWebhookIn struct {
	ID   string `path:"id"`
	Body WebhookSpec
}

func (a *API) updateWebhook(c *call, in *updateWebhookIn) (*webhookOut, error) {
	have, err := a.Records.Hook(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	h, err := a.hook(c, in.Body)
	if err != nil {
		return nil, err
	}
	h.ID, h.Secrets = have.ID, have.Secrets
	cursor := ""
	if h.OfSegments() && h.On && (!have.On || !have.OfSegments()) {
		if cursor, err = hooks.Now(c, c.Engine); err != nil {
			return nil, err
		}
	}
	if err := a.Records.UpdateHook(c, c.Workspace, cursor, h); err != nil {
		return nil, err
	}
	if err := a.audit(c, "webhook.update", h.ID); err != nil {
		return nil, err
	}
	return a.getWebhook(c, &webhookPath{h.ID})
}

func (a *API) deleteWebhook(c *call, in *webhookPath) (*struct{}, error) {
	if err := a.Records.DeleteHook(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "webhook.delete", in.ID)
}

func (a *API) rotateWebhook(c *call, in *webhookPath) (*newWebhookOut, error) {
	h, err := a.Records.Hook(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	old, err := hooks.OpenSecrets(a.Ring, c.Workspace, h)
	if err != nil {
		return nil, err
	}
	s := old.Rotated(webhook.NewSecret(), carpel.MillisOf(a.Now()))
	if err := a.Records.SetHookSecrets(c, c.Workspace, h.ID, s.Seal(a.Ring, c.Workspace, h.ID)); err != nil {
		return nil, err
	}
	return &newWebhookOut{NewWebhook{h, s.Secret}}, a.audit(c, "webhook.rotate", in.ID)
}

type webhookCallOut struct{ Body carpel.HookCall }

func (a *API) pingWebhook(c *call, in *webhookPath) (*webhookCallOut, error) {
	h, err := a.Records.Hook(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if !h.On {
		return nil, carpel.Errorf(carpel.CodeConflict, "the webhook is off: turn it on first")
	}
	ping, err := a.Records.PingHook(c, c.Workspace, in.ID)
	return &webhookCallOut{ping}, err
}

type webhookCallsOut struct {
	Body struct {
		Calls []carpel.HookCall `json:"calls"`
		Next  int64             `json:"next" doc:"Give it as before for older ones; 0 at the end."`
	}
}

func (a *API) listWebhookCalls(c *call, in *struct {
	ID     string               `path:"id"`
	State  carpel.HookCallState `query:"state" enum:"planned,sent,failed,missing"`
	Before int64                `query:"before" minimum:"0"`
	Limit  int                  `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}) (*webhookCallsOut, error) {
	if _, err := a.Records.Hook(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	all, err := a.Records.HookCalls(c, c.Workspace, in.ID, records.HookCallFilter{State: in.State, Before: in.Before, Limit: in.Limit})
	out := &webhookCallsOut{}
	out.Body.Calls = all
	if len(all) == in.Limit {
		out.Body.Next = all[len(all)-1].Seq
	}
	return out, err
}

type replayIn struct {
	ID   string `path:"id"`
	Body struct {
		Calls []string `json:"calls,omitempty" maxItems:"1000" doc:"Ids; all that failed if left out."`
	}
}

type replayOut struct {
	Body struct {
		Planned int64 `json:"planned"`
	}
}

func (a *API) replayWebhookCalls(c *call, in *replayIn) (*replayOut, error) {
	if _, err := a.Records.Hook(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	n, err := a.Records.ReplayHookCalls(c, c.Workspace, in.ID, in.Body.Calls)
	if err != nil {
		return nil, err
	}
	out := &replayOut{}
	out.Body.Planned = n
	return out, a.auditDetail(c, "webhook.replay", in.ID, detail{"calls": n})
}
