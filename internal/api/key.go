package api

import (
	"net/http"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerKeys() {
	const tag = "Keys"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/keys", Scope: records.ScopeAdmin, ID: "listKeys", Tag: tag,
		Summary: "List keys, without their secrets"}, a.listKeys)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/keys", Scope: records.ScopeAdmin, ID: "createKey", Tag: tag, Status: http.StatusCreated,
		Summary: "Create a key", Description: "The secret is in this answer only: keep it."}, a.createKey)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/keys/{id}/rotate", Scope: records.ScopeAdmin, ID: "rotateKey", Tag: tag, Status: http.StatusCreated,
		Summary: "Replace a key", Description: "The new key may do what the old one may. The old one goes on for `grace`, time to change it where it is used."}, a.rotateKey)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/keys/{id}", Scope: records.ScopeAdmin, ID: "revokeKey", Tag: tag,
		Summary: "Revoke a key, at once"}, a.revokeKey)
}

type keysOut struct {
	Body struct {
		Keys []records.Key `json:"keys"`
	}
}

func (a *API) listKeys(c *call, _ *struct{}) (*keysOut, error) {
	ks, err := a.Records.Keys(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	out := &keysOut{}
	out.Body.Keys = ks
	return out, nil
}

type createKeyIn struct {
	Body struct {
		Kind      records.KeyKind `json:"kind" enum:"pk,sk,ak" doc:"pk: ingestion from browsers. sk: ingestion from servers. ak: this API."`
		Name      string          `json:"name" minLength:"1" maxLength:"150"`
		Scopes    []string        `json:"scopes,omitempty" doc:"Of an ak: read, write, send, admin; each includes those before it."`
		ExpiresAt time.Time       `json:"expires_at,omitempty" doc:"Never if left out."`
	}
}

// NewKey is a key with its secret.
type NewKey struct {
	records.Key
	Secret string `json:"secret" doc:"Shown once."`
}

type createKeyOut struct{ Body NewKey }

func (a *API) createKey(c *call, in *createKeyIn) (*createKeyOut, error) {
	k, secret, err := a.Records.CreateKey(c, c.Workspace, records.KeySpec{Kind: in.Body.Kind, Name: in.Body.Name, Scopes: in.Body.Scopes, ExpiresAt: in.Body.ExpiresAt})
	if err != nil {
		return nil, err
	}
	return &createKeyOut{NewKey{k, secret}}, a.auditDetail(c, "key.create", k.ID, detail{"kind": k.Kind, "scopes": k.Scopes})
}

type rotateKeyIn struct {
	ID   string `path:"id"`
	Body struct {
		Grace string `json:"grace,omitempty" doc:"How long the old key goes on: 1h, 7d; 0s ends it at once. 24h if left out."`
	}
}

func (a *API) rotateKey(c *call, in *rotateKeyIn) (*createKeyOut, error) {
	var grace carpel.Duration
	switch in.Body.Grace {
	case "0s":
	case "":
		grace = carpel.Duration{N: 24, Unit: 'h'}
	default:
		var err error
		if grace, err = carpel.ParseDuration(in.Body.Grace); err != nil {
			return nil, under("/grace", err)
		}
	}
	k, secret, err := a.Records.RotateKey(c, c.Workspace, in.ID, a.Now().Add(time.Duration(grace.Millis())*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &createKeyOut{NewKey{k, secret}}, a.auditDetail(c, "key.rotate", in.ID, detail{"by": k.ID})
}

type keyPath struct {
	ID string `path:"id"`
}

func (a *API) revokeKey(c *call, in *keyPath) (*struct{}, error) {
	if err := a.Records.RevokeKey(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "key.revoke", in.ID)
}
