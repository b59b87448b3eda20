package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scopes is the table of the native API's routes and the scope that each takes. A route without a row fails
// [TestAuthorisation], and so does a row without a route.
var scopes = map[string]string{
	"GET /api/segments":                          "read",
	"POST /api/segments":                         "write",
	"GET /api/segments/{id}":                     "read",
	"PUT /api/segments/{id}":                     "write",
	"DELETE /api/segments/{id}":                  "write",
	"POST /api/segments/{id}/archive":            "write",
	"POST /api/segments/{id}/restore":            "write",
	"POST /api/segments/{id}/pause":              "write",
	"POST /api/segments/{id}/resume":             "write",
	"POST /api/segments/{id}/cancel":             "write",
	"POST /api/segments/preview":                 "read",
	"POST /api/segments/parse":                   "read",
	"POST /api/segments/overlap":                 "read",
	"POST /api/segments/{id}/impact":             "read",
	"GET /api/segments/{id}/history":             "read",
	"POST /api/segments/trends":                  "read",
	"GET /api/segments/{id}/members":             "read",
	"POST /api/segments/{id}/members":            "write",
	"GET /api/segments/{id}/changes":             "read",
	"GET /api/people":                            "read",
	"GET /api/people/{id}":                       "read",
	"DELETE /api/people/{id}":                    "admin",
	"GET /api/people/{id}/events":                "read",
	"GET /api/people/{id}/messages":              "read",
	"GET /api/people/{id}/devices":               "read",
	"GET /api/people/{id}/segments":              "read",
	"POST /api/people/{id}/explain":              "read",
	"POST /api/people/explain":                   "read",
	"GET /api/schema":                            "read",
	"GET /api/overview":                          "read",
	"GET /api/activity":                          "read",
	"GET /api/recipes":                           "read",
	"GET /api/limits":                            "read",
	"GET /api/webhooks":                          "admin",
	"POST /api/webhooks":                         "admin",
	"GET /api/webhooks/{id}":                     "admin",
	"PUT /api/webhooks/{id}":                     "admin",
	"DELETE /api/webhooks/{id}":                  "admin",
	"POST /api/webhooks/{id}/rotate":             "admin",
	"POST /api/webhooks/{id}/ping":               "admin",
	"GET /api/webhooks/{id}/calls":               "admin",
	"POST /api/webhooks/{id}/replay":             "admin",
	"POST /api/bounces":                          "write",
	"GET /api/rejected":                          "read",
	"GET /api/rejected/codes":                    "read",
	"POST /api/rejected/{id}/replay":             "write",
	"POST /api/imports":                          "write",
	"POST /api/imports/look":                     "write",
	"GET /api/imports":                           "read",
	"GET /api/imports/{id}":                      "read",
	"POST /api/imports/{id}/cancel":              "write",
	"GET /api/imports/{id}/rejected":             "read",
	"GET /api/campaigns":                         "read",
	"POST /api/campaigns":                        "write",
	"GET /api/campaigns/{id}":                    "read",
	"PUT /api/campaigns/{id}":                    "write",
	"DELETE /api/campaigns/{id}":                 "write",
	"GET /api/campaigns/{id}/versions":           "read",
	"GET /api/campaigns/{id}/counts":             "read",
	"GET /api/campaigns/{id}/journeys":           "read",
	"GET /api/campaigns/{id}/journeys/{journey}": "read",
	"POST /api/campaigns/{id}/start":             "send",
	"POST /api/campaigns/{id}/pause":             "send",
	"POST /api/campaigns/{id}/resume":            "send",
	"POST /api/campaigns/{id}/archive":           "send",
	"POST /api/campaigns/{id}/move":              "send",
	"POST /api/campaigns/{id}/trigger":           "send",
	"GET /api/templates":                         "read",
	"POST /api/templates":                        "write",
	"GET /api/templates/{id}":                    "read",
	"PUT /api/templates/{id}":                    "write",
	"DELETE /api/templates/{id}":                 "write",
	"GET /api/templates/{id}/versions":           "read",
	"POST /api/templates/preview":                "read",
	"POST /api/templates/{id}/preview":           "read",
	"GET /api/templates/starters":                "read",
	"GET /api/sending":                           "read",
	"PUT /api/sending":                           "admin",
	"GET /api/workspace":                         "read",
	"PUT /api/workspace":                         "admin",
	"DELETE /api/workspace":                      "admin",
	"GET /api/workspaces":                        "admin",
	"POST /api/workspaces":                       "admin",
	"GET /api/session":                           "read",
	"POST /api/session":                          "open",
	"POST /api/session/guest":                    "open",
	"DELETE /api/session":                        "read",
	"PUT /api/session/password":                  "read",
	"GET /api/setup":                             "open",
	"POST /api/links/read":                       "open",
	"POST /api/links/accept":                     "open",
	"GET /api/openid/start":                      "open",
	"GET /api/openid/return":                     "open",
	"GET /api/users":                             "admin",
	"PUT /api/users/{id}":                        "admin",
	"DELETE /api/users/{id}":                     "admin",
	"POST /api/users/{id}/password":              "admin",
	"POST /api/invitations":                      "admin",
	"DELETE /api/invitations/{email}":            "admin",
	"GET /api/audit":                             "admin",
	"POST /api/check":                            "admin",
	"POST /api/backup":                           "admin",
	"GET /api/channels":                          "read",
	"GET /api/channels/dns":                      "read",
	"POST /api/channels":                         "admin",
	"GET /api/channels/{id}":                     "read",
	"PUT /api/channels/{id}":                     "admin",
	"DELETE /api/channels/{id}":                  "admin",
	"POST /api/channels/{id}/check":              "admin",
	"GET /api/keys":                              "admin",
	"POST /api/keys":                             "admin",
	"POST /api/keys/{id}/rotate":                 "admin",
	"DELETE /api/keys/{id}":                      "admin",

	"GET /api/broadcasts":                    "read",
	"POST /api/broadcasts":                   "write",
	"GET /api/broadcasts/{id}":               "read",
	"PUT /api/broadcasts/{id}":               "write",
	"DELETE /api/broadcasts/{id}":            "write",
	"POST /api/broadcasts/{id}/review":       "read",
	"GET /api/broadcasts/{id}/report":        "read",
	"POST /api/broadcasts/{id}/schedule":     "send",
	"POST /api/broadcasts/{id}/unschedule":   "send",
	"POST /api/broadcasts/{id}/send":         "send",
	"POST /api/broadcasts/{id}/pause":        "send",
	"POST /api/broadcasts/{id}/resume":       "send",
	"POST /api/broadcasts/{id}/cancel":       "send",
	"GET /api/deliveries":                    "read",
	"GET /api/deliveries/{id}":               "read",
	"POST /api/deliveries/resend":            "send",
	"GET /api/suppressions":                  "read",
	"POST /api/suppressions":                 "write",
	"DELETE /api/suppressions/{kind}/{hash}": "write",
	"GET /api/inbox":                         "read",
	"GET /api/inbox/{seq}":                   "read",
	"DELETE /api/inbox":                      "write",
	"POST /api/send":                         "send",
	"POST /api/send/test":                    "write",
}

// ranks orders scopes: each includes those before it. Open calls take no credential.
var ranks = map[string]int{"open": 0, "read": 1, "write": 2, "send": 3, "admin": 4}

// documented reads the routes of the OpenAPI document with their scopes.
func documented(t *testing.T, h http.Handler) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/openapi.json", nil))
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Summary     string                `json:"summary"`
			Security    []map[string][]string `json:"security"`
			Responses   map[string]any        `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 {
		t.Fatalf("the document: status %d, %v", w.Code, err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("the document is of OpenAPI %s", doc.OpenAPI)
	}
	found, ids := map[string]string{}, map[string]string{}
	for path, item := range doc.Paths {
		for method, o := range item {
			route := strings.ToUpper(method) + " " + path
			scope := "open"
			if len(o.Security) == 2 && len(o.Security[0]["key"]) == 1 && cmp.Equal(o.Security[0]["key"], o.Security[1]["session"]) {
				scope = o.Security[0]["key"][0]
			} else if o.Security == nil || len(o.Security) > 0 {
				t.Errorf("%s: the document does not say what scope it takes", route)
				continue
			}
			if o.Summary == "" || len(o.Responses) < 2 {
				t.Errorf("%s: the document has no summary, or no answers", route)
			}
			if other := ids[o.OperationID]; other != "" {
				t.Errorf("%s and %s have the same operation id %q", route, other, o.OperationID)
			}
			ids[o.OperationID] = route
			found[route] = scope
		}
	}
	return found
}

// Every route, with every kind of credential.
func TestAuthorisation(t *testing.T) {
	s := open(t, nil)
	if diff := cmp.Diff(scopes, documented(t, s)); diff != "" {
		t.Errorf("the table and the document differ (-table +document):\n%s", diff)
	}
	admin := client{t, s, adminKey}
	key := func(kind, scope string) string {
		body := map[string]any{"kind": kind, "name": kind + " " + scope}
		if scope != "" {
			body["scopes"] = []string{scope}
		}
		return admin.want(201, "POST /api/keys", body).get("secret").(string)
	}
	type credential struct {
		name   string
		caller client
		rank   int // 0: none of the API's
		status int // when rank is 0
	}
	keyed := func(secret string) client { return client{t, s, secret} }
	credentials := []credential{
		{"no key", keyed(""), 0, 401}, {"an unknown key", keyed("ak_unknown_unknown_unknown"), 0, 401}, {"an unknown session", client{t, loggedIn{s, "unknown"}, ""}, 0, 401},
		{"a browser key", keyed(key("pk", "")), 0, 403}, {"an ingestion key", keyed(key("sk", "")), 0, 403},
		{"read", keyed(key("ak", "read")), 1, 0}, {"write", keyed(key("ak", "write")), 2, 0}, {"send", keyed(key("ak", "send")), 3, 0},
	}
	for rank, roles := range [][]string{1: {"viewer"}, 2: {"editor"}, 3: {"sender"}, 4: {"admin"}} {
		for _, role := range roles {
			credentials = append(credentials, credential{role, admin.join(role), rank, 0})
		}
	}
	revoked := admin.want(201, "POST /api/keys", map[string]any{"kind": "ak", "name": "revoked", "scopes": []string{"admin"}})
	admin.want(204, "DELETE /api/keys/"+revoked.get("id").(string), nil)
	credentials = append(credentials, credential{"a revoked key", keyed(revoked.get("secret").(string)), 0, 401})
	for route, scope := range scopes {
		if route == "DELETE /api/session" {
			continue // ends the session that others are tried with: see TestLogIn
		}
		target := strings.NewReplacer("{id}", "nothing", "{email}", "nobody@example.com").Replace(route)
		for _, c := range credentials {
			a := c.caller.do(target, nil)
			switch {
			case scope == "open":
				if a.status == 403 || a.get("code") == "unauthorized" && a.get("detail") == "send an API key: Authorization: Bearer ak_…; or log in" {
					t.Errorf("%s is open; with %s: status %d: %s", route, c.name, a.status, a.body)
				}
			case c.rank == 0:
				if a.status != c.status {
					t.Errorf("%s with %s: status %d, want %d", route, c.name, a.status, c.status)
				}
				if code := a.get("code"); code != "unauthorized" && code != "forbidden" {
					t.Errorf("%s with %s: the code is %v", route, c.name, code)
				}
			case c.rank < ranks[scope] && a.status != 403:
				t.Errorf("%s takes %s; with %s: status %d, want 403", route, scope, c.name, a.status)
			case c.rank >= ranks[scope] && (a.status == 401 || a.status == 403):
				t.Errorf("%s takes %s; with %s: status %d", route, scope, c.name, a.status)
			}
		}
	}
}

// What belongs to another workspace is not there, whatever the key may do.
func TestOtherWorkspace(t *testing.T) {
	s := open(t, nil)
	mine := client{t, s, adminKey}
	made := mine.want(201, "POST /api/workspaces", map[string]string{"name": "other"})
	other := client{t, s, made.get("key.secret").(string)}

	segment := mine.define("Pro", "plan is pro")
	manual := mine.want(201, "POST /api/segments", map[string]any{"name": "By hand", "kind": "manual"}).get("id").(string)
	channel := mine.want(201, "POST /api/channels", map[string]any{"provider": "webhook"}).get("id").(string)
	template := mine.want(201, "POST /api/templates", map[string]any{"name": "t", "content": map[string]any{"push": map[string]any{"title": "t", "body": "b"}}}).get("id").(string)
	campaign := mine.want(201, "POST /api/campaigns", map[string]any{"name": "c", "spec": json.RawMessage(`{"trigger":{"kind":"api"},"steps":[{"id":"x","kind":"exit"}]}`)}).get("id").(string)
	broadcast := mine.want(201, "POST /api/broadcasts", map[string]string{"name": "b"}).get("id").(string)
	webhook := mine.want(201, "POST /api/webhooks", map[string]any{"name": "w", "url": "https://example.com/hook", "events": []string{"person.erased"}}).get("id").(string)
	done := mine.bringIn("kind=people&format=csv", []byte("id,email,plan\nu1,u1@example.com,pro\n"))
	imported := done.get("id").(string)
	keys := mine.want(200, "GET /api/keys", nil)
	key := keys.get("keys.0.id").(string)
	user := mine.join("viewer").want(200, "GET /api/session", nil).get("user.id").(string)
	person := mine.want(200, "GET /api/people/u1", nil).get("key").(string)
	sent := mine.want(202, "POST /api/send", map[string]any{"template": template, "to": "u1"}).get("delivery").(string)
	def := mine.text("plan is pro")

	tried := map[string]bool{}
	for _, c := range []struct {
		request string
		body    any
	}{
		{"GET /api/segments/" + segment, nil}, {"PUT /api/segments/" + segment, map[string]string{"name": "x"}}, {"DELETE /api/segments/" + segment, nil},
		{"POST /api/segments/" + segment + "/archive", nil}, {"POST /api/segments/" + segment + "/restore", nil}, {"POST /api/segments/" + segment + "/pause", nil},
		{"POST /api/segments/" + segment + "/resume", nil}, {"POST /api/segments/" + segment + "/cancel", nil},
		{"POST /api/segments/" + segment + "/impact", map[string]any{"definition": def}}, {"GET /api/segments/" + segment + "/history", nil},
		{"GET /api/segments/" + segment + "/members", nil}, {"GET /api/segments/" + segment + "/members?format=csv", nil},
		{"POST /api/segments/" + manual + "/members", map[string]any{"add": []string{person}}}, {"GET /api/segments/" + segment + "/changes", nil},
		{"POST /api/segments/overlap", map[string]any{"segments": []string{segment}}}, {"POST /api/segments/trends", map[string]any{"segments": []string{segment}}},
		{"GET /api/people/" + person, nil}, {"GET /api/people/u1", nil}, {"GET /api/people/email:u1@example.com", nil}, {"DELETE /api/people/" + person, nil},
		{"GET /api/people/" + person + "/events", nil}, {"GET /api/people/" + person + "/messages", nil}, {"GET /api/people/" + person + "/devices", nil},
		{"GET /api/people/" + person + "/segments", nil}, {"POST /api/people/" + person + "/explain", map[string]any{"definition": def}},
		{"POST /api/people/explain", map[string]any{"person": person, "definition": def}}, {"POST /api/people/explain", map[string]any{"person": "u1", "segment": segment}},
		{"GET /api/imports/" + imported, nil}, {"POST /api/imports/" + imported + "/cancel", nil}, {"GET /api/imports/" + imported + "/rejected", nil},
		{"POST /api/rejected/1/replay", nil},
		{"GET /api/channels/" + channel, nil}, {"PUT /api/channels/" + channel, map[string]bool{"on": true}}, {"DELETE /api/channels/" + channel, nil}, {"POST /api/channels/" + channel + "/check", nil},
		{"GET /api/campaigns/" + campaign, nil}, {"PUT /api/campaigns/" + campaign, map[string]string{"name": "x"}}, {"DELETE /api/campaigns/" + campaign, nil},
		{"GET /api/campaigns/" + campaign + "/versions", nil}, {"GET /api/campaigns/" + campaign + "/counts", nil}, {"GET /api/campaigns/" + campaign + "/journeys", nil},
		{"GET /api/campaigns/" + campaign + "/journeys/{journey}", nil}, {"POST /api/campaigns/" + campaign + "/start", nil}, {"POST /api/campaigns/" + campaign + "/pause", nil},
		{"POST /api/campaigns/" + campaign + "/resume", nil}, {"POST /api/campaigns/" + campaign + "/archive", nil}, {"POST /api/campaigns/" + campaign + "/move", nil},
		{"POST /api/campaigns/" + campaign + "/trigger", map[string]any{"people": []string{"u1"}}},
		{"GET /api/templates/" + template, nil}, {"PUT /api/templates/" + template, map[string]string{"name": "x"}}, {"DELETE /api/templates/" + template, nil},
		{"GET /api/templates/" + template + "/versions", nil}, {"POST /api/templates/" + template + "/preview", map[string]any{}},
		{"GET /api/broadcasts/" + broadcast, nil}, {"PUT /api/broadcasts/" + broadcast, map[string]string{"name": "x"}}, {"DELETE /api/broadcasts/" + broadcast, nil},
		{"POST /api/broadcasts/" + broadcast + "/review", nil}, {"GET /api/broadcasts/" + broadcast + "/report", nil}, {"POST /api/broadcasts/" + broadcast + "/schedule", nil},
		{"POST /api/broadcasts/" + broadcast + "/unschedule", nil}, {"POST /api/broadcasts/" + broadcast + "/send", nil}, {"POST /api/broadcasts/" + broadcast + "/pause", nil},
		{"POST /api/broadcasts/" + broadcast + "/resume", nil}, {"POST /api/broadcasts/" + broadcast + "/cancel", nil},
		{"GET /api/deliveries/" + sent, nil},
		{"GET /api/webhooks/" + webhook, nil}, {"PUT /api/webhooks/" + webhook, map[string]any{"name": "x", "url": "https://example.com/hook", "events": []string{"person.erased"}}}, {"DELETE /api/webhooks/" + webhook, nil},
		{"POST /api/webhooks/" + webhook + "/rotate", nil}, {"POST /api/webhooks/" + webhook + "/ping", nil}, {"GET /api/webhooks/" + webhook + "/calls", nil},
		{"POST /api/webhooks/" + webhook + "/replay", map[string]any{}},
		{"DELETE /api/keys/" + key, nil}, {"POST /api/keys/" + key + "/rotate", map[string]any{}},
		{"PUT /api/users/" + user, map[string]string{"role": "admin"}}, {"DELETE /api/users/" + user, nil}, {"POST /api/users/" + user + "/password", nil},
	} {
		if a := other.do(c.request, c.body); a.status != 404 || a.get("code") != "not_found" {
			t.Errorf("%s from another workspace: status %d: %s", c.request, a.status, a.body)
		}
		for _, id := range []string{segment, manual, channel, template, campaign, person, imported, sent, key, user, broadcast, webhook, "/1/"} {
			c.request = strings.Replace(c.request, id, replacement(id), 1)
		}
		path, _, _ := strings.Cut(c.request, "?")
		tried[path] = true
	}
	for route := range scopes {
		if strings.Contains(route, "{id}") && !tried[route] {
			t.Errorf("%s is not tried from another workspace", route)
		}
	}
	// A reference to another workspace's segment is one to nothing.
	a := other.do("POST /api/segments", map[string]any{"name": "x", "definition": json.RawMessage(`{"segment":"` + segment + `"}`)})
	if a.status != 404 {
		t.Errorf("a reference across workspaces: status %d: %s", a.status, a.body)
	}
	// Lists hold nothing of the other's.
	for _, list := range []string{"/api/segments", "/api/people", "/api/imports", "/api/keys", "/api/rejected", "/api/activity", "/api/schema?kind=attribute", "/api/people?format=csv", "/api/audit", "/api/overview", "/api/recipes"} {
		body := string(other.want(200, "GET "+list, nil).body)
		for _, mine := range []string{segment, manual, person, imported, `"` + key, "u1@example.com"} {
			if strings.Contains(body, mine) {
				t.Errorf("GET %s of another workspace holds %s", list, mine)
			}
		}
	}
	if a := mine.want(200, "GET /api/segments/"+segment, nil); a.get("name") != "Pro" {
		t.Errorf("the segment was changed: %s", a.body)
	}
}

// replacement is what stands for an id in the path of a route.
func replacement(id string) string {
	if strings.HasPrefix(id, "/") {
		return "/{id}/"
	}
	return "{id}"
}
