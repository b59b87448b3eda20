package api

import (
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerSending() {
	const tag = "Channels"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/sending", Scope: records.ScopeRead, ID: "getSending", Tag: tag,
		Summary: "How the messages of the workspace go out: sender, topics, caps, quiet hours"}, a.getSending)
	routeRecords(a, operation{Method: http.MethodPut, Path: "/api/sending", Scope: records.ScopeAdmin, ID: "setSending", Tag: tag,
		Summary: "Change how messages go out, from the next one on", Description: "All of it: what is left out is none."}, a.setSending)
}

type sendingOut struct{ Body carpel.Sending }

func (a *API) getSending(c *call, _ *struct{}) (*sendingOut, error) {
	s, err := a.Records.Sending(c, c.Workspace)
	return &sendingOut{s}, err
}

func (a *API) setSending(c *call, in *struct{ Body carpel.Sending }) (*sendingOut, error) {
	if err := a.Records.SetSending(c, c.Workspace, in.Body); err != nil {
		return nil, err
	}
	quiet := in.Body.Quiet != nil
	if err := a.auditDetail(c, "sending.update", c.Workspace, detail{"topics": len(in.Body.Topics), "caps": len(in.Body.Caps), "quiet_hours": quiet}); err != nil {
		return nil, err
	}
	return a.getSending(c, nil)
}
