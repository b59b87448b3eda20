package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fewPeople are five people, two of them on the pro plan.
const fewPeople = "id,email,plan,age\n1,ann@example.com,pro,30\n2,bob@example.com,pro,40\n3,cleo@example.com,free,abc\n4,dan@example.com,free,50\n=5,eve@example.com,-x,60\n"

// members lists a segment's user ids.
func (c client) members(segment string) []string {
	c.t.Helper()
	a := c.want(200, "GET /api/segments/"+segment+"/members", nil)
	ids := []string{}
	for _, m := range a.get("members").([]any) {
		id, _ := m.(map[string]any)["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func TestSegmentLife(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))

	made := c.want(201, "POST /api/segments", map[string]any{"name": "Pro", "tags": []string{"plans"}, "definition": c.text("plan is pro")})
	id, first := made.get("id").(string), made.header.Get("ETag")
	if made.get("sentence") != "plan is pro" || made.get("key") != "pro" || made.get("kind") != "dynamic" || first == "" {
		t.Fatalf("made %s, ETag %q", made.body, first)
	}
	if a := c.built(id); a.get("count") != 2.0 || a.get("state") != "live" || a.get("version") != 1.0 {
		t.Errorf("built %s", a.body)
	}
	if diff := cmp.Diff([]string{"1", "2"}, c.members("pro")); diff != "" {
		t.Error(diff)
	}

	// An edit of what somebody else has edited is refused; fields left out stay.
	edited := c.want(200, "PUT /api/segments/pro", map[string]any{"name": "Paying"}, "If-Match", first)
	if edited.get("name") != "Paying" || edited.get("version") != 1.0 || edited.get("key") != "pro" || edited.get("tags.0") != "plans" {
		t.Errorf("edited %s", edited.body)
	}
	if a := c.want(412, "PUT /api/segments/pro", map[string]any{"name": "x"}, "If-Match", first); a.get("code") != "version_mismatch" {
		t.Errorf("a stale edit: %s", a.body)
	}
	c.want(200, "PUT /api/segments/pro", map[string]any{"definition": c.text("plan is pro or plan is free")}, "If-Match", edited.header.Get("ETag"))
	if a := c.built(id); a.get("count") != 4.0 || a.get("version") != 2.0 || a.get("serving") != 2.0 {
		t.Errorf("after the edit %s", a.body)
	}
	trends := c.want(200, "POST /api/segments/trends", map[string]any{"segments": []string{id, "power-users"}, "step": "12h"})
	if counts := trends.get("trends.0.counts").([]any); trends.get("trends.0.segment") != id || len(counts) != 60 || counts[0] != 0.0 || counts[59] != 4.0 ||
		len(trends.get("trends").([]any)) != 2 {
		t.Errorf("the trends are %s", trends.body)
	}
	history := c.want(200, "GET /api/segments/pro/history?step=1h", nil)
	if len(history.get("versions").([]any)) != 2 || history.get("versions.1.sentence") != "plan is pro" {
		t.Errorf("the history is %s", history.body)
	}

	if a := c.want(412, "DELETE /api/segments/pro", nil, "If-Match", first); a.get("code") != "version_mismatch" {
		t.Errorf("a stale deletion: %s", a.body)
	}

	// Paused: frozen, and what changed meanwhile is told on resuming.
	c.want(200, "POST /api/segments/pro/pause", nil)
	c.bringIn("kind=people&format=csv", []byte("id,plan\n6,pro\n"))
	if a := c.want(200, "GET /api/segments/pro", nil); a.get("count") != 4.0 || a.get("state") != "paused" {
		t.Errorf("paused %s", a.body)
	}
	c.want(200, "POST /api/segments/pro/resume", nil)
	if a := c.built(id); a.get("count") != 5.0 {
		t.Errorf("resumed %s", a.body)
	}

	// Archived: not listed, no members; restored: built anew.
	c.want(200, "POST /api/segments/pro/archive", nil)
	if list := c.want(200, "GET /api/segments?search=paying", nil); len(list.get("segments").([]any)) != 0 {
		t.Errorf("an archived segment is listed: %s", list.body)
	}
	if list := c.want(200, "GET /api/segments?state=archived", nil); list.get("segments.0.id") != id {
		t.Errorf("it is not among the archived: %s", list.body)
	}
	c.want(200, "POST /api/segments/pro/restore", nil)
	if a := c.built(id); a.get("count") != 5.0 {
		t.Errorf("restored %s", a.body)
	}
	now := c.want(200, "GET /api/segments/pro", nil).header.Get("ETag")
	c.want(204, "DELETE /api/segments/pro", nil, "If-Match", now)
	c.want(404, "GET /api/segments/pro", nil)

	audit := string(c.want(200, "GET /api/audit", nil).body)
	for _, action := range []string{"segment.create", "segment.update", "segment.pause", "segment.resume", "segment.archive", "segment.restore", "segment.delete", "import.create"} {
		if !strings.Contains(audit, `"`+action+`"`) {
			t.Errorf("the audit log lacks %s", action)
		}
	}
	for _, said := range []string{`"changed":["definition"],"version":2`, `"kind":"people"`} {
		if !strings.Contains(audit, said) {
			t.Errorf("the audit log does not say %s: %s", said, audit)
		}
	}
	for _, personal := range []string{"ann@", "Paying"} {
		if strings.Contains(audit, personal) {
			t.Errorf("the audit log holds %s", personal)
		}
	}
}

func TestDefaultSegments(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	other := client{t, s, c.want(201, "POST /api/workspaces", map[string]string{"name": "other", "time_zone": "Europe/Berlin"}).get("key.secret").(string)}
	for _, c := range []client{c, other} {
		list := c.want(200, "GET /api/segments", nil)
		var names []string
		for _, s := range list.get("segments").([]any) {
			names = append(names, s.(map[string]any)["name"].(string))
		}
		want := []string{"Signed up recently", "Have not logged in recently", "Power users", "At risk of churn", "Has a mobile device", "Opened an email recently", "Unsubscribed"}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Error(diff)
		}
	}
	// The first workspace's admin sees all workspaces, another's no more than its own.
	if a := c.want(200, "GET /api/workspaces", nil); len(a.get("workspaces").([]any)) != 2 || a.get("workspaces.0.name") != "default" || a.get("workspaces.1.name") != "other" {
		t.Errorf("the workspaces are %s", a.body)
	}
	if a := other.want(200, "GET /api/workspaces", nil); len(a.get("workspaces").([]any)) != 1 || a.get("workspaces.0.name") != "other" {
		t.Errorf("the workspaces are %s", a.body)
	}
	// A date alone is its midnight in the workspace's zone.
	if a := other.want(200, "POST /api/segments/preview", `{"definition":{"attribute":"plan","op":"exists"},"as_of":"2026-03-01"}`); a.get("as_of") != "2026-02-28T23:00:00Z" {
		t.Errorf("as of a date: %s", a.body)
	}
	if w := other.want(200, "GET /api/workspace", nil); w.get("time_zone") != "Europe/Berlin" {
		t.Errorf("the workspace is %s", w.body)
	}
	if a := other.want(200, "GET /api/session", nil); a.get("workspace.name") != "other" || a.get("key.scopes.0") != "admin" || strings.Contains(string(a.body), "ak_") && len(a.get("key.hint").(string)) > 7 {
		t.Errorf("the session is %s", a.body)
	}
}

func TestListPages(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	var file strings.Builder
	file.WriteString("id,plan\n")
	for i := range 25 {
		fmt.Fprintf(&file, "u%02d,pro\n", i)
	}
	c.bringIn("kind=people&format=csv", []byte(file.String()))
	c.define("Pro", "plan is pro")
	for _, s := range c.want(200, "GET /api/segments", nil).get("segments").([]any) {
		c.built(s.(map[string]any)["id"].(string)) // a build that ends between two pages would make them differ
	}
	for list, field := range map[string]string{"/api/segments": "segments", "/api/people": "people", "/api/segments/pro/members": "members", "/api/segments/pro/changes": "changes"} {
		whole := c.want(200, "GET "+list+"?limit=1000", nil).get(field).([]any)
		var paged []any
		after := ""
		for range 30 {
			page := c.want(200, "GET "+list+"?limit=3&after="+after, nil)
			items := page.get(field).([]any)
			if len(items) > 3 {
				t.Errorf("%s: a page of %d", list, len(items))
			}
			paged = append(paged, items...)
			if after, _ = page.get("next").(string); after == "" || len(items) == 0 {
				break
			}
		}
		if diff := cmp.Diff(whole, paged); diff != "" || len(whole) < 7 {
			t.Errorf("%s: the pages (%d) are not the whole (%d)\n%s", list, len(paged), len(whole), diff)
		}
	}
}

// A write that is repeated with its Idempotency-Key is done once and answered the same.
func TestIdempotency(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	body := `{"name":"Pro","definition":{"attribute":"plan","op":"is","value":"pro"}}`
	first := c.want(201, "POST /api/segments", body, "Idempotency-Key", "k1")
	again := c.want(201, "POST /api/segments", body, "Idempotency-Key", "k1")
	if string(first.body) != string(again.body) || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("answered %s, then %s", first.body, again.body)
	}
	c.want(409, "POST /api/segments", strings.Replace(body, "Pro", "Other", 1), "Idempotency-Key", "k1")
	if a := c.want(201, "POST /api/segments", body, "Idempotency-Key", "k2"); a.get("id") == first.get("id") {
		t.Error("another key got the first one's answer")
	}
	// Refusals are kept as well; a key is of its workspace.
	bad := c.want(400, "POST /api/segments", `{"name":"x"}`, "Idempotency-Key", "k3")
	if a := c.want(400, "POST /api/segments", `{"name":"x"}`, "Idempotency-Key", "k3"); string(a.body) != string(bad.body) {
		t.Errorf("refused with %s, then %s", bad.body, a.body)
	}
	// Many at once: one is done.
	var work sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 8 {
		work.Go(func() {
			a := c.do("POST /api/segments", strings.Replace(body, "Pro", "At once", 1), "Idempotency-Key", "k4")
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	work.Wait()
	if statuses[201]+statuses[409] != 8 || statuses[201] < 1 {
		t.Errorf("statuses are %v", statuses)
	}
	if list := c.want(200, "GET /api/segments?search=at+once", nil); len(list.get("segments").([]any)) != 1 {
		t.Errorf("made are %s", list.body)
	}
}

// Two edits at once that together close a cycle: at most one is taken, each time.
func TestCycleOfTwoEdits(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	for i := range 5 {
		a, b := fmt.Sprintf("a-%d", i), fmt.Sprintf("b-%d", i)
		c.define(a, "plan is pro")
		c.define(b, "plan is pro")
		var work sync.WaitGroup
		statuses := make([]int, 2)
		for n, edit := range [][2]string{{a, b}, {b, a}} {
			work.Go(func() {
				statuses[n] = c.do("PUT /api/segments/"+edit[0], `{"definition":{"segment":"`+edit[1]+`"}}`).status
			})
		}
		work.Wait()
		if statuses[0]+statuses[1] != 200+409 {
			t.Errorf("the statuses are %v; one must be 200 and one 409", statuses)
		}
		// The one that was refused is as it was, in the records too.
		for n, key := range []string{a, b} {
			if got := c.want(200, "GET /api/segments/"+key, nil); statuses[n] == 409 && (got.get("version") != 1.0 || got.get("text") != "plan is pro") {
				t.Errorf("the refused edit left %s", got.body)
			}
		}
	}
}

func TestManualSegment(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.want(201, "POST /api/segments", map[string]any{"name": "VIP", "kind": "manual"})
	key := c.want(200, "GET /api/people/4", nil).get("key").(string)
	a := c.want(200, "POST /api/segments/vip/members", map[string]any{"add": []string{"1", "email:BOB@example.com", key, "nobody", "id:none"}, "remove": []string{"3"}})
	if a.get("added") != 3.0 || a.get("removed") != 1.0 || cmp.Diff([]any{"nobody", "id:none"}, a.get("unknown")) != "" {
		t.Errorf("edited %s", a.body)
	}
	if diff := cmp.Diff([]string{"1", "2", "4"}, c.members("vip")); diff != "" {
		t.Error(diff)
	}
	c.want(200, "POST /api/segments/vip/members", map[string]any{"remove": []string{"1"}})
	for _, up := range []struct {
		file string
		want []string
	}{{"\ufeffname,Email\nx,cleo@example.com\n", []string{"2", "3", "4"}}, {"1\n2\n", []string{"1", "2", "3", "4"}}} {
		a := c.do("POST /api/segments/vip/members", up.file, "Content-Type", "text/csv")
		if diff := cmp.Diff(up.want, c.members("vip")); a.status != 200 || diff != "" {
			t.Errorf("after the upload of %q (%s): %s", up.file, a.body, diff)
		}
	}
	// A dynamic segment may refer to it.
	c.define("VIP on pro", "in segment vip and plan is pro")
	if diff := cmp.Diff([]string{"1", "2"}, c.members("vip-on-pro")); diff != "" {
		t.Error(diff)
	}
	changes := c.want(200, "GET /api/segments/vip/changes", nil)
	if changes.get("changes.0.cause") != "manual" || changes.get("changes.0.change") != "enter" {
		t.Errorf("the feed is %s", changes.body)
	}
}

func TestQuestions(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.bringIn("kind=events&format=csv&mapping="+`%7B%22event%22:%22Order+Completed%22%7D`, []byte("id,time,total\n1,2026-03-01,30\n1,2026-03-02,12.5\n3,2026-03-05,9\n"))

	p := c.want(200, "POST /api/segments/preview", map[string]any{"nodes": true, "sample": 1, "definition": json.RawMessage(
		`{"all":[{"attribute":"age","op":"at_least","value":35},{"event":"Order Complete"},{"attribute":"plan","op":"contains","value":"p+o"},{"event":"Order Completed","count":{"at_least":0}}]}`)})
	if p.get("count") != 0.0 || p.get("people") != 5.0 || p.get("sentence") == "" || p.get("took_ms") == nil || p.get("as_of") == nil {
		t.Errorf("the preview is %s", p.body)
	}
	var codes []string
	for _, w := range p.get("warnings").([]any) {
		w := w.(map[string]any)
		codes = append(codes, w["code"].(string)+" "+w["pointer"].(string))
		if w["code"] == "never_seen" && w["suggestion"] != "Order Completed" {
			t.Errorf("never seen, but no suggestion: %v", w)
		}
	}
	for _, want := range []string{"unreadable /all/0", "never_seen /all/1", "wildcard /all/2/value", "always_true /all/3/count"} {
		if !strings.Contains(strings.Join(codes, "\n"), want) {
			t.Errorf("the warnings are %q; there must be %q", codes, want)
		}
	}
	nodes := p.get("nodes").([]any)
	if len(nodes) != 5 || p.get("nodes.1.alone") != 3.0 || p.get("nodes.1.left") != 3.0 || p.get("nodes.0.without") != nil {
		t.Errorf("the nodes are %v", nodes)
	}
	if a := c.want(200, "POST /api/segments/preview", map[string]any{"definition": c.text("plan is pro"), "sample": 1}); len(a.get("sample").([]any)) != 1 || a.get("count") != 2.0 || len(a.get("nodes").([]any)) != 0 {
		t.Errorf("the preview is %s", a.body)
	}
	// People first seen later are not there yet. The moment has the forms that it has in a definition.
	for _, at := range []string{`"2026-03-02T12:00:00+01:00"`, `"2026-03-02"`, `"2026-03-02 00:00:00"`, `1772409600`, `"1772409600000"`} {
		a := c.want(200, "POST /api/segments/preview", `{"definition":{"event":"Order Completed"},"as_of":`+at+`}`)
		if a.get("count") != 1.0 || !strings.HasPrefix(a.get("as_of").(string), "2026-03-02T") {
			t.Errorf("as of %s: %s", at, a.body)
		}
		if a := c.want(200, "POST /api/people/1/explain", `{"definition":{"event":"Order Completed"},"as_of":`+at+`}`); a.get("matched") != true {
			t.Errorf("as of %s: %s", at, a.body)
		}
	}
	if a := c.want(200, "POST /api/segments/preview", map[string]any{"definition": c.text(`did "Order Completed"`), "as_of": "2026-03-03T00:00:00Z"}); a.get("count") != 1.0 || a.get("people") != 1.0 {
		t.Errorf("as of the third of March: %s", a.body)
	}

	c.define("Pro", "plan is pro")
	c.define("Old", "age >= 40")
	c.define("User", "in segment pro")
	if a := c.want(200, "POST /api/segments/pro/impact", map[string]any{"definition": c.text("age >= 40")}); a.get("join") != 2.0 || a.get("leave") != 1.0 || a.get("stay") != 1.0 ||
		a.get("segments.0.name") != "User" || a.get("segments.0.join") != 2.0 || a.get("leave_sample.0.id") != "1" {
		t.Errorf("the impact is %s", a.body)
	}
	overlap := c.want(200, "POST /api/segments/overlap", map[string]any{"segments": []string{"pro", "old"}})
	counts := map[int]float64{}
	for _, r := range overlap.get("regions").([]any) {
		counts[len(r.(map[string]any)["segments"].([]any))] += r.(map[string]any)["count"].(float64)
	}
	if diff := cmp.Diff(map[int]float64{1: 3, 2: 1}, counts); diff != "" {
		t.Errorf("the overlap is %s", overlap.body)
	}

	why := c.want(200, "POST /api/people/1/explain", map[string]any{"definition": c.text(`plan is pro and did "Order Completed" at least 3 times`)})
	if why.get("matched") != false || why.get("tree.1.matched") != true || why.get("tree.2.matched") != false || len(why.get("tree.2.evidence").([]any)) != 2 || why.get("tree.2.sentence") == "" {
		t.Errorf("the explanation is %s", why.body)
	}
	if a := c.want(200, "POST /api/people/explain", map[string]any{"person": "email:ANN@example.com", "segment": "pro"}); a.get("matched") != true || a.get("person.id") != "1" {
		t.Errorf("the explanation is %s", a.body)
	}
}
