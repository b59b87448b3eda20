package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
)

// way is a server with a campaign that a test moves people through.
type way struct {
	client
	server    *server.Server
	clock     *wallClock
	workspace string
	template  string
}

func newWay(t *testing.T) *way {
	t.Helper()
	clock := &wallClock{}
	s := open(t, func(c *server.Config) { c.Now, c.PublicURL = clock.now, "https://carpel.example/" })
	w := &way{client: client{t, s, adminKey}, server: s, clock: clock}
	w.workspace = w.want(200, "GET /api/workspace", nil).get("id").(string)
	w.template = w.want(201, "POST /api/templates", map[string]any{"name": "Hello", "content": map[string]any{"push": map[string]any{"title": "Hello", "body": "{{ event.total }}"}}}).get("id").(string)
	return w
}

// take ingests a call of the Segment family, and moves people.
func (w *way) take(call, body string) {
	w.t.Helper()
	w.want(200, "POST /v1/"+call, body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
	w.move()
}

func (w *way) move() {
	w.t.Helper()
	if err := w.server.MoveJourneys(w.t.Context(), w.workspace); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time pass, and moves people.
func (w *way) pass(d time.Duration) {
	w.t.Helper()
	w.clock.jump(d)
	w.move()
}

// start creates a campaign by its spec in JSON and lets it begin.
func (w *way) start(spec string) string {
	w.t.Helper()
	id := w.want(201, "POST /api/campaigns", map[string]any{"name": "Way", "spec": json.RawMessage(strings.ReplaceAll(spec, "TEMPLATE", w.template))}).get("id").(string)
	if a := w.want(200, "POST /api/campaigns/"+id+"/start", nil); a.get("state") != "live" {
		w.t.Fatalf("started: %s", a.body)
	}
	w.move()
	return id
}

// counts is how many are under way, done, exited, converted, and how many deliveries there are.
func (w *way) counts(id, want string) {
	w.t.Helper()
	a := w.want(200, "GET /api/campaigns/"+id+"/counts", nil)
	if got := fmt.Sprint(a.get("active"), a.get("done"), a.get("exited"), a.get("converted")); got != want {
		w.t.Errorf("under way, done, exited, converted: %s, not %s: %s", got, want, a.body)
	}
}

// path is the way of somebody's one journey.
func (w *way) path(id, person string) string {
	w.t.Helper()
	list := w.want(200, "GET /api/campaigns/"+id+"/journeys?person="+person, nil)
	journey, ok := list.get("journeys.0.id").(string)
	if !ok {
		w.t.Fatalf("%s is not in it: %s", person, list.body)
	}
	a := w.want(200, "GET /api/campaigns/"+id+"/journeys/"+journey, nil)
	var out struct {
		Path []struct{ Step, What string }
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		w.t.Fatal(err)
	}
	var steps []string
	for _, e := range out.Path {
		steps = append(steps, e.Step+":"+e.What)
	}
	return strings.Join(steps, " ")
}

// Somebody enters a segment, is updated, waits and leaves it: the campaign follows, on the real engine and the real
// records.
func TestCampaignOfSegment(t *testing.T) {
	w := newWay(t)
	pro := w.define("Pro", "plan is pro")
	w.take("identify", `{"userId":"old","traits":{"plan":"pro"}}`)
	spec := `{"trigger":{"kind":"segment_entered","segment":"pro"},"exit":"unmatched","steps":[
		{"id":"mark","kind":"update","attributes":{"greeted":true},"next":"ask"},
		{"id":"ask","kind":"branch","branches":[{"if":{"attribute":"greeted","op":"is_true"},"next":"mail"}],"else":"out"},
		{"id":"mail","kind":"send","template":"TEMPLATE","next":"rest"},
		{"id":"rest","kind":"wait","for":"2d","next":"again"},
		{"id":"again","kind":"send","template":"TEMPLATE"},
		{"id":"out","kind":"exit"}]}`
	id := w.start(spec)
	w.counts(id, "0 0 0 0") // from now on only
	w.take("identify", `{"userId":"ann","traits":{"plan":"pro"}}`)
	w.take("identify", `{"userId":"bob","traits":{"plan":"pro"}}`)
	if got, want := w.path(id, "ann"), "mark:started ask:next mail:branch rest:next"; got != want {
		t.Errorf("ann went %s, not %s", got, want)
	}
	if a := w.want(200, "GET /api/people/ann", nil); a.get("attributes.greeted.value") != true {
		t.Errorf("ann was not updated: %s", a.body)
	}
	w.counts(id, "2 0 0 0")
	w.take("identify", `{"userId":"bob","traits":{"plan":"free"}}`)
	w.counts(id, "1 0 1 0")
	w.pass(47 * time.Hour)
	w.counts(id, "1 0 1 0")
	// Paused, nobody moves and nobody starts, then or later.
	w.want(200, "POST /api/campaigns/"+id+"/pause", nil)
	w.pass(2 * time.Hour)
	w.take("identify", `{"userId":"cyd","traits":{"plan":"pro"}}`)
	w.want(200, "POST /api/campaigns/"+id+"/resume", nil)
	w.move()
	w.counts(id, "0 1 1 0")
	w.take("identify", `{"userId":"dan","traits":{"plan":"pro"}}`)
	w.counts(id, "1 1 1 0")
	// The segment is in use, and an edit of it says for whom the campaign would start.
	if a := w.want(409, "DELETE /api/segments/"+pro, nil); a.get("code") != "in_use" {
		t.Errorf("a segment in use was deleted: %s", a.body)
	}
	impact := w.want(200, "POST /api/segments/pro/impact", map[string]any{"definition": w.text("plan is free")})
	if impact.get("campaigns.0.id") != id || impact.get("campaigns.0.would_start") != 0.0 {
		t.Errorf("impact: %s", impact.body)
	}
	// A new version: dan stays on his, then is moved.
	edited := w.want(200, "PUT /api/campaigns/"+id, map[string]any{"spec": json.RawMessage(strings.ReplaceAll(strings.Replace(spec, `"for":"2d"`, `"for":"9d"`, 1), "TEMPLATE", w.template))})
	if edited.get("version") != 2.0 {
		t.Errorf("edited: %s", edited.body)
	}
	if a := w.want(200, "POST /api/campaigns/"+id+"/move", nil); a.get("moved") != 1.0 {
		t.Errorf("moved: %s", a.body)
	}
	w.want(200, "POST /api/campaigns/"+id+"/archive", nil)
	w.counts(id, "0 1 2 0")
	w.want(204, "DELETE /api/people/dan", nil)
	if a := w.want(200, "GET /api/campaigns/"+id+"/journeys", nil); strings.Contains(string(a.body), `"user_id":"dan"`) {
		t.Errorf("an erased person is listed: %s", a.body)
	}
	w.want(409, "POST /api/campaigns/"+id+"/start", nil)
	w.want(204, "DELETE /api/segments/"+pro, nil)
}

// An event starts, another is waited for, and a third is the goal. Current members begin as well, where chosen.
func TestCampaignOfEvent(t *testing.T) {
	w := newWay(t)
	id := w.start(`{"trigger":{"kind":"event","event":"Cart","where":[{"property":"total","op":"greater_than","value":50}]},"reentry":{"rule":"after_exit"},"exit":"goal",
		"goal":{"event":"Order","within":"7d"},"steps":[
		{"id":"hold","kind":"wait_until","event":"Seen","timeout":"4h","next":"mail","else":"late"},
		{"id":"late","kind":"update","attributes":{"late":true},"next":"mail"},
		{"id":"mail","kind":"send","template":"TEMPLATE","next":"rest"},
		{"id":"rest","kind":"wait","for":"1d"}]}`)
	w.take("track", `{"userId":"ann","event":"Cart","properties":{"total":20}}`)
	w.take("track", `{"userId":"ann","event":"Cart","properties":{"total":70}}`)
	w.take("track", `{"userId":"bob","event":"Cart","properties":{"total":80}}`)
	w.take("track", `{"userId":"cyd","event":"Cart","properties":{"total":80},"timestamp":"`+w.clock.now().Add(-73*time.Hour).UTC().Format(time.RFC3339)+`"}`)
	w.counts(id, "2 0 0 0")
	w.take("track", `{"userId":"ann","event":"Seen"}`)
	w.pass(4*time.Hour + time.Minute)
	if got := w.path(id, "ann") + " | " + w.path(id, "bob"); got != "hold:started mail:event rest:next | hold:started late:timeout mail:next rest:next" {
		t.Errorf("they went %s", got)
	}
	w.take("track", `{"userId":"bob","event":"Order"}`)
	w.counts(id, "1 0 1 0") // nothing was sent: it ends, and counts for nothing
	w.take("alias", `{"userId":"dan","previousId":"ann"}`)
	if got := w.path(id, "dan"); got != "hold:started mail:event rest:next" {
		t.Errorf("the journey of who was merged: %s", got)
	}
	w.pass(25 * time.Hour)
	w.counts(id, "0 1 1 0")
}

// Whom a call names begins, once for an id; who is nobody is told.
func TestCampaignOfCall(t *testing.T) {
	w := newWay(t)
	id := w.start(`{"trigger":{"kind":"api"},"reentry":{"rule":"always"},"steps":[{"id":"mail","kind":"send","template":"TEMPLATE"}]}`)
	w.take("identify", `{"userId":"ann"}`)
	call := map[string]any{"people": []string{"ann", "nobody"}, "id": "1", "data": map[string]any{"code": "X"}}
	if a := w.want(200, "POST /api/campaigns/"+id+"/trigger", call); a.get("started") != 1.0 || a.get("unknown.0") != "nobody" {
		t.Errorf("triggered: %s", a.body)
	}
	if a := w.want(200, "POST /api/campaigns/"+id+"/trigger", call); a.get("started") != 0.0 {
		t.Errorf("triggered again: %s", a.body)
	}
	w.counts(id, "0 1 0 0")
	for i := range 12 {
		w.want(200, "POST /api/campaigns/"+id+"/trigger", map[string]any{"people": []string{"ann"}, "id": fmt.Sprint("n", i)})
	}
	w.counts(id, "0 10 0 0") // so often a day, and no more
	if a := w.want(200, "GET /api/campaigns/"+id, nil); a.get("refused") != 3.0 {
		t.Errorf("refused starts are not told: %s", a.body)
	}
}

// A date comes: people are noticed before it, and go on at the time of day in their zone.
func TestCampaignOfDate(t *testing.T) {
	w := newWay(t)
	now := w.clock.now().UTC()
	w.clock.set(time.Date(now.Year()+1, 5, 4, 12, 0, 0, 0, time.UTC))
	id := w.start(`{"trigger":{"kind":"date","attribute":"birthday","every":"year","at":"09:00"},"steps":[{"id":"mail","kind":"send","template":"TEMPLATE"}]}`)
	w.take("identify", `{"userId":"ann","traits":{"birthday":"1990-05-10","timezone":"Asia/Tokyo"}}`)
	w.take("identify", `{"userId":"bob","traits":{"birthday":"1990-05-03"}}`)
	w.counts(id, "0 0 0 0")
	w.clock.set(time.Date(now.Year()+1, 5, 9, 23, 0, 0, 0, time.UTC))
	w.want(200, "GET /api/people/ann", nil)
	w.take("identify", `{"userId":"cyd"}`)
	w.counts(id, "1 0 0 0")
	w.pass(61 * time.Minute) // midnight in UTC is nine o'clock in Tokyo
	w.counts(id, "0 1 0 0")
}

// What is wrong with a campaign is answered with its place.
func TestCampaignRefused(t *testing.T) {
	w := newWay(t)
	for _, c := range []struct{ spec, pointer, code string }{
		{`{"trigger":{"kind":"segment_entered","segment":"none"},"steps":[{"id":"x","kind":"exit"}]}`, "/spec/trigger/segment", "not_found"},
		{`{"trigger":{"kind":"api"},"steps":[{"id":"x","kind":"send","template":"none"}]}`, "/spec/steps/0/template", "not_found"},
		{`{"trigger":{"kind":"api"},"filter":{"segment":"none"},"steps":[{"id":"x","kind":"exit"}]}`, "/spec/filter/segment", "not_found"},
		{`{"trigger":{"kind":"api"},"topic":"none","steps":[{"id":"x","kind":"exit"}]}`, "/spec/topic", "not_found"},
		{`{"trigger":{"kind":"api"},"steps":[{"id":"x","kind":"wait","for":"1d","next":"y"}]}`, "/spec/steps/0/next", "not_found"},
	} {
		a := w.do("POST /api/campaigns", map[string]any{"name": "x", "spec": json.RawMessage(c.spec)})
		if a.status < 400 || a.get("pointer") != c.pointer || a.get("code") != c.code {
			t.Errorf("%s: %d %s", c.spec, a.status, a.body)
		}
	}
}

// A server that runs moves people by itself: nobody asks it to.
func TestCampaignRuns(t *testing.T) {
	s := open(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx, nil) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	c := client{t, s, adminKey}
	c.define("Pro", "plan is pro")
	id := c.want(201, "POST /api/campaigns", map[string]any{"name": "Way", "spec": json.RawMessage(`{"trigger":{"kind":"segment_entered","segment":"pro"},"steps":[{"id":"rest","kind":"wait","for":"1d"}]}`)}).get("id").(string)
	c.want(200, "POST /api/campaigns/"+id+"/start", nil)
	c.want(200, "POST /v1/identify", `{"userId":"ann","traits":{"plan":"pro"}}`, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
	c.until("GET /api/campaigns/"+id+"/counts", func(a answer) bool { return a.get("active") == 1.0 })
}
