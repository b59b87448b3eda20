package server_test

import (
	"strings"
	"testing"
)

// What is wrong is told in problem JSON: status, stable code, where, and the nearest right word.
func TestProblems(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	pro := c.define("Pro", "plan is pro")
	c.want(201, "POST /api/segments", map[string]any{"name": "By hand", "kind": "manual"})
	ref := `{"segment":"pro"}`
	c.want(201, "POST /api/segments", `{"name":"User","definition":`+ref+`}`)
	deep := strings.Repeat(`{"not":`, 20) + ref + strings.Repeat("}", 20)

	for _, p := range []struct {
		name, request, body       string
		status                    int
		code, pointer, suggestion string
	}{
		{"no such route", "GET /api/segment", "", 404, "not_found", "", ""},
		{"no such method", "PATCH /api/segments", "", 404, "not_found", "", ""},
		{"no such segment", "GET /api/segments/none", "", 404, "not_found", "", ""},
		{"no such person", "GET /api/people/nobody", "", 404, "not_found", "", ""},
		{"a misspelt segment", "GET /api/segments/prp", "", 404, "not_found", "", "pro"},
		{"a misspelt segment to change", "PUT /api/segments/usr", `{"name":"x"}`, 404, "not_found", "", "user"},
		{"a misspelt segment to delete", "DELETE /api/segments/usr", "", 404, "not_found", "", "user"},
		{"a misspelt segment to compare", "POST /api/segments/overlap", `{"segments":["pro","usr"]}`, 404, "not_found", "/segments/1", "user"},
		{"a misspelt segment to explain", "POST /api/people/explain", `{"person":"x","segment":"usr"}`, 404, "not_found", "/segment", "user"},
		{"no JSON", "POST /api/segments", "{", 400, "invalid", "", ""},
		{"an unknown field", "POST /api/segments", `{"name":"x","definiton":{}}`, 422, "unknown_key", "/definiton", "definition"},
		{"a misspelt field that must be there", "POST /api/segments/preview", `{"defnition":{}}`, 422, "unknown_key", "/defnition", "definition"},
		{"a field that must be there", "POST /api/segments/preview", `{}`, 422, "invalid", "/definition", ""},
		{"a field like none", "POST /api/workspaces", `{"name":"x","colour":"red"}`, 422, "unknown_key", "/colour", ""},
		{"a list with a wrong entry", "POST /api/segments/overlap", `{"segments":["pro",7]}`, 422, "invalid", "/segments/1", ""},
		{"a parameter that must be there", "GET /api/schema", "", 422, "invalid", "/kind", ""},
		{"no time", "POST /api/segments/preview", `{"definition":` + ref + `,"as_of":"yesterday"}`, 400, "invalid", "/as_of", ""},
		{"no time to explain at", "POST /api/people/explain", `{"person":"x","segment":"pro","as_of":12}`, 400, "invalid", "/as_of", ""},
		{"a wrong type", "POST /api/segments", `{"name":7,"definition":` + ref + `}`, 422, "invalid", "/name", ""},
		{"no definition", "POST /api/segments", `{"name":"x"}`, 400, "invalid", "/definition", ""},
		{"a definition for a manual one", "POST /api/segments", `{"name":"x","kind":"manual","definition":` + ref + `}`, 400, "invalid", "/definition", ""},
		{"a bad key", "POST /api/segments", `{"name":"x","key":"A B","definition":` + ref + `}`, 400, "invalid", "/key", "a-b"},
		{"a key that is taken", "POST /api/segments", `{"name":"x","key":"pro","definition":` + ref + `}`, 409, "conflict", "/key", ""},
		{"a misspelt operator", "POST /api/segments", `{"name":"x","definition":{"all":[{"attribute":"a","op":"contain","value":"b"}]}}`, 400, "unknown_key", "/definition/all/0/op", "contains"},
		{"a misspelt subject", "POST /api/segments/preview", `{"definition":{"atribute":"a","op":"is","value":"b"}}`, 400, "unknown_key", "/definition/atribute", "attribute"},
		{"two subjects", "POST /api/segments/preview", `{"definition":{"attribute":"a","op":"is","value":"b","event":"x"}}`, 400, "invalid", "/definition/event", ""},
		{"a key twice", "POST /api/segments/preview", `{"definition":{"attribute":"a","attribute":"b","op":"exists"}}`, 400, "duplicate_key", "/definition/attribute", ""},
		{"too deep", "POST /api/segments/preview", `{"definition":` + deep + `}`, 400, "limit", "/definition" + strings.Repeat("/not", 16), ""},
		{"a pattern that matches everyone", "POST /api/segments/preview", `{"definition":{"attribute":"a","op":"contains","value":"a|"}}`, 400, "invalid", "/definition/value", ""},
		{"a reference to nothing", "POST /api/segments", `{"name":"x","definition":{"segment":"none"}}`, 404, "not_found", "/definition/segment", ""},
		{"a misspelt reference", "POST /api/segments/preview", `{"definition":{"any":[{"segment":"pro"},{"segment":"usr"}]}}`, 404, "not_found", "/definition/any/1/segment", "user"},
		{"a reference to itself", "PUT /api/segments/pro", `{"definition":{"segment":"pro"}}`, 409, "cycle", "/definition", ""},
		{"a cycle", "PUT /api/segments/pro", `{"definition":{"segment":"user"}}`, 409, "cycle", "/definition", ""},
		{"delete one in use", "DELETE /api/segments/pro", "", 409, "in_use", "", ""},
		{"archive one in use", "POST /api/segments/pro/archive", "", 409, "in_use", "", ""},
		{"resume one that is not paused", "POST /api/segments/pro/resume", "", 409, "conflict", "", ""},
		{"members by hand of a dynamic one", "POST /api/segments/pro/members", `{"add":["x"]}`, 409, "conflict", "", ""},
		{"an unknown field of an edit of members", "POST /api/segments/by-hand/members", `{"ad":["x"]}`, 400, "invalid", "", ""},
		{"nobody's name", "POST /api/segments/by-hand/members", `{"add":["a",""]}`, 400, "limit", "/add/1", ""},
		{"text that does not parse", "POST /api/segments/parse", `{"text":"plan iz pro"}`, 400, "invalid", "/text", "in"},
		{"both text and definition", "POST /api/segments/parse", `{"text":"plan is pro","definition":` + ref + `}`, 400, "invalid", "", ""},
		{"a limit too high", "GET /api/segments?limit=5000", "", 422, "invalid", "/limit", ""},
		{"a cursor that is none", "GET /api/segments?after=seg_gone", "", 410, "gone", "", ""},
		{"a feed cursor of another epoch", "GET /api/segments/pro/changes?after=0123456789abcdef.1.0", "", 410, "gone", "", ""},
		{"a step too short", "GET /api/segments/pro/history?step=1s", "", 400, "invalid", "/step", ""},
		{"too many steps", "GET /api/segments/pro/history?step=1m", "", 400, "limit", "/step", ""},
		{"a trend of nobody's segment", "POST /api/segments/trends", `{"segments":["pro","usr"]}`, 404, "not_found", "/segments/1", "user"},
		{"a trend of too many steps", "POST /api/segments/trends", `{"segments":["pro"],"step":"1m"}`, 400, "limit", "/step", ""},
		{"changes from two places", "GET /api/segments/pro/changes?last=3&after=now", "", 400, "invalid", "/last", ""},
		{"the same segment twice", "POST /api/segments/overlap", `{"segments":["pro","` + pro + `"]}`, 400, "invalid", "/segments/1", ""},
		{"explain of nothing", "POST /api/people/explain", `{"person":"x"}`, 400, "invalid", "", ""},
		{"properties of no event", "GET /api/schema?kind=property", "", 400, "invalid", "/event", ""},
		{"a key without scopes", "POST /api/keys", `{"kind":"ak","name":"x"}`, 400, "invalid", "/scopes", ""},
		{"a zone that is none", "PUT /api/workspace", `{"time_zone":"Mars/Base"}`, 400, "invalid", "/time_zone", ""},
		{"an import of nothing", "POST /api/imports?kind=people&format=csv", "", 400, "invalid", "", ""},
		{"an import of unknown format", "POST /api/imports?kind=people&file=x.xls", "a", 400, "invalid", "/format", ""},
		{"a mapping that is none", "POST /api/imports?kind=people&format=csv&mapping=%7B%22colums%22:%7B%7D%7D", "id\n1\n", 400, "invalid", "/mapping", ""},
		{"a relative backup directory", "POST /api/backup", `{"directory":"b"}`, 400, "invalid", "/directory", ""},
	} {
		t.Run(p.name, func(t *testing.T) {
			c := client{t, s, adminKey}
			var body any
			if p.body != "" {
				body = p.body
			}
			a := c.do(p.request, body)
			if got := a.header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("the content type is %q", got)
			}
			get := func(name string) string {
				s, _ := a.get(name).(string)
				return s
			}
			if a.status != p.status || get("code") != p.code || get("pointer") != p.pointer || get("suggestion") != p.suggestion {
				t.Errorf("got %s; want status %d, code %q, pointer %q, suggestion %q", a.body, p.status, p.code, p.pointer, p.suggestion)
			}
			if a.get("status") != float64(a.status) || get("title") == "" || get("detail") == "" || get("type") != "about:blank" {
				t.Errorf("not a whole problem: %s", a.body)
			}
		})
	}
}

// What is said of a request of the wrong shape is in our words, and tells where JSON breaks off.
func TestShapeProblems(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	for _, p := range []struct{ request, body, want string }{
		{"POST /api/segments", `{bad`, `bad JSON at byte 1: a key in quotes is due where it has "b"`},
		{"POST /api/segments", `{"name" "x"}`, `bad JSON at byte 8: a colon is due where it has "\""`},
		{"POST /api/segments", `{"name":"x" "y"}`, `bad JSON at byte 12: a comma or } is due where it has "\""`},
		{"POST /api/segments", `{"tags":["x" é]}`, `bad JSON at byte 13: a comma or ] is due where it has "é"`},
		{"POST /api/segments", `{"name":}`, `bad JSON at byte 8: a value is due where it has "}"`},
		{"POST /api/segments", `{"name":"x`, `bad JSON at byte 10: the text ends too early`},
		{"POST /api/segments", `{} {}`, `bad JSON at byte 3: the text must end where it has "{"`},
		{"POST /api/segments", "{\"name\":\"\n\"}", `bad JSON at byte 9: a control character must be escaped where it has "\n"`},
		{"POST /api/segments", `{"name":"\x"}`, `bad JSON at byte 10: there is no such escape where it has "x"`},
		{"POST /api/segments", `{"name":"\u00g0"}`, `bad JSON at byte 13: a hexadecimal digit is due where it has "g"`},
		{"POST /api/segments", `{"name":1.}`, `bad JSON at byte 10: a digit is due where it has "}"`},
		{"POST /api/segments", `{"name":nil}`, `bad JSON at byte 9: true, false or null is due where it has "i"`},
		{"POST /api/segments", `[]`, "the body must be an object"},
		{"POST /api/segments", `{"name":7}`, "name must be a text"},
		{"POST /api/segments", `{"name":""}`, "name is too short; its least number of characters is 1"},
		{"POST /api/segments", `{"name":"x","kind":"auto"}`, `kind must be one of dynamic, manual`},
		{"POST /api/segments/preview", `{}`, "definition is missing"},
		{"POST /api/segments/preview", `{"definition":{},"sample":-1}`, "sample must be at least 0"},
		{"POST /api/segments/preview", `{"definition":{},"nodes":1}`, "nodes must be true or false"},
		{"POST /api/segments/preview", `{"definition":{},"node":true}`, `there is no key "node"; there are as_of, definition, nodes, sample`},
		{"POST /api/segments/overlap", `{"segments":[]}`, "segments has too few entries; the least number is 1"},
		{"POST /api/segments/overlap", `{"segments":"pro"}`, "segments must be a list"},
		{"GET /api/segments?limit=many", "", "limit must be a whole number"},
		{"GET /api/segments?limit=0", "", "limit must be at least 1"},
		{"GET /api/schema", "", "kind is missing"},
		{"GET /api/segments/power-users/history?from=soon", "", "from is no time; write it like 2026-03-01T00:00:00Z"},
		{"GET /api/segments/none", "", `there is no segment "none"`},
	} {
		var body any
		if p.body != "" {
			body = p.body
		}
		if a := c.do(p.request, body); a.status < 400 || a.status >= 500 || a.get("detail") != p.want {
			t.Errorf("%s %s: got %s\nwant %s", p.request, p.body, a.body, p.want)
		}
	}
}
