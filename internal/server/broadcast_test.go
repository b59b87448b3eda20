package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel/internal/server"
)

// mailing is a server with people and two templates, whose clock stands and whose broadcasts go on when they are told to.
type mailing struct {
	client
	s         *server.Server
	config    server.Config
	passed    atomic.Int64 // of the clock, since it was started; engines read it beside the test
	templates []string
}

func newMailing(t *testing.T, people int) *mailing {
	t.Helper()
	m := &mailing{}
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	m.config = server.Config{Data: filepath.Join(t.TempDir(), "data"), APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1, Now: func() time.Time { return start.Add(time.Duration(m.passed.Load())) },
		Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))}
	m.t = t
	m.open()
	t.Cleanup(func() { m.close() })
	var batch []any
	for i := range people {
		traits := map[string]any{"email": fmt.Sprintf("u%d@example.com", i), "plan": "pro", "first_name": fmt.Sprint("Ann", i)}
		if i%10 == 0 {
			traits["unsubscribed"] = true
		}
		batch = append(batch, map[string]any{"type": "identify", "userId": fmt.Sprint("u", i), "traits": traits})
		if len(batch) == 500 || i == people-1 {
			body, _ := json.Marshal(map[string]any{"batch": batch})
			m.take("/v1/batch", string(body))
			batch = nil
		}
	}
	for _, name := range []string{"one", "two"} {
		m.templates = append(m.templates, m.want(201, "POST /api/templates", map[string]any{"name": name, "content": map[string]any{"email": map[string]any{
			"subject": name + " for {{ customer.first_name }}", "format": "html", "body": `<p>Hello</p><a href="https://example.com/offer">Offer</a>`}}}).get("id").(string))
	}
	return m
}

func (m *mailing) open() {
	m.t.Helper()
	var err error
	if m.s, err = server.Open(m.t.Context(), m.config); err != nil {
		m.t.Fatal(err)
	}
	m.client = client{m.t, m.s, adminKey}
}

func (m *mailing) close() {
	if err := m.s.Close(context.Background()); err != nil {
		m.t.Error(err)
	}
}

// goOn lets broadcasts and the sender work until there is nothing to be done.
func (m *mailing) goOn() {
	m.t.Helper()
	if err := m.s.WorkOnMessages(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

// spec is that of a broadcast to everybody on pro.
func (m *mailing) spec(more map[string]any) map[string]any {
	spec := map[string]any{"audience": map[string]any{"attribute": "plan", "op": "is", "value": "pro"}, "variants": []any{map[string]any{"template": m.templates[0]}}}
	for k, v := range more {
		spec[k] = v
	}
	return map[string]any{"name": "Spring", "spec": spec}
}

// report is the numbers of a broadcast, with those who were skipped by reason.
func (m *mailing) report(id string) map[string]int {
	m.t.Helper()
	var r struct {
		People, Gone, Unplanned int
		Numbers                 struct{ Waiting, Sent, Failed, Unknown, Skipped int }
		Skipped                 []struct {
			Reason string
			People int
		}
		Variants []struct {
			Name    string
			Numbers struct{ Sent int }
		}
	}
	if err := json.Unmarshal(m.want(200, "GET /api/broadcasts/"+id+"/report", nil).body, &r); err != nil {
		m.t.Fatal(err)
	}
	if all := r.Gone + r.Unplanned + r.Numbers.Waiting + r.Numbers.Sent + r.Numbers.Failed + r.Numbers.Unknown + r.Numbers.Skipped; all != r.People {
		m.t.Errorf("%d of %d people are accounted for: %+v", all, r.People, r)
	}
	out := map[string]int{"people": r.People, "waiting": r.Numbers.Waiting, "sent": r.Numbers.Sent}
	for _, s := range r.Skipped {
		out[s.Reason] = s.People
	}
	for _, v := range r.Variants {
		out[v.Name] = v.Numbers.Sent
	}
	return out
}

// A broadcast from its draft to its report: what the review says is what is sent.
func TestBroadcast(t *testing.T) {
	m := newMailing(t, 300)
	made := m.want(201, "POST /api/broadcasts", m.spec(map[string]any{"hold_out": 10, "variants": []any{map[string]any{"template": m.templates[0], "share": 60}, map[string]any{"template": m.templates[1], "share": 40}}}))
	id := made.get("id").(string)
	if got := made.get("sentence"); got != "plan is pro" {
		t.Errorf("the sentence is %v", got)
	}
	var review struct {
		People, Reachable int
		Excluded          []struct {
			Reason string
			People int
		}
		Variants []struct {
			Variant string
			People  int
		}
		Samples []struct {
			Variant string
			Message struct{ Subject string }
		}
		Checks []struct{ Code string }
	}
	if err := json.Unmarshal(m.want(200, "POST /api/broadcasts/"+id+"/review", nil).body, &review); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"people": review.People, "waiting": 0, "sent": review.Reachable}
	for _, e := range review.Excluded {
		if e.People > 0 {
			want[e.Reason] = e.People
		}
	}
	for _, v := range review.Variants {
		want[v.Variant] = v.People
	}
	if review.People != 300 || want["unsubscribed"] != 30 || want["hold_out"] == 0 || want["A"]+want["B"] != review.Reachable {
		t.Errorf("the review: %+v", review)
	}
	if len(review.Samples) != 3 || !strings.Contains(review.Samples[0].Message.Subject, " for Ann") {
		t.Errorf("the samples: %+v", review.Samples)
	}
	codes := map[string]bool{}
	for _, c := range review.Checks {
		codes[c.Code] = true
	}
	if !codes["sandbox"] || !codes["unsubscribe"] || codes["missing_variable"] || codes["nobody"] {
		t.Errorf("the checks: %v", codes)
	}
	if got := m.want(200, "POST /api/broadcasts/"+id+"/send", nil).get("state"); got != "sending" {
		t.Errorf("it is %v", got)
	}
	m.goOn()
	if diff := cmp.Diff(want, m.report(id)); diff != "" {
		t.Errorf("the report is not what the review said (-review +report):\n%s", diff)
	}
	if got := m.want(200, "GET /api/broadcasts/"+id, nil).get("state"); got != "sent" {
		t.Errorf("it is %v", got)
	}
	m.want(409, "DELETE /api/broadcasts/"+id, nil)
	m.want(409, "PUT /api/broadcasts/"+id, map[string]string{"name": "x"})
	if got := m.want(200, "GET /api/broadcasts?state=sent&search=spri", nil).get("broadcasts.0.id"); got != id {
		t.Errorf("listed: %v", got)
	}
}

// The server ends in the middle, is paused, goes on and is cancelled: everybody is accounted for at every moment.
func TestBroadcastStopsAndGoesOn(t *testing.T) {
	m := newMailing(t, 200)
	id := m.want(201, "POST /api/broadcasts", m.spec(map[string]any{"rate": 600})).get("id").(string)
	m.want(200, "POST /api/broadcasts/"+id+"/send", nil)
	m.goOn()
	sent := m.report(id)["sent"]
	for range 3 {
		m.passed.Add(int64(2 * time.Second))
		m.goOn()
		m.close()
		m.open()
	}
	got := m.report(id)
	if got["sent"] <= sent || got["sent"] > 90 {
		t.Errorf("%d were sent at 10 a second in six seconds with three restarts", got["sent"])
	}
	m.want(200, "POST /api/broadcasts/"+id+"/pause", nil)
	m.passed.Add(int64(time.Minute))
	m.goOn()
	if paused := m.report(id); paused["sent"] != got["sent"] || paused["waiting"] != 180-got["sent"] {
		t.Errorf("while paused: %v after %v", paused, got)
	}
	m.want(200, "POST /api/broadcasts/"+id+"/resume", nil)
	for range 2 {
		m.passed.Add(int64(time.Second))
		m.goOn()
	}
	got = m.report(id)
	m.want(200, "POST /api/broadcasts/"+id+"/cancel", nil)
	m.goOn()
	if over := m.report(id); over["sent"] != got["sent"] || over["cancelled"] != 180-got["sent"] || over["waiting"] != 0 {
		t.Errorf("once cancelled: %v after %v", over, got)
	}
	m.want(409, "POST /api/broadcasts/"+id+"/resume", nil)
}

func TestBroadcastRefusals(t *testing.T) {
	m := newMailing(t, 1200)
	segment := m.define("Pro", "plan is pro")
	spec := m.spec(map[string]any{"audience": map[string]any{"segment": "pro"}, "schedule": map[string]any{"at": "2026-05-02T09:00:00Z"}})
	id := m.want(201, "POST /api/broadcasts", spec).get("id").(string)
	for _, row := range []struct {
		request string
		body    any
		status  int
		wanted  string
	}{
		{"POST /api/broadcasts", map[string]any{"name": ""}, 422, "/name"},
		{"POST /api/broadcasts", m.spec(map[string]any{"variants": []any{map[string]any{"template": "tpl_none"}}}), 404, "/spec/variants/0/template"},
		{"POST /api/broadcasts", m.spec(map[string]any{"kind": "push"}), 400, "/spec/variants/0/template"},
		{"POST /api/broadcasts", m.spec(map[string]any{"topic": "none"}), 404, "/spec/topic"},
		{"POST /api/broadcasts", m.spec(map[string]any{"audience": map[string]any{"segment": "none"}}), 404, "/spec/audience/segment"},
		{"POST /api/broadcasts", m.spec(map[string]any{"goal": map[string]any{"segment": "none", "within": "7d"}}), 404, "/spec/goal/segment"},
		{"POST /api/broadcasts", m.spec(map[string]any{"goal": map[string]any{"event": "a", "within": "100d"}}), 400, "/spec/goal/within"},
		{"POST /api/broadcasts/" + id + "/schedule", nil, 400, "/confirm"},
		{"POST /api/broadcasts/" + id + "/schedule", map[string]any{"confirm": 500}, 400, "/confirm"},
		{"POST /api/broadcasts/" + id + "/schedule", map[string]any{"confirm": 1090}, 200, ""},
		{"DELETE /api/segments/" + segment, nil, 409, ""},
		{"POST /api/segments/" + segment + "/archive", nil, 409, ""},
		{"DELETE /api/templates/" + m.templates[0], nil, 409, ""},
		{"POST /api/broadcasts/" + id + "/unschedule", nil, 200, ""},
		{"POST /api/broadcasts/" + id + "/send", map[string]any{"confirm": 900}, 400, "/confirm"},
		{"DELETE /api/broadcasts/" + id, nil, 204, ""},
		{"DELETE /api/templates/" + m.templates[0], nil, 204, ""},
		{"DELETE /api/segments/" + segment, nil, 204, ""},
	} {
		a := m.do(row.request, row.body)
		if pointer, _ := a.get("pointer").(string); a.status != row.status || pointer != row.wanted {
			t.Errorf("%s: status %d at %q, want %d at %q: %s", row.request, a.status, pointer, row.status, row.wanted, a.body)
		}
	}
}
