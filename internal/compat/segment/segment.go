// Package segment serves the ingestion API that the SDKs of the Segment family speak: Segment's own, Customer.io's
// Data Pipelines, RudderStack's and others. It says what their messages mean; package ingest does the rest.
//
// Success is exactly 200 with {"success":true}. An event that is refused is answered so too, and listed under
// Data → Rejected, unless the caller sent X-Strict-Mode: 1. Bad JSON, a bad key and anything over the size limits are
// always an error, and then nothing of the request was taken.
package segment

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// Family is the name under which rejected items are listed.
const Family = "segment"

// Handler serves the family's paths. Safe for concurrent use.
type Handler struct{ door *compat.Door }

// New returns a handler on the door.
func New(door *compat.Door) *Handler { return &Handler{door} }

// calls maps a path below /v1/ to what a body sent there is. batch and import hold many items.
func calls() map[string]string {
	return map[string]string{
		"identify": "identify", "track": "track", "page": "page", "screen": "screen", "group": "group", "alias": "alias", "batch": "batch", "import": "import",
		"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch",
	}
}

// Register adds the family's routes.
func (h *Handler) Register(mux *http.ServeMux) {
	for path, kind := range calls() {
		mux.HandleFunc("/v1/"+path, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, kind) })
	}
	for prefix, integration := range map[string]string{"": segmentIntegration, "/customerio": customerioIntegration} {
		mux.HandleFunc(prefix+"/v1/projects/{writeKey}/settings", func(w http.ResponseWriter, r *http.Request) { h.serveSettings(w, r, integration) })
	}
}

// serve answers one call.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, kind string) {
	switch r.Method {
	case http.MethodPost:
	case http.MethodOptions:
		compat.Preflight(w, "POST, OPTIONS")
		return
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		answer(w, http.StatusMethodNotAllowed, carpel.Errorf(carpel.CodeInvalid, "send events with POST"))
		return
	}
	compat.Origin(w)
	if err := h.take(r, kind); err != nil {
		e := h.door.Readable(r.Context(), err)
		status := compat.Head(w, e)
		if _, ok := err.(refused); ok {
			status = http.StatusBadRequest
		}
		answer(w, status, e)
		return
	}
	answer(w, http.StatusOK, nil)
}

// take takes in one call: nil when it is to be answered with success.
func (h *Handler) take(r *http.Request, kind string) error {
	q, err := h.door.Enter(r)
	if err != nil {
		return err
	}
	defer q.Leave()
	key, inHeader, err := h.headerKey(r)
	if err == nil && inHeader {
		err = q.Of(key)
	}
	if err != nil {
		return err
	}
	items := ""
	if kind == "batch" || kind == "import" {
		items = "batch"
	}
	doc, err := q.Read(items)
	if err != nil {
		return err
	}
	if fault := doc.Fault(); fault != nil {
		return fault
	}
	if !inHeader {
		if key, err = h.door.Authenticate(r.Context(), doc.Root().Get("writeKey").Text()); err == nil {
			err = q.Of(key)
		}
		if err != nil {
			return err
		}
	}
	b := &ingest.Batch{Workspace: key.Workspace, Family: Family, Request: r.Method + " " + r.URL.Path, Public: key.Kind == records.PublicKey, Received: q.Received, MessageField: "/messageId"}
	d := decoder{batch: b, kind: kind, intake: h.door.Intake}
	if err := d.decode(doc); err != nil {
		return err
	}
	strict := r.Header.Get("X-Strict-Mode") == "1"
	if strict {
		if err := firstRefused(b); err != nil {
			return err
		}
	}
	if err := q.Wait(); err != nil {
		return err
	}
	if err := h.door.Intake.Commit(r.Context(), b); err != nil {
		return err
	}
	if strict {
		if err := firstRefused(b); err != nil {
			return err
		}
	}
	return nil
}

// firstRefused returns the first refusal of a batch as an error of the whole request; a nil error for none.
func firstRefused(b *ingest.Batch) error {
	it := b.FirstRefused()
	if it == nil {
		return nil
	}
	e := *it.Refused
	if it.Index >= 0 {
		e.Pointer = fmt.Sprintf("/batch/%d%s", it.Index, e.Pointer)
	}
	return refused{&e}
}

// refused is a refusal that strict mode makes an error: always a 400.
type refused struct{ reason *carpel.Error }

func (r refused) Error() string { return r.reason.Error() }
func (r refused) Unwrap() error { return r.reason }

// answer writes an answer: success, or an error with the code and message that SDKs of the family read.
func answer(w http.ResponseWriter, status int, e *carpel.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	body := []byte(`{"success":true}`)
	if e != nil {
		body, _ = json.Marshal(struct { // strings and numbers always encode
			Success bool `json:"success"`
			*carpel.Error
		}{Error: e})
	}
	_, _ = w.Write(body) // the client may be gone
}
