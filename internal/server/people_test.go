package server_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPeople(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.bringIn("kind=people&format=ndjson", []byte(`{"email":"only@example.com","address":{"city":"Köln"},"tags":["a",1,true]}`))
	c.bringIn("kind=events&format=csv", []byte("id,event,time,total\n1,Bought,2026-03-01,30\n1,Sold,2026-03-02,12.5\n"))

	for ref, id := range map[string]any{"1": "1", "id:1": "1", "email:ANN@example.com": "1", "ann@example.com": "1", "only@example.com": nil} {
		if a := c.want(200, "GET /api/people/"+url.PathEscape(ref), nil); a.get("id") != id {
			t.Errorf("%s is %s", ref, a.body)
		}
	}
	if a := c.want(200, "GET /api/people/only@example.com", nil); a.get("attributes.address.value.city") != "Köln" || a.get("attributes.tags.value.2") != true ||
		a.get("attributes.tags.source") != "import" || a.get("last_seen_at") != nil || a.get("reachable.email") != true {
		t.Errorf("the person is %s", a.body)
	}
	if a := c.want(200, "GET /api/people/1/events?name=Sold", nil); len(a.get("events").([]any)) != 1 || a.get("events.0.properties.total") != 12.5 {
		t.Errorf("the events are %s", a.body)
	}
	page := c.want(200, "GET /api/people/1/events?limit=1", nil)
	next := c.want(200, "GET /api/people/1/events?limit=1&after="+url.QueryEscape(page.get("next").(string)), nil)
	if page.get("events.0.name") != "Sold" || next.get("events.0.name") != "Bought" {
		t.Errorf("newest first: %s %s", page.body, next.body)
	}
	if a := c.want(200, "GET /api/people/1/messages", nil); len(a.get("events").([]any)) != 0 {
		t.Errorf("the messages are %s", a.body)
	}
	if a := c.want(200, "GET /api/people/1/segments", nil); a.get("segments.0.key") != "have-not-logged-in-recently" || a.get("segments.0.entered_at") == nil {
		t.Errorf("the segments are %s", a.body)
	}
	c.define("Lately", "$first_seen_at within last 30d")
	if a := c.want(200, "GET /api/people/only@example.com/segments?leaves=true", nil); a.get("segments.0.key") != "signed-up-recently" || a.get("segments.0.leaves_at") == nil ||
		a.get("segments.1.key") != "lately" || a.get("segments.1.leaves_at").(string) < a.get("segments.0.leaves_at").(string) {
		t.Errorf("the segments with their end are %s", a.body)
	}
	if a := c.want(200, "GET /api/people/only@example.com/segments", nil); a.get("segments.0.leaves_at") != nil {
		t.Errorf("the end was not asked: %s", a.body)
	}
	if a := c.want(200, "GET /api/people?search=ann&attributes=plan&attributes=no+such", nil); a.get("people.0.last_seen_at") != "2026-03-02T00:00:00Z" ||
		a.get("people.0.attributes.plan.value") == nil || a.get("people.0.attributes.email") != nil {
		t.Errorf("the row is %s", a.body)
	}
	if a := c.want(200, "GET /api/people?search=an", nil); len(a.get("people").([]any)) != 1 || a.get("people.0.email") != "ann@example.com" {
		t.Errorf("found %s", a.body)
	}
	if a := c.want(200, "GET /api/people?attribute=plan&value=pro", nil); len(a.get("people").([]any)) != 2 {
		t.Errorf("found %s", a.body)
	}

	// Erased: gone from everything at once, also from what was rejected of them.
	c.bringIn("kind=people&format=csv", []byte("id,email\n1,ann@example.com,x\n"))
	rejected := c.want(200, "GET /api/imports", nil).get("imports.0.id").(string)
	key := c.want(200, "GET /api/people/1", nil).get("key").(string)
	c.want(204, "DELETE /api/people/1", nil)
	c.want(404, "GET /api/people/"+key, nil)
	c.want(404, "GET /api/people/email:ann@example.com", nil)
	for _, where := range []string{"/api/people", "/api/imports/" + rejected + "/rejected", "/api/audit", "/api/people?format=ndjson"} {
		if body := string(c.want(200, "GET "+where, nil).body); strings.Contains(body, "ann@") {
			t.Errorf("GET %s still holds an erased person: %s", where, body)
		}
	}
	c.bringIn("kind=people&format=csv", []byte("id,plan\n1,team\n"))
	if a := c.want(200, "GET /api/people/1", nil); a.get("key") == key || a.get("attributes.email") != nil {
		t.Errorf("an id seen again is the old person: %s", a.body)
	}
}

// Ids may hold any character, and name their person in a path all the same.
func TestOddIDs(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	ids := []string{"a/b", "100%", "%2F", "a b+c", "..", ".", "?x#y", `\`, "id:1", "p_1", "e@x:y", "💙", "é", "e\u0301"}
	var lines strings.Builder
	for _, id := range ids {
		b, err := json.Marshal(map[string]string{"id": id})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(b, '\n'))
	}
	if a := c.bringIn("kind=people&format=ndjson", []byte(lines.String())); a.get("accepted") != float64(len(ids)) {
		t.Fatalf("imported %s", a.body)
	}
	for _, id := range ids {
		a := c.do("GET /api/people/"+url.PathEscape("id:"+id), nil)
		if a.get("id") != id {
			t.Errorf("%q: status %d: %s", id, a.status, a.body)
		}
	}
}

func TestExports(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.define("All", "id exists")

	a := c.want(200, "GET /api/segments/all/members?format=csv", nil)
	rows, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if err != nil || len(rows) != 6 || cmp.Diff([]string{"key", "id", "email", "entered_at"}, rows[0]) != "" {
		t.Fatalf("%v: %s", err, a.body)
	}
	if rows[5][1] != "'=5" || rows[1][1] != "1" {
		t.Errorf("a formula goes out as it is: %v", rows[5])
	}
	if got := a.header.Get("Content-Type"); got != "text/csv; charset=utf-8" || !strings.Contains(a.header.Get("Content-Disposition"), "all.csv") {
		t.Errorf("the header is %v", a.header)
	}
	a = c.want(200, "GET /api/segments/all/members?format=ndjson", nil)
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if len(lines) != 5 || !strings.Contains(lines[4], `"id":"=5"`) {
		t.Errorf("the members are %s", a.body)
	}
	a = c.want(200, "GET /api/people?format=csv", nil)
	rows, err = csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if err != nil || len(rows) != 6 || !strings.Contains(rows[1][4], `"plan":"pro"`) {
		t.Errorf("%v: %s", err, a.body)
	}
	a = c.want(200, "GET /api/people?format=ndjson&attribute=plan&value=pro", nil)
	if got := strings.Count(string(a.body), "\n"); got != 2 {
		t.Errorf("%d people are exported: %s", got, a.body)
	}
}

// stream reads server-sent events.
type stream struct {
	t    *testing.T
	body *http.Response
	text string
}

func (c client) follow(base, path string, headers ...string) *stream {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	c.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		c.t.Fatalf("%s: %s %v", path, res.Status, res.Header)
	}
	return &stream{c.t, res, ""}
}

// next returns the next event as its fields.
func (s *stream) next() map[string]string {
	s.t.Helper()
	buf := make([]byte, 4096)
	for {
		if block, rest, ok := strings.Cut(s.text, "\n\n"); ok {
			s.text = rest
			if strings.HasPrefix(block, ":") {
				continue
			}
			fields := map[string]string{}
			for _, line := range strings.Split(block, "\n") {
				name, value, _ := strings.Cut(line, ": ")
				fields[name] = value
			}
			return fields
		}
		n, err := s.body.Body.Read(buf)
		s.text += string(buf[:n])
		if err != nil && n == 0 {
			s.t.Fatalf("the stream ended: %v", err)
		}
	}
}

func TestStreams(t *testing.T) {
	handler := open(t, nil)
	c := client{t, handler, adminKey}
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.define("Pro", "plan is pro")

	// From the start: what was, then what comes.
	s := c.follow(web.URL, "/api/segments/pro/changes")
	first, second := s.next(), s.next()
	if first["event"] != "change" || !strings.Contains(first["data"], `"change":"enter"`) || first["id"] == "" || second["id"] == first["id"] {
		t.Errorf("the first event is %v", first)
	}
	activity := c.follow(web.URL, "/api/activity?limit=1")
	activity.next()
	c.bringIn("kind=people&format=csv", []byte("id,plan\n3,pro\n"))
	if e := s.next(); !strings.Contains(e["data"], `"id":"3"`) || !strings.Contains(e["data"], `"cause":"import"`) {
		t.Errorf("the live event is %v", e)
	}
	if e := activity.next(); e["event"] != "activity" || !strings.Contains(e["data"], `"kind":"identify"`) {
		t.Errorf("the live activity is %v", e)
	}
	// A cursor that is gone is told before the stream begins.
	if gone := c.do("GET /api/segments/pro/changes?after=0123456789abcdef.1.0", nil, "Accept", "text/event-stream"); gone.status != 410 || gone.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a gone cursor: status %d: %s", gone.status, gone.body)
	}
	// A broken connection goes on behind the last event, which goes before after=.
	again := c.follow(web.URL, "/api/segments/pro/changes?after=now", "Last-Event-ID", first["id"])
	if e := again.next(); e["id"] != second["id"] {
		t.Errorf("after %v comes %v, not %v", first, e, second)
	}
	// From now on only.
	now := c.follow(web.URL, "/api/segments/pro/changes?after=now")
	c.bringIn("kind=people&format=csv", []byte("id,plan\n1,free\n"))
	if e := now.next(); !strings.Contains(e["data"], `"change":"leave"`) || !strings.Contains(e["data"], `"id":"1"`) {
		t.Errorf("the event is %v", e)
	}
}

func TestDataScreens(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.bringIn("kind=events&format=csv", []byte("id,event,time,total\n1,Bought,2026-03-01,30\n1,Sold,2026-03-02,12.5\n2,Bought,2026-03-02,1\n"))
	for query, want := range map[string]string{
		"kind=attribute&q=pl":                     "plan",
		"kind=event":                              "Bought",
		"kind=property&event=Bought":              "total",
		"kind=attribute&name=plan":                "",
		"kind=property&event=Sold&property=total": "12.5",
		"kind=segment&q=power":                    "power-users",
	} {
		a := c.want(200, "GET /api/schema?"+query, nil)
		if got, _ := a.get("names.0.name").(string); want != "" && got != want {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	c.define("Pro", "plan is pro")
	overview := c.want(200, "GET /api/overview", nil)
	if overview.get("stats.people") != 5.0 || overview.get("stats.events") != 3.0 || len(overview.get("moved").([]any)) == 0 {
		t.Errorf("the overview is %s", overview.body)
	}
	arrived := 0.0
	for _, n := range overview.get("stats.minutes").([]any) {
		arrived += n.(float64)
	}
	if arrived != 8 {
		t.Errorf("%v items arrived, not 8", arrived)
	}
	if a := c.want(200, "GET /api/activity?limit=2", nil); a.get("activity.1.kind") != "event" || a.get("activity.1.id") != "2" {
		t.Errorf("the activity is %s", a.body)
	}
	recipes := c.want(200, "GET /api/recipes", nil)
	for _, r := range recipes.get("recipes").([]any) {
		r := r.(map[string]any)
		p := c.want(200, "POST /api/segments/preview", map[string]any{"definition": r["definition"]})
		if p.get("count") != r["count"] || r["count"] == 0.0 {
			t.Errorf("the recipe %v holds %v", r["name"], p.get("count"))
		}
	}
	if len(recipes.get("recipes").([]any)) == 0 {
		t.Error("no recipes")
	}
	if a := c.want(200, "GET /api/limits", nil); a.get("limits.0.name") != "body" || a.get("limits.0.value") != float64(4<<20) {
		t.Errorf("the limits are %s", a.body)
	}
	if a := c.want(200, "PUT /api/workspace", map[string]string{"name": "Shop", "time_zone": "Asia/Tokyo"}); a.get("name") != "Shop" || a.get("time_zone") != "Asia/Tokyo" {
		t.Errorf("the workspace is %s", a.body)
	}
	// Bought at midnight UTC of the second is still the second in Tokyo; the next day begins at 15:00 UTC.
	if a := c.want(200, "POST /api/segments/preview", map[string]any{"definition": c.text(`did Bought from 2026-03-02`)}); a.get("count") != 1.0 {
		t.Errorf("from the second of March in Tokyo: %s", a.body)
	}
	if a := c.want(200, "POST /api/check", nil); a.get("problems_all") != 0.0 || a.get("memberships") == 0.0 {
		t.Errorf("the check is %s", a.body)
	}
}

func TestKeyRotation(t *testing.T) {
	handler := open(t, nil)
	c := client{t, handler, adminKey}
	made := c.want(201, "POST /api/keys", map[string]any{"kind": "ak", "name": "mine", "scopes": []string{"read"}})
	next := c.want(201, "POST /api/keys/"+made.get("id").(string)+"/rotate", map[string]any{"grace": "0s"})
	client{t, handler, made.get("secret").(string)}.want(401, "GET /api/segments", nil)
	client{t, handler, next.get("secret").(string)}.want(200, "GET /api/segments", nil)
	if list := string(c.want(200, "GET /api/keys", nil).body); strings.Contains(list, next.get("secret").(string)) {
		t.Error("the list of keys shows a secret")
	}
}
