package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerSuppressions() {
	const tag = "Suppressions"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/suppressions", Scope: records.ScopeRead, ID: "listSuppressions", Tag: tag,
		Summary: "Addresses that nothing is sent to, and why, newest first"}, a.listSuppressions)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/suppressions", Scope: records.ScopeWrite, ID: "addSuppression", Tag: tag, Status: http.StatusCreated,
		Summary: "Let nothing be sent to an address", Description: "Whoever has it, from now on; receipts as well. One that is suppressed already stays as it is."}, a.addSuppression)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/suppressions/{kind}/{hash}", Scope: records.ScopeWrite, ID: "removeSuppression", Tag: tag,
		Summary: "Let an address be sent to again"}, a.removeSuppression)
}

type listSuppressionsIn struct {
	Kind   carpel.ChannelKind       `query:"kind" enum:"email,push,webhook"`
	Reason carpel.SuppressionReason `query:"reason" enum:"bounce,complaint,manual,erasure"`
	Search string                   `query:"search" doc:"Part of the address. What erased people had is known by its hash alone: give the whole address."`
	Limit  int                      `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string                   `query:"after" doc:"Opaque: the next of the answer before."`
}

type suppressionsOut struct {
	Body struct {
		Suppressions []carpel.Suppression `json:"suppressions"`
		Next         string               `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listSuppressions(c *call, in *listSuppressionsIn) (*suppressionsOut, error) {
	offset, err := afterNumber(in.After)
	if err != nil {
		return nil, err
	}
	f := records.SuppressionFilter{Kind: in.Kind, Reason: in.Reason, Search: in.Search, Offset: int(offset), Limit: in.Limit}
	all, err := a.Records.Suppressions(c, c.Workspace, f)
	if err != nil {
		return nil, err
	}
	out := &suppressionsOut{}
	if len(all) == in.Limit {
		out.Body.Next = strconv.FormatInt(offset+int64(len(all)), 10)
	}
	if len(all) == 0 && strings.Contains(in.Search, "@") { // of somebody erased
		s, err := a.Records.Suppression(c, c.Workspace, carpel.Email, in.Search)
		switch carpel.ErrorCode(err) {
		case "":
			all = append(all, s)
		case carpel.CodeNotFound:
		default:
			return nil, err
		}
	}
	out.Body.Suppressions = all
	return out, nil
}

type addSuppressionIn struct {
	Body struct {
		Kind    carpel.ChannelKind `json:"kind,omitempty" enum:"email,push" doc:"email if left out."`
		Address string             `json:"address" minLength:"1" maxLength:"4096" doc:"An email, or the token of a device."`
		Detail  string             `json:"detail,omitempty" maxLength:"1000" doc:"Why, for whoever reads it later."`
	}
}

type suppressionOut struct{ Body carpel.Suppression }

func (a *API) addSuppression(c *call, in *addSuppressionIn) (*suppressionOut, error) {
	s := carpel.Suppression{Kind: in.Body.Kind, Address: in.Body.Address, Reason: carpel.SuppressedByHand, Detail: in.Body.Detail}
	if s.Kind == "" {
		s.Kind = carpel.Email
	}
	if s.Kind == carpel.Email && (!strings.Contains(s.Address, "@") || len(s.Address) > carpel.MaxIDBytes) {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/address", Message: "this is no email address"}
	}
	if err := a.Records.Suppress(c, c.Workspace, s); err != nil {
		return nil, err
	}
	s, err := a.Records.Suppression(c, c.Workspace, s.Kind, s.Address)
	if err != nil {
		return nil, err
	}
	return &suppressionOut{s}, a.audit(c, "suppression.add", s.Hash)
}

type suppressionPath struct {
	Kind carpel.ChannelKind `path:"kind" enum:"email,push,webhook"`
	Hash string             `path:"hash"`
}

func (a *API) removeSuppression(c *call, in *suppressionPath) (*struct{}, error) {
	if err := a.Records.Unsuppress(c, c.Workspace, in.Kind, in.Hash); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "suppression.remove", in.Hash)
}
