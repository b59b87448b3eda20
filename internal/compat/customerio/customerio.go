// Package customerio serves Customer.io's Track API, versions 1 and 2, which their SDKs speak. It says what the calls
// mean; package ingest does the rest.
//
// The key is ours, an sk_ key as api_key with any site_id; a client that can set only one of the two may send it as
// site_id. Success is exactly 200 with {}. What is malformed is answered with 400 and nothing of the request is taken;
// what the state of the workspace forbids (a suppressed person, nobody to update) is answered by version 1 with 200,
// as theirs does, and listed under Data → Rejected. Version 2 names it in its answer, too.
package customerio

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// Family is the name under which rejected items are listed.
const Family = "customerio"

// Handler serves the family's paths. Safe for concurrent use.
//
// It finds its routes itself: ids may hold any character, and a mux would clean /customers/.. away before it is seen.
type Handler struct {
	door   *compat.Door
	routes []route
}

// route is one call.
type route struct {
	method, pattern string
	items           string // field of the body that holds many items
	open            bool   // needs no key when there is but one workspace
	// decode makes the items of the call. Its error refuses the call as a whole.
	decode func(c *call) error
	// answer writes what success looks like; nil: 200 with {}.
	answer func(c *call, w http.ResponseWriter)
}

// call is one request at work.
type call struct {
	context.Context
	door   *compat.Door
	route  *route
	args   []string // of the path, unescaped
	query  url.Values
	host   string
	body   ingest.Node
	doc    *ingest.Document
	batch  *ingest.Batch
	failed []failure // of version 2
}

// New returns a handler on the door.
func New(door *compat.Door) *Handler {
	return &Handler{door: door, routes: []route{
		{method: "GET", pattern: "/api/v1/accounts/region", decode: nothing, answer: answerRegion},
		{method: "PUT", pattern: "/api/v1/customers/{id}", decode: identify},
		{method: "DELETE", pattern: "/api/v1/customers/{id}", decode: remove},
		{method: "POST", pattern: "/api/v1/customers/{id}/events", decode: event},
		{method: "PUT", pattern: "/api/v1/customers/{id}/devices", decode: device},
		{method: "DELETE", pattern: "/api/v1/customers/{id}/devices/{token}", decode: deviceDeleted},
		{method: "POST", pattern: "/api/v1/customers/{id}/suppress", decode: suppress},
		{method: "POST", pattern: "/api/v1/customers/{id}/unsuppress", decode: unsuppress},
		{method: "POST", pattern: "/api/v1/events", decode: anonymousEvent},
		{method: "POST", pattern: "/api/v1/merge_customers", decode: merge},
		{method: "POST", pattern: "/api/v1/segments/{segment}/add_customers", items: "ids", decode: addMembers},
		{method: "POST", pattern: "/api/v1/segments/{segment}/remove_customers", items: "ids", decode: removeMembers},
		{method: "POST", pattern: "/api/v1/forms/{form}/submit", decode: form, answer: answerForm},
		{method: "POST", pattern: "/api/v1/metrics", open: true, decode: metric},
		{method: "POST", pattern: "/api/v1/push/events", open: true, decode: pushEvent},
		{method: "POST", pattern: "/push/events", open: true, decode: pushEvent},
		{method: "POST", pattern: "/api/v2/entity", decode: entity},
		{method: "POST", pattern: "/api/v2/batch", items: "batch", decode: entities, answer: answerEntities},
	}}
}

// Serves reports whether a path, as it was escaped, is the family's.
func Serves(path string) bool {
	return strings.HasPrefix(path, "/api/v1/") || strings.HasPrefix(path, "/api/v2/") || path == "/push/events"
}

// nothing is the decoder of a call that takes nothing in.
func nothing(*call) error { return nil }

// ServeHTTP answers one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	rt, args, methods := h.find(r.Method, path)
	r.Pattern = "customerio" // for the metrics: no route of the family, or another method
	switch {
	case r.Method == http.MethodOptions && len(methods) > 0:
		compat.Preflight(w, strings.Join(append(methods, "OPTIONS"), ", "))
		return
	case len(methods) == 0:
		answerError(w, path, http.StatusNotFound, carpel.Errorf(carpel.CodeNotFound, "there is no %s %.200s", r.Method, path))
		return
	case rt == nil:
		w.Header().Set("Allow", strings.Join(methods, ", "))
		answerError(w, path, http.StatusMethodNotAllowed, carpel.Errorf(carpel.CodeInvalid, "the call takes %s", strings.Join(methods, " or ")))
		return
	}
	r.Pattern = rt.method + " " + rt.pattern // for the metrics
	compat.Origin(w)
	c := &call{Context: r.Context(), door: h.door, route: rt, args: args, query: r.URL.Query(), host: r.Host}
	if err := c.take(r); err != nil {
		e := h.door.Readable(r.Context(), err)
		status := compat.Head(w, e)
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="carpel"`)
		}
		answerError(w, path, status, e)
		return
	}
	if rt.answer != nil {
		rt.answer(c, w)
		return
	}
	if len(c.failed) > 0 {
		answerFailures(w, http.StatusBadRequest, c.failed)
		return
	}
	answerJSON(w, http.StatusOK, struct{}{})
}

// find returns the route of a call with its arguments, and the methods that the path takes.
func (h *Handler) find(method, path string) (found *route, args []string, methods []string) {
	parts := strings.Split(path, "/")
	for i := range h.routes {
		rt := &h.routes[i]
		values, ok := match(strings.Split(rt.pattern, "/"), parts)
		if !ok {
			continue
		}
		methods = append(methods, rt.method)
		if rt.method == method {
			found, args = rt, values
		}
	}
	return found, args, methods
}

// match holds the parts of an escaped path against those of a pattern, and returns what stands for its {…}.
func match(pattern, parts []string) (args []string, ok bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	for i, p := range pattern {
		if strings.HasPrefix(p, "{") {
			arg, err := url.PathUnescape(parts[i])
			if err != nil {
				return nil, false
			}
			args = append(args, arg)
		} else if p != parts[i] {
			return nil, false
		}
	}
	return args, true
}

// take takes in the call: nil when it is to be answered with success.
func (c *call) take(r *http.Request) error {
	q, err := c.door.Enter(r)
	if err != nil {
		return err
	}
	defer q.Leave()
	key, err := c.key(r)
	known := key.ID != "" // else the call is nobody's until its body is there
	if err == nil && known {
		err = q.Of(key)
	}
	if err != nil {
		return err
	}
	if c.doc, err = q.Read(c.route.items); err == nil && !known {
		err = q.Of(key)
	}
	if err != nil {
		return err
	}
	c.batch = &ingest.Batch{Workspace: key.Workspace, Family: Family, Request: requestOf(r), Public: key.Kind == records.PublicKey, Received: q.Received, MessageField: "/id"}
	if err := c.decode(); err != nil {
		return err
	}
	if c.route.items == "" {
		if it := c.batch.FirstRefused(); it != nil && !listed(it.Refused.Code) {
			return c.refusal(it)
		}
	}
	if err := q.Wait(); err != nil {
		return err
	}
	if err := c.door.Intake.Commit(c, c.batch); err != nil {
		return err
	}
	return c.outcome()
}

// decode makes the items.
func (c *call) decode() error {
	if fault := c.doc.Fault(); fault != nil {
		return fault
	}
	for i, arg := range c.args {
		if !utf8.ValidString(arg) || strings.Contains(arg, "\x00") {
			return carpel.Errorf(carpel.CodeEncoding, "an id in the path is not valid UTF-8, or holds NUL")
		}
		if arg == "" {
			return carpel.Errorf(carpel.CodeInvalid, "part %d of the path is empty where an id is due", i+1)
		}
	}
	c.body = c.doc.Root()
	return c.route.decode(c)
}

// listed reports whether a refusal by this code is not an error of the caller's, or must be seen by others than the
// caller: it is listed whatever the answer is.
func listed(code string) bool {
	return code == carpel.CodePublicKey || code == carpel.CodeNoIdentity || code == carpel.CodeUnsupportedType || code == carpel.CodeNotFound
}

// requestOf is what a replay goes by.
func requestOf(r *http.Request) string {
	request := r.Method + " " + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		request += "?" + r.URL.RawQuery
	}
	return request[:min(len(request), 2048)]
}

// outcome says, once the items are committed, whether what was refused is an error. In version 1 only a lack of
// rights is: everything else is listed.
func (c *call) outcome() error {
	if strings.HasPrefix(c.route.pattern, "/api/v2/") {
		for _, it := range c.batch.Items {
			if it.Refused != nil && !(it.UpdateOnly && it.Refused.Code == carpel.CodeNotFound) {
				c.failed = append(c.failed, failureOf(it))
			}
		}
		return nil
	}
	for _, it := range c.batch.Items {
		if it.Refused != nil && it.Refused.Code == carpel.CodePublicKey {
			return it.Refused
		}
	}
	return nil
}

// refusal is the error of an item that was refused before anything was taken.
func (c *call) refusal(it *ingest.Item) error {
	if strings.HasPrefix(c.route.pattern, "/api/v2/") {
		c.failed = append(c.failed, failureOf(it))
		return nil
	}
	return it.Refused
}

// item begins an item of the call.
func (c *call) item(kind carpel.ItemKind, name string, n ingest.Node, index int) *ingest.Item {
	it := &ingest.Item{Call: name, Raw: n.Raw(), Index: index}
	it.Kind, it.Received, it.At, it.Source = kind, c.batch.Received, c.batch.Received, Family
	c.batch.Items = append(c.batch.Items, it)
	return it
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	b, _ := json.Marshal(body) // what is answered here always encodes
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client may be gone
}

// answerError writes an error in the shape of the path's version.
func answerError(w http.ResponseWriter, path string, status int, e *carpel.Error) {
	switch {
	case strings.HasPrefix(path, "/api/v2/"):
		answerFailures(w, status, []failure{{Reason: e.Code, Field: fieldOf(e.Pointer), Message: e.Message, Limit: e.Limit, Actual: e.Actual}})
	case strings.HasPrefix(path, "/api/v1/forms/"):
		answerJSON(w, status, map[string]any{"meta": map[string]any{"errors": []string{e.Message}, "code": e.Code}})
	default:
		type meta struct {
			Error   string `json:"error"`
			Code    string `json:"code"`
			Pointer string `json:"pointer,omitempty"`
			Limit   int64  `json:"limit,omitempty"`
			Actual  int64  `json:"actual,omitempty"`
		}
		answerJSON(w, status, map[string]meta{"meta": {e.Message, e.Code, e.Pointer, e.Limit, e.Actual}})
	}
}
