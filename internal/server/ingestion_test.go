package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel/internal/server"
)

// basicAuth is the headers of a call of either family.
func basicAuth(user, password string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

// take sends a call of the Segment family, which must succeed.
func (c client) take(path, body string) {
	c.t.Helper()
	if a := c.want(200, "POST "+path, body, basicAuth(writeKey, "")...); string(a.body) != `{"success":true}` {
		c.t.Fatalf("%s: %s", path, a.body)
	}
}

// track sends a call of the Customer.io family, which must succeed.
func (c client) track(request, body string) {
	c.t.Helper()
	if a := c.want(200, request, body, basicAuth("site", writeKey)...); string(a.body) != `{}` {
		c.t.Fatalf("%s: %s", request, a.body)
	}
}

// defineJSON is define with a definition in JSON.
func (c client) defineJSON(name, definition string) string {
	c.t.Helper()
	id := c.want(201, "POST /api/segments", map[string]any{"name": name, "definition": json.RawMessage(definition)}).get("id").(string)
	c.built(id)
	return id
}

// peopleOf lists the ids, or else the emails, of a segment's people.
func (c client) peopleOf(segment string) []string {
	c.t.Helper()
	var out struct{ Members []struct{ ID, Email string } }
	if err := json.Unmarshal(c.want(200, "GET /api/segments/"+segment+"/members", nil).body, &out); err != nil {
		c.t.Fatal(err)
	}
	all := []string{}
	for _, m := range out.Members {
		if m.ID == "" {
			m.ID = m.Email
		}
		all = append(all, m.ID)
	}
	return all
}

// listed is what is under Data → Rejected, oldest first, as "code pointer".
func (c client) listed() []string {
	c.t.Helper()
	var out struct {
		Rejected []struct {
			Code, Pointer string
			Warning       bool
		}
	}
	if err := json.Unmarshal(c.want(200, "GET /api/rejected", nil).body, &out); err != nil {
		c.t.Fatal(err)
	}
	all := []string{}
	for _, r := range out.Rejected {
		s := strings.TrimSpace(r.Code + " " + r.Pointer)
		if r.Warning {
			s += " (warning)"
		}
		all = append([]string{s}, all...)
	}
	return all
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// What comes in over HTTP has changed every membership when it is acknowledged.
func TestIngestionToMembership(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	pro := c.define("Pro", "plan is pro")
	buyers := c.define("Buyers", `did "Order Completed" at least 2 times in the last 30d where (total > 100)`)
	pricing := c.define("Pricing", `viewed page "/pricing*"`)
	mobile := c.defineJSON("Mobile", `{"device":"mobile"}`)

	c.take("/v1/identify", `{"userId":"u1","traits":{"plan":"pro","email":"u1@example.com"}}`)
	wantList(t, "pro", c.peopleOf(pro), "u1")
	c.take("/v1/batch", `{"batch":[{"type":"track","messageId":"m1","userId":"u1","event":"Order Completed","properties":{"total":150}},
		{"type":"track","messageId":"m1","userId":"u1","event":"Order Completed","properties":{"total":150}}]}`)
	wantList(t, "buyers, once", c.peopleOf(buyers))
	c.take("/v1/track", `{"messageId":"m2","userId":"u1","event":"Order Completed","properties":{"total":150}}`)
	wantList(t, "buyers, twice", c.peopleOf(buyers), "u1")

	// A visitor is nobody until they are identified; then what they did counts.
	c.take("/v1/page", `{"anonymousId":"a1","properties":{"url":"https://x.com/pricing?a=1"}}`)
	wantList(t, "a visitor", c.peopleOf(pricing))
	c.take("/v1/identify", `{"anonymousId":"a1","traits":{"email":"v@example.com"}}`)
	wantList(t, "the visitor, by email", c.peopleOf(pricing), "v@example.com")
	c.take("/v1/identify", `{"userId":"u2","traits":{"email":"V@example.com"}}`)
	wantList(t, "the visitor, with an id", c.peopleOf(pricing), "u2")

	c.track("PUT /api/v1/customers/a%2Fb", `{"plan":"pro"}`)
	c.track("PUT /api/v1/customers/..", `{"plan":"pro"}`)
	wantList(t, "ids of any characters", c.peopleOf(pro), "u1", "a/b", "..")
	c.track("PUT /api/v1/customers/a%2Fb", `{"plan":null}`)
	c.track("DELETE /api/v1/customers/..", "")
	wantList(t, "removed and deleted", c.peopleOf(pro), "u1")
	c.track("PUT /api/v1/customers/u1/devices", `{"device":{"id":"T","platform":"ios"}}`)
	wantList(t, "with a device", c.peopleOf(mobile), "u1")
	c.track("POST /push/events", `{"delivery_id":"d1","event":"opened","device_id":"T"}`)
	opened := c.defineJSON("Opened", `{"message":"push","action":"opened"}`)
	wantList(t, "the device's owner opened", c.peopleOf(opened), "u1")
	c.track("DELETE /api/v1/customers/u1/devices/T", "")
	wantList(t, "without the device", c.peopleOf(mobile))

	c.track("POST /api/v1/merge_customers", `{"primary":{"id":"u2"},"secondary":{"email":"u1@example.com"}}`)
	wantList(t, "merged", c.peopleOf(buyers), "u2")
	c.take("/v1/track", `{"userId":"u2","event":"User Suppressed"}`)
	wantList(t, "suppressed", c.peopleOf(buyers))
	c.take("/v1/identify", `{"userId":"u2","traits":{"plan":"pro"}}`)
	wantList(t, "refused while suppressed", c.peopleOf(pro))
	wantList(t, "listed", c.listed(), "suppressed")
	c.take("/v1/track", `{"userId":"u2","event":"User Unsuppressed"}`)
	replay := c.want(200, "GET /api/rejected", nil).get("rejected.0.id")
	c.want(204, fmt.Sprintf("POST /api/rejected/%v/replay", replay), nil)
	wantList(t, "replayed", c.peopleOf(pro), "u2")
	wantList(t, "replayed, listed", c.listed())
}

// The erasure of a person reaches what is kept of refused items, and nothing else of that list.
func TestIngestionErasure(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.take("/v1/identify", `{"userId":"4","traits":{"email":"four@example.com"}}`)
	c.track("PUT /api/v1/customers/four%40example.com", `{"plan":"pro"}`)
	for _, body := range []string{`{"userId":"4","event":""}`, `{"userId":4,"event":""}`, `{"anonymousId":"a","event":"","properties":{"who":"Four@example.com"}}`, `{"userId":"44","event":""}`, `{"userId":"u","event":"","properties":{"n":14}}`} {
		c.take("/v1/track", body)
	}
	c.track("PUT /api/v1/customers/4", `{"cio_relationships":{}}`)
	if got := len(c.listed()); got != 6 {
		t.Fatalf("%d are listed", got)
	}
	c.take("/v1/track", `{"userId":"four@example.com","event":"User Deleted"}`)
	a := c.want(200, "GET /api/rejected", nil)
	if got := len(c.listed()); got != 2 || !strings.Contains(string(a.body), `"44"`) || !strings.Contains(string(a.body), `:14}`) {
		t.Errorf("after the erasure: %s", a.body)
	}
	c.want(404, "GET /api/people/id:4", nil)
}

// Whom a call is about, where ids and emails meet.
func TestIngestionIdentity(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.take("/v1/identify", `{"traits":{"email":"a@example.com","plan":"pro"}}`)
	key := c.want(200, "GET /api/people/email:a@example.com", nil).get("key").(string)
	c.track("PUT /api/v1/customers/cio_"+key, `{"id":"u1","seats":3}`)
	if a := c.want(200, "GET /api/people/id:u1", nil); a.get("key") != key || a.get("attributes.seats.value") != 3.0 {
		t.Errorf("by our key, with an id: %s", a.body)
	}
	c.track("PUT /api/v1/customers/u1", `{"id":"u9"}`)
	wantList(t, "an id is not changed", c.listed(), "conflict /id (warning)")
	c.track("PUT /api/v1/customers/b%40example.com", `{"id":"u2"}`)
	if a := c.want(200, "GET /api/people/id:u2", nil); a.get("email") != "b@example.com" {
		t.Errorf("by email, with an id: %s", a.body)
	}
	c.track("PUT /api/v1/customers/u2", `{"email":"A@example.com","plan":"free"}`)
	if a := c.want(200, "GET /api/people/id:u2", nil); a.get("email") != "b@example.com" || a.get("attributes.plan.value") != "free" {
		t.Errorf("an email that is taken: %s", a.body)
	}
	c.track("PUT /api/v1/customers/nobody", `{"_update":true,"plan":"pro"}`)
	c.want(404, "GET /api/people/id:nobody", nil)
	c.track("PUT /api/v1/customers/u2", `{"plan":"old","_timestamp":1000000000}`)
	if a := c.want(200, "GET /api/people/id:u2", nil); a.get("attributes.plan.value") != "free" {
		t.Errorf("a value older than the stored one: %s", a.body)
	}
	wantList(t, "listed", c.listed(), "conflict /id (warning)", "email_taken /email (warning)", "not_found")
}

// Members of manual segments come and go by the integer alias; ids that are nobody's are listed.
func TestIngestionMembers(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	made := c.want(201, "POST /api/segments", map[string]any{"name": "By hand", "kind": "manual"})
	id, alias := made.get("id").(string), made.get("alias")
	c.track("PUT /api/v1/customers/u1", `{"email":"u1@example.com"}`)
	c.track("PUT /api/v1/customers/u2", `{}`)
	c.track(fmt.Sprintf("POST /api/v1/segments/%v/add_customers", alias), `{"ids":["u1","u2","nobody"]}`)
	wantList(t, "added", c.peopleOf(id), "u1", "u2")
	c.track(fmt.Sprintf("POST /api/v1/segments/%v/remove_customers?id_type=email", alias), `{"ids":["U1@example.com"]}`)
	wantList(t, "removed", c.peopleOf(id), "u2")
	wantList(t, "listed", c.listed(), "not_found")
	c.track("PUT /api/v1/customers/nobody", `{}`)
	c.want(204, fmt.Sprintf("POST /api/rejected/%v/replay", c.want(200, "GET /api/rejected", nil).get("rejected.0.id")), nil)
	wantList(t, "replayed", c.peopleOf(id), "u2", "nobody")
}

// What everybody can read must not change what is others'.
func TestIngestionWithBrowserKey(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	browser := c.want(201, "POST /api/keys", map[string]string{"kind": "pk", "name": "web"}).get("secret").(string)
	c.take("/v1/identify", `{"userId":"victim","anonymousId":"av","traits":{"email":"v@example.com","plan":"pro","phone":"+1"}}`)
	c.take("/v1/identify", `{"userId":"other","traits":{"plan":"free"}}`)
	c.take("/v1/track", `{"userId":"victim","event":"Device Created or Updated","context":{"device":{"token":"T","type":"ios"}}}`)
	before := c.want(200, "GET /api/people/id:victim", nil).get("attributes")
	for _, body := range []string{
		`{"type":"track","userId":"victim","event":"User Deleted"}`,
		`{"type":"track","userId":"victim","event":"User Suppressed"}`,
		`{"type":"alias","userId":"evil","previousId":"victim"}`,
		`{"type":"alias","userId":"other","previousId":"victim"}`,
		`{"type":"alias","userId":"other","previousId":"av"}`,
		`{"type":"identify","userId":"victim","traits":{"email":"evil@example.com"}}`,
		`{"type":"identify","userId":"victim","traits":{"phone":"+2"}}`,
		`{"type":"identify","userId":"victim","traits":{"unsubscribed":true}}`,
		`{"type":"track","userId":"other","event":"Device Created or Updated","context":{"device":{"token":"T","type":"ios"}}}`,
		`{"type":"track","userId":"other","event":"Device Deleted","context":{"device":{"token":"T"}}}`,
		`{"type":"track","userId":"victim","event":"Report Delivery Event","properties":{"deliveryId":"d","metric":"bounced"}}`,
	} {
		c.want(200, "POST /v1/batch", `{"batch":[`+body+`]}`, basicAuth(browser, "")...)
		got := c.listed()
		if last := got[len(got)-1]; !strings.HasPrefix(last, "public_key") {
			t.Errorf("%s: listed %s", body, last)
		}
	}
	if got := len(c.listed()); got != 11 {
		t.Errorf("%d are listed", got)
	}
	if diff := cmp.Diff(before, c.want(200, "GET /api/people/id:victim", nil).get("attributes")); diff != "" {
		t.Errorf("the victim was changed: %s", diff)
	}
	if a := c.want(200, "GET /api/people/id:victim/devices", nil); !strings.Contains(string(a.body), `"T"`) {
		t.Errorf("the victim's device: %s", a.body)
	}
	c.want(404, "GET /api/people/id:evil", nil)
}

// zip is a body as gzip.
func zip(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(body)
	w.Close()
	return b.Bytes()
}

// Bodies that are compressed, and those that only seem so.
func TestIngestionBodies(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	event := `{"userId":"u1","event":"A"}`
	for _, r := range []struct {
		name     string
		body     []byte
		encoding string
		status   int
		code     string
		limit    float64
	}{
		{"gzip", zip([]byte(event)), "gzip", 200, "", 0},
		{"a bomb", zip(bytes.Repeat([]byte(" "), 3<<20)), "gzip", 413, "too_large", 100},
		{"a bomb of bombs", zip(zip(bytes.Repeat([]byte(" "), 100<<20))), "gzip", 413, "too_large", 100},
		{"too large without compression", bytes.Repeat([]byte(" "), 4<<20+1), "", 413, "too_large", 4 << 20},
		{"not gzip", []byte(event), "gzip", 400, "invalid", 0},
		{"cut off", zip([]byte(event))[:30], "gzip", 400, "invalid", 0},
		{"another encoding", []byte(event), "br", 400, "invalid", 0},
		{"identity", []byte(event), "identity", 200, "", 0},
	} {
		a := c.do("POST /v1/track", r.body, append(basicAuth(writeKey, ""), "Content-Encoding", r.encoding)...)
		if a.status != r.status {
			t.Errorf("%s: status %d: %s", r.name, a.status, a.body)
		}
		if r.code != "" && (a.get("code") != r.code || r.limit > 0 && a.get("limit") != r.limit) {
			t.Errorf("%s: %s", r.name, a.body)
		}
	}
}

// Below the mark of free space nothing is taken in, everything else goes on.
func TestIngestionWithoutSpace(t *testing.T) {
	s := open(t, func(c *server.Config) { c.MinFreeMB = 1 << 40 })
	c := client{t, s, adminKey}
	for request, headers := range map[string][]string{"POST /v1/identify": basicAuth(writeKey, ""), "PUT /api/v1/customers/u1": basicAuth("", writeKey)} {
		a := c.want(507, request, `{"userId":"u1"}`, headers...)
		if a.header.Get("Retry-After") == "" || !strings.Contains(string(a.body), "disk_full") {
			t.Errorf("%s: %s", request, a.body)
		}
	}
	c.want(404, "GET /api/people/u1", nil)
	c.want(200, "GET /api/v1/accounts/region", nil, basicAuth("site", writeKey)...)
}

// A path is what was sent, on a real connection as well.
func TestIngestionPaths(t *testing.T) {
	s := open(t, nil)
	hs := httptest.NewServer(s)
	defer hs.Close()
	c := client{t, s, adminKey}
	for path, id := range map[string]string{"..": "..", "%2E": ".", "a%2F..%2Fb": "a/../b", "%25": "%", "a%5Cb%3A": `a\b:`, "%F0%9F%98%80": "😀", "cafe%CC%81": "cafe\u0301", "caf%C3%A9": "caf\u00e9", "%20": " ", "%2B+": "++"} {
		conn, err := net.Dial("tcp", hs.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "PUT /api/v1/customers/%s HTTP/1.1\r\nHost: x\r\n%s: %s\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", path, basicAuth("", writeKey)[0], basicAuth("", writeKey)[1])
		var answer bytes.Buffer
		answer.ReadFrom(conn)
		conn.Close()
		if !strings.HasPrefix(answer.String(), "HTTP/1.1 200") {
			t.Errorf("%s: %s", path, answer.String())
		}
		found := c.want(200, "GET /api/people?limit=100", nil)
		if !strings.Contains(string(found.body), `"id":`+mustJSON(id)) {
			t.Errorf("%s: %q is not there: %s", path, id, found.body)
		}
	}
}

func mustJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// Browsers ask first.
func TestIngestionPreflight(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, ""}
	for _, path := range []string{"/v1/t", "/v1/batch", "/v1/projects/x/settings", "/api/v1/customers/u1"} {
		a := c.want(204, "OPTIONS "+path, nil, "Origin", "https://shop.example", "Access-Control-Request-Headers", "authorization,content-type,x-retry-count")
		allowed := a.header.Get("Access-Control-Allow-Headers")
		for _, h := range []string{"authorization", "content-type", "x-retry-count"} {
			if !strings.Contains(allowed, h) {
				t.Errorf("%s: the header %s is not allowed", path, h)
			}
		}
		if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	settings := c.want(200, "GET /v1/projects/"+writeKey+"/settings", nil)
	if settings.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("a web page may not read the settings")
	}
	var doc struct {
		Integrations map[string]struct{ APIKey, APIHost, Protocol string }
	}
	if err := json.Unmarshal(settings.body, &doc); err != nil {
		t.Fatal(err)
	}
	if got := doc.Integrations["Segment.io"]; got.APIKey != writeKey || got.APIHost != "example.com/v1" || got.Protocol != "http" {
		t.Errorf("settings: %s", settings.body)
	}
	theirs := c.want(200, "GET /customerio/v1/projects/"+writeKey+"/settings", nil)
	if !strings.Contains(string(theirs.body), `"Customer.io Data Pipelines":{`) {
		t.Errorf("settings: %s", theirs.body)
	}
	c.want(404, "GET /v1/projects/unknown_unknown/settings", nil)
	if a := c.want(405, "GET /v1/batch", nil); a.header.Get("Allow") == "" {
		t.Error("no Allow")
	}
}
