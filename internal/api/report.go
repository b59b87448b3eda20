package api

import (
	"net/http"

	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/tracking"
)

func (a *API) registerReports() {
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/bounces", Scope: records.ScopeWrite, ID: "reportBounce", Tag: "Deliveries", MaxBody: tracking.MaxReport, RawBody: true,
		Summary:     "Report a bounce or a complaint, as it came by mail",
		Description: "The body is the whole message, as a mail server pipes it: a delivery status (RFC 3464) or a feedback report (RFC 5965). 404 when it names no delivery of this workspace."}, a.reportBounce)
}

type reportIn struct {
	RawBody []byte `contentType:"message/rfc822"`
}

type reportOut struct {
	Body struct {
		Deliveries []tracking.Taken `json:"deliveries"`
	}
}

func (a *API) reportBounce(c *call, in *reportIn) (*reportOut, error) {
	if err := a.Room(); err != nil {
		return nil, err
	}
	taken, err := a.TakeReport(c, c.Workspace, in.RawBody)
	if err != nil {
		return nil, err
	}
	out := &reportOut{}
	out.Body.Deliveries = taken
	return out, nil
}
