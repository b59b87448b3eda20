package api

import (
	"net/http"
	"time"

	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerKeys() {
	const tag = "Keys"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/keys", Scope: records.ScopeAdmin, ID: "listKeys", Tag: tag,
		Summary: "List keys, without their secrets"}, a.listKeys)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/keys", Scope: records.ScopeAdmin, ID: "createKey", Tag: tag, Status: http.StatusCreated,
		Summary: "Create a key", Description: "The secret is in this answer only: keep it."}, a.createKey)
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
		Scopes    []string        `json:"scopes,omitempty" doc:"Of an ak: read, write, admin; each includes those before it."`
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
	return &createKeyOut{NewKey{k, secret}}, a.audit(c, "key.create", k.ID)
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
