package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// canary marks whatever a workspace has said. Where it turns up in what another one is answered, something leaked.
const canary = "zqcanary"

// fill gives a workspace one of everything, each named by the mark, and returns the ids that are ours to give.
func (c client) fill(mark, serverKey string) (ids map[string]string) {
	c.t.Helper()
	m := strings.NewReplacer("MARK", mark)
	basic := basicAuth(serverKey, "")
	send := func(path, body string) { c.want(200, "POST "+path, m.Replace(body), basic...) }
	send("/v1/batch", `{"batch":[
		{"type":"identify","messageId":"MARKm1","userId":"MARKuser","anonymousId":"MARKanonymous","traits":{"email":"MARK@example.com","phone":"+49MARK","name":"MARKname","MARKattribute":"MARKvalue","plan":"pro"}},
		{"type":"track","messageId":"MARKm2","userId":"MARKuser","event":"MARKevent","properties":{"MARKproperty":"MARKtext","n":1},"context":{"ip":"10.MARK","userAgent":"MARKagent"}},
		{"type":"page","messageId":"MARKm3","userId":"MARKuser","name":"MARKpage","properties":{"url":"https://MARK.example/x?MARK=1","referrer":"https://MARK.example"}},
		{"type":"screen","messageId":"MARKm4","userId":"MARKuser","name":"MARKscreen"},
		{"type":"page","messageId":"MARKm5","anonymousId":"MARKstranger","name":"MARKpage"},
		{"type":"track","messageId":"MARKm6","userId":"MARKuser","event":"Device Created or Updated","context":{"device":{"token":"MARKtoken","type":"ios","MARKdevice":"MARKmodel"}}},
		{"type":"track","messageId":"MARKm7","userId":"MARKuser","event":"Report Delivery Event","properties":{"deliveryId":"MARKdelivery","metric":"opened"}},
		{"type":"track","messageId":"MARKm8","userId":"MARKuser","event":"","properties":{"MARKrejected":"MARKrejected"}}]}`)
	made := c.want(201, "POST /api/segments", map[string]any{"name": mark + "segment", "key": mark + "-segment", "description": mark + "description", "tags": []string{mark + "tag"},
		"definition": json.RawMessage(m.Replace(`{"all":[{"attribute":"plan","op":"is","value":"pro"},{"event":"MARKevent"}]}`))}, "Idempotency-Key", "the same")
	segment := made.get("id").(string)
	c.built(segment)
	byHand := c.want(201, "POST /api/segments", map[string]any{"name": mark + "by hand", "kind": "manual"})
	person := c.want(200, "GET /api/people/id:"+mark+"user", nil).get("key").(string)
	c.want(200, "POST /api/segments/"+byHand.get("id").(string)+"/members", map[string]any{"add": []string{person}})
	imported := c.bringIn("kind=people&format=csv&file="+mark+"file.csv", []byte(m.Replace("id,email,MARKcolumn\nMARKimported,MARKi@example.com,MARKcell\n,,MARKbroken\n")))
	key := c.want(201, "POST /api/keys", map[string]any{"kind": "sk", "name": mark + "key"})
	return map[string]string{
		"segment": segment, "manual": byHand.get("id").(string), "alias": fmt.Sprint(byHand.get("alias")), "person": person, "import": imported.get("id").(string),
		"key": key.get("id").(string), "rejection": fmt.Sprint(c.want(200, "GET /api/rejected", nil).get("rejected.0.id")),
		"cursor": c.want(200, "GET /api/segments/"+segment+"/changes", nil).get("next").(string),
	}
}

// snapshot is everything that a workspace shows of itself, but for what moves by itself.
func (c client) snapshot() map[string]string {
	c.t.Helper()
	all := map[string]string{}
	for _, list := range []string{"/api/segments", "/api/people", "/api/imports", "/api/keys", "/api/users", "/api/rejected", "/api/workspace",
		"/api/people/id:" + canary + "user", "/api/people/id:" + canary + "user/events", "/api/people/id:" + canary + "user/segments", "/api/people/id:" + canary + "user/devices"} {
		all[list] = string(c.want(200, "GET "+list, nil).body)
	}
	return all
}

// bodiless reports whether a call is of what its path names alone: nothing else can be wrong with it.
func bodiless(route string) bool {
	for _, end := range []string{"/archive", "/restore", "/pause", "/resume", "/cancel", "/replay", "/segments/{id}", "/password"} {
		if strings.HasSuffix(route, end) {
			return !strings.HasPrefix(route, "PUT ") && !strings.Contains(route, "/webhooks/")
		}
	}
	return false
}

// Whatever a workspace asks, by whatever route and with whichever of another one's ids, names and cursors, nothing that
// the other one said comes back, and nothing of it changes.
func TestCanaries(t *testing.T) {
	s := open(t, nil)
	victim := client{t, s, adminKey}
	victim.want(200, "PUT /api/workspace", map[string]string{"name": canary + "workspace"})
	spy := client{t, s, victim.want(201, "POST /api/workspaces", map[string]string{"name": "spies"}).get("key.secret").(string)}
	spyKey := spy.want(201, "POST /api/keys", map[string]any{"kind": "sk", "name": "server"}).get("secret").(string)
	ids := victim.fill(canary, writeKey)
	ids["user"] = victim.join("viewer").want(200, "GET /api/session", nil).get("user.id").(string)
	own := spy.fill("mine", spyKey) // so that there is something of the spy's where the other's is looked for
	before := victim.snapshot()
	browser := spy.want(201, "POST /api/keys", map[string]string{"kind": "pk", "name": "web"}).get("secret").(string)

	// looked holds that an answer has nothing of the other's, but for what was sent.
	tried := map[string]bool{}
	looked := func(a answer, request string, sent ...any) {
		t.Helper()
		body := a.body
		for _, x := range append(sent, request) {
			text := fmt.Sprint(x)
			for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" /?&=\"{}[]:,", r) }) {
				if strings.Contains(word, canary) {
					body = bytes.ReplaceAll(body, []byte(word), nil)
				}
			}
		}
		if bytes.Contains(body, []byte(canary)) {
			t.Errorf("%s %v: %d %s", request, sent, a.status, a.body)
		}
		if suggestion, _ := a.get("suggestion").(string); strings.Contains(suggestion, canary) {
			t.Errorf("%s %v: suggests %s", request, sent, suggestion)
		}
	}
	foreign := slices.Sorted(maps.Values(ids))
	names := []string{canary + "user", "id:" + canary + "user", "email:" + canary + "@example.com", canary + "-segment", canary + "@example.com"}
	bodies := []string{"", `{"text":"plan is pro"}`, `{"name":"x","key":"x"}`, `{"add":["` + ids["person"] + `"]}`, `{"segments":["` + ids["segment"] + `","` + ids["manual"] + `"]}`,
		`{"definition":{"segment":"` + ids["segment"] + `"},"nodes":true}`, `{"definition":{"attribute":"` + canary + `attribut","op":"exists"}}`,
		`{"definition":{"event":"` + canary + `even"}}`, `{"definition":{"event":"*"},"sample":1000}`, `{"segment":"` + ids["segment"] + `"}`, `{"segment":"` + canary + `-segmen"}`,
		`{"person":"` + ids["person"] + `","segment":"` + own["segment"] + `"}`, `{"person":"` + canary + `user","definition":{"event":"*"}}`, `{"role":"admin"}`}
	queries := []string{"", "?after=" + ids["cursor"], "?after=" + ids["segment"], "?after=" + ids["person"], "?after=" + ids["rejection"], "?q=zqc&search=zqc", "?format=csv", "?format=ndjson",
		"?kind=attribute&q=zqc", "?kind=event", "?kind=property&event=" + canary + "event", "?kind=page", "?kind=segment", "?kind=device_property", "?kind=link", "?kind=screen", "?tag=" + canary + "tag",
		"?kind=members&format=csv&segment=" + ids["manual"]}
	for route := range scopes {
		method, path, _ := strings.Cut(route, " ")
		targets := []string{path}
		if strings.Contains(path, "{") {
			targets = nil
			for _, id := range append(foreign, names...) {
				targets = append(targets, strings.NewReplacer("{id}", id, "{email}", id).Replace(path))
			}
		}
		for _, target := range targets {
			tried[route] = true
			if method == "GET" {
				for _, q := range queries {
					if strings.HasSuffix(target, "/changes") && q == "" {
						q = "?after=now"
					}
					looked(spy.do("GET "+target+q, nil), target+q)
				}
				continue
			}
			if method == "DELETE" && !strings.Contains(path, "{") {
				continue
			}
			for _, body := range bodies {
				var in any
				if body != "" {
					in = body
				}
				a := spy.do(method+" "+target, in)
				looked(a, method+" "+target, body)
				if strings.Contains(path, "{id}") && a.status != 404 && a.get("pointer") != "/id" && (a.status != 422 && a.status != 400 || bodiless(route)) {
					t.Errorf("%s %s %s of another workspace: status %d: %s", method, target, body, a.status, a.body)
				}
			}
		}
	}
	for route := range scopes {
		if !tried[route] && strings.Contains(route, "{") {
			t.Errorf("%s is not tried", route)
		}
	}
	// The answer to a write is for the key that made it.
	again := spy.do("POST /api/segments", map[string]any{"name": "Again", "key": "again", "definition": json.RawMessage(`{"event":"*"}`)}, "Idempotency-Key", "the same")
	looked(again, "POST /api/segments again")
	// What the other one sees of a feed, an export and a cursor of its own is not reached by a cursor of ours.
	looked(spy.do("GET /api/segments/"+own["segment"]+"/changes?after="+ids["cursor"], nil), "a cursor")

	// Both families of ingestion know a person by our key, an alias by its number, and all else by name.
	for _, secret := range []string{spyKey, browser} {
		basic := basicAuth(secret, "")
		for _, request := range []string{
			"PUT /api/v1/customers/cio_" + ids["person"], "DELETE /api/v1/customers/cio_" + ids["person"], "POST /api/v1/customers/cio_" + ids["person"] + "/events",
			"POST /api/v1/customers/cio_" + ids["person"] + "/suppress", "POST /api/v1/customers/cio_" + ids["person"] + "/unsuppress", "PUT /api/v1/customers/cio_" + ids["person"] + "/devices",
			"DELETE /api/v1/customers/cio_" + ids["person"] + "/devices/" + canary + "token", "POST /api/v1/segments/" + ids["alias"] + "/add_customers", "POST /api/v1/segments/" + ids["alias"] + "/remove_customers?id_type=cio_id",
			"POST /api/v1/merge_customers", "POST /api/v1/events", "POST /api/v1/metrics", "POST /api/v1/push/events", "POST /push/events", "POST /api/v2/entity", "POST /api/v2/batch",
			"POST /api/v1/forms/" + ids["segment"] + "/submit", "GET /api/v1/accounts/region", "GET /v1/projects/" + secret + "/settings",
			"POST /v1/identify", "POST /v1/track", "POST /v1/page", "POST /v1/screen", "POST /v1/group", "POST /v1/alias", "POST /v1/batch", "POST /v1/import",
		} {
			for _, body := range []string{`{}`, `{"name":"x","device":{"id":"` + canary + `token","platform":"ios"},"ids":["` + ids["person"] + `","` + canary + `user"]}`,
				`{"primary":{"cio_id":"` + ids["person"] + `"},"secondary":{"id":"mineuser"}}`, `{"primary":{"id":"mineuser"},"secondary":{"cio_id":"` + ids["person"] + `"}}`,
				`{"type":"person","action":"delete","identifiers":{"cio_id":"` + ids["person"] + `"}}`, `{"batch":[{"type":"person","action":"identify","identifiers":{"cio_id":"` + ids["person"] + `"},"attributes":{"a":1}}]}`,
				`{"delivery_id":"` + canary + `delivery","metric":"bounced","event":"opened","device_id":"` + canary + `token","timestamp":1700000000}`,
				`{"userId":"` + canary + `user","event":"User Deleted","previousId":"` + canary + `anonymous","anonymousId":"` + canary + `anonymous","messageId":"` + canary + `m1"}`,
				`{"batch":[{"type":"identify","userId":"` + canary + `user","anonymousId":"` + canary + `stranger","messageId":"` + canary + `m5"}]}`} {
				for _, strict := range []string{"", "1"} {
					looked(spy.do(request, body, append(basic, "X-Strict-Mode", strict)...), request, body)
				}
			}
		}
	}
	after := victim.snapshot()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("something of the other workspace changed:\n%s", diff)
	}
	if a := spy.want(200, "GET /api/people?limit=100", nil); strings.Contains(string(a.body), ids["person"]) {
		t.Errorf("the other's person is among ours: %s", a.body)
	}
	t.Logf("TORTURE\ttenant canaries\t%d routes\t0\tevery native route and both ingestion families with another workspace's ids", len(tried)+27)
}
